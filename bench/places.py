"""How often a city is found by its name in other languages, and that it is the right one: `python bench/places.py`.

CLDR names the cities of the time zones in many languages; nobody tuned anything on them. What is found in English (the
rest are islands, countries and hamlets) is asked for by its name in each language. A wrong place is a failure, one that
is not found is refused with what is near: so much is said of how far names in a language can be relied on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from babel import Locale
from babel.core import get_global

from completions import gazetteer
from completions.errors import Refused
from completions.places import Area, Place, find_city

LANGUAGES = ("it", "es", "de", "pl", "ru", "fr", "pt", "tr", "ko", "ja", "zh", "ar")
COUNTRY_OF = {
    zone: country
    for zone, country in sorted(get_global("zone_territories").items(), key=lambda item: item[1])
    if country in gazetteer.countries()
}
"""CLDR's time zones, which are named after cities, by country."""


@dataclass(frozen=True)
class Rate:
    """What came of the cities that CLDR has a name for in `language`."""

    language: str
    asked: int
    missing: Sequence[str]
    """Names that no city was found by."""
    wrong: Sequence[tuple[Place, Place]]
    """Places found in English, and by the name in this language."""

    @property
    def percent(self) -> float:
        """Names that led to the right place."""
        return 100 * (self.asked - len(self.missing) - len(self.wrong)) / self.asked


@cache
def zone_city(zone: str, language: str) -> Place | None:
    """The city that CLDR's name of `zone` in `language` leads to."""
    name = _name(zone, language)
    try:
        return find_city(Area(COUNTRY_OF[zone]), name) if name else None
    except Refused:
        return None


@cache
def rate(language: str) -> Rate:
    """Ask for every zone's city by its name in `language`."""
    asked = {zone: place for zone in COUNTRY_OF if _name(zone, language) and (place := zone_city(zone, "en"))}
    found = {zone: place for zone in asked if (place := zone_city(zone, language))}
    return Rate(
        language,
        len(asked),
        [str(_name(zone, language)) for zone in asked if zone not in found],
        [(asked[zone], place) for zone, place in found.items() if _where(place) != _where(asked[zone])],
    )


def _name(zone: str, language: str) -> str | None:
    named: str | None = Locale(language).time_zones.get(zone, {}).get("city")
    return named or (zone.rpartition("/")[2].replace("_", " ") if language == "en" else None)


def _where(place: Place) -> tuple[str, float, float]:
    return place.city, place.latitude, place.longitude


def main() -> None:
    """Print the rates, the best first."""
    print(
        f"{sum(zone_city(zone, 'en') is not None for zone in COUNTRY_OF)} of {len(COUNTRY_OF)} zones are found cities"
    )
    print("language  asked   right   wrong  not found, such as")
    for one in sorted(map(rate, LANGUAGES), key=lambda one: -one.percent):
        wrong, few = len(one.wrong), ", ".join(one.missing[:5])
        print(f"{one.language:8} {one.asked:6} {one.percent:6.1f}% {wrong:7}  {len(one.missing):3}: {few}")


if __name__ == "__main__":
    main()
