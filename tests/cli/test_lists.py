"""What a request accepts, listed."""

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
