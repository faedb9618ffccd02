"""How often a city is found by its name in other languages, and that it is the right one: `python bench/places.py`.

CLDR names the cities of the time zones in many languages; nobody tuned anything on them. What is found in English (the
rest are islands, countries and hamlets) is asked for by its name in each language. What is not found is refused; a
wrong place is one farther than 40 km from where the time zone database has the zone's city, or in another country.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from babel import Locale
from babel.core import get_global

from completions import gazetteer
from completions.errors import Refused
from completions.places import Area, Place, find_area, find_city

LANGUAGES = ("it", "es", "de", "pl", "ru", "fr", "pt", "tr", "ko", "ja", "zh", "ar")
COUNTRY_OF = {
    zone: country
    for zone, country in sorted(get_global("zone_territories").items(), key=lambda item: item[1])
    if country in gazetteer.countries()
}
"""CLDR's time zones, which are named after cities, by country."""
STATES = {"Indiana", "Kentucky", "North_Dakota"}
"""What some zones name beside the city."""
FAR = 40
"""Kilometres; the database rounds to minutes of arc, and cities are wide."""
MISPLACED = {"Asia/Aqtau"}
"""Where the database points 120 km away from the city: at Fort Shevchenko."""


@dataclass(frozen=True)
class Rate:
    """What came of the cities that CLDR has a name for in `language`."""

    language: str
    asked: int
    missing: Sequence[str]
    """Names that no city was found by, though it is by the English one."""
    wrong: Sequence[tuple[str, Place]]
    """Names, of any zone, that led elsewhere."""

    @property
    def percent(self) -> float:
        """Names that led to the right place."""
        return 100 * (self.asked - len(self.missing) - len(self.wrong)) / self.asked


@cache
def zone_city(zone: str, language: str) -> Place | None:
    """The city that CLDR's name of `zone` in `language` leads to."""
    name = _name(zone, language)
    try:
        return find_city(_area(zone), name) if name else None
    except Refused:
        return None


@cache
def rate(language: str) -> Rate:
    """Ask for every zone's city by its name in `language`."""
    named = {zone: name for zone in COUNTRY_OF if (name := _name(zone, language))}
    asked = [zone for zone in named if zone_city(zone, "en")]
    found = {zone: place for zone in named if (place := zone_city(zone, language))}
    wrong = [(named[zone], place) for zone, place in found.items() if _is_elsewhere(zone, place)]
    return Rate(language, len(asked), [named[zone] for zone in asked if zone not in found], wrong)


def _area(zone: str) -> Area:
    state = STATES.intersection(zone.split("/"))
    return find_area(COUNTRY_OF[zone], state.pop().replace("_", " ")) if state else Area(COUNTRY_OF[zone])


def _name(zone: str, language: str) -> str | None:
    named: str | None = Locale(language).time_zones.get(zone, {}).get("city")
    return named or (zone.rpartition("/")[2].replace("_", " ") if language == "en" else None)


def _is_elsewhere(zone: str, place: Place) -> bool:
    there = _points()[get_global("zone_aliases").get(zone, zone)]
    far = _kilometres(there, (place.latitude, place.longitude)) > FAR and zone not in MISPLACED
    return far or place.country != COUNTRY_OF[zone]


@cache
def _points() -> dict[str, tuple[float, float]]:
    """Latitude and longitude of the zones' cities, as `zone.tab` of the time zone database has them: ±DDMM±DDDMM."""
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    names = get_global("zone_aliases")
    return {names.get(zone, zone): _point(point) for _, point, zone, *_ in rows}


def _point(written: str) -> tuple[float, float]:
    latitude, longitude = re.findall(r"[+-]\d+", written)
    return _degrees(latitude, 2), _degrees(longitude, 3)


def _degrees(written: str, digits: int) -> float:
    sign, whole, minutes = written[0], written[1 : 1 + digits], written[1 + digits : 3 + digits]
    return float(f"{sign}1") * (int(whole) + int(minutes) / 60)


def _kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    (north, east), (north_too, east_too) = (map(math.radians, point) for point in (one, other))
    haversine = math.sin((north_too - north) / 2) ** 2
    haversine += math.cos(north) * math.cos(north_too) * math.sin((east_too - east) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(haversine))


def main() -> None:
    """Print the rates, the best first."""
    cities = sum(zone_city(zone, "en") is not None for zone in COUNTRY_OF)
    print(f"{cities} of {len(COUNTRY_OF)} zones are found by their cities' names in English")
    print("language  asked    right  refused  wrong  refused, such as")
    english, *others = rate("en"), *sorted(map(rate, LANGUAGES), key=lambda one: -one.percent)
    for one in (english, *others):
        few = ", ".join(one.missing[:5])
        print(f"{one.language:8} {one.asked:6} {one.percent:7.1f}% {len(one.missing):8} {len(one.wrong):6}  {few}")


if __name__ == "__main__":
    main()
