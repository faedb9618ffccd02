"""What a request accepts, listed and checked."""

from __future__ import annotations

import pytest

from .conftest import Completions


def _name(entry: str) -> str:
    """A device, or the English name of a language beside its code."""
    return entry.split("  ")[1] if "  " in entry else entry


@pytest.mark.parametrize("command", ["devices", "languages"])
def test_lists_are_sorted_and_searched(completions: Completions, command: str) -> None:
    everything = completions(command, "--json")
    assert (everything.status, everything.err) == (0, "")
    assert everything.json == sorted(everything.json, key=lambda entry: _name(entry).casefold())
    assert completions(command).out.splitlines() == everything.json


@pytest.mark.parametrize(
    ("command", "word", "first"),
    [
        ("devices", "IPHONE 15", "iPhone 15"),
        ("languages", "German", "de  German  Deutsch"),
        ("languages", "deutsch", "de  German  Deutsch"),
    ],
)
def test_a_word_narrows_the_list(completions: Completions, command: str, word: str, first: str) -> None:
    ended = completions(command, word, "--json")
    assert ended.json[0] == first
    assert all(word.casefold() in entry.casefold() for entry in ended.json)


@pytest.mark.parametrize("command", ["devices", "languages"])
def test_nothing_found_is_no_failure(completions: Completions, command: str) -> None:
    assert completions(command, "no such thing").out == ""
    assert completions(command, "no such thing", "--json").json == []


@pytest.mark.parametrize(
    "target",
    [
        "https://hooks.example.com/done?batch=1",
        "arn:aws:sqs:eu-west-1:123456789012:done",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/done.fifo",
    ],
)
def test_a_callback_that_would_be_accepted(completions: Completions, target: str) -> None:
    assert completions("check-callback", target).out.startswith("accepted: ")
    ended = completions("check-callback", target, "--json")
    assert (ended.status, ended.err) == (0, "")
    assert ended.json["target"] == target
    assert ended.json["accepted"] is True
    assert ended.json["described"]


@pytest.mark.parametrize(
    "target",
    ["ftp://example.com/", "nonsense", "http://127.0.0.1:8080/", "http://169.254.169.254/latest", "http://[::1]/"],
)
def test_a_callback_that_would_be_refused(completions: Completions, target: str) -> None:
    for as_json in [], ["--json"]:
        ended = completions("check-callback", target, *as_json)
        assert (ended.status, ended.out) == (2, "")
        assert ended.err.startswith("refused: callback ")
        assert len(ended.err.splitlines()) == 1


def test_the_operator_may_allow_a_receiver(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLETIONS_CALLBACK_ALLOW", "127.0.0.1:8080")
    assert completions("check-callback", "http://127.0.0.1:8080/hook").status == 0
    assert completions("check-callback", "http://127.0.0.1:8081/hook").status == 2
