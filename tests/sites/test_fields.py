"""Site by field: every adapter gets all that its stand-in shows, and declares just what it can get."""

from __future__ import annotations

import asyncio

import pytest

from completions.browser import Browser
from completions.conversation import hold
from completions.errors import Outcome
from completions.profile import Profile
from completions.rehearsal import Rehearsal
from completions.rehearsal.compare import compare, telling
from completions.rehearsal.sites import STAND_INS, front_ends
from completions.sites import NAMES, site

pytestmark = pytest.mark.browser

PROMPTS = [f"question {number} about guitars" for number in range(100)]
DERIVED = {"answer_text", "answer_markdown", "model_version_source"}
UNSEEN = {"perplexity": {"products", "places"}}
"""Declared and read, but shown by nothing that anybody recorded; their shapes are read in the adapter's own tests."""


def test_every_site_has_a_stand_in() -> None:
    assert set(STAND_INS) == set(NAMES)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", NAMES)
async def test_all_that_is_shown_is_got_and_declared(browser: Browser, name: str) -> None:
    filled: set[str] = set()
    for ui in front_ends(name):
        prompts = telling(name, ui, PROMPTS)
        with Rehearsal(ui=ui, latency=0.3) as rehearsal:
            chat = site(name, rehearsal.address(name))
            held = await asyncio.gather(*(hold(chat, browser, Profile(seed=1), prompt) for prompt in prompts))
        for prompt, one in zip(prompts, held, strict=True):
            assert one.outcome is Outcome.ANSWERED, one.error_message
            assert one.reading
            assert one.reading.answer
            compared = compare(one.reading.answer, rehearsal.truth(prompt, ui, name))
            assert {field: each.got for field, each in compared.items()} == {
                field: each.given for field, each in compared.items()
            }
            filled |= {field for field, value in one.reading.answer if value is not None}
    assert filled - DERIVED == set(site(name).shows) - UNSEEN.get(name, set())
