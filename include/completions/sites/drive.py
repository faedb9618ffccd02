"""The page, driven as a visitor would: close what may be closed, write the prompt, send it, watch."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from completions.errors import Outcome, Wall
from completions.sites.base import Progress
from completions.sites.failures import LONGEST, of_status
from completions.sites.layout import Layout, Looks, Overlay, Way

PATIENCE = 10.0
"""Seconds after a page has loaded whole in which its composer must appear."""
ATTEMPTS = 20
"""To write a prompt, each of at most two seconds or so."""
ROUNDS = 6
"""Dialogs that are closed one after another before what they are counts as a wall."""
EVERY = 100
"""Milliseconds between two looks while waiting."""

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


class Driver:
    """Drives the pages of one site, by its `looks`."""

    def __init__(self, looks: Looks) -> None:
        self.looks = looks
        self._dialogs = [asdict(overlay) for overlay in looks.overlays]
        self._tables: dict[str, Any] = {
            "layouts": [asdict(layout) for layout in looks.layouts],
            "barriers": [
                {"marks": barrier.marks, "words": barrier.words, "late": barrier.late} for barrier in looks.walls
            ],
            "detours": [detour.url for detour in looks.detours],
            "spoken": looks.spoken,
            "patience": PATIENCE * 1000,
            "failure": looks.failures.beginning,
            "longest": LONGEST,
        }

    async def ready(self, page: Page) -> Layout:
        """Wait until a composer is open and say whose; raise `Wall` when what is in its way cannot be closed."""
        overlays, walls = self.looks.overlays, [*self.looks.walls, *self.looks.detours]
        for closed in range(ROUNDS + 1):
            seen = await self._until(page, "ready", overlays=self._dialogs if closed < ROUNDS else [])
            if "wall" in seen:
                raise Wall(walls[seen["wall"]].outcome, walls[seen["wall"]].seen)
            if outcome := of_status(seen.get("status")) or self.looks.failures.of_turn(seen.get("said", "")):
                raise Wall(outcome, f"the site answered: {seen.get('said') or seen['status']}")
            if "unknown" in seen:
                break
            if "composer" in seen:
                return next(layout for layout in self.looks.layouts if layout.name == seen["composer"])
            for index in seen["overlays"]:
                if await _close(page, overlays[index]):
                    break
        raise Wall(Outcome.LAYOUT_CHANGED, "the page has no composer that this adapter knows")

    async def submit(self, page: Page, prompt: str) -> None:
        """Write `prompt` into the composer, exactly, and send it; again when a dialog or a late script undid it."""
        for attempt in range(ATTEMPTS):
            layout = await self.ready(page)
            ways = layout.typing_lines if re.search(r"[\r\n]", prompt) else layout.typing
            await self._write(page, layout, prompt, ways[attempt % len(ways)])
            if await self._holds(page, layout, prompt) and await _send(page, layout):
                await self._until(page, "sent")
                return
        raise Wall(Outcome.LAYOUT_CHANGED, "the composer does not take the prompt as it is")

    async def look(self, page: Page) -> Progress:
        """How far the answer is."""
        try:
            return Progress(**await page.evaluate(_SCRIPT, self._tables | {"name": "look"}))
        except PlaywrightError as error:
            if _is_navigation(error):
                return Progress("waiting")
            raise

    async def _until(self, page: Page, name: str, limit: float = 0, **task: Any) -> Any:
        """What the script's `name` says once it says something; waits for ever unless there is a `limit` (ms)."""
        arguments = self._tables | {"overlays": []} | task | {"name": name}
        while True:
            try:
                seen = await page.wait_for_function(_SCRIPT, arg=arguments, polling=EVERY, timeout=limit)
                return await seen.json_value()
            except PlaywrightError as error:
                if not _is_navigation(error):
                    raise

    async def _write(self, page: Page, layout: Layout, prompt: str, way: Way) -> None:
        if way == "fill":
            await page.locator(layout.composer).filter(visible=True).first.fill(prompt)
        elif way == "paste":
            await _clear(page, layout)
            await page.evaluate(
                _SCRIPT, self._tables | {"name": "paste", "composer": layout.composer, "prompt": prompt}
            )
        else:
            await _clear(page, layout)
            await _TYPED[way](page, prompt)

    async def _holds(self, page: Page, layout: Layout, prompt: str) -> bool:
        """Whether the composer holds exactly `prompt` and would send it."""
        for send in (layout.send, layout.composer) if layout.enter else (layout.send,):
            task = {"composer": layout.composer, "send": send, "prompt": prompt, "loses": layout.loses}
            with suppress(PlaywrightTimeout):
                return bool(await self._until(page, "holds", limit=1500, **task) == "held")
        return False


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


async def _clear(page: Page, layout: Layout) -> None:
    await page.locator(layout.composer).filter(visible=True).first.focus()
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.press("Delete")


async def _insert(page: Page, prompt: str) -> None:
    await page.keyboard.insert_text(prompt)


async def _type_lines(page: Page, prompt: str) -> None:
    first, *rest = re.split(r"\r\n?|\n", prompt)
    await page.keyboard.insert_text(first)
    for line in rest:
        await page.keyboard.press("Shift+Enter")
        if line:
            await page.keyboard.insert_text(line)


_TYPED: dict[Way, Callable[[Page, str], Awaitable[None]]] = {"insert": _insert, "lines": _type_lines}


async def _send(page: Page, layout: Layout) -> bool:
    """Press the button (Enter may only begin a new line); False when something covers it."""
    button = page.locator(layout.send).filter(visible=True)
    try:
        if layout.enter and not await button.count():
            await page.locator(layout.composer).filter(visible=True).first.press("Enter", timeout=3000)
        else:
            await button.first.click(timeout=3000)
    except PlaywrightTimeout:
        return False
    return True
