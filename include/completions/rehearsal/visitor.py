"""What a stand-in sees of its visitor: where the way out says that it is, and what the page tells of the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import unquote

from completions.errors import Refused
from completions.gazetteer import countries
from completions.places import Area, find_city

EXIT = "x-rehearsal-exit"
"""Header in which a rehearsed exit tells where it is."""
TOLD = "rehearsal-visitor"
"""Cookie in which the page keeps what it sees of the browser."""


@dataclass(frozen=True)
class Whence:
    """A place as an exit's login names it, empty where it does not: codes, and a city's words joined by `_`."""

    country: str
    subdivision: str
    city: str
    session: str

    @property
    def header(self) -> str:
        """As one line."""
        return " ".join(part or "-" for part in (self.country, self.subdivision, self.city, self.session))

    @property
    def city_name(self) -> str | None:
        """The city, as one writes it."""
        if not self.city:
            return None
        try:
            return find_city(Area(self.country, self.subdivision or None), self.city.replace("_", " ")).city
        except Refused:
            return self.city.replace("_", " ").title()

    @property
    def words(self) -> str:
        """The place as a site tells it: `Munich, Germany`."""
        return ", ".join(filter(None, [self.city_name, countries().get(self.country)]))


def whence(headers: Mapping[str, str]) -> Whence | None:
    """Where an exit says that the request comes from; None where it came through none."""
    parts = [part.replace("-", "") for part in headers.get(EXIT, "").split(" ")]
    return Whence(*parts) if len(parts) == 4 else None


def told(headers: Mapping[str, str]) -> dict[str, Any] | None:
    """What the page saw: languages, time zone, viewport, scale, touch, coordinates; None where it did not tell."""
    try:
        kept = SimpleCookie(headers.get("cookie", "")).get(TOLD)
        found: dict[str, Any] | None = json.loads(unquote(kept.value)) if kept else None
    except (CookieError, ValueError):
        return None
    return found
