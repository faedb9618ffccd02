"""What Gemini's finished page hides: the list of sources, and the pages behind each chip that cites."""

from __future__ import annotations

from time import monotonic

from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from completions.sites.unfold import MOST, PATIENCE, cards, panel

BUDGET = 25
"""Seconds for all the chips of an answer."""
CHIP = "model-response source-inline-chip"
CARD = ':is([role="dialog"], .cdk-overlay-pane, multi-source-hovered-card):has(inline-source-card)'
"""2026: in the chip or in the page's layer of overlays, one `inline-source-card` a page; there at once."""
PANEL = ":is(context-sidebar, side-bar-sources):has(inline-source-card)"
_CROSS = 'button:has(mat-icon[data-mat-icon-name="close"])'
CLOSE = f':is(context-sidebar, side-bar-sources) :is([data-test-id="close-button"], {_CROSS})'
SOURCES_BUTTON = "model-response :is(button.legacy-sources-sidebar-button, sources-sidebar-button button)"
"""2025 to spring 2026; since then the list is opened from the menu of an answer."""
MORE = 'model-response [data-test-id="more-menu-button"]'
ITEM = '[role="menuitem"]'
SAYS_SOURCES = (
    "[Ss]ources?|Quellen|[Ff]uentes|[Ff]onti|[Ff]ontes|[Bb]ronnen|[Źź]ródła|[Ии]сточник|nguồn"
    "|ソース|情報源|来源|來源|출처|مصادر"
)


async def unfold(page: Page) -> dict[str, list[str]]:
    """Open the list of sources, then hover over every chip.

    `sources` is one empty piece where there is no list, `cards` has one piece a chip, empty for one that shows none.
    """
    return {"sources": await _sources(page), "cards": await _cards(page)}


async def _cards(page: Page) -> list[str]:
    until = monotonic() + BUDGET
    pieces: list[str] = []
    for number in range(min(await page.locator(CHIP).count(), MOST)):
        if monotonic() > until:
            break
        pieces += await cards(page, f"{CHIP} >> nth={number} >> button >> nth=0", CARD) or [""]
    return pieces


async def _sources(page: Page) -> list[str]:
    try:
        return await panel(page, SOURCES_BUTTON, PANEL, CLOSE) or await _by_menu(page)
    except PlaywrightTimeout:  # covered by a dialog, or something that does not open or close: the chips tell as well
        await page.keyboard.press("Escape")
        return []


async def _by_menu(page: Page) -> list[str]:
    more = page.locator(MORE).locator("visible=true").last
    if not await more.count():
        return []
    await more.click(timeout=PATIENCE)
    await page.locator(ITEM).locator("visible=true").first.wait_for(timeout=PATIENCE)
    opened = await panel(page, f'{ITEM}:text-matches("{SAYS_SOURCES}")', PANEL, CLOSE)
    if not opened:
        await page.keyboard.press("Escape")
    return opened or [""]
