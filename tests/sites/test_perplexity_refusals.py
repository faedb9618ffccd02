"""How Perplexity refuses on the wire, which may look like an answer."""

from __future__ import annotations

import json

import pytest

from completions.errors import Outcome
from sites.perplexity_shapes import (
    ALPHA,
    Json,
    answered,
    asked,
    block,
    end,
    event,
    events,
    read,
    results,
    searching,
    whole,
    words,
    workflow,
)

AUTHWALL = {"name": "fraud_authwall_upsell", "upsell_type": "LOGIN", "app_location": "MODAL"}
NUDGE = {"name": "logged_out_thread_sign_in", "upsell_type": "LOGIN", "app_location": "IN_THREAD_INPUT"}
SIGN_UP = "Sign up and repeat your request."


@pytest.mark.parametrize("text", [SIGN_UP, "", "Registriere dich und wiederhole deine Anfrage."])
@pytest.mark.parametrize("upsell", [AUTHWALL, json.dumps(AUTHWALL), json.dumps(json.dumps(AUTHWALL))])
def test_the_wall_stands_in_a_normal_answer(upsell: object, text: str) -> None:
    seen = read(stream=events(event(), end(asked(text), upsell_information=upsell)))
    assert (seen.outcome, seen.stream_finished) == (Outcome.LOGIN_WALL, False), seen.error_message


@pytest.mark.parametrize(
    ("upsell", "blocks", "outcome"),
    [
        (None, [asked(SIGN_UP)], Outcome.LOGIN_WALL),
        (NUDGE, [asked(SIGN_UP)], Outcome.LOGIN_WALL),
        (NUDGE, [asked("A")], Outcome.ANSWERED),
        (AUTHWALL, [asked("A"), results(ALPHA)], Outcome.ANSWERED),
        (AUTHWALL, [asked("A"), results()], Outcome.LOGIN_WALL),
        (AUTHWALL, [workflow(searching(["q"], [ALPHA]), words("A"))], Outcome.ANSWERED),
        (AUTHWALL, [asked("A"), block("m", "maps_mode_block", {"places": [{"name": "Inn"}]})], Outcome.ANSWERED),
        (AUTHWALL, [asked("A" * 500)], Outcome.ANSWERED),
        ({"upsell_type": "LOGIN"}, [asked("A")], Outcome.LOGIN_WALL),
        ({"name": "try_pro", "upsell_type": "UPGRADE"}, [asked("A")], Outcome.ANSWERED),
        ("no json", [asked("A")], Outcome.ANSWERED),
    ],
)
def test_a_wall_is_told_from_a_nudge(upsell: object, blocks: list[Json], outcome: Outcome) -> None:
    assert read(stream=events(event(), end(*blocks, upsell_information=upsell))).outcome is outcome


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"status": "FAILED"}, Outcome.NETWORK),
        ({"status": "FAILED", "error_code": "RATE_LIMITED"}, Outcome.RATE_LIMITED),
        ({"status": "FAILED", "error_message": "You've reached your limit of free searches."}, Outcome.RATE_LIMITED),
        ({"status": "COMPLETED", "final": True, "error_code": "LOGIN_REQUIRED"}, Outcome.LOGIN_WALL),
        ({"status": "FAILED", "error_code": "CONTENT_POLICY"}, Outcome.REFUSED),
        ({"status": "FAILED", "error_code": "UNSUPPORTED_COUNTRY"}, Outcome.UNAVAILABLE_HERE),
    ],
)
def test_a_failure_is_no_answer(told: Json, outcome: Outcome) -> None:
    seen = read(stream=events(event(asked("Partly")), event(asked("Partly so")) | told))
    assert (seen.outcome, seen.finished) == (outcome, False)


@pytest.mark.parametrize(
    ("stream", "outcome"),
    [
        ("", Outcome.NETWORK),
        ("event: end_of_stream\r\ndata: {}\r\n\r\n", Outcome.LAYOUT_CHANGED),
        ("<!doctype html><html></html>", Outcome.LAYOUT_CHANGED),
        ('{"remaining": 0}', Outcome.LAYOUT_CHANGED),
        ('{"detail": "Too many requests"}', Outcome.RATE_LIMITED),
        ('{"error": {"message": "Sign in to continue"}}', Outcome.LOGIN_WALL),
        ("Something went wrong", Outcome.NETWORK),
        (events(end()), Outcome.NO_ANSWER),
    ],
)
def test_what_is_no_answer_at_all(stream: str, outcome: Outcome) -> None:
    assert read(stream=stream).outcome is outcome


def test_words_of_the_site_in_a_longer_answer_are_words() -> None:
    text = f"{SIGN_UP} That is what the site says to visitors whom it takes for robots. " + "It does so often. " * 30
    assert answered(whole(text)).answer_text.startswith(SIGN_UP)
