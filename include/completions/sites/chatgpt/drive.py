"""The page, driven as a visitor would: close what may be closed, write the prompt, send it, watch."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from completions.errors import Outcome, Wall
from completions.sites.base import Progress
from completions.sites.chatgpt import failures
from completions.sites.chatgpt.layout import BARRIERS, FAILED, LAYOUTS, OVERLAYS, SERVER, SPOKEN, Layout, Overlay

PATIENCE = 10.0
"""Seconds after a page has loaded whole in which its composer must appear."""
ATTEMPTS = 20
"""To write a prompt, each of at most two seconds or so."""
ROUNDS = 6
"""Dialogs that are closed one after another before what they are counts as a wall."""
EVERY = 100
"""Milliseconds between two looks while waiting."""

Write = Callable[[Page, Layout, str], Awaitable[None]]

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_BARRIERS = (*BARRIERS, FAILED)
_TABLES: dict[str, Any] = {
    "layouts": [asdict(layout) for layout in LAYOUTS],
    "barriers": [{"marks": barrier.marks} for barrier in _BARRIERS],
    "spoken": SPOKEN,
    "patience": PATIENCE * 1000,
    "failure": failures.BEGINNING,
    "longest": failures.LONGEST,
}
_DIALOGS = [asdict(overlay) for overlay in OVERLAYS]


async def ready(page: Page) -> Layout:
    """Wait until a composer is open and say whose; raise `Wall` when what is in its way cannot be closed."""
    for closed in range(ROUNDS + 1):
        seen = await _until(page, "ready", overlays=_DIALOGS if closed < ROUNDS else [])
        if "wall" in seen:
            raise Wall(_BARRIERS[seen["wall"]].outcome, _BARRIERS[seen["wall"]].seen)
        if outcome := failures.of_status(seen.get("status")) or failures.of_turn(seen.get("said", "")):
            raise Wall(outcome, f"the site answered: {seen.get('said') or seen['status']}")
        if "unknown" in seen:
            break
        if "composer" in seen:
            return next(layout for layout in LAYOUTS if layout.name == seen["composer"])
        for index in seen["overlays"]:
            if await _close(page, OVERLAYS[index]):
                break
    raise Wall(Outcome.LAYOUT_CHANGED, "the page has no composer that this adapter knows")


async def submit(page: Page, prompt: str) -> None:
    """Write `prompt` into the composer, exactly, and send it; again when a dialog or a late script undid it."""
    for attempt in range(ATTEMPTS):
        layout = await ready(page)
        write = _fill if layout is SERVER else _ways_to_type(prompt)[attempt % 2]
        await write(page, layout, prompt)
        if await _holds(page, layout, prompt) and await _send(page, layout):
            await _until(page, "sent")
            return
    raise Wall(Outcome.LAYOUT_CHANGED, "the composer does not take the prompt as it is")


async def look(page: Page) -> Progress:
    """How far the answer is."""
    try:
        return Progress(**await page.evaluate(_SCRIPT, _TABLES | {"name": "look"}))
    except PlaywrightError as error:
        if _is_navigation(error):
            return Progress("waiting")
        raise


async def _until(page: Page, name: str, limit: float = 0, **task: Any) -> Any:
    """What the script's `name` says once it says something; waits for ever unless there is a `limit` (ms)."""
    arguments = _TABLES | {"overlays": []} | task | {"name": name}
    while True:
        try:
            seen = await page.wait_for_function(_SCRIPT, arg=arguments, polling=EVERY, timeout=limit)
            return await seen.json_value()
        except PlaywrightError as error:
            if not _is_navigation(error):
                raise


def _is_navigation(error: PlaywrightError) -> bool:
    """Whether the page was on its way to another address while it was looked at: then look again."""
    return "Execution context was destroyed" in error.message


async def _close(page: Page, overlay: Overlay) -> bool:
    """Try to close a dialog; False when it cannot be reached, as another lies over it."""
    try:
        if overlay.button is None:
            await page.keyboard.press("Escape")
        else:
            button = page.locator(overlay.button)
            if overlay.label:
                button = button.filter(has_text=re.compile(overlay.label, re.IGNORECASE))
            await button.filter(visible=True).first.click(timeout=1000)
        await page.locator(overlay.dialog).filter(visible=True).first.wait_for(state="hidden", timeout=1000)
    except PlaywrightError:
        return False
    return True


async def _fill(page: Page, layout: Layout, prompt: str) -> None:
    await page.locator(layout.composer).filter(visible=True).first.fill(prompt)


def _ways_to_type(prompt: str) -> tuple[Write, Write]:
    """How the classic editor takes a text; line breaks only pasted, or with Shift+Enter."""
    return (_paste, _type_lines) if re.search(r"[\r\n]", prompt) else (_insert, _paste)


async def _clear(page: Page, layout: Layout) -> None:
    await page.locator(layout.composer).filter(visible=True).first.focus()
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.press("Delete")


async def _insert(page: Page, layout: Layout, prompt: str) -> None:
    await _clear(page, layout)
    await page.keyboard.insert_text(prompt)


async def _paste(page: Page, layout: Layout, prompt: str) -> None:
    await _clear(page, layout)
    await page.evaluate(_SCRIPT, _TABLES | {"name": "paste", "composer": layout.composer, "prompt": prompt})


async def _type_lines(page: Page, layout: Layout, prompt: str) -> None:
    await _clear(page, layout)
    first, *rest = re.split(r"\r\n?|\n", prompt)
    await page.keyboard.insert_text(first)
    for line in rest:
        await page.keyboard.press("Shift+Enter")
        if line:
            await page.keyboard.insert_text(line)


async def _holds(page: Page, layout: Layout, prompt: str) -> bool:
    """Whether the composer holds exactly `prompt` and would send it. What it lost before it came to life stays lost."""
    task = {"composer": layout.composer, "send": layout.send, "prompt": prompt, "loses": layout is SERVER}
    try:
        return bool(await _until(page, "holds", limit=1500, **task) == "held")
    except PlaywrightTimeout:
        return False


async def _send(page: Page, layout: Layout) -> bool:
    """Press the button (Enter may only begin a new line); False when something covers it."""
    try:
        await page.locator(layout.send).filter(visible=True).first.click(timeout=3000)
    except PlaywrightTimeout:
        return False
    return True
