"""Copilot's socket: texts in pieces and parts, where citations stand, how a turn ends, and what comes in its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from completions.errors import Outcome
from completions.sites.copilot import Copilot
from sites.copilot_shapes import (
    ALPHA,
    BRAVO,
    CONNECTED,
    CONVERSATION,
    DONE,
    RECEIVED,
    STARTED,
    URL,
    cards,
    chip,
    cited,
    event,
    events,
    page,
    read,
    said,
    turn,
)

Events = tuple[dict[str, Any], ...]
CHALLENGE = event("challenge", method=None, parameter=None)
THROTTLED = event("chatMessageError", errorCode="throttled", errorDetail={"type": "throttled"})


@pytest.mark.parametrize(
    ("told", "text", "markdown", "starts"),
    [
        ((said("A **b"), said("** c.")), "A b c.", "A **b** c.", []),
        ((said("A"), cited(ALPHA), said(". B."), cited(BRAVO)), "A. B.", "A. B.", [1, 5]),
        ((said("A."), cited(ALPHA), cited(BRAVO), said("\n\nB.")), "A.\n\nB.", "A.\n\nB.", [2, 2]),
        ((said("A.\n\n"), cited(ALPHA), said("- b\n- c\n")), "A.\n\nb\nc", "A.\n\n- b\n- c", [2]),
        ((said("| a | b |\n|---|---|\n| 1 | 2 |"), cited(ALPHA)), "a\tb\n1\t2", None, [7]),
        ((said("```py\nx\n```"), cited(ALPHA), said("\n\nB.")), "x\n\nB.", "```py\nx\n```\n\nB.", [1]),
        ((said("```py\nx"), cited(ALPHA), said("y\n```\n\nB.")), "xy\n\nB.", "```py\nxy\n```\n\nB.", [2]),
        ((said("`a"), cited(ALPHA), said("b` c")), "ab c", "`ab` c", [2]),
        ((cited(ALPHA), said("## T\n"), said("b")), "T\n\nb", "## T\n\nb", [4]),
        ((said("A "), cited(ALPHA, "own"), said("b.")), "A b.", "A b.", [1]),
        ((said("A."), said("B.", "p2")), "A.\n\nB.", "A.\n\nB.", []),
        ((said("A."), said("B.", message="m2")), "A.\n\nB.", "A.\n\nB.", []),
        ((said("A x."), event("replaceText", messageId="m1", partId="p1", text="A y.")), "A y.", "A y.", []),
        (
            (said("A x."), cited(ALPHA), event("replaceText", messageId="m1", partId="p1", text="A.")),
            *("A.", "A.", [2]),
        ),
        ((said("Old"), STARTED, said("New")), "New", "New", []),  # a message that begins again
        ((event("chainOfThought", text="Hmm"), said("A"), event("modelStatement", text="Hm")), "A", "A", []),
        ((said("See [a](https://alpha.example/a)."),), "See a.", "See [a](https://alpha.example/a).", [4]),
        ((said("See [a](https://b.c"), cited(ALPHA), said("/d) e.")), "See a e.", "See [a](https://b.c/d) e.", [4, 5]),
        ((said("A $$x"), cited(ALPHA), said("$$")), "A\n\nx", None, [4]),
        ((said("By [Fender](ca://s?q=Fender)."),), "By Fender.", "By Fender.", []),
        ((said("It is \\(x^2\\) or\n\n$$y$$"),), "It is x^2 or\n\ny", "It is $x^2$ or\n\n$$\ny\n$$", []),
        ((said("A [^1^] b \ue200cite\ue202turn0search1\ue201."),), "A b.", "A b.", []),
        ((said("Private \uf8f00\uf8f1 marks"),), "Private 0 marks", "Private 0 marks", []),
        (({"event": "appendText", "text": "A"}, {"event": "appendText", "text": " b"}), "A b", "A b", []),
    ],
)
def test_words(told: Events, text: str, markdown: str | None, starts: list[int]) -> None:
    seen = read(stream=turn(*told))
    assert (seen.outcome, seen.stream_finished, seen.warnings) == (Outcome.ANSWERED, True, [])
    assert seen.answer
    assert seen.answer.answer_text == text
    assert markdown is None or seen.answer.answer_markdown == markdown
    assert [each.char_start for each in seen.answer.citations or []] == starts


def test_what_is_cited_drawn_and_suggested() -> None:
    told = (
        event("generatingImage", messageId="m1", partId="i", prompt="a cat"),
        event("partialImageGenerated", messageId="m1", partId="i", content="AAAA"),
        event("imageGenerated", messageId="m1", partId="i", url="https://img.example/1", thumbnailUrl="https://t.co/1"),
        said("A"),
        cited(ALPHA),
        cited(("", "https://copilot.microsoft.com/own")),
        cited(("Bad", "javascript:alert(1)")),
        event("card", messageId="m1", card={"type": "weather"}),
    )
    late = (
        event("titleUpdate", title="T"),
        event("suggestedFollowups", suggestions=["Why?", "Why?", {"text": "How?"}]),
    )
    seen = read(stream=turn(*told, end=(DONE, *late)))
    answer = seen.answer
    assert answer
    assert [(each.url, each.title, each.role, each.pill) for each in answer.citations or []] == [
        (ALPHA[1], "Alpha", "inline", 1)
    ]
    assert [(each.url, each.cited) for each in answer.sources or []] == [(ALPHA[1], True)]
    assert [(each.url, each.title) for each in answer.images or []] == [("https://img.example/1", "a cat")]
    assert answer.follow_up_questions == ["Why?", "How?"]
    assert answer.conversation_url == URL
    assert seen.warnings == ["the answer has a card (weather), which is not read"]
    assert (answer.fan_out_queries, answer.model_version, answer.products, answer.ads) == (None, None, None, None)


def test_suggestions_may_come_in_pieces() -> None:
    pieces = [event("startSuggestion"), event("appendSuggestion", text="Wh"), event("appendSuggestion", text="y?")]
    answer = read(stream=turn(said("A"), end=(DONE, *pieces, event("suggestionCompleted")))).answer
    assert answer
    assert answer.follow_up_questions == ["Why?"]


def test_the_last_turn_is_read() -> None:
    second = event("received", conversationId=CONVERSATION, messageId="u2")
    answer = read(stream=turn(said("Old"), cited(ALPHA)) + events(second, said("New", message="m2"), DONE)).answer
    assert answer
    assert (answer.answer_text, answer.citations) == ("New", [])
    seen = read(stream=turn(said("Old")) + events(second))
    assert (seen.outcome, seen.stream_finished, seen.answer) == (Outcome.NETWORK, False, None)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ((), Outcome.NETWORK),
        ((said("A"),), Outcome.NETWORK),
        ((DONE,), Outcome.NO_ANSWER),
        ((event("error", errorCode="chat-service-unavailable"),), Outcome.UNAVAILABLE_HERE),
        ((event("error", errorCode="invalid-event"),), Outcome.NETWORK),
        ((event("error"),), Outcome.NETWORK),
        ((event("chatMessageError"),), Outcome.NETWORK),
        ((event("chatMessageError", errorCode="content-policy"),), Outcome.REFUSED),
        ((THROTTLED,), Outcome.RATE_LIMITED),
        ((THROTTLED, CHALLENGE), Outcome.RATE_LIMITED),  # what goes wrong first says best what it is
        ((event("banned"),), Outcome.BLOCKED),
        ((said("A"), event("banned")), Outcome.BLOCKED),
        ((CHALLENGE,), Outcome.CHALLENGE),
        ((event("challenge", method="cloudflare"), event("error", errorCode="invalid-event")), Outcome.CHALLENGE),
        (
            (event("challenge", method="hashcash", parameter="s:1"), said("A"), DONE),
            Outcome.ANSWERED,
        ),  # the page met it
        ((said("A"), DONE, event("error", errorCode="idle")), Outcome.ANSWERED),
        ((said("A"), DONE, CHALLENGE), Outcome.ANSWERED),
    ],
)
@pytest.mark.parametrize("before", [(CONNECTED,), (CONNECTED, RECEIVED), (CONNECTED, RECEIVED, STARTED)])
def test_how_a_turn_ends(before: Events, told: Events, outcome: Outcome) -> None:
    assert read(stream=events(*before, *told)).outcome is outcome


def test_a_challenge_before_the_prompt_stays_until_the_answer_goes_on() -> None:
    assert read(stream=events(CONNECTED, CHALLENGE, RECEIVED)).outcome is Outcome.CHALLENGE
    assert read(stream=events(CONNECTED, CHALLENGE, RECEIVED, STARTED, said("A"), DONE)).outcome is Outcome.ANSWERED


WHOLE = turn(said('A "event":"done" b'), cited(ALPHA))


@pytest.mark.parametrize(
    "stream",
    [
        WHOLE,
        json.dumps(WHOLE) + "\n",  # frames of several objects are kept as one JSON string
        json.dumps(WHOLE.replace("\n", "\x1e")) + "\n",
        WHOLE.replace("\n", ""),
        f"[{','.join(WHOLE.splitlines())}]",
        json.dumps([json.loads(line) for line in WHOLE.splitlines()], indent=1),
        "".join(f"{json.dumps({'type': 'receive', 'data': line})}\n" for line in WHOLE.splitlines()),
        "\ufeff" + WHOLE.replace("\n", "\r\n"),
        "not JSON\n" + WHOLE + '{"event":',
    ],
)
def test_frames_however_they_were_kept(stream: str) -> None:
    answer = read(stream=stream).answer
    assert answer
    assert answer.answer_text == 'A "event":"done" b'
    assert [each.title for each in answer.citations or []] == ["Alpha"]


def by(who: str, *content: dict[str, Any]) -> dict[str, Any]:
    return {"id": who, "author": {"type": who}, "content": list(content), "createdAt": "2026-11-01T10:00:00Z"}


def test_the_history_of_a_conversation() -> None:
    text, page = {"type": "text", "text": "A **b**."}, {"type": "citation", "title": ALPHA[0], "url": ALPHA[1]}
    old = [by("ai", {"type": "text", "text": "Old"}), by("human", {"type": "text", "text": "q"})]
    results = [by("ai", text, page, {"type": "new"}), by("human", {"type": "text", "text": "p"}), *old]
    seen = read(stream=json.dumps({"results": results}, indent=1))
    assert (seen.outcome, seen.stream_finished) == (Outcome.ANSWERED, True)
    assert seen.answer
    assert seen.answer.answer_markdown == "A **b**."
    assert [(each.title, each.char_start) for each in seen.answer.citations or []] == [("Alpha", 4)]
    unanswered = read(stream=json.dumps({"results": results[1:]}))
    assert (unanswered.outcome, unanswered.answer) == (Outcome.NETWORK, None)


@pytest.mark.parametrize(
    ("stream", "outcome"),
    [
        ("", Outcome.NETWORK),
        ('{"currentConversationId":"x"}', Outcome.LAYOUT_CHANGED),
        ('{"event":"new"}', Outcome.LAYOUT_CHANGED),
        ('{"results":[]}', Outcome.LAYOUT_CHANGED),
        ("<html>", Outcome.LAYOUT_CHANGED),
        ("Too many requests", Outcome.RATE_LIMITED),
    ],
)
def test_what_is_no_stream_of_this_site(stream: str, outcome: Outcome) -> None:
    assert read(stream=stream).outcome is outcome


def test_page_and_wire_together() -> None:
    stream = turn(said("A"), cited(ALPHA), said(" b."), cited(BRAVO))
    shown = page(f"<p>A {chip(ALPHA)} b.</p>", after=cards(ALPHA))
    both = read(shown, stream, url=URL)
    assert (both.outcome, both.ui_variant, both.warnings) == (Outcome.ANSWERED, "chat", [])
    assert both.answer
    assert [(each.title, each.char_start) for each in both.answer.citations or []] == [("Alpha", 1)]
    assert [(each.title, each.cited) for each in both.answer.sources or []] == [("Alpha", True), ("Bravo", True)]
    apart = read(page("<p>A b.</p>", after=cards(ALPHA, BRAVO)), stream).answer
    assert apart
    assert [(each.title, each.char_start) for each in apart.citations or []] == [("Alpha", 1), ("Bravo", 4)]


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("wss://copilot.microsoft.com/c/api/chat?api-version=2&clientSessionId=x&temporarySessionKey=y", True),
        ("ws://copilot.localhost:8000/c/api/chat", True),
        ("wss://copilot.microsoft.com/c/api/chats/x", False),
        ("https://copilot.microsoft.com/c/api/chat?x", False),
    ],
)
def test_the_address_of_the_socket(address: str, is_ours: bool) -> None:
    [wire] = Copilot.wire
    assert (wire.url.search(address) is not None) is is_ours


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ('{"event":"done","messageId":"m"}', True),
        ('{"id": "0", "event" : "done"}', True),
        ('{"event":"challenge","method":null}', True),
        ('{"event":"chatMessageError"}', True),
        ('{"event":"appendText","text":"A"}', False),
        (json.dumps(said('{"event":"done"}')), False),
        (json.dumps('{"event":"appendText","text":"A"}{"event":"done"}'), True),
        (json.dumps(json.dumps(said('{"event":"done"}'))), False),
        ('{"event":"titleUpdate","title":"done"}', False),
    ],
)
def test_the_frame_that_ends_an_answer(line: str, ends: bool) -> None:
    [wire] = Copilot.wire
    assert wire.ends
    assert (wire.ends.search(line.encode() + b"\n") is not None) is ends
