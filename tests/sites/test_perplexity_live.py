"""The Perplexity adapter in a real browser, against its stand-in of both front ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from completions.browser import Browser
from completions.conversation import Held, hold
from completions.errors import Outcome
from completions.profile import Profile, resolve
from completions.rehearsal import Rehearsal, normalised
from completions.rehearsal.faults import BY_SITE, WALLS
from completions.rehearsal.sites import front_ends
from completions.sites import drive, parse, site
from completions.sites.base import Deadlines
from completions.sites.perplexity import Perplexity
from completions.sites.perplexity.stream import seen_country

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FAULTS = BY_SITE["perplexity"]
NOBODY = Profile(seed=1)
QUICK = Deadlines(load=3, ready=15, submit=15, first_token=4, between_tokens=4, answer=30, settle=2, still=0.5, look=5)
"""Seconds."""
PROMPTS = [
    "best guitars",
    "first\nsecond\n\nfourth",
    "/imagine @someone #1 *bold* `code`",
    "1. not a list\n- nor this",
    "tab\tand  two  spaces",
    "größe 高峰 مرحبا 👩🏽‍🎤 \ue000 e\u0301",
    "x" * 2047,
]


@pytest.fixture(params=front_ends("perplexity"))
def rehearsal(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    with Rehearsal(ui=request.param, latency=0.1) as rehearsal:
        yield rehearsal


async def asked(browser: Browser, rehearsal: Rehearsal, prompt: str, profile: Profile = NOBODY) -> Held:
    chat = Perplexity(rehearsal.address("perplexity"))
    chat.deadlines = QUICK
    return await hold(chat, browser, profile, prompt)


async def test_prompts_are_asked_as_they_are_and_their_answers_read(browser: Browser, rehearsal: Rehearsal) -> None:
    some = asyncio.Semaphore(3)

    async def ask(prompt: str) -> Held:
        async with some:
            return await asked(browser, rehearsal, prompt)

    held = await asyncio.gather(*map(ask, PROMPTS))
    assert sorted(each.prompt for each in rehearsal.asked()) == sorted(PROMPTS)
    for prompt, one in zip(PROMPTS, held, strict=True):
        assert one.outcome is Outcome.ANSWERED, (prompt, one.error_message)
        assert one.warnings == []
        assert one.reading
        assert one.reading.answer
        truth, answer = rehearsal.truth(prompt, one.reading.ui_variant, "perplexity"), one.reading.answer
        assert normalised(answer.answer_text) == normalised(truth.text)
        cited = [(each.url_canonical, each.title, each.role, each.pill) for each in answer.citations or []]
        assert cited == [(each.url, each.title, each.role, each.pill) for each in truth.citations]
        assert [each.site_name for each in answer.citations or []] == [each.site_name for each in truth.citations]
        assert answer.conversation_url
        assert answer.conversation_url.startswith(f"{rehearsal.address('perplexity')}search/")
        assert seen_country(one.artifacts.raw_stream or b"") == "US"


async def test_what_page_and_wire_say_by_themselves_agrees(browser: Browser, rehearsal: Rehearsal) -> None:
    one = await asked(browser, rehearsal, "best guitars")
    page = parse(site("perplexity"), html=one.artifacts.page_html)
    wire = parse(site("perplexity"), stream=one.artifacts.raw_stream)
    for reading in (page, wire):
        assert reading.outcome is Outcome.ANSWERED
        assert reading.answer
    assert page.answer
    assert wire.answer
    assert normalised(page.answer.answer_text) == normalised(wire.answer.answer_text)
    assert page.ui_variant == wire.ui_variant
    shown = [(each.url_canonical, each.char_start) for each in page.answer.citations or []]
    sent = [(each.url_canonical, each.char_start) for each in wire.answer.citations or [] if each.role == "inline"]
    assert shown == sent


@pytest.mark.parametrize("language", ["German", "Japanese"])
async def test_dialogs_are_closed_in_the_visitors_language(
    browser: Browser, rehearsal: Rehearsal, language: str
) -> None:
    for visit in range(1, 6):  # every third is asked for consent, every fifth to sign in
        one = await asked(browser, rehearsal, f"visit {visit}", resolve(seed=1, language=language))
        assert one.outcome is Outcome.ANSWERED, (visit, one.error_message)


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_what_goes_wrong_after_a_prompt_ends_in_its_outcome(
    browser: Browser, rehearsal: Rehearsal, fault: str
) -> None:
    one = await asked(browser, rehearsal, f"best guitars [fault:{fault}]")
    assert one.outcome == FAULTS[fault], one.error_message


@pytest.mark.parametrize("fault", sorted(WALLS & set(FAULTS)))
async def test_a_wall_in_place_of_the_page_ends_in_its_outcome(
    browser: Browser, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "PATIENCE", 0.5)
    with Rehearsal(fault=fault, latency=0.1) as rehearsal:
        one = await asked(browser, rehearsal, "best guitars")
    assert one.outcome == FAULTS[fault], one.error_message
