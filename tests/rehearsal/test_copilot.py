"""The stand-in for Copilot on the wire: what it sends is what the truth says, read without its adapter."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from completions.rehearsal import Rehearsal

from .copilot import MANY, client_of, host_of, truth_of

CAPTURES = Path(os.environ.get("COMPLETIONS_CAPTURES", Path(__file__).parents[3] / "shared/captures")) / "copilot"
PROMPTS = [f"which guitar, part {number}?" for number in range(12)]
OPTIONS = {"event": "setOptions", "supportedFeatures": [], "supportedCards": []}
CONSENTS = {"event": "reportLocalConsents", "grantedConsents": []}
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    with Rehearsal(latency=0.05) as rehearsal:
        yield rehearsal


@contextmanager
def opened(rehearsal: Rehearsal, key: str = "key") -> Iterator[ClientConnection]:
    """The socket, past its greeting."""
    asked = {"api-version": 2, "clientSessionId": "c"} | ({"temporarySessionKey": key} if key else {})
    here = socket.create_connection(("127.0.0.1", urlsplit(rehearsal.url).port or 0))
    with connect(f"ws://{host_of(rehearsal)}/c/api/chat?{urlencode(asked)}", sock=here, proxy=None) as wire:
        assert json.loads(wire.recv())["event"] == "connected"
        yield wire


def say(wire: ClientConnection, *events: dict[str, Any]) -> None:
    for event in events:
        wire.send(json.dumps(event))


def asking(prompt: str) -> dict[str, Any]:
    content = [{"type": "text", "text": prompt}]
    return {"event": "send", "conversationId": "c1", "content": content, "mode": "smart", "context": {}}


def received(wire: ClientConnection, *last: str) -> list[dict[str, Any]]:
    """The events up to the first that is called one of `last`."""
    events: list[dict[str, Any]] = []
    while not events or events[-1]["event"] not in last:
        events.append(json.loads(wire.recv(timeout=10)))
    return events


def told(rehearsal: Rehearsal, prompt: str, *last: str) -> list[dict[str, Any]]:
    with opened(rehearsal) as wire:
        say(wire, OPTIONS, CONSENTS, asking(prompt))
        return received(wire, *(last or ("suggestedFollowups",)))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_events_build_the_answer(rehearsal: Rehearsal, prompt: str) -> None:
    truth = truth_of(prompt)
    events = told(rehearsal, prompt)
    names = [event["event"] for event in events]
    assert names[:2] == ["received", "startMessage"]
    assert names[-4:] == [names[-4], "done", "titleUpdate", "suggestedFollowups"]
    text = "".join(event["text"] for event in events if event["event"] == "appendText")
    assert re.sub(r" +$", "", LINK.sub(r"\1", text), flags=re.M) == truth.markdown
    assert list(cited_in(events)) == [cited.url for cited in truth.citations]
    titles = {event["url"]: event["title"] for event in events if event["event"] == "citation"}
    assert titles == {cited.url: cited.title for cited in truth.citations}
    images = [(event["url"], event["prompt"]) for event in events if event["event"] == "imageGenerated"]
    assert images == [(image.url, image.title) for image in truth.images or ()]
    assert events[-1]["suggestions"] == list(truth.follow_ups or ())
    assert len({event["id"] for event in events}) == len(events)


def cited_in(events: list[dict[str, Any]]) -> Iterator[str]:
    """Addresses in reading order: of the events, and of the links that the text has come to."""
    text, linked = "", 0
    for event in events:
        if event["event"] == "citation":
            yield event["url"]
        if event["event"] == "appendText":
            text += event["text"]
            links = [url for _, url in LINK.findall(text) if not url.startswith("ca:")]
            yield from links[linked:]
            linked = len(links)


def test_what_is_shown_differs_in_every_feature() -> None:
    truths = [truth_of(prompt) for prompt in MANY]
    assert {len(truth.citations) for truth in truths} >= set(range(6))
    for feature in ("More at", "| Price |", "```python", "\\("):
        assert 20 < sum(feature in truth.markdown for truth in truths) < 300, feature
    for name in ("images", "sources", "follow_ups"):
        assert sum(bool(getattr(truth, name)) for truth in truths) > 20, name
    never = ("fan_out_queries", "model_version", "entities", "places", "products", "ads")
    assert {getattr(truth, name) for truth in truths for name in never} == {None}
    assert all(source.cited for truth in truths for source in truth.sources or ())
    assert truths == [truth_of(prompt, "nested") for prompt in MANY]


def test_whoever_asks_too_early_is_told_so(rehearsal: Rehearsal) -> None:
    with opened(rehearsal) as wire:
        for unready in ([], [OPTIONS]):
            say(wire, *unready, asking("best guitar?"))
            assert received(wire, "error")[0]["errorCode"] == "invalid-event"
        say(wire, CONSENTS, asking("best guitar?"))
        assert received(wire, "done")[-1]["event"] == "done"


def test_nobody_comes_in_without_a_session(rehearsal: Rehearsal) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(rehearsal, key=""):
        pass
    assert refused.value.response.status_code == 460
    with client_of(rehearsal, key="") as client:
        assert client.post("/c/api/conversations").status_code == 460
        key = client.post("/c/api/user/sessions/temporary").json()["sessionKey"]
    with client_of(rehearsal, key) as client:
        assert len(client.post("/c/api/conversations").json()["id"]) == 21
        assert client.get("/c/api/user?api-version=4").json()["firstName"] is None
        assert client.post("/c/api/start", json={"timeZone": "Asia/Tokyo"}).json()["isBlocked"] is False


TROUBLES = [
    ("challenge_after", {"event": "challenge", "method": "cloudflare", "parameter": None}),
    ("banned", {"event": "banned"}),
    ("region_error", {"event": "error", "errorCode": "chat-service-unavailable"}),
    ("invalid_event", {"event": "error", "errorCode": "invalid-event"}),
    ("message_error", {"event": "chatMessageError"}),
]


@pytest.mark.parametrize(("fault", "event"), TROUBLES)
def test_an_event_in_place_of_an_answer(rehearsal: Rehearsal, fault: str, event: dict[str, Any]) -> None:
    (only,) = told(rehearsal, f"anything [fault:{fault}]", event["event"])
    assert {name: only[name] for name in event} == event
    assert set(only) == {*event, "id"}


STATUSES = [
    ("http_429", 429),
    ("http_500", 500),
    ("challenge", 403),
    ("login_wall", 409),
    ("m365", 409),
    ("unavailable_here", 409),
    ("layout_changed", 409),
    ("cut_stream", 200),
]


@pytest.mark.parametrize(("fault", "status"), STATUSES)
def test_what_an_announced_prompt_gets_for_a_fault(rehearsal: Rehearsal, fault: str, status: int) -> None:
    with client_of(rehearsal) as client:
        response = client.post("/c/api/conversations", json={"prompt": f"anything [fault:{fault}]"})
    assert response.status_code == status
    assert response.headers.get("cf-mitigated") == ("challenge" if fault == "challenge" else None)


def until_closed(wire: ClientConnection) -> Iterator[dict[str, Any]]:
    """Every event until the socket is closed as it should not be."""
    with pytest.raises(ConnectionClosedError):  # noqa: PT012
        while True:
            yield json.loads(wire.recv(timeout=10))


def test_a_cut_socket_breaks_off_in_the_middle(rehearsal: Rehearsal) -> None:
    prompt = "anything [fault:cut_stream]"
    with opened(rehearsal) as wire:
        say(wire, OPTIONS, CONSENTS, asking(prompt))
        events = list(until_closed(wire))
    text = "".join(event.get("text", "") for event in events if event["event"] == "appendText")
    assert 20 < len(text) < len(truth_of(prompt).markdown) * 0.9
    assert "done" not in [event["event"] for event in events]


@pytest.mark.parametrize(("fault", "last"), [("stalled_stream", "appendText"), ("slow_first_token", "startMessage")])
def test_a_socket_that_hangs_lets_go_when_the_rehearsal_ends(fault: str, last: str) -> None:
    prompt = f"anything [fault:{fault}]"
    with ExitStack() as stack:
        with Rehearsal(latency=0.05) as rehearsal:
            wire = stack.enter_context(opened(rehearsal))
            say(wire, OPTIONS, CONSENTS, asking(prompt))
            received(wire, last)
            assert not rehearsal.asked()[0].completed
        assert "done" not in [event["event"] for event in until_closed(wire)]


def test_an_answer_without_a_word(rehearsal: Rehearsal) -> None:
    events = told(rehearsal, "anything [fault:no_answer]")
    assert {"appendText", "citation", "imageGenerated"}.isdisjoint(event["event"] for event in events)


@pytest.mark.skipif(not CAPTURES.exists(), reason="the recorded shapes are not part of the project")
def test_the_socket_speaks_as_recorded(rehearsal: Rehearsal) -> None:
    lines = (CAPTURES / "SYNTHETIC_ws_answer_with_citations.jsonl").read_text().splitlines()
    prompt = next(prompt for prompt in PROMPTS if truth_of(prompt).citations)
    ours = {event["event"]: event for event in told(rehearsal, prompt)}
    for recorded in map(json.loads, lines[1:]):
        assert set(recorded) <= set(ours[recorded["event"]]), recorded["event"]
