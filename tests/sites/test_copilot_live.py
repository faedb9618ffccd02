"""Copilot in a real browser, what is its own: answers that are drawn in frames; see `test_live`."""

from __future__ import annotations

import pytest

from completions.browser import Browser
from completions.errors import Outcome, Wall
from completions.rehearsal import Rehearsal, normalised
from completions.sites.base import Captured, Progress
from completions.sites.copilot import Copilot
from sites import copilot_shapes as shapes
from sites.asking import NOBODY, asked

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_an_answer_in_frames_is_kept_with_its_page(browser: Browser) -> None:
    with Rehearsal(ui="nested", latency=0.1) as rehearsal:
        one = await asked(browser, rehearsal, "copilot", "best guitars")
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
