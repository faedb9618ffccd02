"""Where a conversation was seen to come from: what sources say, what is believed, how it agrees with what was asked."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.answer import Reading
from completions.errors import Outcome
from completions.profile import LocationMethod, Profile
from completions.sites import parse, site
from completions.whereabouts import Sighting, Whereabouts, of_echo, of_reading, of_trace

MUNICH = Profile(seed=1, country="DE", subdivision="BY", city="Munich", location_method="proxy")
TRACE = "fl=123f4\nh=chatgpt.com\nip=203.0.113.7\nvisit_scheme=https\nuag=Mozilla/5.0\nloc=DE\ntls=TLSv1.3\n"
ECHOES = {
    "ipinfo.io": {"ip": "203.0.113.7", "city": "Munich", "region": "Bavaria", "country": "DE", "loc": "48.13,11.57"},
    "ip-api.com": {
        "country": "Germany",
        "countryCode": "DE",
        "region": "BY",
        "regionName": "Bavaria",
        "city": "Munich",
    },
    "ipapi.co": {"country_code": "DE", "region_code": "BY", "region": "Bavaria", "city": "Munich", "in_eu": True},
    "brdtest.com": {"country": "DE", "asn": {"org_name": "x"}, "geo": {"city": "Munich", "region": "BY"}},
    "soax": {
        "status": True,
        "data": {"country_code": "DE", "country_name": "Germany", "region": "BY", "city": "Munich"},
    },
}


def reading(country: str | None, location: str | None = None) -> Reading:
    return Reading(
        page_finished=True,
        stream_finished=True,
        finished=True,
        outcome=Outcome.ANSWERED,
        site_country=country,
        site_location=location,
    )


@pytest.mark.parametrize(
    ("text", "country"),
    [
        (TRACE, "DE"),
        (TRACE.replace("\n", "\r\n"), "DE"),
        (TRACE.replace("loc=DE", "loc=XX"), None),
        (TRACE.replace("loc=DE", "loc=T1"), None),
        (TRACE.replace("loc=DE", "loc="), None),
        ("<!doctype html><p>Not found: loc=DE", None),
        ("", None),
    ],
)
def test_a_trace_tells_the_country(text: str, country: str | None) -> None:
    assert of_trace(text) == (Sighting("trace", country) if country else None)


@pytest.mark.parametrize("name", ECHOES)
def test_echo_pages_are_understood(name: str) -> None:
    assert of_echo(json.dumps(ECHOES[name])) == Sighting("echo", "DE", "BY", "Munich")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (TRACE, Sighting("echo", "DE")),
        ('{"country": "de"}', Sighting("echo", "DE")),
        ('{"country_code": "US", "region": "Nowhere", "city": ""}', Sighting("echo", "US")),
        ('{"country": "Germany"}', None),
        ('{"ip": "203.0.113.7"}', None),
        ('{"country": ["DE"]}', None),
        ("[" * 100_000, None),
        ("203.0.113.7", None),
        ("null", None),
        ("", None),
    ],
)
def test_other_echoes(text: str, seen: Sighting | None) -> None:
    assert of_echo(text) == seen


@given(
    st.text() | st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_no_words_stop_the_reading(told: object) -> None:
    of_echo(told if isinstance(told, str) else json.dumps(told))
    of_trace(str(told))


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (reading("DE", "Munich, Germany"), Sighting("answer", "DE", city="Munich")),
        (reading("DE", "Germany"), Sighting("answer", "DE")),
        (reading("DE"), Sighting("answer", "DE")),
        (reading("ZZ", "Nowhere, Land"), None),
        (reading(None, "Munich, Germany"), None),
        (None, None),
    ],
)
def test_what_a_site_says_with_its_answer(said: Reading | None, seen: Sighting | None) -> None:
    assert of_reading(said) == seen


@pytest.mark.parametrize(
    ("seen", "country", "city", "source", "match"),
    [
        ([], None, None, None, "unknown"),
        ([Sighting("trace", "DE")], "DE", None, "trace", "country"),
        ([Sighting("trace", "AT")], "AT", None, "trace", "mismatch"),
        ([Sighting("echo", "DE", "BY", "München")], "DE", "München", "echo", "exact"),
        ([Sighting("echo", "DE", "BY", "Muenchen")], "DE", "Muenchen", "echo", "exact"),
        ([Sighting("echo", "DE", "BE", "Berlin")], "DE", "Berlin", "echo", "country"),
        ([Sighting("echo", "DE", "BE", "Munich")], "DE", "Munich", "echo", "country"),
        ([Sighting("echo", "DE", None, "Nowhere-on-Sea")], "DE", "Nowhere-on-Sea", "echo", "country"),
        # the site's own word counts, and what it leaves out comes from who saw the same country
        ([Sighting("echo", "DE", "BY", "Munich"), Sighting("trace", "DE")], "DE", "Munich", "trace", "exact"),
        ([Sighting("echo", "DE", "BY", "Munich"), Sighting("answer", "AT")], "AT", None, "answer", "mismatch"),
        ([Sighting("trace", "AT"), Sighting("answer", "DE", city="Munich")], "DE", "Munich", "answer", "exact"),
    ],
)  # fmt: skip
def test_what_is_believed_and_how_it_agrees(
    seen: list[Sighting], country: str | None, city: str | None, source: str | None, match: str
) -> None:
    columns = Whereabouts(MUNICH, seen).columns(None)
    told = [columns[name] for name in ("egress_country", "egress_city", "egress_source", "location_match")]
    assert told == [country, city, source, match]


@pytest.mark.parametrize(
    ("method", "wrong"),
    [("proxy", "asked to come from DE, the exit was seen in AT (trace)"), ("emulated", None), ("direct", None)],
)
def test_only_an_exit_can_be_in_the_wrong_place(method: LocationMethod, wrong: str | None) -> None:
    asked = MUNICH.model_copy(update={"location_method": method})
    place = Whereabouts(asked, [Sighting("trace", "AT")])
    assert (place.wrong, place.match) == (wrong, "mismatch")


def test_who_asked_for_no_place_matches_none() -> None:
    columns = Whereabouts(Profile(seed=1), [Sighting("trace", "AT")]).columns(None)
    assert (columns["egress_country"], columns["location_match"], columns["site_location"]) == ("AT", None, "AT")


@pytest.mark.parametrize(
    ("said", "location"),
    [(reading("CH", "Zurich, Switzerland"), "Zurich, Switzerland"), (reading("US"), "US"), (reading(None), None)],
)
def test_the_sites_own_words_are_kept(said: Reading, location: str | None) -> None:
    assert Whereabouts(MUNICH).columns(said)["site_location"] == location


def test_the_streams_of_gemini_and_perplexity_tell_it() -> None:
    place = ["Zurich, Switzerland", "SWML_DESCRIPTION_FROM_YOUR_INTERNET_ADDRESS"]
    inner = [None, ["c_1", "r_1"], None, None, [["rc_1", ["Hi."]]], place, None, None, "CH"]
    body = json.dumps([["wrb.fr", None, json.dumps(inner)]])
    said = parse(site("gemini"), stream=f")]}}'\n\n{len(body) + 1}\n{body}\n".encode())
    assert (said.site_country, said.site_location) == ("CH", "Zurich, Switzerland")
    event = {"backend_uuid": "a", "status": "COMPLETED", "final": True, "blocks": [], "_extras": {"country": "ch"}}
    said = parse(site("perplexity"), stream=f"event: message\r\ndata: {json.dumps(event)}\r\n\r\n".encode())
    assert (said.site_country, said.site_location) == ("CH", None)
