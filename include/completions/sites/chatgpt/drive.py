"""The page, driven as a visitor would: close what may be closed, write the prompt, send it, watch."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from completions.errors import Outcome, Wall
from completions.sites.base import Progress
from completions.sites.chatgpt import failures
from completions.sites.chatgpt.layout import BARRIERS, LAYOUTS, OVERLAYS, SERVER, Layout, Overlay

PATIENCE = 10.0
"""Seconds after a page has loaded whole in which its composer must appear."""
ROUNDS = 6
"""Dialogs that are closed one after another before what they are counts as a wall."""
EVERY = 100
"""Milliseconds between two looks while waiting."""

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_TABLES: dict[str, Any] = {
    "layouts": [asdict(layout) for layout in LAYOUTS],
    "barriers": [{"marks": barrier.marks} for barrier in BARRIERS],
    "patience": PATIENCE * 1000,
    "failure": failures.BEGINNING,
}
_DIALOGS = [asdict(overlay) for overlay in OVERLAYS]


async def ready(page: Page) -> Layout:
    """Wait until a composer is open and say whose; raise `Wall` when what is in its way cannot be closed."""
    for closed in range(ROUNDS + 1):
        seen = await _until(page, "ready", overlays=_DIALOGS if closed < ROUNDS else [])
        if "wall" in seen:
            raise Wall(BARRIERS[seen["wall"]].outcome, BARRIERS[seen["wall"]].seen)
        if "unknown" in seen:
            break
        if "composer" in seen:
            return next(layout for layout in LAYOUTS if layout.name == seen["composer"])
        await _close(page, OVERLAYS[seen["overlay"]])
    raise Wall(Outcome.LAYOUT_CHANGED, "the page has no composer that this adapter knows")


async def submit(page: Page, prompt: str) -> None:
    """Write `prompt` into the composer, exactly, and send it; once more if a dialog came up in between."""
    sent = False
    while not sent:
        layout = await ready(page)
        await (_fill if layout is SERVER else _type)(page, layout, prompt)
        sent = await _send(page, layout)
    await _until(page, "sent")


async def look(page: Page) -> Progress:
    """How far the answer is."""
    try:
        return Progress(**await page.evaluate(_SCRIPT, _TABLES | {"name": "look"}))
    except PlaywrightError as error:
        if "Execution context was destroyed" in str(error):  # the page is on its way to another address
            return Progress("waiting")
        raise


async def _until(page: Page, name: str, timeout: float = 0, **task: Any) -> Any:
    """What the script's `name` says once it says something; waits for ever unless there is a `timeout` (ms)."""
    arguments = _TABLES | {"overlays": []} | task | {"name": name}
    seen = await page.wait_for_function(_SCRIPT, arg=arguments, polling=EVERY, timeout=timeout)
    return await seen.json_value()


async def _close(page: Page, overlay: Overlay) -> None:
    dialog = page.locator(overlay.dialog).filter(visible=True).first
    with suppress(PlaywrightError):  # it may close by itself, or take the page along: the next look tells
        if overlay.button is None:
            await page.keyboard.press("Escape")
        else:
            button = page.locator(overlay.button)
            if overlay.label:
                button = button.filter(has_text=re.compile(overlay.label, re.IGNORECASE))
            await button.filter(visible=True).first.click(timeout=2000)
        await dialog.wait_for(state="hidden", timeout=2000)


async def _fill(page: Page, layout: Layout, prompt: str) -> None:
    """Fill the server-rendered composer; before its script runs, it loses what it is given, so fill until it holds."""
    while True:
        await page.locator(layout.composer).filter(visible=True).first.fill(prompt)
        if await _holds(page, layout, prompt):
            return


async def _type(page: Page, layout: Layout, prompt: str) -> None:
    """Write into the classic editor, which takes line breaks when pasted, or typed with Shift+Enter."""
    for write in (_paste, _type_lines) if "\n" in prompt or "\r" in prompt else (_insert, _paste):
        await page.locator(layout.composer).filter(visible=True).first.focus()
        await page.keyboard.press("ControlOrMeta+A")
        await page.keyboard.press("Delete")
        await write(page, layout, prompt)
        if await _holds(page, layout, prompt):
            return
    raise Wall(Outcome.LAYOUT_CHANGED, "the composer does not take the prompt as it is")


async def _insert(page: Page, _: Layout, prompt: str) -> None:
    await page.keyboard.insert_text(prompt)


async def _paste(page: Page, layout: Layout, prompt: str) -> None:
    await page.evaluate(_SCRIPT, _TABLES | {"name": "paste", "composer": layout.composer, "prompt": prompt})


async def _type_lines(page: Page, _: Layout, prompt: str) -> None:
    first, *rest = re.split(r"\r\n?|\n", prompt)
    await page.keyboard.insert_text(first)
    for line in rest:
        await page.keyboard.press("Shift+Enter")
        if line:
            await page.keyboard.insert_text(line)


async def _holds(page: Page, layout: Layout, prompt: str) -> bool:
    """Whether the composer holds exactly `prompt`, and would send it."""
    try:
        await _until(page, "holds", timeout=1500, composer=layout.composer, send=layout.send, prompt=prompt)
    except PlaywrightTimeout:
        return False
    return True


async def _send(page: Page, layout: Layout) -> bool:
    """Press the button (Enter may only begin a new line); False when something covers it."""
    try:
        await page.locator(layout.send).filter(visible=True).first.click(timeout=3000)
    except PlaywrightTimeout:
        return False
    return True
