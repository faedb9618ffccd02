"""`devices`, `countries`, `subdivisions`, `cities`, `languages`: what a request accepts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer

from completions.cli.out import print_json, say
from completions.errors import Refused
from completions.searching import wanted, written
from completions.spelling import fold, nearest

Word = Annotated[str, typer.Argument(help="Show only those that contain this.")]
Country = Annotated[str, typer.Argument(help="ISO 3166-1 alpha-2 code, such as US.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def devices(word: Word = "", as_json: Json = False) -> None:
    """The devices that can be emulated."""
    from completions.devices import names

    squeezed = fold(word).replace(" ", "")
    rows = [{"device": name} for name in names()]
    loosely = [row for row in rows if squeezed in fold(row["device"]).replace(" ", "")]  # iphone15
    _print(_holding(rows, word) or (loosely if squeezed else []), word, names(), as_json, plain=True)


def countries(word: Word = "", as_json: Json = False) -> None:
    """The countries, by code and name; found by their names in other languages too."""
    from completions.gazetteer import countries, country_names

    called = {code for name, code in country_names().items() if wanted(word).intersection([name])}
    rows = [{"code": code, "name": name} for code, name in countries().items()]
    found = [row for row in rows if row["code"] in called] or _holding(rows, word)
    _print(found, word, countries().values(), as_json)


def subdivisions(country: Country, word: Word = "", as_json: Json = False) -> None:
    """The subdivisions of a country, by code, name and what they are part of; other spellings are understood."""
    from completions.gazetteer import subdivisions
    from completions.places import find_country

    known = sorted(subdivisions(find_country(country)).values(), key=lambda one: one.code)
    rows = {one.code: {"code": one.code, "name": one.name, "part_of": one.parent or ""} for one in known}
    called = [rows[one.code] for one in known if any(each and each in one.spellings for each in wanted(word))]
    found = _holding(rows.values(), word)
    _print([*found, *(row for row in called if row not in found)], word, [one.name for one in known], as_json)


def cities(
    country: Country,
    word: Word = "",
    subdivision: Annotated[str | None, typer.Option(help="Only those in this subdivision.")] = None,
    as_json: Json = False,
) -> None:
    """The cities of a country, by name, subdivision, people and time zone; other spellings are understood.

    Those called exactly so come first, the largest in front.
    """
    from completions import searching
    from completions.places import Area, find_area, find_country

    code = find_country(country)
    area = find_area(code, subdivision) if subdivision else Area(code)
    rows = [
        {"city": one.name, "subdivision": one.subdivision or "", "people": one.population, "timezone": one.timezone}
        for one in searching.cities(area, word)
    ]
    _print(rows, word, [city.name for city in area.cities()], as_json)


def languages(word: Word = "", as_json: Json = False) -> None:
    """The languages that a chat or its interface can have, by code, name and own name; more are understood."""
    from completions.languages import find, names

    rows = [{"code": one.tag, "name": one.name, "autonym": one.autonym} for one in names()]
    called = ""
    with suppress(Refused):
        called = find(word).tag.partition("-")[0]
    first = [row for row in rows if row["code"] == called]
    rest = [row for row in _holding(rows, word) if row not in first]
    _print([*first, *rest], word, [one.name for one in names()], as_json)


def _holding(rows: Iterable[dict[str, Any]], word: str) -> list[dict[str, Any]]:
    words = wanted(word)
    return [row for row in rows if any(one in value for one in words for value in map(written, row.values()))]


def _print(
    found: Sequence[dict[str, Any]], word: str, known: Iterable[str], as_json: bool, *, plain: bool = False
) -> None:
    """Print rows a line each; as JSON, objects, or their only value where they are `plain`.

    Where there are none, say which of `known` are near.
    """
    if as_json:
        print_json([next(iter(row.values())) for row in found] if plain else found)
    elif found:
        print("\n".join("  ".join(map(str, row.values())).rstrip() for row in found))
    else:
        near = " or ".join(nearest(word, {fold(name): name for name in known}))
        say((f"none contains {word!r}" if word else "none") + (f"; did you mean {near}?" if near else ""))


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    for command in (devices, countries, subdivisions, cities, languages):
        commands.command()(command)
