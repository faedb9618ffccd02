"""`devices`, `countries`, `subdivisions`, `cities`, `languages`: what a request accepts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from completions.cli.out import print_json, say

Word = Annotated[str, typer.Argument(help="Show only those that contain this.")]
Country = Annotated[str, typer.Argument(help="ISO 3166-1 alpha-2 code, such as US.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def devices(word: Word = "", as_json: Json = False) -> None:
    """The devices that can be emulated."""
    from completions.devices import names

    _print([{"device": name} for name in names()], word, as_json, plain=True)


def countries(word: Word = "", as_json: Json = False) -> None:
    """The countries, by code and name."""
    from completions.gazetteer import countries

    _print([{"code": code, "name": name} for code, name in countries().items()], word, as_json)


def subdivisions(country: Country, word: Word = "", as_json: Json = False) -> None:
    """The subdivisions of a country, by code, name and the one that they are part of."""
    from completions.gazetteer import subdivisions
    from completions.places import find_country

    known = sorted(subdivisions(find_country(country)).values(), key=lambda one: one.code)
    _print([{"code": one.code, "name": one.name, "part_of": one.parent or ""} for one in known], word, as_json)


def cities(
    country: Country,
    word: Word = "",
    subdivision: Annotated[str | None, typer.Option(help="Only those in this subdivision.")] = None,
    as_json: Json = False,
) -> None:
    """The cities of a country, by name, subdivision, people and time zone; other spellings are understood."""
    from completions.places import Area, find_area, find_country
    from completions.spelling import fold

    code = find_country(country)
    area = find_area(code, subdivision) if subdivision else Area(code)
    wanted = fold(word)
    inside = sorted((city for city in area.cities() if wanted in city.spellings), key=lambda one: one.name.casefold())
    rows = [
        {"city": one.name, "subdivision": one.subdivision or "", "people": one.population, "timezone": one.timezone}
        for one in inside
    ]
    _print(rows, "", as_json)


def languages(word: Word = "", as_json: Json = False) -> None:
    """The languages that a chat or its interface can have, by code, name and own name; more are understood."""
    from completions.languages import names

    rows = [{"code": one.tag, "name": one.name, "autonym": one.autonym} for one in names()]
    _print(rows, word, as_json)


def _print(rows: Iterable[dict[str, Any]], word: str, as_json: bool, *, plain: bool = False) -> None:
    """Print rows a line each; as JSON, objects, or their only value where they are `plain`."""
    found = [row for row in rows if any(word.casefold() in str(value).casefold() for value in row.values())]
    if as_json:
        print_json([next(iter(row.values())) for row in found] if plain else found)
    elif found:
        print("\n".join("  ".join(map(str, row.values())).rstrip() for row in found))
    else:
        say(f"none contains {word!r}" if word else "none")


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    for command in (devices, countries, subdivisions, cities, languages):
        commands.command()(command)
