"""What the HTML of Copilot's page does not have: answers that are drawn in frames, citations that had no room."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame, Page

from completions.errors import Outcome, Wall
from completions.sites.base import Progress
from completions.sites.copilot.layout import FRAMED
from completions.sites.copilot.page import MODAL
from completions.sites.layout import CHALLENGE
from completions.sites.unfold import PATIENCE

_MORE = '[data-testid="citation-cards-row"] button, button[title*="more citations"]'
_SEEN = f"""() => ({{
  length: document.body?.innerText.trim().length ?? 0,
  challenged: "_cf_chl_opt" in window || document.querySelector('{CHALLENGE.marks}') !== null,
}})"""


async def look_into(page: Page, progress: Progress) -> Progress:
    """`progress`, and how far the answer is in its frames; raises `Wall` when they ask for a proof of being human."""
    seen = [each for frame in _frames(page) if (each := await _evaluated(frame, _SEEN))]
    if any(each["challenged"] for each in seen):
        raise Wall(Outcome.CHALLENGE, f"{CHALLENGE.seen}, in the frame of its answer")
    if not seen or progress.length:
        return progress
    length = sum(each["length"] for each in seen)
    state = "streaming" if length and progress.state == "waiting" else progress.state
    return Progress("waiting" if state == "finished" and not length else state, length)


async def unfold(page: Page) -> dict[str, list[str]]:
    """What the frames show, and the citations behind the button that says how many more there are."""
    frames = _frames(page)
    shown = [await _evaluated(frame, "() => document.body?.innerHTML") for frame in frames]
    return {"frames": [html for html in shown if html], "citations": await _more(page, frames)}


def _frames(page: Page) -> list[Frame]:
    """The innermost frames of an answer."""
    return [each for each in page.frames if not each.child_frames and _is_framed(each)]


def _is_framed(frame: Frame | None) -> bool:
    return frame is not None and (FRAMED.search(frame.url) is not None or _is_framed(frame.parent_frame))


async def _evaluated(frame: Frame, script: str) -> Any:
    """What `script` gives in `frame`; None while that is on its way."""
    with suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(PATIENCE / 1000):
            return await frame.evaluate(script)
    return None


async def _more(page: Page, frames: list[Frame]) -> list[str]:
    places: list[Page | Frame] = [page, *frames]
    for place in places:
        button = place.locator(_MORE).filter(has_text=re.compile(r"\d"), visible=True).last
        with suppress(PlaywrightError):  # the cards that are shown anyway are still there
            if await button.count():
                await button.click(timeout=PATIENCE)
                html: str = await page.locator(MODAL).last.evaluate("modal => modal.outerHTML", timeout=PATIENCE)
                await page.keyboard.press("Escape")
                return [html]
    return []
