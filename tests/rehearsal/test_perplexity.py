"""What the stand-in for Perplexity sends, read by a small decoder of the tests' own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import pytest

from completions.rehearsal import Rehearsal, Truth
from completions.rehearsal.perplexity.results import label

CAPTURES = Path(os.environ.get("COMPLETIONS_CAPTURES", Path(__file__).parents[3] / "shared/captures")) / "perplexity"
PROMPTS = [f"which guitar, part {number}?" for number in range(12)]
ANSWER = {"prose": ("ask_text", "ask_text_0_markdown"), "workflow": ("workflow_root",)}
Event = dict[str, Any]
Blocks = dict[str, Any]


@pytest.fixture(scope="module", params=["prose", "workflow"])
def rehearsal(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    ui: str = request.param
    with Rehearsal(ui=ui, latency=0.05) as rehearsal:
        yield rehearsal


def call(rehearsal: Rehearsal, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {"host": "perplexity.localhost", "accept-language": "de-DE"}
    return httpx.request(method, rehearsal.url + path, headers=headers, trust_env=False, **more)


def post(rehearsal: Rehearsal, prompt: str) -> httpx.Response:
    params = {"version": "2.18", "language": "de-DE", "timezone": "Europe/Berlin"}
    return call(rehearsal, "POST", "/rest/sse/perplexity_ask", json={"query_str": prompt, "params": params})


def events_of(body: str) -> list[Event]:
    """The JSON of every message; the stream must be whole."""
    *messages, end, nothing = body.split("\r\n\r\n")
    assert (end, nothing) == ("event: end_of_stream\r\ndata: {}", "")
    return [parsed(message) for message in messages]


def parsed(message: str) -> Event:
    name, data = message.split("\r\n")
    assert name == "event: message"
    event: Event = json.loads(data.removeprefix("data: "))
    return event


def blocks_of(events: list[Event]) -> Blocks:
    """The blocks by usage, as whole objects, additions to a text and patches build them."""
    blocks: Blocks = {}
    for block in (block for event in events for block in event["blocks"]):
        usage = block["intended_usage"]
        if diff := block.get("diff_block"):
            for patch in diff["patches"]:
                blocks[usage] = patched(blocks.get(usage), **patch)
            continue
        (value,) = (value for key, value in block.items() if key.endswith("_block"))
        before = blocks.get(usage, {}).get("chunks", [])[: value.get("chunk_starting_offset", 0)]
        blocks[usage] = deepcopy(value) | ({"chunks": before + value["chunks"]} if "chunks" in value else {})
    return blocks


def patched(document: Any, op: str, path: str, value: Any) -> Any:
    if not path:
        return deepcopy(value)
    parts: list[Any] = [int(step) if step.isdecimal() else step for step in path.split("/")[1:]]
    *steps, last = parts
    holder = document
    for step in steps:
        holder = holder[step]
    if op == "add" and isinstance(holder, list):
        holder.insert(last, value)
    else:
        assert op == "add" or holder[last] is not None
        holder[last] = value
    return document


def texts_of(blocks: Blocks, ui: str) -> list[str]:
    """The answer's words, once for each block that tells them."""
    if ui == "prose":
        return ["".join(blocks.get(usage, {"chunks": ()})["chunks"]) for usage in ANSWER[ui]]
    steps = blocks["workflow_root"]["steps"]
    return ["".join(chunk for payload in payloads_of(steps, "text_payload") for chunk in payload["chunks"])]


def payloads_of(steps: list[Any], kind: str) -> list[Any]:
    items = [item for step in steps for item in step["items"]]
    return [item["payload"][kind] for item in items if kind in item["payload"]]


def pages_of(blocks: Blocks, ui: str) -> tuple[dict[int, Any], list[Any]]:
    """The pages by the number that the words call them by, and all of them in order."""
    if ui == "prose":
        results = blocks.get("web_results", {"web_results": []})["web_results"]
        return dict(enumerate(results, 1)), results
    rows = blocks.get("sources_answer_mode", {"rows": []})["rows"]
    assert {row["status"] for row in rows} <= {"SELECTED", "REVIEWED"}
    numbered = {row["citation"]: row["web_result"] for row in rows if row["status"] == "SELECTED"}
    return numbered, [row["web_result"] for row in rows]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_events_build_the_answer(rehearsal: Rehearsal, prompt: str) -> None:
    response = post(rehearsal, prompt)
    assert response.headers["content-type"].startswith("text/event-stream")
    (asking,) = [asking for asking in rehearsal.asked() if asking.prompt == prompt]
    assert (asking.site, asking.timezone, asking.completed) == ("perplexity", "Europe/Berlin", True)
    truth = rehearsal.truth(prompt, asking.ui, "perplexity")
    *pending, last = events_of(response.text)
    for events in (pending, [last], [*pending, last]):  # the last event brings all whole
        for text in texts_of(blocks_of(events), asking.ui):
            assert re.sub(r" *(?:\[\d+\])+$|(?:\[\d+\])+", "", text, flags=re.M) == truth.markdown
    blocks = blocks_of([*pending, last])
    numbered, pages = pages_of(blocks, asking.ui)
    assert cited_in(texts_of(blocks, asking.ui)[0], numbered) == [
        (cited.url, cited.title, cited.role, cited.pill) for cited in truth.citations
    ]
    assert [(page["url"], page["name"]) for page in pages] == [(each.url, each.title) for each in truth.sources or ()]
    assert queries_of(blocks, asking.ui) == list(truth.fan_out_queries or ())
    images = blocks.get("media_items", {"media_items": []})["media_items"]
    assert [(each["image"], each["name"], each["url"]) for each in images] == [
        (image.url, image.title, image.page) for image in truth.images or ()
    ]
    assert {event["display_model"] for event in (*pending, last)} == {truth.model_version}


def cited_in(text: str, numbered: dict[int, Any]) -> list[tuple[str, str, str, int]]:
    groups = [re.findall(r"\d+", group) for group in re.findall(r"(?:\[\d+\])+", text)]
    return [
        (numbered[int(number)]["url"], numbered[int(number)]["name"], "more" if rank else "inline", pill)
        for pill, group in enumerate(groups, 1)
        for rank, number in enumerate(group)
    ]


def queries_of(blocks: Blocks, ui: str) -> list[str]:
    if ui == "workflow":
        payloads = payloads_of(blocks["workflow_root"]["steps"], "queries_payload")
        return [query for payload in payloads for query in payload["queries"]]
    steps = blocks.get("pro_search_steps", {"steps": []})["steps"]
    searches = [step["search_web_content"] for step in steps if step["step_type"] == "SEARCH_WEB"]
    return [query["query"] for search in searches for query in search["queries"]]


@pytest.mark.parametrize("prompt", PROMPTS[:4])
def test_a_first_final_event_is_not_the_end(rehearsal: Rehearsal, prompt: str) -> None:
    events = events_of(post(rehearsal, prompt).text)
    assert [(event["status"], event["final_sse_message"]) for event in events if event.get("final")] == [
        ("PENDING", False),
        ("COMPLETED", True),
    ]
    assert [event["status"] for event in events[:-1]] == ["PENDING"] * (len(events) - 1)
    last, truth = events[-1], rehearsal.truth(prompt, site="perplexity")
    assert (
        last["related_queries"]
        == [item["text"] for item in last["related_query_items"]]
        == list(truth.follow_ups or ())
    )
    assert (last["_extras"]["country"], last["query_language"], last["query_str"]) == (None, "de", prompt)


def test_numbers_do_not_count_the_results_in_the_order_they_were_found(rehearsal: Rehearsal) -> None:
    prompt = next(prompt for prompt in PROMPTS if len(rehearsal.truth(prompt, site="perplexity").sources or ()) > 2)
    *pending, last = events_of(post(rehearsal, prompt).text)
    ui = rehearsal.asked()[-1].ui
    early, late = (blocks_of(events)["web_results"]["web_results"] for events in (pending, [last]))
    first = pages_of(blocks_of([last]), ui)[0][1]["url"]
    assert early[0]["url"] != first
    assert (late[0]["url"] == first) == (ui == "prose")
    assert early[-1]["is_navigational"] == (ui == "prose")


@pytest.mark.parametrize("encoded", [False, True])
def test_the_login_wall_looks_like_an_answer(rehearsal: Rehearsal, encoded: bool) -> None:
    response = post(rehearsal, f"anything [fault:{'authwall_string' if encoded else 'authwall'}]")
    events = events_of(response.text)
    assert (response.status_code, events[-1]["status"]) == (200, "COMPLETED")
    assert texts_of(blocks_of(events), rehearsal.asked()[-1].ui)[0] == "Sign up and repeat your request."
    upsell = events[-1]["upsell_information"]
    upsell = json.loads(json.loads(upsell)) if encoded else upsell
    assert (upsell["name"], upsell["upsell_type"], upsell["app_location"]) == (
        "fraud_authwall_upsell",
        "LOGIN",
        "MODAL",
    )
    assert not {"web_results", "media_items", "sources_answer_mode"} & set(blocks_of(events))


def test_a_nudge_stands_beside_a_real_answer(rehearsal: Rehearsal) -> None:
    prompt = "anything [fault:nudge]"
    events = events_of(post(rehearsal, prompt).text)
    assert events[-1]["upsell_information"]["name"] == "logged_out_thread_sign_in"
    words = re.sub(r"(?:\[\d+\])+", "", texts_of(blocks_of(events), rehearsal.asked()[-1].ui)[0])
    assert "Short answer" in words
    assert "Sign up" not in words


STATUSES = [("challenge", 403), ("blocked", 403), ("http_429", 429), ("http_500", 500), ("no_answer", 200)]


@pytest.mark.parametrize(("fault", "status"), STATUSES)
def test_what_a_prompt_gets_for_a_fault(rehearsal: Rehearsal, fault: str, status: int) -> None:
    response = post(rehearsal, f"anything [fault:{fault}]")
    assert response.status_code == status
    assert response.headers.get("cf-mitigated") == ("challenge" if fault == "challenge" else None)
    if status == 200:
        assert set(texts_of(blocks_of(events_of(response.text)), rehearsal.asked()[-1].ui)) == {""}


@pytest.mark.parametrize(
    ("fault", "said"), [("rate_limited", "reached your limit"), ("failed", "Something went wrong")]
)
def test_a_failure_says_what_it_is(rehearsal: Rehearsal, fault: str, said: str) -> None:
    last = events_of(post(rehearsal, f"anything [fault:{fault}]").text)[-1]
    assert last["status"] == "FAILED"
    assert last["error_code"]
    assert said in last["error_message"]


def test_a_stream_may_end_after_its_first_final_event(rehearsal: Rehearsal) -> None:
    *messages, nothing = post(rehearsal, "anything [fault:pending_final]").text.split("\r\n\r\n")
    last = parsed(messages[-1])
    assert (last["status"], last["final"], nothing) == ("PENDING", True, "")


def test_a_cut_stream_breaks_off_without_an_end(rehearsal: Rehearsal) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(rehearsal, "anything [fault:cut_stream]")


def test_the_small_routes_say_that_nobody_is_logged_in(rehearsal: Rehearsal) -> None:
    assert call(rehearsal, "GET", "/api/auth/session").json() == {}
    limits = call(rehearsal, "GET", "/rest/rate-limit/status").json()
    assert limits["free_queries"]["available"]
    assert not any(mode["available"] for mode in limits["modes"].values())
    assert events_of(call(rehearsal, "GET", "/rest/sse/related-queries/x").text) == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.fender.com/en-US/", "fender"),
        ("https://de.wikipedia.org/wiki/H%C3%B6fner", "de.wikipedia"),
        ("https://http.dev/3", "http"),
    ],
)
def test_a_site_goes_by_its_domain(url: str, expected: str) -> None:
    assert label(url) == expected


def test_what_nobody_knows_the_inside_of_counts_as_not_shown(rehearsal: Rehearsal) -> None:
    def is_rich(truth: Truth) -> bool:
        return bool(truth.images and truth.citations)

    truth = next(
        truth for truth in (rehearsal.truth(prompt, site="perplexity") for prompt in PROMPTS) if is_rich(truth)
    )
    assert (truth.products, truth.places, truth.entities, truth.ads) == (None, None, None, None)


@pytest.mark.skipif(not CAPTURES.exists(), reason="the recorded shapes are not part of the project")
@pytest.mark.parametrize(
    ("ui", "name"),
    [
        ("workflow", "ak2k__ask-turbo-workflow-2026-09-24.EXCERPT.events.jsonl"),
        ("prose", "ak2k__ask-multi-step-sources.events.jsonl"),
    ],
)
def test_it_speaks_as_recorded(ui: str, name: str) -> None:
    recorded = [json.loads(line) for line in (CAPTURES / name).read_text("utf-8").splitlines()]
    with Rehearsal(ui=ui, latency=0.05) as rehearsal:
        ours = [events_of(post(rehearsal, prompt).text) for prompt in PROMPTS]
    assert keys_of([event.get("data", event) for event in recorded]) <= keys_of(ours)


def keys_of(value: Any) -> set[str]:
    """Every key in a JSON value."""
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    return set(value).union(*map(keys_of, value.values())) if isinstance(value, dict) else set()
