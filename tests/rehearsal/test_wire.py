"""What the stand-ins send, read by small decoders of the tests' own."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from completions.rehearsal import Rehearsal, Truth, truth_of

CAPTURES = Path(os.environ.get("COMPLETIONS_CAPTURES", Path(__file__).parents[3] / "shared/captures")) / "chatgpt"
PROMPTS = [f"which guitar, part {number}?" for number in range(12)]
PENDING = "pending-5f7e1c9a-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    with Rehearsal(latency=0.05) as rehearsal:
        yield rehearsal


def post_a(rehearsal: Rehearsal, prompt: str) -> httpx.Response:
    message = {"id": "m", "author": {"role": "user"}, "content": {"content_type": "text", "parts": [prompt]}}
    body = {"action": "next", "messages": [message], "timezone": "Europe/Berlin"}
    return httpx.post(f"{rehearsal.url}/backend-anon/f/conversation", json=body, trust_env=False)


def post_b(rehearsal: Rehearsal, prompt: str) -> httpx.Response:
    form = {"prompt": prompt, "assistantMessageId": PENDING, "timezone": "Europe/Berlin"}
    url = f"{rehearsal.url}/unauth-mweb/conversation/updates?lightweight_authenticated=0"
    return httpx.post(url, data=form, trust_env=False)


def events_of(body: str) -> list[Any]:
    """The data of every server-sent event."""
    assert body.endswith("\n\n")
    return [json.loads(data) for data in re.findall(r"^data: (.*)$", body, re.M) if data != "[DONE]"]


def deltas_of(body: str) -> list[dict[str, Any]]:
    events = re.findall(r"^event: delta\ndata: (.*)$", body, re.M)
    return [json.loads(event) for event in events]


def messages_of(body: str) -> dict[str, dict[str, Any]]:
    """The messages by their author's role, as delta encoding v1 builds them: path and operation carry forward."""
    messages: dict[str, dict[str, Any]] = {}
    carried: dict[str, Any] = {}
    for delta in deltas_of(body):
        carried |= {key: delta[key] for key in "poc" if key in delta}
        operations = delta["v"] if carried["o"] == "patch" else [carried | {"v": delta["v"]}]
        for operation in operations:
            if not operation["p"]:
                message = operation["v"]["message"]
                messages[message["author"]["role"]] = root = {"message": message}
            else:
                _operate(root, operation["p"].split("/")[1:], operation)
    return messages


def _operate(node: Any, path: list[str], operation: dict[str, Any]) -> None:
    *steps, last = [int(step) if step.isdecimal() else step for step in path]
    for step in steps:
        node = node[step]
    if operation["o"] == "replace":
        node[last] = operation["v"]
    elif isinstance(node[last], dict):
        node[last] |= operation["v"]
    else:
        node[last] += operation["v"]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_events_of_front_end_a_build_the_answer(rehearsal: Rehearsal, prompt: str) -> None:
    truth = truth_of(prompt)
    response = post_a(rehearsal, prompt)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.text.endswith("data: [DONE]\n\n")
    assert events_of(response.text)[0] == "v1"
    messages = messages_of(response.text)
    answer = messages["assistant"]["message"]
    assert (answer["status"], answer["end_turn"]) == ("finished_successfully", True)
    assert answer["metadata"]["model_slug"] == truth.model_version
    assert resolved(answer) == truth.markdown
    assert cited_in(answer) == [(cited.url, cited.role) for cited in truth.citations]
    tool = messages.get("tool", {"message": {"metadata": {}}})["message"]["metadata"]
    assert tool.get("search_model_queries", {}).get("queries", []) == list(truth.fan_out_queries or ())
    found = [entry["url"] for group in tool.get("search_result_groups", []) for entry in group["entries"]]
    assert sorted(found) == sorted(source.url for source in truth.sources or ())


def resolved(answer: dict[str, Any]) -> str:
    """The answer's markdown without its marks: an entity's name stays, a citation leaves nothing."""
    names = {
        reference["matched_text"]: reference.get("name", "") for reference in answer["metadata"]["content_references"]
    }
    markdown = re.sub("\ue200[^\ue201]*\ue201", lambda mark: names[mark[0]], answer["content"]["parts"][0])
    return re.sub(r" +$", "", markdown, flags=re.M).replace("\n\n\n\n", "\n\n").rstrip()


def cited_in(answer: dict[str, Any]) -> list[tuple[str, str]]:
    groups = [ref for ref in answer["metadata"]["content_references"] if ref["type"] == "grouped_webpages"]
    items = [item for group in groups for item in group["items"]]
    return [(untracked(page["url"]), role) for item in items for role, page in with_roles(item)]


def with_roles(item: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [("inline", item), *(("more", page) for page in item["supporting_websites"])]


def untracked(url: str) -> str:
    assert "utm_source=chatgpt.com" in url
    return re.sub(r"[?&]utm_source=chatgpt\.com", "", url)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_frames_of_front_end_b_build_the_answer(rehearsal: Rehearsal, prompt: str) -> None:
    truth = truth_of(prompt)
    response = post_b(rehearsal, prompt)
    assert response.headers["content-type"].startswith("text/vnd.openai.web-mobile-partial+html")
    frames = list(frames_of(response.content))
    kinds = [kind for frame in frames for kind in re.findall('data-conversation-control="([^"]+)"', frame)]
    assert kinds[:2] == ["started", "conversation-id"]
    assert kinds[-2:] == ["message-stream-complete", "complete"]
    answer = "".join(blocks_of(frames))
    payloads = [json.loads(html.unescape(text)) for text in re.findall('sources-payload="([^"]+)"', answer)]
    shown = [(untracked(page["url"]), page["title"], page["attribution"]) for group in payloads for page in group]
    assert shown == [(cited.url, cited.title, cited.site_name) for cited in truth.citations]
    assert str(truth.model_version) not in response.text


def frames_of(body: bytes) -> Iterator[str]:
    """The content of each frame, whose head says how many bytes it has."""
    while body:
        head = re.match(rb'<template data-web-mobile-dpu-frame="(\d+)">', body)
        assert head, body[:80]
        end = head.end() + int(head[1])
        assert body[end:].startswith(b"</template>\n")
        yield body[head.end() : end].decode()
        body = body[end + len(b"</template>\n") :]


def blocks_of(frames: list[str]) -> list[str]:
    """The last version of each block, in order."""
    last: dict[str, str] = {}
    for frame in frames:
        if index := re.search(r'stream-block-index="(\d+)"', frame):
            last[index[1]] = frame
    return [last[index] for index in sorted(last, key=int)]


def test_the_network_cuts_anywhere() -> None:
    with Rehearsal(latency=0.5) as rehearsal, httpx.Client(trust_env=False) as client:
        form = {"prompt": PROMPTS[0], "assistantMessageId": PENDING}
        url = f"{rehearsal.url}/unauth-mweb/conversation/updates"
        with client.stream("POST", url, data=form) as response:
            pieces = list(response.iter_raw())
    assert len(pieces) > 5
    assert any(not piece.endswith(b"</template>\n") for piece in pieces)
    assert any(piece.count(b"data-web-mobile-dpu-frame") > 1 for piece in pieces)


STATUSES = [
    ("a", "challenge", 403),
    ("a", "blocked", 403),
    ("a", "login_wall", 401),
    ("a", "rate_limited", 429),
    ("a", "http_429", 429),
    ("a", "http_500", 500),
    ("a", "no_answer", 200),
    ("b", "challenge", 403),
    ("b", "blocked", 200),
    ("b", "login_wall", 200),
    ("b", "rate_limited", 200),
    ("b", "http_429", 429),
    ("b", "http_500", 500),
    ("b", "no_answer", 200),
]


@pytest.mark.parametrize(("ui", "fault", "status"), STATUSES)
def test_what_a_prompt_gets_for_a_fault(rehearsal: Rehearsal, ui: str, fault: str, status: int) -> None:
    post = post_a if ui == "a" else post_b
    response = post(rehearsal, f"anything [fault:{fault}]")
    assert response.status_code == status
    assert response.headers.get("cf-mitigated") == ("challenge" if fault == "challenge" else None)


def test_a_failed_control_says_why(rehearsal: Rehearsal) -> None:
    body = post_b(rehearsal, "anything [fault:rate_limited]").text
    for said in ('control="failed"', 'failure-reason="rate_limit"', 'failure-status="429"', 'gate-kind="login"'):
        assert f"data-{said}" in body or f"data-conversation-{said}" in body


@pytest.mark.parametrize("post", [post_a, post_b])
def test_a_cut_stream_breaks_off_without_an_end(rehearsal: Rehearsal, post: Any) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(rehearsal, "anything [fault:cut_stream]")


@pytest.mark.skipif(not CAPTURES.exists(), reason="the recorded shapes are not part of the project")
def test_front_end_a_speaks_as_recorded(rehearsal: Rehearsal) -> None:
    recorded = (CAPTURES / "SYNTHETIC_sse_delta_v1_search.txt").read_text()
    prompt = next(prompt for prompt in PROMPTS if has_group(truth_of(prompt)))
    ours = post_a(rehearsal, prompt).text
    assert keys_of(events_of(recorded)) <= keys_of(events_of(ours))


@pytest.mark.skipif(not CAPTURES.exists(), reason="the recorded shapes are not part of the project")
def test_front_end_b_speaks_as_recorded(rehearsal: Rehearsal) -> None:
    recorded = (CAPTURES / "SYNTHETIC_unauth_mweb_updates.partial.html").read_text()
    recorded += (CAPTURES / "SYNTHETIC_unauth_mweb_failed.partial.html").read_text()
    prompt = next(prompt for prompt in PROMPTS if has_group(truth_of(prompt)))
    ours = post_b(rehearsal, prompt).text + post_b(rehearsal, "anything [fault:rate_limited]").text
    attributes = re.compile(r" (data-[a-z-]+)")
    assert set(attributes.findall(recorded)) <= set(attributes.findall(ours))


def has_group(truth: Truth) -> bool:
    return any(cited.role == "more" for cited in truth.citations)


def keys_of(value: Any) -> set[str]:
    """Every key in a JSON value."""
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    return set(value).union(*map(keys_of, value.values())) if isinstance(value, dict) else set()
