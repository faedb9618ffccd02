"""Exits: what the connection may hold, the logins made of it, and how bad content is refused without its secrets."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from completions import logins
from completions.errors import Outcome, Refused, RefusedRequest, Unreachable
from completions.exits import Exits, way_out
from completions.manners import Manners
from completions.profile import Profile
from completions.request import accept
from completions.settings import PROJECT, Settings
from completions.store import Store

SECRET = "s3cr3t-canary"
GATEWAY: dict[str, Any] = {
    "conn_type": "http",
    "host": "gate.example",
    "port": 7777,
    "login": "user-country-{country|lower}-city-{city}-session-{session}",
    "password": SECRET,
}


def profile(country: str = "US", subdivision: str | None = "CA", city: str | None = "Los Angeles") -> Profile:
    return Profile(seed=1, country=country, subdivision=subdivision, city=city, location_method="proxy")


NEAR = Settings(rehearsal_url="http://127.0.0.1:1/")
LOS_ANGELES, SAO_PAULO = profile(), profile("BR", "SP", "São Paulo")
SINGAPORE, MUNICH = profile("SG", None, "Singapore"), profile("DE", "BY", "Munich")


@pytest.mark.parametrize(
    ("template", "who", "login"),
    [
        ("me-{country}-{session}", LOS_ANGELES, "me-US-5e551024"),
        ("me-{country|lower}-{subdivision|lower}-{city}", LOS_ANGELES, "me-us-ca-los_angeles"),
        ("{subdivision|name}/{subdivision}", LOS_ANGELES, "california/CA"),
        ("{city}/{city|join}/{city|+}/{city|-}/{city|.}", LOS_ANGELES, "los_{0}/los{0}/los+{0}/los-{0}/los.{0}"),
        ("{country|name|title|join}", LOS_ANGELES, "UnitedStates"),
        ("{city|upper}", SAO_PAULO, "SAO_PAULO"),
        ("cc-{country}[-st-us_{state|name}]-{city}", LOS_ANGELES, "cc-US-st-us_california-los_angeles"),
        ("cc-{country}[-st-us_{state|name}]-{city}", SAO_PAULO, "cc-BR-sao_paulo"),
        ("me[-state-{subdivision}][-city-{city}]", SINGAPORE, "me-city-singapore"),
        ("me[-{country}]", profile("DE", None, None), "me-DE"),
        ("me-{city}", profile("US", "MO", "St. Louis"), "me-st_louis"),
        ("me-{city}", profile("FR", "PAC", "Aix-en-Provence"), "me-aix_en_provence"),
        ("me-{city}", profile("PL", "LD", "Łódź"), "me-lodz"),
        ("a{b}[c]{session|upper}", LOS_ANGELES, "a{b}[c]5E551024"),
    ],
)  # fmt: skip
def test_a_login_is_written_from_its_template(template: str, who: Profile, login: str) -> None:
    assert logins.written(template, logins.known(who, "5e551024")) == login.replace("{0}", "angeles")


@pytest.mark.parametrize(
    ("preset", "login", "expected", "password"),
    [
        ("brightdata", "brd-customer-hl_1-zone-a", "brd-customer-hl_1-zone-a-country-us-city-losangeles-session-S", ""),
        ("oxylabs", "customer-me", "customer-me-cc-US-st-us_california-city-los_angeles-sessid-S-sesstime-30", ""),
        ("decodo", "user-me", "user-me-country-us-city-los_angeles-session-S-sessionduration-30", ""),
        ("soax", "package-1", "package-1-country-us-city-los+angeles-sessionid-S-sessionlength-1800", ""),
        ("iproyal", "me", "me", "_country-us_city-losangeles_session-S_lifetime-30m"),
    ],
)
def test_the_usual_providers_are_known(preset: str, login: str, expected: str, password: str) -> None:
    exits = Exits.of({**GATEWAY, "login": login, "extra": {"preset": preset}})
    out = exits.gateways[0].out("exit-1", LOS_ANGELES, "S")
    assert out.proxy == {"server": "http://gate.example:7777", "username": expected, "password": SECRET + password}


def test_every_preset_is_told_of() -> None:
    told = (PROJECT / "docs/exits.md").read_text("utf-8").replace("\\|", "|")
    for preset, templates in logins.PRESETS.items():
        assert f"| `{preset}` |" in told
        assert all(f"`{template}`" in told for template in templates if template)


@pytest.mark.parametrize(
    ("connection", "server", "offer"),
    [
        ({**GATEWAY, "extra": {"countries": ["us", "DE"]}}, "http://gate.example:7777", {"US", "DE"}),
        ({**GATEWAY, "extra": {"countries": "US, DE"}}, "http://gate.example:7777", {"US", "DE"}),
        ({**GATEWAY, "schema": "https", "extra": {"countries": ["US"]}}, "https://gate.example:7777", {"US"}),
        ({**GATEWAY, "host": "https://gate.example:1", "port": None}, "https://gate.example:1", None),
        ({**GATEWAY, "host": "2001:db8::1", "port": "80"}, "http://[2001:db8::1]:80", None),
        ({**GATEWAY, "host": "[::1]"}, "http://[::1]:7777", None),
        ({"host": "gate.example", "port": 7777, "extra": {"countries": ["FR"]}}, "http://gate.example:7777", {"FR"}),
    ],
)  # fmt: skip
def test_where_a_gateway_is_and_what_it_serves(connection: dict[str, Any], server: str, offer: set[str] | None) -> None:
    exits = Exits.of(connection)
    assert exits.gateways[0].out("exit-1", LOS_ANGELES, "S").server == server
    assert exits.offer == offer if offer else len(exits.offer) > 240


def test_several_gateways_each_with_its_countries() -> None:
    extra: dict[str, Any] = {
        "countries": ["US"],
        "gateways": [
            {"host": "eu.example", "port": 1, "countries": ["DE", "FR"]},
            {"host": "jp.example:2", "login": "tokyo", "password": "other", "countries": ["JP"]},
        ],
    }
    exits = Exits.of({**GATEWAY, "extra": extra})
    assert exits.offer == {"US", "DE", "FR", "JP"}
    assert {exits.out(MUNICH).server for _ in range(20)} == {"http://eu.example:1"}
    tokyo = exits.out(profile("JP", "13", "Tokyo"))
    assert tokyo.proxy == {"server": "http://jp.example:2", "username": "tokyo", "password": "other"}
    with pytest.raises(Unreachable, match="no exit of the connection completions_proxy serves BR any more"):
        exits.out(SAO_PAULO)
    assert Exits.of({"extra": extra | {"gateways": extra["gateways"][:1]}, "login": "{country}"}).offer == {"DE", "FR"}


def test_gateways_of_the_same_country_share_its_chats() -> None:
    exits = Exits.of({**GATEWAY, "extra": {"gateways": [{"host": "b.example", "port": 1}]}})
    assert {exits.out(MUNICH).name for _ in range(60)} == {"exit-1-DE", "exit-2-DE"}


def test_every_chat_is_a_session_of_its_own() -> None:
    exits = Exits.of(GATEWAY)
    sessions = {(exits.out(MUNICH).username or "").rpartition("-")[2] for _ in range(200)}
    assert len(sessions) == 200
    assert all(len(session) == 8 and session.isalnum() for session in sessions)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"host": None}, "host: give the gateway's host name, or delete the connection"),
        ({"host": f"http://me:{SECRET}@gate.example"}, "host: is no host name; write it alone"),
        ({"host": f"http://[{SECRET}"}, "host: is no host name; write it alone"),
        ({"port": None}, "port: give the gateway's port, a number from 1 to 65535"),
        ({"port": 70000}, "port: give the gateway's port, a number from 1 to 65535"),
        ({"schema": "socks5"}, "schema: give http or https"),
        ({"login": None}, "login: give the account's user name"),
        ({"login": "me"}, "login: has no {country}"),
        ({"login": "{contry}"}, "login: {contry} is not known; in braces go country, subdivision, state, city"),
        ({"login": "{country|small}"}, "login: |small of country is not known; after | go name, lower, upper, title,"),
        ({"login": "me", "extra": {"countries": ["US", "DE"]}}, "countries: names several, but the login has no"),
        ({"extra": {"countries": ["US", "Germany"]}}, "countries 'Germany': is not an ISO 3166-1 alpha-2 code"),
        ({"extra": {"countries": 7}}, "countries: give a list of codes"),
        ({"extra": {"country": "US"}}, "extra country: is not a field; give countries, preset, gateways"),
        ({"extra": {"preset": "brighdata"}}, "preset: give one of brightdata, oxylabs, decodo, soax, iproyal"),
        ({"extra": {"gateways": ["gate.example"]}}, "extra gateways: give a list of objects"),
        ({"extra": {"gateways": [{"host": "a"}]}}, "extra gateways[1] port: give the gateway's port"),
        ({"extra": {"gateways": [{"hosts": "a"}]}}, "extra gateways[1] hosts: is not a field; give host, port"),
        ({"extra": [SECRET]}, "extra: give a JSON object"),
    ],
)  # fmt: skip
def test_bad_content_is_refused_in_one_sentence_that_names_the_field(changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(Refused) as refused:
        Exits.of(GATEWAY | changes)
    assert str(refused.value).startswith(f"connection completions_proxy, {refusal}")
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GATEWAY),
        json.dumps({**GATEWAY, "extra": json.dumps({"countries": ["US", "DE"]})}),
        f"http://user-country-%7Bcountry%7Clower%7D-city-%7Bcity%7D-session-%7Bsession%7D:{SECRET}@gate.example:7777",
        f"http://user-country-%7Bcountry%7Clower%7D-city-%7Bcity%7D-session-%7Bsession%7D:{SECRET}@gate.example:7777/?countries=US,DE",
    ],
)
def test_the_variable_may_be_json_or_a_uri(text: str) -> None:
    out = Exits.parse(text).gateways[0].out("exit-1", MUNICH, "S")
    login = "user-country-de-city-munich-session-S"
    assert out.proxy == {"server": "http://gate.example:7777", "username": login, "password": SECRET}


@pytest.mark.parametrize(
    "text", ["nonsense", "[]", '{"extra": "x"}', f'{{"login": "{SECRET}"', f"http://{SECRET}:a@b:port", '"a"']
)
def test_a_variable_that_is_neither_is_refused_without_it(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Exits.parse(text)
    assert str(refused.value).startswith("connection completions_proxy")
    assert SECRET not in str(refused.value)


def test_credentials_do_not_show() -> None:
    exits = Exits.of(GATEWAY)
    shown = f"{exits!r} {exits.out(MUNICH)!r} {exits.gateways[0]!r}"
    assert SECRET not in shown
    assert "user-country" not in shown
    assert SECRET in exits.secrets


def test_nothing_of_a_rehearsal_leaves_the_machine() -> None:
    far = Exits.of(GATEWAY)
    assert far.serving(rehearse=False) == far
    assert far.serving(rehearse=True) is None
    for host in ("127.0.0.1", "localhost", "proxy.localhost", "[::1]"):
        near = Exits.of({**GATEWAY, "host": host})
        assert near.serving(rehearse=True) == near
    both = Exits.of({**GATEWAY, "extra": {"gateways": [{"host": "127.0.0.1", "port": 1, "countries": ["DE"]}]}})
    kept = both.serving(rehearse=True)
    assert kept
    assert kept.offer == {"DE"}


@pytest.mark.parametrize(
    ("login", "fields", "warned"),
    [
        ("me-{country}-{city}", {"country": "DE", "city": "Munich"}, False),
        ("me-{country}", {"country": "DE", "city": "Munich"}, True),
        ("me-{country}", {"country": "DE"}, False),
        ("me-{country}", {}, False),
    ],
)
def test_a_city_that_no_exit_is_told_is_warned_of(login: str, fields: dict[str, str], warned: bool) -> None:
    exits = Exits.of({**GATEWAY, "login": login, "extra": {"countries": ["DE", "FR"]}})
    _, profile = accept({"prompts": ["a"], **fields}, Settings(), exits=exits)
    assert profile.location_method == "proxy"
    assert profile.country in exits.offer
    told = "the exits in DE are told no city: that it is Munich, only the browser says"
    assert profile.warnings == ((told,) if warned else ())


def test_a_country_that_no_exit_serves_is_refused() -> None:
    exits = Exits.of({**GATEWAY, "extra": {"countries": ["DE", "FR"]}})
    with pytest.raises(RefusedRequest, match="country 'BR': no exit serves it; the exits offer DE, FR"):
        accept({"prompts": ["a"], "country": "br"}, Settings(), exits=exits)
    _, profile = accept({"prompts": ["a"], "country": "br", "rehearse": True}, NEAR, exits=exits)
    assert profile.location_method == "emulated"  # a rehearsal has no use for exits that are far away


def test_a_pause_is_kept_for_each_exit_by_itself(store: Store) -> None:
    exits = Exits.of(GATEWAY)
    manners, here, there = Manners(store, "gemini"), exits.out(MUNICH), exits.out(SAO_PAULO)

    async def meet() -> list[bool]:
        await manners.pause(Outcome.CHALLENGE, here)
        found = [bool(await manners.paused(out)) for out in (here, exits.out(MUNICH), there, None)]
        async with manners.seat(here) as stopped, manners.seat(there) as free:
            found += [bool(stopped), bool(free)]
        return found

    assert asyncio.run(meet()) == [True, True, False, False, True, False]


def test_who_is_to_leave_through_an_exit_never_leaves_from_here() -> None:
    assert way_out(Exits.of(GATEWAY), Profile(seed=1)) is None
    assert way_out(None, Profile(seed=1, country="DE", location_method="emulated")) is None
    with pytest.raises(Unreachable, match="there is no connection completions_proxy any more"):
        way_out(None, MUNICH)
