"""Places: any usual spelling to the right place, and a refusal instead of a guess."""

from __future__ import annotations

import importlib.util
import sys
import zoneinfo
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions import gazetteer
from completions.errors import Refused
from completions.places import Area, Place, find_area, find_city, find_country


def find(country: str, city: str, subdivision: str | None = None) -> Place:
    return find_city(find_area(country, subdivision) if subdivision else Area(country), city)


FOUND = [  # country, subdivision, city as written; the place and its most precise subdivision
    ("BR", None, "São Paulo", "São Paulo BR-SP"),
    ("BR", None, "sao paulo", "São Paulo BR-SP"),
    ("BR", "SP", "S%C3%A3o+Paulo", "São Paulo BR-SP"),
    ("BR", None, "Rio", "Rio de Janeiro BR-RJ"),
    ("BR", None, "Brasilia", "Brasília BR-DF"),
    ("DE", None, "Munich", "Munich DE-BY"),
    ("DE", None, "München", "Munich DE-BY"),
    ("DE", None, "Muenchen", "Munich DE-BY"),
    ("DE", "Bavaria", "Munich", "Munich DE-BY"),
    ("DE", "de-by", "MÜNCHEN", "Munich DE-BY"),
    ("DE", None, "Monaco di Baviera", "Munich DE-BY"),
    ("DE", None, "Köln", "Köln DE-NW"),
    ("DE", None, "Cologne", "Köln DE-NW"),
    ("DE", "NRW", "Koeln", "Köln DE-NW"),
    ("DE", None, "Frankfurt", "Frankfurt am Main DE-HE"),
    ("DE", None, "Frankfurt (Oder)", "Frankfurt (Oder) DE-BB"),
    ("DE", "BB", "Frankfurt", "Frankfurt (Oder) DE-BB"),
    ("DE", None, "Halle", "Halle (Saale) DE-ST"),
    ("DE", "NW", "Halle", "Halle DE-NW"),
    ("US", None, "New York City", "New York City US-NY"),
    ("US", None, "New York", "New York City US-NY"),
    ("US", None, "NYC", "New York City US-NY"),
    ("US", "New York", "new york", "New York City US-NY"),
    ("US", None, "纽约", "New York City US-NY"),
    ("US", "DC", "Washington", "Washington US-DC"),
    ("US", None, "Washington", "Washington US-DC"),
    ("US", None, "Washington, D.C.", "Washington US-DC"),
    ("US", None, "Washington DC", "Washington US-DC"),
    ("US", "UT", "Washington", "Washington US-UT"),
    ("US", None, "Saint Petersburg", "St. Petersburg US-FL"),
    ("US", None, "St Petersburg", "St. Petersburg US-FL"),
    ("RU", None, "Saint Petersburg", "Saint Petersburg RU-SPE"),
    ("RU", None, "Санкт-Петербург", "Saint Petersburg RU-SPE"),
    ("RU", None, "Москва", "Moscow RU-MOW"),
    ("US", "IL", "Springfield", "Springfield US-IL"),
    ("US", "MA", "Springfield", "Springfield US-MA"),
    ("US", "Oregon", "Springfield", "Springfield US-OR"),
    ("US", None, "Portland", "Portland US-OR"),
    ("US", "ME", "Portland", "Portland US-ME"),
    ("US", None, "Kansas City", "Kansas City US-MO"),
    ("US", "KS", "Kansas City", "Kansas City US-KS"),
    ("US", None, "Frisco", "Frisco US-TX"),
    ("US", None, "Paris", "Paris US-TX"),
    ("US", None, "LA", "Los Angeles US-CA"),
    ("US", None, "O'Fallon", "O'Fallon US-MO"),
    ("US", "CA", "Frisco", "San Francisco US-CA"),
    ("US", None, "Saint Louis", "St. Louis US-MO"),
    ("US", "MI", "St. Louis", "Saint Louis US-MI"),
    ("US", None, "Ft. Worth", "Fort Worth US-TX"),
    ("CA", None, "Sault Sainte Marie", "Sault Ste. Marie CA-ON"),
    ("IN", "Orissa", "Bhubaneswar", "Bhubaneswar IN-OD"),
    ("CA", None, "London", "London CA-ON"),
    ("CA", None, "Québec", "Québec CA-QC"),
    ("CA", None, "Quebec City", "Québec CA-QC"),
    ("CA", "PQ", "Montreal", "Montréal CA-QC"),
    ("GB", None, "Londonderry", "Derry GB-DRS"),
    ("GB", "NIR", "Derry", "Derry GB-DRS"),
    ("GB", "SCT", "Edinburgh", "Edinburgh GB-EDH"),
    ("GB", "EDH", "Edinburgh", "Edinburgh GB-EDH"),
    ("GB", "ENG", "Leeds", "Leeds GB-LDS"),
    ("GB", "LDS", "Leeds", "Leeds GB-LDS"),
    ("GB", "Wales", "Cardiff", "Cardiff GB-CRF"),
    ("GB", "Cymru", "Caerdydd", "Cardiff GB-CRF"),
    ("GB", None, "London", "London GB-ENG"),
    ("GB", "England", "London", "London GB-ENG"),
    ("GB", "LND", "London", "City of London GB-LND"),
    ("GB", None, "Newcastle", "Newcastle upon Tyne GB-NET"),
    ("IE", None, "Cork", "Cork IE-CO"),
    ("IE", "CO", "Cork", "Cork IE-CO"),
    ("IE", "M", "Cork", "Cork IE-CO"),
    ("IE", "D", "Dublin", "Dublin IE-D"),
    ("TW", None, "台北", "Taipei TW-TPE"),
    ("TW", None, "臺北", "Taipei TW-TPE"),
    ("TW", "TPE", "Taipei", "Taipei TW-TPE"),
    ("TW", None, "Taipei City", "Taipei TW-TPE"),
    ("HK", None, "Hong Kong", "Hong Kong HK"),
    ("CN", "HK", "Hong Kong", "Hong Kong HK"),
    ("CN", None, "北京", "Beijing CN-BJ"),
    ("CN", "31", "Shanghai", "Shanghai CN-SH"),
    ("CN", None, "上海市", "Shanghai CN-SH"),
    ("PR", None, "San Juan", "San Juan PR"),
    ("US", "PR", "San Juan", "San Juan PR"),
    ("US", "Puerto Rico", "San Juan", "San Juan PR"),
    ("FI", "01", "Mariehamn", "Mariehamn AX"),
    ("FR", "974", "Saint-Denis", "Saint-Denis RE"),
    ("XK", None, "Pristina", "Pristina XK"),
    ("XK", None, "Prishtinë", "Pristina XK"),
    ("FR", None, "Paris", "Paris FR-75C"),
    ("FR", "75", "Paris", "Paris FR-75C"),
    ("FR", "75C", "Paris", "Paris FR-75C"),
    ("FR", "IDF", "Paris", "Paris FR-75C"),
    ("FR", "Ile-de-France", "paris", "Paris FR-75C"),
    ("FR", "V", "Lyon", "Lyon FR-69"),
    ("JP", "13", "Tōkyō", "Tokyo JP-13"),
    ("JP", None, "東京", "Tokyo JP-13"),
    ("JP", "東京都", "Tokyo", "Tokyo JP-13"),
    ("JP", None, "大阪市", "Osaka JP-27"),
    ("IN", "TG", "Hyderabad", "Hyderabad IN-TS"),
    ("IN", "TS", "Hyderabad", "Hyderabad IN-TS"),
    ("PK", None, "Hyderabad", "Hyderabad PK-SD"),
    ("IN", None, "Bangalore", "Bengaluru IN-KA"),
    ("IN", None, "Bombay", "Mumbai IN-MH"),
    ("IN", None, "New Delhi", "New Delhi IN-DL"),
    ("MX", "DIF", "Mexico City", "Mexico City MX-CMX"),
    ("MX", "CDMX", "Ciudad de México", "Mexico City MX-CMX"),
    ("MX", "NLE", "Monterrey", "Monterrey MX-NLE"),
    ("ZA", "GT", "Johannesburg", "Johannesburg ZA-GP"),
    ("ZA", "NL", "Durban", "Durban ZA-KZN"),
    ("ID", "JK", "Jakarta", "Jakarta ID-JK"),
    ("ID", None, "Jakarta", "Jakarta ID-JK"),
    ("ES", "CT", "Barcelona", "Barcelona ES-B"),
    ("ES", "Cataluña", "Barcelona", "Barcelona ES-B"),
    ("IT", "25", "Milano", "Milan IT-MI"),
    ("CH", None, "Genf", "Geneva CH-GE"),
    ("CH", "ZH", "Zurich", "Zürich CH-ZH"),
    ("AT", None, "Wien", "Vienna AT-9"),
    ("BE", None, "Brüssel", "Brussels BE-BRU"),
    ("NL", None, "Den Haag", "The Hague NL-ZH"),
    ("NL", None, "'s-Hertogenbosch", "'s-Hertogenbosch NL-NB"),
    ("DK", None, "København", "Copenhagen DK-84"),
    ("SE", None, "Göteborg", "Gothenburg SE-O"),
    ("NO", "55", "Tromso", "Tromsø NO-54"),
    ("NO", "Akershus", "Lillestrøm", "Lillestrøm NO-30"),
    ("PL", "MZ", "Warszawa", "Warsaw PL-14"),
    ("CZ", None, "Praha", "Prague CZ-10"),
    ("IS", None, "Reykja\u00advík", "Reykjavík IS-RKV"),
    ("TR", None, "İSTANBUL", "Istanbul TR-34"),
    ("UA", None, "Kiev", "Kyiv UA-30"),
    ("UA", None, "Київ", "Kyiv UA-30"),
    ("GR", None, "Αθήνα", "Athens GR-I"),
    ("EG", None, "القاهرة", "Cairo EG-C"),
    ("IL", None, "תל אביב", "Tel Aviv IL-TA"),
    ("TH", None, "กรุงเทพมหานคร", "Bangkok TH-10"),
    ("KR", None, "서울", "Seoul KR-11"),
    ("SG", None, "Singapore", "Singapore SG"),
    ("AR", None, "Buenos Aires", "Buenos Aires AR-C"),
    ("AU", "NSW", "Sydney", "Sydney AU-NSW"),
    ("PH", None, "Quezon City", "Quezon City PH-00"),
    ("VN", None, "Saigon", "Ho Chi Minh City VN-SG"),
    ("AE", None, "Dubai", "Dubai AE-DU"),
    ("MG", None, "Antananarivo", "Antananarivo MG-T"),
]
REFUSED = [  # country, subdivision, city as written; the refused field and what the sentence says
    ("US", None, "Springfield", "city", "is the name of Springfield (US-MO, "),
    ("BR", None, "Caxias", "city", "Duque de Caxias (BR-RJ"),
    ("US", "VT", "Springfield", "city", "is not in US-VT; there is Springfield (US-MO"),
    ("US", "GA", "Springfield", "city", "is not in US-GA; there is Springfield (US-MO"),  # Powder Springs is called so
    ("US", "MD", "Washington", "city", "is not in US-MD; there is Washington (US-DC"),  # and Reisterstown
    ("US", "OH", "Portland", "city", "is not in US-OH; there is Portland (US-OR"),  # and Sandusky
    ("DE", "BE", "München", "city", "is not in DE-BE; there is Munich (DE-BY"),
    ("DE", None, "Munnich", "city", "did you mean Munich"),
    ("DE", None, "Springfield", "city", "no such city is known in DE; "),
    ("DE", None, "", "city", "try its name in English"),
    ("MX", "NL", "Monterrey", "subdivision", "did you mean NLE (Nuevo León)?"),
    ("TW", "Chiayi", "Chiayi", "subdivision", "is the name of TW-CYI and TW-CYQ; give the code"),
    ("HK", "HK", "Hong Kong", "subdivision", "HK has no subdivisions in ISO 3166-2; leave it out"),
    ("FR", "99", "Paris", "subdivision", "is not a subdivision of FR"),
]


@pytest.mark.parametrize(("country", "subdivision", "city", "expected"), FOUND)
def test_finds_any_usual_spelling(country: str, subdivision: str | None, city: str, expected: str) -> None:
    place = find(country, city, subdivision)
    known = next(
        one for one in gazetteer.cities(place.country) if one.latitude == place.latitude and one.name == place.city
    )
    assert str(known).startswith(f"{expected.rpartition(' ')[0]} ({expected.rpartition(' ')[2]}, ")
    assert place.timezone in zoneinfo.available_timezones()


@pytest.mark.parametrize(("country", "subdivision", "city", "expected"), FOUND)
def test_encodings_agree_with_the_plain_spelling(
    country: str, subdivision: str | None, city: str, expected: str
) -> None:
    plain = city if "%" not in city else "São Paulo"
    for written in (quote(plain, safe=""), quote_plus(plain)):
        place = find(country, written, subdivision and quote_plus(subdivision))
        assert f"{place.city} " in f"{expected} "


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
