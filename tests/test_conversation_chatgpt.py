"""Conversations with the stand-in for ChatGPT: what is asked arrives, and what stands in the way is met."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from completions.browser import Browser
from completions.conversation import hold
from completions.errors import Outcome
from completions.profile import Profile
from completions.record import Artifacts
from completions.rehearsal import FAULTS, Rehearsal
from completions.sites import drive, site
from completions.sites.chatgpt import ChatGPT
from tiny import QUICK

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NOBODY = Profile(seed=1)
BOTH = ("screenshot", "page")
PROMPTS = [
    "best guitars",
    "  two spaces around  ",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈 flag 🇨🇭",
    "ما هي أفضل القيثارات؟ و guitar",
    "一番いいギターは？",
    "first line\nsecond line",
    "a\n\nb\n\n\nc",
    "/search best guitars",
    "@everyone #tag [link](https://example.com) **bold**",
    "- a list\n- of two",
    "1. one",
    "# not a title",
    "```\ncode\n```",
    "<b>tag</b> &amp; <script>alert(1)</script>",
    "'\"`${x}` \\n",
    "tab\tand  two  spaces",
    "e\u0301 is not \u00e9",
    "x" * 2047,
    "é" * 2047,
    "🦁" * 2047,
    ("word " * 410)[:2047],
]


@pytest.fixture(scope="module", params=["a", "b"])
def front_end(request: pytest.FixtureRequest) -> Any:
    ui: str = request.param
    with Rehearsal(ui=ui, latency=0) as rehearsal:
        yield rehearsal


async def test_the_site_gets_every_prompt_exactly(browser: Browser, front_end: Rehearsal) -> None:
    chat, some = site("chatgpt", f"{front_end.url}/"), asyncio.Semaphore(4)

    async def ask(prompt: str) -> Outcome:
        async with some:
            return (await hold(chat, browser, NOBODY, prompt)).outcome

    assert set(await asyncio.gather(*map(ask, PROMPTS))) == {Outcome.ANSWERED}
    assert sorted(asking.prompt for asking in front_end.asked()) == sorted(PROMPTS)


@pytest.mark.parametrize(
    "fault", ["slow_load", "layout_changed", "unavailable_here", "challenge", "blocked", "login_wall"]
)
async def test_a_wall_in_place_of_the_chat(browser: Browser, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive, "PATIENCE", 0.5)
    with Rehearsal(fault=fault) as walled:
        chat = ChatGPT(f"{walled.url}/")
        chat.deadlines = replace(QUICK, ready=10)
        one = await hold(chat, browser, NOBODY, "best guitars")
    assert one.outcome == FAULTS[fault]
    assert walled.asked() == []


async def test_no_chat_at_all(browser: Browser) -> None:
    with Rehearsal() as gone:
        pass
    one = await hold(ChatGPT(f"{gone.url}/"), browser, NOBODY, "best guitars", BOTH)
    assert (one.outcome, one.artifacts, one.warnings) == (Outcome.NETWORK, Artifacts(), [])
