"""Who asks: device, place and languages of a batch, resolved once and stored with it."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from typing import Any, Literal, ParamSpec, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from completions import devices, languages, places
from completions.errors import Refused, RefusedRequest
from completions.languages import Language
from completions.places import Area, Place

LocationMethod = Literal["direct", "emulated", "proxy"]

_WHERE = ("country", "subdivision", "city", "latitude", "longitude", "timezone")

P = ParamSpec("P")
T = TypeVar("T")


class Profile(BaseModel):
    """Who asks. `None` where nothing is changed: this machine's place, the browser's own language, a plain desktop.

    Coordinates are in degrees, `timezone` is an IANA name; `locale` (the browser's) and `display_locale` (wanted of the
    site's interface) are BCP 47 tags. The JSON is what `completions resolve --json` prints.
    """

    model_config = ConfigDict(frozen=True)

    country: str | None = None
    subdivision: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    timezone: str | None = None
    locale: str | None = None
    accept_language: str | None = None
    display_locale: str | None = None
    device: str | None = None
    location_method: LocationMethod = "direct"
    language: str | None = None
    seed: int
    warnings: tuple[str, ...] = ()

    def interface_first(self) -> Self:
        """For a site whose interface speaks the browser's language: that of the interface before the chat's."""
        shown = self.display_locale
        if shown is None or self.locale is None or shown == self.locale:
            return self
        header = languages.accept_language(shown, self.locale)
        why = f"the site has no setting for display: the browser speaks {shown} to it, {self.locale} next"
        told = {"locale": shown, "accept_language": header, "warnings": (*self.warnings, why)}
        return self.model_copy(update=told)


def resolve(
    *,
    seed: int,
    country: str | None = None,
    subdivision: str | None = None,
    city: str | None = None,
    language: str | None = None,
    display: str | None = None,
    device: str | None = None,
    location: Literal["emulate"] | None = None,
    rehearse: bool = False,
    exits_offer: Collection[str] | None = None,
) -> Profile:
    """The profile that these fields of a request ask for. Raises `RefusedRequest` with every bad field.

    `exits_offer` holds the codes of the countries that the exits can serve. Without exits a place can only be emulated:
    if `location` says so, or in a rehearsal, where nothing leaves the machine. What is left to chance is drawn from
    `seed`; the same seed and data give the same place.
    """
    tried = _Attempts()
    if country is None:
        tried.refusals += _orphans(subdivision=subdivision, city=city)
        subdivision = city = None
    code = tried(_country, country, exits_offer, seed)
    method = tried(_location_method, code, exits_offer, location == "emulate" or rehearse)
    place = _place(tried, code, subdivision, city, seed)
    chat = tried(languages.find, language) if language is not None else None
    shown = tried(languages.find, display, "display") if display is not None else chat
    played = tried(devices.find, device) if device is not None else None
    if tried.refusals:
        raise RefusedRequest(tried.refusals)
    return Profile(
        **{name: getattr(place, name, None) for name in _WHERE},
        **_spoken(chat, shown, place.country if place else None),
        device=played.name if played else None,
        location_method=method or "direct",
        seed=seed,
        warnings=(place.warnings if place else ()) + (played.warnings if played else ()),
    )


class _Attempts:
    """Calls what may refuse, and keeps the refusals, so that all of them can be told at once."""

    def __init__(self) -> None:
        self.refusals: list[Refused] = []

    def __call__(self, find: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return find(*args, **kwargs)
        except Refused as refusal:
            self.refusals.append(refusal)
            return None


def _orphans(**fields: str | None) -> list[Refused]:
    return [
        Refused(field, value, "needs country to be given too, such as country US")
        for field, value in fields.items()
        if value is not None
    ]


def _country(country: str | None, exits_offer: Collection[str] | None, seed: int) -> str | None:
    if country is not None:
        return places.find_country(country)
    if not exits_offer:
        return None
    codes = sorted(exits_offer)
    return random.Random(f"{seed} country").choices(codes, [places.population(code) for code in codes])[0]


def _location_method(code: str | None, exits_offer: Collection[str] | None, emulate: bool) -> LocationMethod:
    if code is None:
        return "direct"
    if exits_offer:
        if code not in exits_offer:
            raise Refused("country", code, f"no exit serves it; the exits offer {', '.join(sorted(exits_offer))}")
        return "proxy"
    if not emulate:
        way_out = "set COMPLETIONS_LOCATION=emulate for browser emulation alone, or leave country unset"
        raise Refused("country", code, f"cannot be served, no exits are configured; {way_out}")
    return "emulated"


def _place(tried: _Attempts, code: str | None, subdivision: str | None, city: str | None, seed: int) -> Place | None:
    if code is None:
        return None
    area = tried(places.find_area, code, subdivision) if subdivision is not None else Area(code)
    if city is not None:
        return tried(places.find_city, area or Area(code), city)
    return tried(places.draw_city, area, random.Random(f"{seed} city")) if area else None


def _spoken(chat: Language | None, shown: Language | None, country: str | None) -> dict[str, Any]:
    """The browser speaks the language of the chat, else that of the interface, else that of the country."""
    spoken = chat or shown
    locale = languages.locale(spoken.tag if spoken else None, country)
    return {
        "language": chat.tag if chat else None,
        "locale": locale,
        "accept_language": languages.accept_language(locale) if locale else None,
        "display_locale": languages.locale(shown.tag, country) if shown else None,
    }
