"""What a finished page hides behind its labels, opened as a visitor would: cards on hovering, panels on a click."""

from __future__ import annotations

import json
import re

from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

MOST = 25
"""Cards that are opened of one answer."""
PATIENCE = 1500
"""Milliseconds in which what was asked for shows up, or goes away again."""


async def cards(page: Page, labels: str, card: str, words: str = "", most: int = MOST) -> list[str]:
    """The HTML of each `card` (CSS) that shows while the mouse is over one of `labels`, in their order.

    Of the labels those whose text has the pattern `words`; one that shows no card gives nothing.
    """
    found = page.locator(labels)
    wanted = found.filter(has_text=re.compile(words)) if words else found
    return [html for label in (await wanted.all())[:most] if (html := await _card(page, label, card))]


async def panel(page: Page, trigger: str, opened: str = "", close: str = "") -> list[str]:
    """The HTML of what a click on the last `trigger` opens, closed again by `close` or else by the trigger itself.

    `opened` is where that shows up, or else the element that the trigger says it controls.
    """
    button = page.locator(trigger).locator("visible=true").last
    if not await button.count():
        return []
    controlled = json.dumps(await button.get_attribute("aria-controls") or "")
    await button.click(timeout=PATIENCE)
    html = await _html(page.locator(opened or f"[id={controlled}]").last)
    way_out = page.locator(close).last if close else button
    if html and await way_out.count():
        await way_out.click(timeout=PATIENCE)
    return [html] if html else []


async def _card(page: Page, label: Locator, card: str) -> str | None:
    try:
        await label.hover(timeout=PATIENCE)
        html = await _html(page.locator(card).last)
        await page.mouse.move(0, 0)
        await page.locator(card).last.wait_for(state="hidden", timeout=PATIENCE)
    except PlaywrightTimeout:  # covered, gone, or a card that stays: the label's own link is still there
        return None
    return html


async def _html(element: Locator) -> str | None:
    """The HTML of `element` once a reader would see it; None when it does not show up."""
    try:
        await element.wait_for(state="visible", timeout=PATIENCE)
        html: str = await element.evaluate("element => element.outerHTML")
    except PlaywrightTimeout:
        return None
    return html
