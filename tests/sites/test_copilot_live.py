"""The Copilot adapter in a real browser, against both front ends of its stand-in."""

from __future__ import annotations

import asyncio

import pytest

from completions.browser import Browser
from completions.conversation import Held, hold
from completions.errors import Outcome, Wall
from completions.profile import Profile, resolve
from completions.rehearsal import Rehearsal, normalised
from completions.rehearsal.compare import compare
from completions.rehearsal.copilot import FRONT_ENDS
from completions.rehearsal.faults import BY_SITE, WALLS
from completions.sites import drive
from completions.sites.base import Captured, Deadlines, Progress
from completions.sites.copilot import Copilot
from sites import copilot_shapes as shapes

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FAULTS = BY_SITE["copilot"]
NOBODY = Profile(seed=1)
QUICK = Deadlines(load=3, ready=15, submit=15, first_token=4, between_tokens=4, answer=30, settle=2, still=1.5, look=5)
"""Seconds. Citations and follow-ups come one second after the words."""
PROMPTS = [
    "best guitars",
    "first\nsecond\n\nfourth",
    "/imagine @someone #1 *bold* `code`",
    "1. not a list\n- nor this",
    "größe 高峰 مرحبا 👩🏽‍🎤 \ue000 e\u0301",
    "x" * 2047,
]


async def asked(browser: Browser, rehearsal: Rehearsal, prompt: str, profile: Profile = NOBODY) -> Held:
    chat = Copilot(rehearsal.address("copilot"))
    chat.deadlines = QUICK
    return await hold(chat, browser, profile, prompt)


@pytest.mark.parametrize("ui", FRONT_ENDS)
async def test_prompts_are_asked_as_they_are_and_their_answers_read(browser: Browser, ui: str) -> None:
    with Rehearsal(ui=ui, latency=0.1) as rehearsal:
        some = asyncio.Semaphore(3)

        async def ask(prompt: str) -> Held:
            async with some:
                return await asked(browser, rehearsal, prompt)

        held = await asyncio.gather(*map(ask, PROMPTS))
        assert sorted(each.prompt for each in rehearsal.asked()) == sorted(PROMPTS)
        for prompt, one in zip(PROMPTS, held, strict=True):
            assert (one.outcome, one.warnings) == (Outcome.ANSWERED, []), (prompt, one.error_message)
            assert one.reading
            assert one.reading.answer
            assert one.reading.ui_variant == ui
            compared = compare(one.reading.answer, rehearsal.truth(prompt, ui, "copilot"))
            assert [field for field, each in compared.items() if not each.exact] == []
            assert one.reading.answer.conversation_url
            assert one.reading.answer.conversation_url.startswith(f"{rehearsal.address('copilot')}chats/")


async def test_an_answer_in_frames_is_kept_with_its_page(browser: Browser) -> None:
    with Rehearsal(ui="nested", latency=0.1) as rehearsal:
        one = await asked(browser, rehearsal, "best guitars")
        truth = rehearsal.truth("best guitars", "nested", "copilot")
    again = Copilot().read(Captured(html=one.artifacts.page_html))
    assert again.answer
    assert normalised(again.answer.answer_text) == normalised(truth.text)


@pytest.mark.parametrize(
    ("frame", "seen"),
    [
        ("<p>A word</p>", Progress("streaming", 6)),
        ("", Progress("waiting")),
        ("<title>Just a moment...</title><div id=challenge-stage>Verify</div>", Outcome.CHALLENGE),
    ],
)
async def test_frames_are_looked_into(browser: Browser, frame: str, seen: Progress | Outcome) -> None:
    async with browser.page(NOBODY, 20) as page:
        await page.route("https://copilot.fun/**", lambda route: route.fulfill(body=frame, content_type="text/html"))
        await page.set_content(
            shapes.asked() + shapes.answered('<iframe src="https://copilot.fun/frame"></iframe>', after=shapes.STOP)
        )
        if isinstance(seen, Progress):
            assert await Copilot().look(page) == seen
        else:
            with pytest.raises(Wall) as met:
                await Copilot().look(page)
            assert met.value.outcome is seen


@pytest.mark.parametrize("language", ["German", "French", "Japanese", "Portuguese"])
async def test_dialogs_are_closed_in_the_visitors_language(browser: Browser, language: str) -> None:
    with Rehearsal(latency=0) as rehearsal:
        for _ in range(5):  # every third is asked for consent, every fifth to sign in
            one = await asked(browser, rehearsal, "best guitars", resolve(seed=1, language=language))
            assert one.outcome is Outcome.ANSWERED, one.error_message


@pytest.mark.parametrize("ui", FRONT_ENDS)
@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_what_goes_wrong_after_a_prompt_ends_in_its_outcome(browser: Browser, fault: str, ui: str) -> None:
    with Rehearsal(ui=ui, latency=0.1) as rehearsal:
        one = await asked(browser, rehearsal, f"best guitars [fault:{fault}]")
    assert one.outcome == FAULTS[fault], one.error_message


@pytest.mark.parametrize("fault", sorted((FAULTS.keys() & WALLS) | {"m365"}))
async def test_a_wall_in_place_of_the_chat_is_met_before_anything_is_asked(
    browser: Browser, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "PATIENCE", 0.5)
    with Rehearsal(fault=fault) as rehearsal:
        one = await asked(browser, rehearsal, "best guitars")
        assert rehearsal.asked() == []
    assert one.outcome == FAULTS[fault], one.error_message
