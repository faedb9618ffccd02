"""The server-rendered front end's wire: frames of HTML, and lines of JSON."""

from __future__ import annotations

import json
from time import process_time
from typing import Any

import pytest

from completions.answer import Answer
from completions.errors import Outcome
from sites.shapes import CONVERSATION, MESSAGE, block, chip, control, frame, read, server_page

COMPLETE = control("message-stream-complete") + control("complete", message_id=MESSAGE)
OPENED = control("started") + control(
    "conversation-id", conversation_id=CONVERSATION, canonical_path=f"/uc/{CONVERSATION}"
)


def into(target: str, content: str, apply: str = "replace") -> str:
    """A frame that puts something somewhere."""
    place = f"assistant-pending-{MESSAGE}-{target}"
    return frame(f'<template for="{place}" data-web-mobile-dpu-apply="{apply}">{content}</template>')


def answered(stream: str) -> Answer:
    seen = read(stream=stream)
    assert seen.outcome is Outcome.ANSWERED, seen.error_message
    assert seen.answer
    return seen.answer


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ([block(0, "Hello"), block(0, "Hello world")], "Hello world"),  # a block comes again whole: the last one stands
        ([block(1, "second"), block(0, "first"), block(2, "third")], "first\n\nsecond\n\nthird"),
        ([block(0, "a"), block(1, "<li>b</li>", "committed-tail", "ul", "append")], "a\n\nb"),
        ([block(0, 'Half<?marker name="assistant-pending-x-pending-tail">', "pending")], "Half"),
        (
            [
                block(0, "Half", "pending"),
                into("pending-tail", " a sentence", "append"),
            ],
            "Half a sentence",
        ),
        ([block(0, "thoughts", "reasoning"), block(0, "words")], "words"),
        ([frame(f'<div data-message-id="{MESSAGE}"><p data-assistant-stream-block-index="0">bare</p></div>')], "bare"),
        ([block(0, "Code: <div><pre>1</pre></div> and that is it.", tag="div")], "Code:\n\n1\n\nand that is it."),
        ([block(0, "use &lt;b&gt; &amp;amp; &#39;s&#39;")], "use <b> &amp; 's'"),
        ([block(0, "old"), control("started"), block(0, "asked again")], "asked again"),
        ([into("committed-block-3", "<p>no index</p>")], "no index"),
    ],
)
def test_frames(frames: list[str], text: str) -> None:
    assert answered(OPENED + "".join(frames) + COMPLETE).answer_text == text


def test_what_a_stream_of_frames_shows() -> None:
    status = '<span data-text-shimmer-text="">Searching the web</span>'
    reasoning = frame(f'<template for="assistant-pending-{MESSAGE}-reasoning">{status}</template>')
    pages = (("Clutch", "https://clutch.co/?utm_source=chatgpt.com"), ("Blog", "https://b.com/"))
    answer = answered(OPENED + reasoning + block(0, f"Two {chip(*pages)}.") + COMPLETE)
    assert answer.answer_text == "Two."
    assert answer.citations
    assert [(each.url_canonical, each.role) for each in answer.citations] == [
        ("https://clutch.co/", "inline"),
        ("https://b.com/", "more"),
    ]
    assert answer.conversation_url == f"https://chatgpt.com/uc/{CONVERSATION}"
    assert answer.web_search_triggered is True
    assert (answer.fan_out_queries, answer.model_version, answer.ads) == (None, None, None)


@pytest.mark.parametrize(
    ("details", "outcome"),
    [
        ({"failure_reason": "rate_limit", "failure_status": "429", "gate_kind": "login"}, Outcome.RATE_LIMITED),
        ({"failure_status": "429"}, Outcome.RATE_LIMITED),
        ({"failure_status": "403", "failure_reason": "unusual_activity"}, Outcome.BLOCKED),
        ({"failure_status": "403", "gate_kind": "safety"}, Outcome.REFUSED),
        ({"gate_kind": "login"}, Outcome.LOGIN_WALL),
        ({"failure_status": "500", "failure_origin": "backend"}, Outcome.NETWORK),
        ({}, Outcome.NETWORK),
    ],
)
def test_failures(details: dict[str, str], outcome: Outcome) -> None:
    seen = read(stream=OPENED + block(0, "a") + control("failed", **details))
    assert (seen.outcome, seen.stream_finished) == (outcome, False)
    named = {"".join(map(str.title, key.split("_"))): value for key, value in details.items()}
    detail = {"kind": "failed"} | {key[0].lower() + key[1:]: value for key, value in named.items()}
    assert read(stream=lines({"type": "control", "detail": detail})).outcome is outcome


def test_a_cut_stream_is_no_answer() -> None:
    whole = OPENED + block(0, "Hello") + block(0, "Hello world") + control("complete")
    for end in range(len(whole)):
        outcome = read(stream=whole[:end]).outcome
        assert outcome in (Outcome.NETWORK, Outcome.LAYOUT_CHANGED) or whole[end:].strip() == "", end


def lines(*objects: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def content(markdown: str, mode: str = "append", **more: Any) -> dict[str, Any]:
    return {"version": 1, "type": "content", "messageId": "m", "markdown": markdown, "mode": mode} | more


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (lines(content("Hel", "replace"), content("lo"), content("", status="complete"), {"type": "end"}), "Hello"),
        (lines(content("old"), content("**new**", "replace"), {"type": "diagnostic"}, {"type": "end"}), "new"),
        (lines(content("a"), {"type": "control", "detail": {"kind": "complete"}}), "a"),
        (lines(content("cut"), {"type": "shared", "html": block(0, "whole")}, {"type": "end"}), "whole"),
        (
            lines(
                content("x"), {"type": "shared", "html": "<div data-assistant-markdown><p>y</p></div>"}, {"type": "end"}
            ),
            "y",
        ),
        (lines(content("A \ue200cite\ue202turn0search0\ue201."), {"type": "end"}), "A."),
    ],
)
def test_lines(stream: str, text: str) -> None:
    assert answered(stream).answer_text == text


def test_lines_tell_the_conversation() -> None:
    told = {"type": "control", "detail": {"kind": "conversation-id", "conversationId": CONVERSATION}}
    answer = answered(lines(told, content("a"), {"type": "end"}))
    assert answer.conversation_url == f"https://chatgpt.com/uc/{CONVERSATION}"


def test_lines_without_their_end_are_no_answer() -> None:
    assert read(stream=lines(content("a"))).outcome is Outcome.NETWORK
    assert (
        read(stream=lines(content("a"), {"type": "error", "message": "Too many requests"})).outcome
        is Outcome.RATE_LIMITED
    )


def test_page_and_frames_are_one() -> None:
    seen = read(server_page("<p>Hello</p>"), OPENED + block(0, "Hello") + COMPLETE)
    assert (seen.outcome, seen.warnings, seen.ui_variant) == (Outcome.ANSWERED, [], "server")


def test_ten_megabytes_of_snapshots_are_read_in_seconds() -> None:
    stream = OPENED + "".join(block(0, "word " * count) for count in range(2000)) + COMPLETE
    assert len(stream) > 10_000_000
    before = process_time()
    assert answered(stream).answer_text.count("word") == 1999
    assert process_time() - before < 10
