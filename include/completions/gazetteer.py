"""What is known of the world's countries, subdivisions and cities: the tables that `places` looks things up in.

`data/places.zip` is written by `scripts/build_places.py`; sources and licences are in `data/SOURCES.md`. Only the asked
country's cities are read, and only the last few countries are kept.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from zipfile import ZipFile

import pycountry
from babel import Locale

from completions.spelling import fold

_DATA = files(__package__) / "data"
_LOCALES = ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "sv", "ru", "uk", "tr", "ar", "hi", "ja", "ko", "zh")
"""Whose names of the countries are recognised when a name is given for a code."""


@dataclass(frozen=True, slots=True)
class Subdivision:
    """A row of ISO 3166-2: `code` and `parent` are the parts after the hyphen; `spellings` is folded, `|a|b|`."""

    country: str
    code: str
    parent: str | None
    name: str
    spellings: str


@dataclass(frozen=True, slots=True)
class City:
    """A city of at least 5,000 people; `subdivision` is the finest that is known, or None."""

    country: str
    name: str
    subdivision: str | None
    latitude: float
    longitude: float
    timezone: str
    population: int
    spellings: str

    def __str__(self) -> str:
        where = f"{self.country}-{self.subdivision}" if self.subdivision else self.country
        return f"{self.name} ({where}, {self.population:,} people)"


@cache
def countries() -> dict[str, str]:
    """English names by ISO 3166-1 alpha-2 code, Kosovo's XK among them."""
    names = Locale("en").territories
    codes = ["XK", *(country.alpha_2 for country in pycountry.countries)]
    return {code: names.get(code, code) for code in sorted(codes)}


@cache
def subdivisions(country: str) -> dict[str, Subdivision]:
    """The subdivisions of `country` by the part of their code after the hyphen."""
    rows = (line.split("\t") for line in _lines("subdivisions.tsv") if line.startswith(f"{country}-"))
    return {
        code[3:]: Subdivision(country, code[3:], parent[3:] or None, name, f"|{spellings}|")
        for code, parent, name, spellings in rows
    }


@lru_cache(maxsize=4)
def cities(country: str) -> Sequence[City]:
    """The cities of `country`, the most populous first."""
    return [_city(country, *line.split("\t")) for line in _lines(f"cities/{country}.tsv")]


def lineage(country: str, subdivision: str | None) -> list[str]:
    """`subdivision` and what it is a part of, the topmost last."""
    known = subdivisions(country)
    codes: list[str] = []
    while subdivision:
        codes.append(subdivision)
        subdivision = known[subdivision].parent
    return codes


@cache
def aliases() -> dict[str, str]:
    """Retired subdivision codes, and those of territories that are countries of their own, to what stands for them."""
    return {row["code"]: row["becomes"] for row in _table("aliases.csv")}


@cache
def country_names() -> dict[str, str]:
    """Codes by folded name, in many languages and by habit: to suggest a code with, not to take one."""
    official = {fold(country.name): country.alpha_2 for country in pycountry.countries}
    local = {fold(name): code for one in _LOCALES for code, name in Locale(one).territories.items()}
    habitual = {row["name"]: row["code"] for row in _table("countries.csv")}
    return {name: code for name, code in {**official, **local, **habitual}.items() if code in countries()}


def _city(country: str, name: str, code: str, latitude: str, longitude: str, *rest: str) -> City:
    timezone, population, spellings = rest
    where = (float(latitude), float(longitude), timezone, int(population))
    return City(country, name, code or None, *where, f"|{spellings}|")


def _lines(member: str) -> list[str]:
    with (_DATA / "places.zip").open("rb") as file, ZipFile(file) as archive:
        return archive.read(member).decode().splitlines() if member in archive.namelist() else []


def _table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((_DATA / name).read_text("utf-8").splitlines()))
