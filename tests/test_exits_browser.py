"""Real chats through the rehearsal's gateway: what the sites see of who asks, and how each bad exit ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from batches import BATCH, NOW
from completions.ask import ask_shard
from completions.browser import Browser
from completions.conversation import Held, hold
from completions.errors import Outcome, Unreachable
from completions.exits import Exits
from completions.plan import Plan, make_plan
from completions.profile import Profile, resolve
from completions.record import Record, answer_key
from completions.rehearsal import Rehearsal
from completions.rehearsal.exits import Behaviour, RehearsedExits
from completions.request import accept
from completions.settings import Settings
from completions.sites import NAMES, site
from completions.store import Store
from tiny import QUICK, Tiny, served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PROMPT = "best guitars"
MUNICH = {"country": "DE", "subdivision": "BY", "city": "München", "language": "de", "device": "Pixel 7"}


@pytest.fixture(scope="module")
def the_gateway() -> Iterator[RehearsedExits]:
    """One gateway for all tests here."""
    with RehearsedExits(delay=0.5) as gateway:
        yield gateway


@pytest.fixture
def gateway(the_gateway: RehearsedExits) -> RehearsedExits:
    """The gateway, remembering nothing."""
    the_gateway.reset()
    return the_gateway


def asked_from(gateway: RehearsedExits, **fields: Any) -> tuple[Profile, Exits]:
    exits = Exits.of(gateway.connection())
    return resolve(seed=1, exits_offer=exits.offer, **(MUNICH | fields)), exits


@pytest.mark.parametrize("name", NAMES)
async def test_a_site_receives_who_was_asked_for(
    browser: Browser, rehearsal: Rehearsal, gateway: RehearsedExits, name: str
) -> None:
    profile, exits = asked_from(gateway)
    echo = f"{rehearsal.url}/_rehearsal/echo"
    held = await hold(site(name, rehearsal.address(name)), browser, profile, PROMPT, (), exits.out(profile), echo)
    assert (held.outcome, held.error_message) == (Outcome.ANSWERED, None)
    [asking] = rehearsal.asked()
    assert asking.whence
    assert (asking.whence.country, asking.whence.subdivision, asking.whence.city) == ("DE", "BY", "munich")
    assert asking.told == {
        "languages": ["de-DE", "de", "en"],
        "timezone": "Europe/Berlin",
        "viewport": [412, 839],
        "scale": 2.625,
        "touch": True,
        "coordinates": [profile.latitude, profile.longitude],
    }
    assert "Android 14; Pixel 7" in (asking.user_agent or "")
    assert (held.egress_country, held.egress_city, held.location_match) == ("DE", "Munich", "exact")
    assert held.egress_source == {"gemini": "answer", "perplexity": "answer", "chatgpt": "trace"}.get(name, "echo")
    assert [session.country for session in gateway.sessions()] == ["DE"]
    assert gateway.passed[0].asked is None  # the first request goes without credentials, and that is no failure


ENDINGS: list[tuple[Behaviour, int | None, Outcome, int, str | None]] = [
    ("lies", 1, Outcome.ANSWERED, 2, None),
    ("lies", None, Outcome.WRONG_PLACE, 3, "asked to come from DE, the exit was seen in IN (trace)"),
    ("dies", 1, Outcome.ANSWERED, 2, None),
    ("dies", None, Outcome.NETWORK, 3, "the site could not be loaded: net::ERR_EMPTY_RESPONSE"),
    ("refuses", None, Outcome.NETWORK, 3, "the site answered with HTTP 502"),
    ("slow", None, Outcome.ANSWERED, 1, None),
]


def planned(store: Store, gateway: RehearsedExits, settings: Settings, **connection: Any) -> tuple[Plan, Exits]:
    """A rehearsed batch of one prompt that is to leave through the gateway."""
    exits = Exits.of(gateway.connection(**connection))
    fields = {"prompts": [PROMPT], "rehearse": True, "expiration": 0} | MUNICH
    config, profile = accept(fields, settings, exits=exits)
    return make_plan(store, config, profile, batch_id=BATCH, run_id="manual__1", now=NOW), exits


def recorded(store: Store) -> tuple[Record, bytes]:
    body = store.of("rehearsal").get(answer_key(BATCH, 0, 0))
    record = Record.unpacked(body) if body else None
    assert record
    return record, record.model_dump_json().encode()


@pytest.mark.parametrize(("behaviour", "times", "outcome", "attempts", "message"), ENDINGS)
async def test_each_bad_exit_ends_as_it_should(
    store: Store,
    gateway: RehearsedExits,
    settings: Callable[..., Settings],
    caplog: pytest.LogCaptureFixture,
    behaviour: Behaviour,
    times: int | None,
    outcome: Outcome,
    attempts: int,
    message: str | None,
) -> None:
    plan, exits = planned(store, gateway, settings())
    gateway.script(behaviour, country="DE", city="munich", times=times)
    assert await ask_shard(store, plan, 0, settings(), exits=exits) == {outcome: 1}
    record, body = recorded(store)
    assert (record.attempts, record.location_method) == (attempts, "proxy")
    assert (record.error_message or "").startswith(message or "")
    assert (record.answer is None) is (outcome is not Outcome.ANSWERED)
    assert len(gateway.sessions()) == attempts  # each a fresh session
    expected = {Outcome.ANSWERED: "exact", Outcome.WRONG_PLACE: "mismatch", Outcome.NETWORK: "unknown"}
    assert record.location_match == expected[outcome]
    assert gateway.password.encode() not in body + caplog.text.encode()


async def test_bad_credentials_are_told_in_one_sentence_without_them(
    store: Store, gateway: RehearsedExits, settings: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    plan, exits = planned(store, gateway, settings(), password="canary-s3cr3t")
    assert await ask_shard(store, plan, 0, settings(), exits=exits) == {"network": 1}
    record, body = recorded(store)
    told = "the gateway of the exits refuses the login or the password of the connection completions_proxy"
    assert record.error_message == told
    assert b"canary-s3cr3t" not in body + caplog.text.encode()
    assert b"rehearsal-country" not in body + caplog.text.encode()


async def test_a_plan_that_needs_an_exit_is_not_asked_from_here(
    store: Store, gateway: RehearsedExits, settings: Callable[..., Settings], rehearsal: Rehearsal
) -> None:
    plan, _ = planned(store, gateway, settings())
    with pytest.raises(Unreachable, match="there is no connection completions_proxy any more"):
        await ask_shard(store, plan, 0, settings())
    assert rehearsal.asked() == []


async def _through_tls(browser: Browser, gateway: RehearsedExits, **connection: Any) -> Held:
    """A conversation with a site that a tunnel would lead to."""
    profile, _ = asked_from(gateway)
    exits = Exits.of(gateway.connection(**connection))
    async with served() as url:
        tiny = Tiny(url.replace("http://", "https://"), QUICK)
        return await hold(tiny, browser, profile, PROMPT, (), exits.out(profile))


async def test_a_tunnel_that_is_refused_is_noticed_at_once(browser: Browser, gateway: RehearsedExits) -> None:
    held = await _through_tls(browser, gateway, password="other")
    assert (held.outcome, (held.error_message or "")[:38]) == (
        Outcome.NETWORK,
        "the gateway of the exits refuses the l",
    )
    gateway.script("refuses")
    held = await _through_tls(browser, gateway)
    assert (held.outcome, (held.error_message or "")[:47]) == (
        Outcome.NETWORK,
        "the gateway of the exits has no way out to the ",
    )
    held = await _through_tls(browser, gateway, port=9)
    assert (held.outcome, (held.error_message or "")[:44]) == (
        Outcome.NETWORK,
        "the gateway of the exits cannot be reached: ",
    )


async def test_an_exit_that_hangs_runs_into_the_deadline(browser: Browser, gateway: RehearsedExits) -> None:
    gateway.script("hangs")
    profile, exits = asked_from(gateway)
    async with served() as url:
        held = await hold(Tiny(url, QUICK), browser, profile, PROMPT, (), exits.out(profile))
    assert (held.outcome, held.error_message) == (Outcome.TIMEOUT, "the site did not load the page within 2 s")


async def test_an_exit_that_breaks_off_is_no_changed_layout(
    browser: Browser, rehearsal: Rehearsal, gateway: RehearsedExits
) -> None:
    gateway.script("breaks")
    profile, exits = asked_from(gateway)
    for name in ("perplexity", "chatgpt"):
        chat = site(name, rehearsal.address(name))
        chat.deadlines = replace(chat.deadlines, ready=8, submit=8, first_token=4)
        held = await hold(chat, browser, profile, PROMPT, (), exits.out(profile))
        assert held.outcome in (Outcome.NETWORK, Outcome.TIMEOUT)
        assert held.location_match == "country"


async def test_the_sites_word_counts_where_no_one_told_before(
    browser: Browser, rehearsal: Rehearsal, gateway: RehearsedExits
) -> None:
    gateway.script("lies")
    profile, exits = asked_from(gateway)
    chat = site("gemini", rehearsal.address("gemini"))
    held = await hold(chat, browser, profile, PROMPT, (), exits.out(profile))
    told = "asked to come from DE, the exit was seen in IN (answer)"
    assert (held.outcome, held.error_message, held.site_location) == (Outcome.WRONG_PLACE, told, "India")
    assert held.artifacts.raw_stream
    assert held.met
    assert held.met.wall is Outcome.WRONG_PLACE
