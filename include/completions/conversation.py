"""One fresh browser chat for one prompt: the steps every site shares, in order, each with its own deadline.

    context -> load -> ready -> submit -> answer -> evidence -> read

Whatever happens, the conversation ends in exactly one outcome, and what the page and the wire held at that moment is
kept. Only a dead browser is passed on (`BrowserDied`): the conversation is then held again in a new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from playwright.async_api import BrowserContext, Dialog, Page, Response
from playwright.async_api import Error as PlaywrightError

from completions.answer import Reading
from completions.browser import Browser
from completions.errors import STOP, Outcome, Wall
from completions.record import Artifacts
from completions.sites.base import Captured, Site
from completions.wire import Exchange, Tap

if TYPE_CHECKING:
    from completions.profile import Profile

LOOK_EVERY = 0.25
"""Seconds between two looks at the page while nothing comes over the wire."""
STILL = 2.0
"""Seconds without a change after which a text counts as whole where the wire tells nothing."""

_WALLS = STOP | {Outcome.UNAVAILABLE_HERE, Outcome.LAYOUT_CHANGED, Outcome.REFUSED}
"""What the page itself may say in place of a deadline that ran out."""


@dataclass
class Held:
    """What one conversation came to."""

    started_at: datetime
    outcome: Outcome = Outcome.NETWORK
    error_message: str | None = None
    warnings: list[str] = field(default_factory=list)
    first_token_at: datetime | None = None
    answered_at: datetime | None = None
    latency_ms: int | None = None
    bytes_received: int = 0
    device_used: str | None = None
    locale_used: str | None = None
    timezone_used: str | None = None
    reading: Reading | None = None
    artifacts: Artifacts = field(default_factory=Artifacts)


async def hold(site: Site, browser: Browser, profile: Profile, prompt: str, evidence: Collection[str] = ()) -> Held:
    """Ask `prompt` in a fresh context and return what came of it.

    Raises `BrowserDied` when the browser died or froze on the way.
    """
    held = Held(started_at=datetime.now(UTC), warnings=list(profile.warnings))
    try:
        async with browser.context(profile, site.deadlines.context) as context:
            await _Conversation(site, browser, context, held).run(prompt, evidence)
    except PlaywrightError as error:
        await browser.check()
        held.outcome, held.error_message = Outcome.NETWORK, f"the page was lost: {_sentence(error)}"
    except TimeoutError:
        await browser.check()
        held.outcome, held.error_message = Outcome.TIMEOUT, "the page gave no sign of life"
    return held


class _Conversation:
    """The state of one conversation while its steps run."""

    def __init__(self, site: Site, browser: Browser, context: BrowserContext, held: Held) -> None:
        self.site, self.browser, self.context, self.held = site, browser, context, held
        self.limits = site.deadlines
        self.tap = Tap(site.wire)
        self.response: Response | None = None
        self.sent_at = 0.0

    async def run(self, prompt: str, evidence: Collection[str]) -> None:
        """Run the steps; afterwards `held` has its outcome."""
        wall: Wall | None = None
        async with asyncio.timeout(self.limits.context):
            page = await self.context.new_page()
        page.on("dialog", self._dismiss)
        try:
            async with self._step("load the page", self.limits.load):
                await self._load(page)
            async with self._step("show its composer", self.limits.ready):
                await self.site.ready(page)
            async with self._step("take the prompt", self.limits.submit):
                await self._observe(page)
                await self.site.submit(page, prompt)
            self.sent_at = monotonic()
            async with self._step("finish its answer", self.limits.answer):
                await self._answer(page)
        except Wall as seen:
            wall = seen
            if wall.outcome is Outcome.TIMEOUT:
                await self.browser.check()  # a frozen browser looks like a slow site
        async with asyncio.timeout(self.limits.read):
            await self._read(page, wall, evidence)

    @asynccontextmanager
    async def _step(self, doing: str, seconds: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise Wall(Outcome.TIMEOUT, f"the site did not {doing} within {seconds:.0f} s") from error

    async def _load(self, page: Page) -> None:
        await self.tap.attach(page)
        try:
            self.response = await page.goto(
                self.site.url, wait_until="domcontentloaded", timeout=self.limits.load * 1000
            )
        except PlaywrightError as error:
            if "net::ERR_" not in str(error) and "Timeout" not in str(error):
                raise
            outcome = Outcome.TIMEOUT if "Timeout" in str(error) else Outcome.NETWORK
            raise Wall(outcome, f"the site could not be loaded: {_sentence(error)}") from error

    async def _observe(self, page: Page) -> None:
        """What the page itself sees of the profile: observed, not what was asked for."""
        seen = await page.evaluate("[navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone]")
        self.held.locale_used, self.held.timezone_used = seen

    async def _answer(self, page: Page) -> None:
        """Watch page and wire until the answer is whole, something stands in its way, or it stops coming."""
        seen, changed_at, first = -1, monotonic(), None
        while True:
            self.tap.stirred.clear()
            async with self._step("show how far it is", self.limits.look):
                progress = await self.site.look(page)
            _raise_for_status(self.tap.exchanges.values())
            now = monotonic()
            if (size := progress.length + self.tap.length) != seen:
                seen, changed_at = size, now
            if progress.length and first is None:
                first, self.held.first_token_at = now, datetime.now(UTC)
            still = now - changed_at
            if progress.state == "walled" or self._done(progress.state == "finished", still):
                return
            if first is None and now - self.sent_at > self.limits.first_token:
                raise Wall(Outcome.TIMEOUT, f"no word of an answer within {self.limits.first_token:.0f} s")
            if still > self.limits.between_tokens:
                raise Wall(Outcome.TIMEOUT, f"the answer stopped coming for {self.limits.between_tokens:.0f} s")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self.tap.stirred.wait()
                await asyncio.sleep(LOOK_EVERY / 5)  # let the page draw what came

    def _done(self, page_finished: bool, still: float) -> bool:
        if page_finished and self.tap.closed:
            return still >= LOOK_EVERY
        if page_finished and not self.tap.exchanges:
            return still >= STILL
        ended = page_finished or self.tap.closed is not None
        return ended and still >= self.limits.settle

    async def _read(self, page: Page, wall: Wall | None, evidence: Collection[str]) -> None:
        held, now = self.held, datetime.now(UTC)
        captured = await self._capture(page)
        reading = held.reading = await asyncio.to_thread(self.site.read, captured)
        held.warnings += reading.warnings
        held.outcome, held.error_message = _verdict(wall, reading)
        held.bytes_received = self.tap.bytes_received
        if held.outcome is Outcome.ANSWERED:
            held.answered_at, held.latency_ms = now, int((monotonic() - self.sent_at) * 1000)
        portions = reading.portions.model_dump()
        shots = await self._evidence(page, evidence)
        held.artifacts = Artifacts(
            page_html=captured.html, raw_stream=captured.stream, raw_stream_kind=self.tap.kind, **portions, **shots
        )

    async def _capture(self, page: Page) -> Captured:
        return Captured(
            html=await page.content(),
            stream=self.tap.stream,
            stream_closed=self.tap.closed,
            status=self.response.status if self.response else None,
            headers=await self.response.all_headers() if self.response else {},
            url=page.url,
        )

    async def _evidence(self, page: Page, wanted: Collection[str]) -> dict[str, Any]:
        shots: dict[str, Any] = {}
        if "screenshot" in wanted:
            shots["screenshot"] = await page.screenshot(timeout=self.limits.read * 1000)
        if "page" in wanted:
            session = await self.context.new_cdp_session(page)
            shots["page_copy"] = (await session.send("Page.captureSnapshot"))["data"].encode()
        return shots

    async def _dismiss(self, dialog: Dialog) -> None:
        """A visitor would click it away; an unanswered dialog freezes the page."""
        warning = f"the site opened a dialog: {dialog.message[:200]}"
        if warning not in self.held.warnings:
            self.held.warnings.append(warning)
        with suppress(PlaywrightError):
            await dialog.dismiss()


def _verdict(wall: Wall | None, reading: Reading) -> tuple[Outcome, str | None]:
    """A wall that was met stands, unless it is only a deadline and the page says better what was in the way."""
    if wall is None or (wall.outcome is Outcome.TIMEOUT and reading.outcome in _WALLS):
        return reading.outcome, reading.error_message
    return wall.outcome, wall.seen


def _raise_for_status(exchanges: Collection[Exchange]) -> None:
    """Raise `Wall` if the site's server refused the prompt."""
    for exchange in exchanges:
        status = exchange.status or 0
        if status == 429:
            raise Wall(Outcome.RATE_LIMITED, "the site answered the prompt with HTTP 429")
        if status in (401, 403):
            challenged = exchange.headers.get("cf-mitigated") == "challenge"
            outcome = Outcome.CHALLENGE if challenged else Outcome.BLOCKED
            raise Wall(outcome, f"the site answered the prompt with HTTP {status}")
        if status >= 500:
            raise Wall(Outcome.NETWORK, f"the site answered the prompt with HTTP {status}")


def _sentence(error: PlaywrightError) -> str:
    """The first line of what Playwright says, without its own prefix."""
    return error.message.strip().splitlines()[0].removeprefix("Page.goto: ")[:300]
