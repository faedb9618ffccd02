"""What a request accepts: devices, places, languages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from completions import devices as device_list
from completions import gazetteer, searching
from completions import languages as language_list
from completions.places import Area, find_area, find_country
from completions_web.auth import READ
from completions_web.shapes import City, Country, Language, Subdivision, errors

router = APIRouter(tags=["What a request accepts"], dependencies=READ, responses=errors())

In = Annotated[str, Query(description="ISO 3166-1 alpha-2 code, such as US.", examples=["US"])]


@router.get("/devices")
def devices() -> list[str]:
    """Devices that can be emulated, in alphabetical order."""
    return device_list.names()


@router.get("/countries")
def countries() -> list[Country]:
    """Countries, by code."""
    return [Country(code=code, name=name) for code, name in sorted(gazetteer.countries().items())]


@router.get("/subdivisions")
def subdivisions(country: In) -> list[Subdivision]:
    """Subdivisions of a country, by code."""
    known = sorted(gazetteer.subdivisions(find_country(country)).values(), key=lambda one: one.code)
    return [Subdivision(code=one.code, name=one.name, part_of=one.parent) for one in known]


@router.get("/cities")
def cities(
    country: In,
    subdivision: Annotated[str | None, Query(description="Only those in it.", examples=["OR"])] = None,
    q: Annotated[str | None, Query(description="Only those whose name, in any spelling, has this.")] = None,
) -> list[City]:
    """Cities of a country by name; with `q`, those called exactly so come first, the largest in front."""
    code = find_country(country)
    area = find_area(code, subdivision) if subdivision else Area(code)
    return [
        City(city=one.name, subdivision=one.subdivision or None, people=one.population, timezone=one.timezone)
        for one in searching.cities(area, q or "")
    ]


@router.get("/languages")
def languages() -> list[Language]:
    """Languages that a chat or its interface can have, by code; more spellings are understood."""
    known = sorted(language_list.names(), key=lambda one: one.tag)
    return [Language(code=one.tag, name=one.name, autonym=one.autonym) for one in known]
