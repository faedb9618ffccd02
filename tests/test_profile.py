"""Profiles: what a request's fields resolve to, what chance adds, and what is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions import places
from completions.errors import RefusedRequest
from completions.gazetteer import countries
from completions.profile import Profile, resolve

PLACE = ("country", "subdivision", "city", "latitude", "longitude", "timezone")


def emulated(seed: int = 1, **fields: Any) -> Profile:
    return resolve(seed=seed, location="emulate", **fields)


def refusals(**fields: Any) -> dict[str, str]:
    with pytest.raises(RefusedRequest) as refused:
        resolve(seed=1, **fields)
    return {refusal.field: str(refusal) for refusal in refused.value.refusals}


def test_whole_profile() -> None:
    profile = emulated(
        country="de", subdivision="Bavaria", city="M%C3%BCnchen", language="German", display="fr", device="iPhone+15"
    )
    assert json.loads(profile.model_dump_json()) == {
        "country": "DE",
        "subdivision": "BY",
        "city": "Munich",
        "latitude": 48.1374,
        "longitude": 11.5755,
        "timezone": "Europe/Berlin",
        "locale": "de-DE",
        "accept_language": "de-DE,de;q=0.9,en;q=0.8",
        "display_locale": "fr-DE",
        "device": "iPhone 15",
        "location_method": "emulated",
        "language": "de",
        "seed": 1,
        "warnings": ["device iPhone 15 is a webkit device: Chromium plays it, with its user agent, screen and touch"],
    }


def test_nothing_asked_changes_nothing() -> None:
    assert resolve(seed=5) == Profile(seed=5)
    assert resolve(seed=5, location="emulate", rehearse=True).location_method == "direct"


@pytest.mark.parametrize(
    ("fields", "locale", "display_locale"),
    [
        ({"language": "French"}, "fr-FR", "fr-FR"),
        ({"display": "French"}, "fr-FR", "fr-FR"),
        ({"language": "French", "display": "de"}, "fr-FR", "de-DE"),
        ({"country": "CA", "language": "French"}, "fr-CA", "fr-CA"),
        ({"country": "CA"}, "en-CA", None),
        ({}, None, None),
    ],
)
def test_languages(fields: dict[str, Any], locale: str | None, display_locale: str | None) -> None:
    profile = emulated(**fields)
    assert (profile.locale, profile.display_locale) == (locale, display_locale)


@pytest.mark.parametrize(
    ("fields", "locale", "header", "warned"),
    [
        ({"language": "fr", "display": "de"}, "de-DE", "de-DE,de;q=0.9,fr-FR;q=0.8,fr;q=0.7,en;q=0.6", True),
        ({"country": "CA", "display": "fr"}, "fr-CA", "fr-CA,fr;q=0.9,en;q=0.8", False),
        ({"language": "en-GB", "display": "en-US"}, "en-US", "en-US,en;q=0.9,en-GB;q=0.8", True),
        ({"language": "fr"}, "fr-FR", "fr-FR,fr;q=0.9,en;q=0.8", False),
        ({"country": "CA"}, "en-CA", "en-CA,en;q=0.9", False),
        ({}, None, None, False),
    ],
)
def test_where_the_interface_follows_the_browser(
    fields: dict[str, Any], locale: str | None, header: str | None, warned: bool
) -> None:
    profile = emulated(**fields).interface_first()
    assert (profile.locale, profile.accept_language) == (locale, header)
    assert [warning for warning in profile.warnings if "no setting for display" in warning] == list(profile.warnings)
    assert bool(profile.warnings) is warned


@pytest.mark.parametrize(
    ("how", "method"),
    [
        ({"location": "emulate"}, "emulated"),
        ({"rehearse": True}, "emulated"),
        ({"exits_offer": ["FR", "DE"]}, "proxy"),
    ],
)
def test_location_method(how: dict[str, Any], method: str) -> None:
    assert resolve(seed=1, country="DE", **how).location_method == method


def test_a_country_that_nothing_can_serve_is_refused() -> None:
    assert "COMPLETIONS_LOCATION=emulate" in refusals(country="DE")["country"]
    assert "the exits offer DE, FR" in refusals(country="US", exits_offer={"FR", "DE"})["country"]


def test_all_bad_fields_are_told_at_once() -> None:
    told = refusals(
        country="DE", subdivision="XX", city="Nowhereville", language="Germn", display="?", device="iPhone 99"
    )
    assert list(told) == ["country", "subdivision", "city", "language", "display", "device"]


@pytest.mark.parametrize("field", ["city", "subdivision"])
def test_a_part_without_its_country_is_refused(field: str) -> None:
    assert "needs country" in refusals(**{field: "Berlin"})[field]


def test_an_unknown_country_is_refused_once() -> None:
    assert refusals(country="UK", city="London") == {
        "country": "country 'UK': is not an ISO 3166-1 alpha-2 code; write GB for United Kingdom"
    }


def test_a_territory_is_the_country_it_is() -> None:
    profile = emulated(country="US", subdivision="PR", city="San Juan")
    assert (profile.country, profile.subdivision, profile.locale) == ("PR", None, "es-PR")
    assert profile.warnings == ("subdivision US-PR is read as PR",)


def test_the_seed_decides_what_is_drawn() -> None:
    cities = [emulated(seed, country="US").city for seed in range(40)]
    assert cities == [emulated(seed, country="US").city for seed in range(40)]
    assert len(set(cities)) > 20


def test_draws_follow_population() -> None:
    drawn = [emulated(seed, country="AU") for seed in range(200)]
    assert sum(profile.subdivision == "NSW" for profile in drawn) in range(40, 100)  # 31 % of the people: 62
    assert sum(profile.subdivision == "NT" for profile in drawn) < 10  # 1 %


def test_a_draw_stays_in_the_subdivision_asked_for() -> None:
    for seed in range(20):
        profile = emulated(seed, country="GB", subdivision="SCT")
        assert (profile.subdivision, profile.timezone) == ("SCT", "Europe/London")


def test_an_unset_country_is_drawn_from_what_the_exits_offer() -> None:
    drawn = {resolve(seed=seed, exits_offer={"DE", "FR", "MC"}).country for seed in range(30)}
    assert drawn == {"DE", "FR"}  # Monaco is two hundred times smaller


@settings(deadline=None, max_examples=40)
@given(st.integers(), st.sets(st.sampled_from(["AT", "DE", "FR", "GB", "JP", "PR", "SG", "US", "XK"]), min_size=1))
def test_chance_stays_within_what_the_exits_offer_and_is_the_seeds(seed: int, offered: set[str]) -> None:
    drawn = resolve(seed=seed, exits_offer=offered)
    assert drawn.country in offered
    assert drawn.city
    assert drawn.location_method == "proxy"
    assert resolve(seed=seed, exits_offer=sorted(offered, reverse=True)) == drawn


@pytest.mark.parametrize("country", sorted(set(countries()) - {"AQ", "BV", "HM", "IO", "UM"}))
def test_what_is_drawn_can_be_asked_for(country: str) -> None:
    drawn = emulated(3, country=country)
    again = emulated(country=drawn.country, subdivision=drawn.subdivision, city=drawn.city)
    assert all(getattr(again, name) == getattr(drawn, name) for name in PLACE)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(["US", "IN", "FR", "GB", "JP", "PR", "SG"]), st.integers(), st.sampled_from(["es", None]))
def test_resolving_a_profile_again_changes_nothing(country: str, seed: int, language: str | None) -> None:
    once = emulated(seed, country=country, language=language, device="Pixel 7")
    fields = {name: getattr(once, name) for name in ("country", "subdivision", "city", "language", "device")}
    assert emulated(seed, **fields).model_dump(exclude={"warnings"}) == once.model_dump(exclude={"warnings"})


FIELDS = ("country", "subdivision", "city", "language", "display", "device")


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=20)))
def test_resolves_or_refuses_whatever_is_written(fields: dict[str, Any]) -> None:
    with suppress(RefusedRequest):
        assert emulated(**fields).location_method in {"direct", "emulated"}


def test_no_city_no_draw() -> None:
    assert "choose another" in refusals(country="AQ", rehearse=True)["country"]
    assert places.population("AQ") == 0
