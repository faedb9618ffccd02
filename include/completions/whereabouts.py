"""Where a conversation was seen to come from, and whether that is where it was asked to: asked and seen stay apart.

An exit's place is known by those who see it from outside: by what the site says with its answer, by the site's own
trace page, by a page that echoes its visitor's address (COMPLETIONS_ECHO_URL).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from completions.answer import Reading
from completions.errors import Refused
from completions.gazetteer import countries, lineage
from completions.places import Area, find_area, find_city
from completions.spelling import fold

if TYPE_CHECKING:
    from completions.profile import Profile

Source = Literal["answer", "trace", "echo"]
"""Who saw it: the site, with its answer; the site's trace page; the echo page."""
Match = Literal["exact", "country", "mismatch", "unknown"]

SOURCES: tuple[Source, ...] = ("answer", "trace", "echo")
"""The nearer to what the site answered, the sooner believed."""
MOST = 20_000
"""Characters of an echo page that are looked at."""

_COUNTRY = ("country_code", "countrycode", "country_iso", "country")
_PART = ("region_code", "regioncode", "subdivision", "state", "region", "regionname", "region_name")
_CITY = ("city", "city_name", "cityname")
_TRACE = re.compile(r"^loc=([A-Z]{2})$", re.MULTILINE)


@dataclass(frozen=True)
class Sighting:
    """A place as one source saw it: ISO codes, and the city's name; None where it does not say."""

    source: Source
    country: str
    subdivision: str | None = None
    city: str | None = None


def of_trace(text: str) -> Sighting | None:
    """What `/cdn-cgi/trace` says, which every site behind Cloudflare has: lines such as `loc=DE`; XX is no country."""
    found = _TRACE.search(text.replace("\r", ""))
    return Sighting("trace", found[1]) if found and found[1] in countries() else None


def of_echo(text: str) -> Sighting | None:
    """What an echo page says: a trace as above, or JSON that names a country by its code, wherever in it."""
    if trace := of_trace(text[:MOST]):
        return Sighting("echo", trace.country)
    try:
        told = {name.lower().replace("-", "_"): value for name, value in _texts(json.loads(text[:MOST]))}
    except (ValueError, RecursionError):
        return None
    code = next((told[name].upper() for name in _COUNTRY if told.get(name, "").upper() in countries()), None)
    if code is None:
        return None
    parts = (_part(code, told[name]) for name in _PART if name in told)
    city = next((told[name] for name in _CITY if told.get(name)), None)
    return Sighting("echo", code, next(filter(None, parts), None), city)


def of_reading(reading: Reading | None) -> Sighting | None:
    """What the site said with its answer. Its words may name the city first: `Zurich, Switzerland`."""
    if reading is None or reading.site_country not in countries():
        return None
    assert reading.site_country
    first, comma, _ = (reading.site_location or "").partition(",")
    return Sighting("answer", reading.site_country, city=first.strip() if comma else None)


@dataclass
class Whereabouts:
    """All that was seen of where one conversation came from, and what was asked for."""

    profile: Profile
    seen: list[Sighting] = field(default_factory=list)

    def add(self, sighting: Sighting | None) -> None:
        """Note what a source saw, if it did."""
        if sighting:
            self.seen.append(sighting)

    @property
    def best(self) -> Sighting | None:
        """What is believed; details that it lacks come from others that saw the same country."""
        ranked = sorted(self.seen, key=lambda one: SOURCES.index(one.source))
        if not ranked:
            return None
        alike = [one for one in ranked if one.country == ranked[0].country]
        detailed = next((one for one in alike if one.city or one.subdivision), ranked[0])
        return Sighting(ranked[0].source, ranked[0].country, detailed.subdivision, detailed.city)

    @property
    def match(self) -> Match | None:
        """How asked and seen agree; None where no place was asked for.

        A city that differs is no mismatch, only not `exact`: those who know addresses rarely agree on cities.
        """
        asked, seen = self.profile, self.best
        if asked.country is None:
            return None
        if seen is None:
            return "unknown"
        if seen.country != asked.country:
            return "mismatch"
        return "exact" if asked.city and seen.city and _same_city(asked, seen) else "country"

    @property
    def wrong(self) -> str | None:
        """Why the place is not the one that the exit was to be in; None where it is, or nothing was seen."""
        if self.profile.location_method != "proxy" or self.match != "mismatch" or not self.best:
            return None
        return (
            f"asked to come from {self.profile.country}, the exit was seen in {self.best.country} ({self.best.source})"
        )

    def columns(self, reading: Reading | None) -> dict[str, Any]:
        """What the row says of it."""
        seen = self.best
        trace = next((one.country for one in self.seen if one.source == "trace"), None)
        said = (reading.site_location or reading.site_country) if reading else None
        return {
            "egress_country": seen.country if seen else None,
            "egress_subdivision": seen.subdivision if seen else None,
            "egress_city": seen.city if seen else None,
            "egress_source": seen.source if seen else None,
            "site_location": said or trace,
            "location_match": self.match,
        }


def _same_city(asked: Profile, seen: Sighting) -> bool:
    """Whether the city is the one asked for, however it is spelt, and does not lie in another part of the country."""
    assert asked.country
    assert asked.city
    assert seen.city
    if asked.subdivision and seen.subdivision and asked.subdivision not in lineage(asked.country, seen.subdivision):
        return False
    if fold(seen.city) == fold(asked.city):
        return True
    try:
        return find_city(Area(asked.country, asked.subdivision), seen.city).city == asked.city
    except Refused:
        return False


def _part(country: str, text: str) -> str | None:
    try:
        return find_area(country, text).subdivision
    except Refused:
        return None


def _texts(told: object) -> Iterator[tuple[str, str]]:
    """Every text in the JSON by its name; what stands further out comes last, and so counts."""
    if not isinstance(told, Mapping):
        return
    for value in told.values():
        yield from _texts(value)
    yield from ((str(name), value) for name, value in told.items() if isinstance(value, str))
