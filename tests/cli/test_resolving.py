"""`completions resolve --csv`: the places of an audit, checked before they are paid for."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from .conftest import Completions

TABLE = """\
market,country,city,language,device
south,DE,münchen,,iPhone+15
west,US,Springfield,,
home,BR,sao paulo,Portuguese,
nowhere,GB,Atlantis,Klingonese,Nokia 3310 mini
"""


def test_a_table_is_resolved_line_by_line(completions: Completions, tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text(f"\ufeff{TABLE}", "utf-8")
    ended = completions("resolve", "--csv", str(tmp_path / "places.csv"), "--rehearse")
    south, west, home, nowhere = csv.DictReader(ended.out.splitlines())
    assert (ended.status, ended.err) == (2, "2 of the lines would be refused; the column refused says why\n")
    assert [line["market"] for line in (south, west, home, nowhere)] == ["south", "west", "home", "nowhere"]
    seen = ("country", "subdivision", "city", "timezone", "locale", "device", "location_method")
    assert [south[f"resolved_{name}"] for name in seen] == [
        *("DE", "BY", "Munich", "Europe/Berlin", "de-DE", "iPhone 15", "emulated")
    ]
    assert "iPhone 15 is a webkit device" in south["warnings"]
    assert (home["resolved_subdivision"], home["resolved_accept_language"]) == ("SP", "pt-BR,pt;q=0.9,en;q=0.8")
    assert west["resolved_country"] == ""
    assert west["refused"].startswith("city 'Springfield': is the name of Springfield (US-MO")
    assert [refused.partition(" ")[0] for refused in nowhere["refused"].split("; ") if "'" in refused] == [
        *("city", "language", "device")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_of_spreadsheets_are_read(completions: Completions, delimiter: str) -> None:
    lines = (["Market", " Country", "CITY"], ["south, by the sea", "DE", "Kiel"])
    text = "\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) for line in lines)
    ended = completions("resolve", "--csv", "-", "--rehearse", stdin=f"\ufeff{text}\n")
    [line] = csv.DictReader(ended.out.splitlines(), delimiter=delimiter)
    assert (ended.status, line["Market"], line["resolved_city"]) == (0, "south, by the sea", "Kiel")
    assert list(line)[:3] == ["Market", " Country", "CITY"]


def test_lines_that_are_too_long_or_too_short_are_lines(completions: Completions) -> None:
    ended = completions("resolve", "--csv", "-", "--rehearse", stdin="country,city\nDE,Kiel,more\n\nFR\n")
    long, short = csv.DictReader(ended.out.splitlines())
    assert (ended.status, long["resolved_city"], short["resolved_country"]) == (0, "Kiel", "FR")


def test_an_answer_that_was_mended_is_resolved_again(completions: Completions) -> None:
    first = completions("resolve", "--csv", "-", "--rehearse", stdin="market,country,city\nwest,US,Springfield\n")
    mended = first.out.replace("US,Springfield", "US,Portland")
    again = completions("resolve", "--csv", "-", "--rehearse", stdin=mended)
    [line] = csv.DictReader(again.out.splitlines())
    assert (again.status, line["market"], line["resolved_city"], line["refused"]) == (0, "west", "Portland", "")
    assert again.out.splitlines()[0] == first.out.splitlines()[0]


def test_a_table_says_who_asks_alone(completions: Completions) -> None:
    ended = completions("resolve", "--csv", "-", "--country", "DE", stdin="city\nKiel\n")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "refused: --csv '-': its lines say who asks; leave --country out, or make it a column\n"


def test_warnings_are_sentences(completions: Completions) -> None:
    ended = completions("resolve", "--country", "US", "--city", "Portland", "--device", "iPhone+15", "--rehearse")
    first, second = ended.err.splitlines()
    assert first.startswith("warning: city 'Portland' is taken for the first of Portland (US-OR, 652,503 people), ")
    assert second.startswith("warning: device iPhone 15 is a webkit device")
    assert ended.out.startswith("country          US\n")
    assert "warnings" not in ended.out


def test_chance_is_drawn_from_the_seed_of_the_line(completions: Completions, tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text("country,seed\nFR,1\nFR,1\nFR,2\nFR,many\n", "utf-8")
    one, same, other, odd = csv.DictReader(
        completions("resolve", "--csv", str(tmp_path / "places.csv"), "--rehearse").out.splitlines()
    )
    assert one["resolved_city"] == same["resolved_city"] != other["resolved_city"]
    assert odd["refused"] == "seed 'many': give a whole number"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,b\n1,2\n", "has none of the columns country, subdivision, city, language, display, device"),
        (b"", "has none of the columns"),
        (b"country,city,Country\nDE,Kiel,FR\n", "has the column country twice; leave one out"),
        (b"country,city\nDE," + b"x" * 200_000, "cannot be read as a CSV file in UTF-8; save it as such"),
        (b"country\n\xff\xfe\n", "cannot be read as a CSV file in UTF-8"),
        (None, "there is no such file"),
    ],
)
def test_what_is_no_table_is_refused(
    completions: Completions, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "places.csv"
    if content is not None:
        file.write_bytes(content)
    ended = completions("resolve", "--csv", str(file))
    assert ended.status == 2
    assert sentence in ended.err
