"""The rehearsal's own routes, and the process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from completions.rehearsal import Rehearsal, Settings, build, truth_of


@pytest.fixture
def rehearsal() -> Iterator[Rehearsal]:
    with Rehearsal(latency=0.01) as rehearsal:
        yield rehearsal


@pytest.fixture
def client(rehearsal: Rehearsal) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=rehearsal.url, trust_env=False) as client:
        yield client


def ask(client: httpx.Client, prompt: str) -> httpx.Response:
    form = {"prompt": prompt, "assistantMessageId": "pending-0", "timezone": "Asia/Tokyo"}
    headers = {"accept-language": "ja-JP", "user-agent": "test"}
    return client.post("/unauth-mweb/conversation/updates", data=form, headers=headers)


def test_asked_tells_everything_about_every_asking(client: httpx.Client) -> None:
    for prompt in ("one", "two [fault:http_500]", "one"):
        ask(client, prompt)
    asked = client.get("/_rehearsal/asked").json()
    assert [(entry["prompt"], entry["n"], entry["fault"], entry["completed"]) for entry in asked] == [
        ("one", 1, None, True),
        ("two [fault:http_500]", 1, "http_500", False),
        ("one", 2, None, True),
    ]
    seen = [asked[0][key] for key in ("ui", "accept_language", "user_agent", "timezone")]
    assert seen == ["b", "ja-JP", "test", "Asia/Tokyo"]


def test_a_script_deals_its_fault_as_often_as_it_says(rehearsal: Rehearsal, client: httpx.Client) -> None:
    script = {"prompt": "one", "fault": "http_500", "times": 2}
    assert client.post("/_rehearsal/faults", json=script).status_code == 204
    rehearsal.script("two", "http_429")
    assert [ask(client, "one").status_code for _ in range(4)] == [500, 500, 200, 200]
    assert [ask(client, "two").status_code for _ in range(3)] == [429, 429, 429]


@pytest.mark.parametrize("script", [{"prompt": "one", "fault": "nonsense"}, {"fault": "challenge"}])
def test_a_script_that_means_nothing_is_refused(client: httpx.Client, script: dict[str, str]) -> None:
    response = client.post("/_rehearsal/faults", json=script)
    assert response.status_code == 422
    assert "nonsense" in response.text or "prompt" in response.text


def test_an_unknown_fault_for_everyone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'nonsense': not a known fault, take one of .*blocked, "):
        build(Settings(fault="nonsense"))


def test_reset_forgets(rehearsal: Rehearsal, client: httpx.Client) -> None:
    ask(client, "one")
    client.post("/_rehearsal/callback/demo")
    assert client.post("/_rehearsal/reset").status_code == 204
    assert (rehearsal.asked(), rehearsal.callbacks("demo")) == ([], [])


def test_truth_over_http_is_the_truth(client: httpx.Client) -> None:
    for ui in ("a", "b"):
        told = client.get("/_rehearsal/truth", params={"prompt": "best guitar?", "ui": ui}).json()
        assert told["text"] == truth_of("best guitar?").text
        assert (told["model_version"] is None) == (ui == "b")


def test_health(client: httpx.Client) -> None:
    assert client.get("/_rehearsal/health").json() == {"status": "ok", "ui": "mixed", "latency": 0.01, "fault": None}


def test_the_callback_receiver_keeps_headers_and_exact_bytes(rehearsal: Rehearsal, client: httpx.Client) -> None:
    body = b'{"id": 1}\r\n\xff'
    assert httpx.post(rehearsal.callback_url("demo"), content=body, headers={"webhook-id": "m1"}).status_code == 204
    (came,) = rehearsal.callbacks("demo")
    assert (came.body, came.headers["webhook-id"], came.status) == (body, "m1", 204)
    (told,) = client.get("/_rehearsal/callbacks/demo").json()
    assert b64decode(told["body"]) == body
    assert rehearsal.callbacks("other") == []


def test_the_callback_receiver_answers_as_scripted_and_then_accepts(rehearsal: Rehearsal, client: httpx.Client) -> None:
    client.put("/_rehearsal/callbacks/demo", json={"status": 503, "times": 2, "retry_after": "1"})
    answers = [httpx.post(rehearsal.callback_url("demo")) for _ in range(3)]
    assert [(answer.status_code, answer.headers.get("retry-after")) for answer in answers] == [
        (503, "1"),
        (503, "1"),
        (204, None),
    ]
    assert [callback.status for callback in rehearsal.callbacks("demo")] == [503, 503, 204]


def test_mixed_serves_front_end_a_to_every_fourth_visitor(rehearsal: Rehearsal) -> None:
    pages = [httpx.get(rehearsal.url).text for _ in range(8)]
    assert ["b" if "data-app-shell" in page else "a" for page in pages] == list("bbabbbab")


WALLS = [
    ("challenge", 403, "<title>Just a moment...</title>"),
    ("blocked", 403, "Unusual activity has been detected"),
    ("layout_changed", 200, "Your question"),
    ("unavailable_here", 200, "not available in your country"),
]


@pytest.mark.parametrize(("fault", "status", "text"), WALLS)
def test_a_wall_for_everyone_takes_the_place_of_the_page(fault: str, status: int, text: str) -> None:
    with Rehearsal(fault=fault) as rehearsal:
        response = httpx.get(rehearsal.url)
    assert (response.status_code, text in response.text) == (status, True)
    assert response.headers.get("cf-mitigated") == ("challenge" if fault == "challenge" else None)


def test_a_login_wall_for_everyone_leads_to_the_login_form() -> None:
    with Rehearsal(fault="login_wall") as rehearsal:
        response = httpx.get(rehearsal.url, follow_redirects=True)
    assert response.url.path == "/auth/login"
    assert 'data-testid="login-form"' in response.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_where_it_is_logs_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "asked.jsonl"
    command = [sys.executable, "-m", "completions.rehearsal", "--latency", "0.01", "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with httpx.Client(base_url=url) as client:
            ask(client, "größte Gitarre?")
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(entry["prompt"], entry["completed"]) for entry in logged] == [
        ("größte Gitarre?", False),
        ("größte Gitarre?", True),
    ]
