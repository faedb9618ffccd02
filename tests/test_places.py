"""Places: any usual spelling to the right place, and a refusal instead of a guess."""

from __future__ import annotations

import csv
import importlib.util
import random
import sys
import unicodedata
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions import gazetteer
from completions.errors import Refused
from completions.gazetteer import City
from completions.places import Area, Place, draw_city, find_area, find_city, find_country


def where(one: City | Place) -> tuple[str, float, float]:
    return one.name if isinstance(one, City) else one.city, one.latitude, one.longitude


def find(country: str, city: str, subdivision: str | None = None) -> Place:
    return find_city(find_area(country, subdivision) if subdivision else Area(country), city)


with (Path(__file__).parent / "places.csv").open(encoding="utf-8", newline="") as file:
    FOUND = [(row["country"], row["subdivision"] or None, *list(row.values())[2:]) for row in csv.DictReader(file)]
"""Country, subdivision, city as written; the city that it is, and the ISO 3166-2 code of the finest it lies in."""
REFUSED = [  # country, subdivision, city as written; the refused field and what the sentence says
    ("US", None, "Springfield", "city", "is the name of Springfield (US-MO, "),
    ("BR", None, "Caxias", "city", "Duque de Caxias (BR-RJ"),
    ("US", "VT", "Springfield", "city", "is not in US-VT; there is Springfield (US-MO"),
    ("US", "GA", "Springfield", "city", "is not in US-GA; there is Springfield (US-MO"),  # Powder Springs is called so
    ("US", "MD", "Washington", "city", "is not in US-MD; there is Washington (US-DC"),  # and Reisterstown
    ("US", "OH", "Portland", "city", "is not in US-OH; there is Portland (US-OR"),  # and Sandusky
    ("US", None, "مونتيسيلو", "city", "is the name of Monticello (US-"),  # in Arabic, of one of them alone
    ("DE", "BE", "München", "city", "is not in DE-BE; there is Munich (DE-BY"),
    ("US", None, "Portland%2C+Oregon", "city", "write 'Portland' alone, and in subdivision what it lies in"),
    ("FR", None, "Paris, France", "city", "write 'Paris' alone"),
    ("DE", None, "Munnich", "city", "did you mean Munich"),
    ("DE", None, "Springfield", "city", "no such city is known in DE; "),
    ("DE", None, "", "city", "try its name in English"),
    ("MX", "NL", "Monterrey", "subdivision", "did you mean NLE (Nuevo León)?"),
    ("TW", "Chiayi", "Chiayi", "subdivision", "is the name of TW-CYI and TW-CYQ; give the code"),
    ("HK", "HK", "Hong Kong", "subdivision", "HK has no subdivisions in ISO 3166-2; leave it out"),
    ("FR", "99", "Paris", "subdivision", "is not a subdivision of FR"),
]


@pytest.mark.parametrize(("country", "subdivision", "city", "found", "iso"), FOUND)
def test_finds_any_usual_spelling(country: str, subdivision: str | None, city: str, found: str, iso: str) -> None:
    place = find(country, city, subdivision)
    [known] = [one for one in gazetteer.cities(place.country) if where(one) == where(place)]
    assert (known.name, "-".join(filter(None, (known.country, known.subdivision)))) == (found, iso)
    assert place.timezone in zoneinfo.available_timezones()


@pytest.mark.parametrize(("country", "subdivision", "city", "found", "iso"), FOUND)
def test_encodings_agree_with_the_plain_spelling(
    country: str, subdivision: str | None, city: str, found: str, iso: str
) -> None:
    plain = city if "%" not in city else unquote_plus(city)
    for encoded in (quote(plain, safe=""), quote_plus(plain)):
        place = find(country, encoded, subdivision and quote_plus(subdivision))
        assert (place.city, place.country) == (found, iso[:2])


def test_the_table_is_of_many_places() -> None:
    assert len(FOUND) >= 450
    assert len({country for country, *_ in FOUND}) >= 100


@pytest.mark.parametrize(("country", "subdivision", "city", "field", "says"), REFUSED)
def test_refuses_rather_than_guesses(country: str, subdivision: str | None, city: str, field: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        find(country, city, subdivision)
    assert refused.value.field == field
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("country", "city", "subdivision", "shown"),
    [
        ("GB", "Leeds", None, "ENG"),
        ("GB", "Leeds", "LDS", "LDS"),
        ("FR", "Paris", None, "IDF"),
        ("FR", "Paris", "75", "75C"),
        ("IE", "Cork", None, "M"),
        ("ID", "Jakarta", None, "JK"),
        ("DE", "Berlin", None, "BE"),
        ("HK", "Hong Kong", None, None),
    ],
)
def test_shows_the_subdivision_asked_for_else_the_topmost(
    country: str, city: str, subdivision: str | None, shown: str | None
) -> None:
    assert find(country, city, subdivision).subdivision == shown


def test_a_name_of_several_places_is_taken_with_a_warning() -> None:
    assert find("DE", "Munich").warnings == ()
    (warning,) = find("US", "Portland").warnings
    assert warning.startswith("city 'Portland' is taken for the first of Portland (US-OR, ")
    assert "Portland (US-ME, " in warning


@pytest.mark.parametrize("written", ["DE", "de", " De ", "%44E", "+de"])
def test_finds_a_country_by_its_code(written: str) -> None:
    assert find_country(written) == "DE"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("UK", "GB for United Kingdom"),
        ("England", "GB"),
        ("Germany", "DE for Germany"),
        ("Deutschland", "DE"),
        ("Deutschlnd", "DE"),
        ("日本", "JP"),
        ("Côte d’Ivoire", "CI"),
        ("ivory+coast", "CI"),
        ("Kosovo", "XK"),
        ("U.S.A.", "US"),
        ("Turkey", "TR"),
        ("Россия", "RU"),
        ("?", "one such as US"),
    ],
)
def test_suggests_the_code_of_a_country(written: str, code: str) -> None:
    with pytest.raises(Refused, match="is not an ISO 3166-1 alpha-2 code; write " + code):
        find_country(written)


@pytest.fixture(scope="module")
def zones() -> ModuleType:
    """What `python bench/places.py` counts."""
    spec = importlib.util.spec_from_file_location("bench_places", Path(__file__).parents[1] / "bench" / "places.py")
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_zone_cities_are_in_their_zone(zones: ModuleType) -> None:
    places = {zone: place for zone in zones.COUNTRY_OF if (place := zones.zone_city(zone, "en"))}
    elsewhere = {zone for zone, place in places.items() if place.timezone != zone}
    assert len(places) >= 296  # the others are islands, countries, hamlets
    assert elsewhere <= {"Africa/Ceuta", "Asia/Khandyga", "Asia/Ust-Nera"}  # GeoNames gives them a neighbour's


@pytest.mark.parametrize(
    ("language", "percent"),
    [
        ("en", 100),
        ("it", 98),
        ("es", 97),
        ("de", 97),
        ("pl", 94),
        ("ru", 94),
        ("fr", 93),
        ("pt", 93),
        ("tr", 92),
        ("ko", 81),
        ("ja", 79),
        ("zh", 78),
        ("ar", 64),
    ],
)
def test_zone_cities_by_their_local_name(zones: ModuleType, language: str, percent: int) -> None:
    rate = zones.rate(language)
    assert rate.wrong == []
    assert rate.percent >= percent


COUNTRIES = st.sampled_from([code for code in gazetteer.countries() if gazetteer.cities(code)])
HABITS: list[Callable[[str], str]] = [
    str.upper,
    str.lower,
    lambda text: f"  {text}\t",
    lambda text: text.replace(" ", "   "),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f"),
    quote,
    lambda text: quote(text, safe=""),
    quote_plus,
    lambda text: quote_plus(text.upper()).lower(),
]
"""What people and programs do to a name."""


def outcome(area: Area, text: str) -> Place | str:
    """The place without its warnings, which say what was written; or the refused field."""
    try:
        return replace(find_city(area, text), warnings=())
    except Refused as refused:
        return refused.field


@settings(deadline=None, max_examples=60)
@given(COUNTRIES, st.data())
def test_a_name_means_the_same_however_it_is_written(country: str, data: st.DataObject) -> None:
    city = data.draw(st.sampled_from(gazetteer.cities(country)))
    area = Area(country, data.draw(st.sampled_from([None, city.subdivision])))
    as_is = outcome(area, city.name)
    assert {habit: outcome(area, habit(city.name)) for habit in HABITS} == dict.fromkeys(HABITS, as_is)


@settings(deadline=None, max_examples=60)
@given(COUNTRIES, st.data())
def test_a_resolved_place_resolves_to_itself(country: str, data: st.DataObject) -> None:
    city = data.draw(st.sampled_from(gazetteer.cities(country)))
    written = data.draw(st.sampled_from(city.spellings.strip("|").split("|")))
    place = outcome(Area(country, data.draw(st.sampled_from([None, city.subdivision]))), written)
    if isinstance(place, Place):
        assert outcome(Area(place.country, place.subdivision), place.city) == place


@settings(deadline=None, max_examples=40)
@given(COUNTRIES, st.integers(), st.data())
def test_a_drawn_city_lies_in_the_area_and_is_the_seeds(country: str, seed: int, data: st.DataObject) -> None:
    codes = {code for city in gazetteer.cities(country) for code in gazetteer.lineage(country, city.subdivision)}
    area = Area(country, data.draw(st.sampled_from([None, *sorted(codes)])))
    try:
        drawn = draw_city(area, random.Random(seed))
    except Refused:  # where every city there is has a larger namesake
        return
    assert drawn == draw_city(area, random.Random(seed))
    assert where(drawn) in map(where, area.cities())
    assert outcome(Area(drawn.country, drawn.subdivision), drawn.city) == replace(drawn, warnings=())


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(["US", "SG", "XK", "JP", "AQ"]), st.text(max_size=30))
def test_finds_or_refuses_whatever_is_written(country: str, written: str) -> None:
    for attempt in (find_country, lambda text: find_area(country, text), lambda text: find(country, text)):
        with suppress(Refused):
            assert attempt(written)


def test_every_subdivision_of_a_city_is_known() -> None:
    for country in gazetteer.countries():
        known = gazetteer.subdivisions(country)
        assert {city.subdivision for city in gazetteer.cities(country)} <= {None, *known}
        assert {gazetteer.lineage(country, code)[0] for code in known} == set(known)


def test_every_alias_leads_somewhere() -> None:
    for code in gazetteer.aliases():
        area = find_area(code[:2], code[3:])
        assert area.country in gazetteer.countries()
        assert area.subdivision in {None, *gazetteer.subdivisions(area.country)}
