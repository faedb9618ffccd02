"""Where: country, subdivision and city, as somebody writes them, to one place with coordinates and a time zone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from completions.errors import Refused
from completions.gazetteer import City, Subdivision, aliases, cities, countries, country_names, lineage, subdivisions
from completions.spelling import fold, nearest, readings

_OWN, _PART, _OTHER = 1, 1 / 4, 1 / 64
"""How squarely a name is a city's: it is the name; a part of it (`Newcastle` upon Tyne); another name (`Frisco`)."""
_CLEARLY = 2
"""How many times the claim of the next a city must have to be taken."""
_NOTABLE = 1 / 1000
"""The least claim, of the greatest, that is worth mentioning."""
_MOST_LISTED = 4
"""Cities named in a message."""
_SUFFIXES = (" city", "市", "시")
"""What may be added to the name of a city."""
_TOPPED_BY_NATURE = {"CV", "ID", "MH", "UG"}
"""Where ISO's topmost subdivisions are islands or points of the compass, not what people mean by where a city lies."""

_ABBREVIATED = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}
_IN_SHORT = {word: short for short, word in _ABBREVIATED.items()}

Named = TypeVar("Named", City, Subdivision)


@dataclass(frozen=True, slots=True)
class Area:
    """A country (ISO 3166-1 alpha-2, or XK), or one subdivision of it."""

    country: str
    subdivision: str | None = None
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.country}-{self.subdivision}" if self.subdivision else self.country

    def cities(self) -> Sequence[City]:
        """The cities that lie here, the most populous first."""
        inside, asked = cities(self.country), self.subdivision
        return [city for city in inside if asked in lineage(self.country, city.subdivision)] if asked else inside


@dataclass(frozen=True, slots=True)
class Place:
    """A city, resolved: coordinates in degrees; `subdivision` as asked for, else the topmost that the city lies in."""

    country: str
    subdivision: str | None
    city: str
    latitude: float
    longitude: float
    timezone: str
    population: int
    warnings: tuple[str, ...] = ()


def find_country(text: str) -> str:
    """The code that `text` is, in any case. Raises `Refused`; the name of a country gets its code suggested."""
    for reading in readings(text):
        if (code := reading.strip().upper()) in countries():
            return code
    named = [country_names()[spelling] for spelling in map(fold, readings(text)) if spelling in country_names()]
    codes = named or nearest(text, country_names(), 1)
    hint = f"{codes[0]} for {countries()[codes[0]]}" if codes else "one such as US"
    raise Refused("country", text, f"is not an ISO 3166-1 alpha-2 code; write {hint}")


def find_area(country: str, text: str) -> Area:
    """The part of `country` (a code) that `text` is: an ISO 3166-2 code, retired ones too, or a name nothing else has.

    What has a code of its own as a country becomes that country (US-PR is PR). Raises `Refused`.
    """
    for reading in readings(text):
        if area := _area(country, reading.strip().upper().removeprefix(f"{country}-")):
            return area
    _, named = _bearers(list(subdivisions(country).values()), text)
    codes = {subdivision.code for subdivision in named}
    tops = [subdivision.code for subdivision in named if subdivision.parent not in codes]
    if len(tops) == 1 and (area := _area(country, tops[0])):
        return area
    raise Refused("subdivision", text, _no_area(country, text, tops))


def find_city(area: Area, text: str) -> Place:
    """The city in `area` that `text` names, in any usual spelling. Raises `Refused`.

    Of several, the most populous is taken if it has twice the people of the next; a part of a name counts for less than
    a whole name, and other names for least. Those that no subdivision tells apart are no reason to refuse.
    """
    claims = _claims(area.cities(), text)
    if not claims or _is_meant_elsewhere(area, text, next(iter(claims))):
        raise Refused("city", text, _no_city(area, text))
    first, *others = claims
    named = _listed(list(claims))
    if any(claims[first] < _CLEARLY * claims[other] for other in others if other.subdivision != first.subdivision):
        raise Refused("city", text, f"is the name of {named}; add the subdivision you mean")
    return _place(area, first, (f"city {text!r} is taken for the first of {named}",) if others else ())


def draw_city(area: Area, rng: random.Random) -> Place:
    """A city in `area`, drawn with its population as weight, among those that can be asked for by their name."""
    for city in sorted(area.cities(), key=lambda city: rng.expovariate(max(city.population, 1))):
        place = _place(area, city)
        if _found_again(place):
            return place
    field, value = ("subdivision", area.subdivision) if area.subdivision else ("country", area.country)
    raise Refused(field, value, f"no city of 5,000 people or more is known in {area} to ask from; choose another")


def population(country: str) -> int:
    """People in the known cities of `country`: its weight where one of several is drawn."""
    return sum(city.population for city in cities(country))


def _found_again(place: Place) -> bool:
    try:
        again = find_city(Area(place.country, place.subdivision), place.city)
    except Refused:
        return False
    return (again.latitude, again.longitude) == (place.latitude, place.longitude)


def _place(area: Area, city: City, warnings: tuple[str, ...] = ()) -> Place:
    codes = lineage(city.country, city.subdivision)
    shown = codes[0 if city.country in _TOPPED_BY_NATURE else -1] if codes else None
    where = (city.latitude, city.longitude, city.timezone, city.population)
    return Place(city.country, area.subdivision or shown, city.name, *where, (*area.warnings, *warnings))


def _area(country: str, suffix: str) -> Area | None:
    if became := aliases().get(f"{country}-{suffix}"):
        return Area(became[:2], became[3:] or None, (f"subdivision {country}-{suffix} is read as {became}",))
    return Area(country, suffix) if suffix in subdivisions(country) else None


def _claims(among: Sequence[City], text: str) -> dict[City, float]:
    """The cities of `among` that `text` may mean, and how likely: people times how squarely the name is theirs."""
    spelling, bearers = _bearers(among, text)
    meant = dict.fromkeys([*bearers, *_namesakes(among, spelling, bearers)])
    claims = {city: city.population * _share(spelling, city.name) for city in meant}
    ranked = sorted(claims, key=lambda city: -claims[city])
    return {city: claims[city] for city in ranked if claims[city] >= _NOTABLE * claims[ranked[0]]}


def _namesakes(among: Sequence[City], spelling: str, bearers: Sequence[City]) -> list[City]:
    """Cities of the same name as those that `spelling` is another name of.

    GeoNames has an Arabic name for one of the nine Monticellos of the US: it may mean any of them.
    """
    names = {fold(city.name) for city in bearers if _share(spelling, city.name) == _OTHER}
    return [city for name in names for city in among if f"|{name}|" in city.spellings and fold(city.name) == name]


def _is_meant_elsewhere(area: Area, text: str, city: City) -> bool:
    """Whether `city` has the name beside its own, and a larger one outside of `area` is called by it.

    GeoNames lists Washington among the names of Reisterstown in Maryland.
    """
    first = next(iter(_claims(cities(area.country), text)))
    spelling, _ = _bearers([first], text)
    larger = first.population > city.population
    return first != city and larger and _share(spelling, first.name) == _OWN and _share(spelling, city.name) == _OTHER


def _share(spelling: str, name: str) -> float:
    """`Halle (Saale)` counts as Halle, and St. Louis is Saint Louis."""
    names = (fold(name), fold(name.partition("(")[0]))
    if _with(_ABBREVIATED, spelling) in (_with(_ABBREVIATED, each) for each in names):
        return _OWN
    return _PART if f" {spelling} " in f" {fold(name)} " else _OTHER


def _with(others: Mapping[str, str], spelling: str) -> str:
    """`spelling` with other words for some of its words."""
    return " ".join(others.get(word, word) for word in spelling.split())


def _bearers(among: Sequence[Named], text: str) -> tuple[str, list[Named]]:
    """The first spelling that `text` may stand for and any of `among` bears, and all that bear it."""
    for spelling in _spellings(text):
        if bearers := [one for one in among if f"|{spelling}|" in one.spellings]:
            return spelling, bearers
    return "", []


def _spellings(text: str) -> Iterator[str]:
    for reading in readings(text):
        spelling = fold(reading)
        yield spelling
        yield from (spelling.removesuffix(suffix) for suffix in _SUFFIXES if spelling.endswith(suffix))
        yield from (_with(_ABBREVIATED, spelling), _with(_IN_SHORT, spelling))


def _no_area(country: str, text: str, codes: Sequence[str]) -> str:
    known = subdivisions(country)
    if not known:
        return f"{country} has no subdivisions in ISO 3166-2; leave it out"
    if codes:
        return f"is the name of {' and '.join(f'{country}-{code}' for code in codes)}; give the code you mean"
    codes = nearest(text, {fold(name): code for code, one in known.items() for name in (code, one.name)})
    near = " or ".join(f"{code} ({known[code].name})" for code in codes)
    way_out = f"did you mean {near}?" if near else f"give a code such as {min(known)}"
    return f"is not a subdivision of {country}; {way_out}"


def _no_city(area: Area, text: str) -> str:
    if elsewhere := _claims(cities(area.country), text):
        return (
            f"is not in {area}; there is {_listed(list(elsewhere))}; correct one of the two, or leave subdivision out"
        )
    *_, decoded = readings(text)
    alone, comma, _ = decoded.partition(",")
    if comma and _claims(area.cities(), alone):
        return f"no such city is known in {area}; write {alone.strip()!r} alone, and in subdivision what it lies in"
    near = " or ".join(nearest(text, {fold(city.name): city.name for city in area.cities()}))
    return f"no such city is known in {area}; {f'did you mean {near}?' if near else 'try its name in English'}"


def _listed(some: Sequence[City]) -> str:
    rest = some[_MOST_LISTED:]
    return ", ".join(map(str, some[:_MOST_LISTED])) + (f" and {len(rest)} more" if rest else "")
