"""What a request accepts, listed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from .conftest import Completions

GUIDE = (Path(__file__).parents[2] / "docs" / "places.md").read_text("utf-8")
LISTS = [["devices"], ["countries"], ["subdivisions", "DE"], ["cities", "de"], ["languages"]]


def _line(entry: Any) -> str:
    """An entry as it is printed."""
    return "  ".join(map(str, entry.values())).rstrip() if isinstance(entry, dict) else str(entry)


def _order(entry: Any) -> str:
    """What the lists are sorted by: languages by name, everything else by what stands first."""
    by = "name" if "autonym" in entry else next(iter(entry)) if isinstance(entry, dict) else None
    return str(entry[by] if by else entry).casefold()


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_lists_are_sorted_and_searched(completions: Completions, command: list[str]) -> None:
    everything = completions(*command, "--json")
    assert (everything.status, everything.err) == (0, "")
    assert len(everything.json) > 15
    assert everything.json == sorted(everything.json, key=_order)
    assert completions(*command).out.splitlines() == [_line(entry) for entry in everything.json]


@pytest.mark.parametrize(
    ("command", "first"),
    [
        (["devices", "IPHONE 15"], "iPhone 15"),
        (["devices", "iPhone+15"], "iPhone 15"),
        (["devices", "iPhone%2015"], "iPhone 15"),
        (["devices", "iphone15"], "iPhone 15"),
        (["devices", "Galaxy S9+"], "Galaxy S9+"),
        (["devices", "galaxy+s9%2B"], "Galaxy S9+"),
        (["languages", "zh"], {"code": "zh", "name": "Chinese", "autonym": "中文"}),
        (["languages", "allemand"], {"code": "de", "name": "German", "autonym": "Deutsch"}),
        (["languages", "Mandarin"], {"code": "zh", "name": "Chinese", "autonym": "中文"}),
        (["languages", "German"], {"code": "de", "name": "German", "autonym": "Deutsch"}),
        (["languages", "deutsch"], {"code": "de", "name": "German", "autonym": "Deutsch"}),
        (["countries", "kingdom"], {"code": "GB", "name": "United Kingdom"}),
        (["countries", "Deutschland"], {"code": "DE", "name": "Germany"}),
        (["countries", "日本"], {"code": "JP", "name": "Japan"}),
        (
            ["cities", "DE", "M%C3%BCnchen"],
            {"city": "Munich", "subdivision": "BY", "people": 1505005, "timezone": "Europe/Berlin"},
        ),
        (["subdivisions", "DE", "Bavaria"], {"code": "BY", "name": "Bayern", "part_of": ""}),
        (["subdivisions", "us", "rhode"], {"code": "RI", "name": "Rhode Island", "part_of": ""}),
        (["subdivisions", "FR", "75"], {"code": "75C", "name": "Paris", "part_of": "IDF"}),
        (
            ["cities", "JP", "東京", "--subdivision", "13"],
            {"city": "Tokyo", "subdivision": "13", "people": 9733276, "timezone": "Asia/Tokyo"},
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_word_narrows_the_list(completions: Completions, command: list[str], first: Any) -> None:
    assert completions(*command, "--json").json[0] == first


@pytest.mark.parametrize(
    ("command", "near"),
    [
        (["devices", "Pixle 7"], "Pixel 7"),
        (["countries", "Germny"], "Germany"),
        (["subdivisions", "DE", "Bayren"], "Bayern"),
        (["cities", "DE", "Hambrug"], "Hamburg"),
        (["languages", "Norwgian"], "Norwegian"),
    ],
    ids=" ".join,
)
def test_what_is_near_is_told_where_nothing_is_found(completions: Completions, command: list[str], near: str) -> None:
    ended = completions(*command)
    assert (ended.status, ended.out) == (0, "")
    assert ended.err.startswith(f"none contains {command[-1]!r}; did you mean {near}")


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_nothing_found_is_no_failure(completions: Completions, command: list[str]) -> None:
    assert completions(*command, "no such thing").out == ""
    assert completions(*command, "no such thing", "--json").json == []


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["cities", "Germany"], "refused: country 'Germany': is not an ISO 3166-1 alpha-2 code; write DE for Germany"),
        (["subdivisions", "ZZ"], "refused: country 'ZZ': is not an ISO 3166-1 alpha-2 code; write one such as US"),
        (["cities", "DE", "--subdivision", "XX"], "refused: subdivision 'XX': is not a subdivision of DE; give a code"),
    ],
)
def test_a_place_that_is_none_is_refused(completions: Completions, command: list[str], sentence: str) -> None:
    ended = completions(*command)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(sentence)


@pytest.mark.parametrize(("command", "first"), re.findall(r"^completions (.+?) +# (.+)$", GUIDE, re.MULTILINE))
def test_the_guide_prints_what_is_printed(completions: Completions, command: str, first: str) -> None:
    assert completions(*shlex.split(command)).out.splitlines()[0] == first
