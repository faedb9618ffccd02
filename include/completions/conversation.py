"""One fresh browser chat for one prompt: the steps every site shares, in order, each with its own deadline.

    context -> load -> ready -> submit -> answer -> unfold -> evidence -> read

Whatever happens, the conversation ends in exactly one outcome, and what the page and the wire held at that moment is
kept. Only a dead browser is passed on (`BrowserDied`): the conversation is then held again in a new one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from playwright.async_api import Dialog, Page, Response
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from completions.answer import Reading
from completions.arrival import load, locate, sentence
from completions.browser import Browser, BrowserDied
from completions.errors import RETRY, STOP, Outcome, Unreachable, Wall
from completions.record import Artifacts, Met
from completions.sites.base import Captured, Site
from completions.sites.scene import with_opened
from completions.whereabouts import Match, Source, Whereabouts, of_reading
from completions.wire import Exchange, Tap

if TYPE_CHECKING:
    from completions.exits import Exit
    from completions.profile import Profile

log = logging.getLogger(__name__)

LOOK_EVERY = 0.25
"""Seconds between two looks at the page while nothing comes over the wire."""
ARRIVAL = 3.0
"""Seconds in which a page that is changing must have come where it goes, to be kept as it is."""
STILL = 2.0
"""Seconds without a change after which a text counts as whole where the wire tells nothing."""

_VAGUE = RETRY | {Outcome.LAYOUT_CHANGED}
"""Walls that say only that the site did not get on ..."""
_TELLING = STOP | {Outcome.UNAVAILABLE_HERE, Outcome.REFUSED}
"""... and what the page itself may say of why."""
_LOST = {Outcome.TIMEOUT, Outcome.LAYOUT_CHANGED}
"""What it looks like when the browser shows a page of its own in place of one that did not come."""
_BROKE = "the connection broke off: the site's page went, and none came in its place"
_TELLING_BESIDE = {Outcome.TIMEOUT: _TELLING | {Outcome.LAYOUT_CHANGED}, Outcome.WRONG_PLACE: STOP}
"""... more or less of it beside some of these walls."""
_TELLING_HEADERS = frozenset({"cf-mitigated"})
"""Headers of the page by which adapters know a wall."""
_REFUSALS = {
    401: Outcome.LOGIN_WALL,
    403: Outcome.BLOCKED,
    429: Outcome.RATE_LIMITED,
    451: Outcome.UNAVAILABLE_HERE,
}
"""What it means when the site's server answers the prompt with this status."""

T = TypeVar("T")
Clock = Callable[[], datetime]
"""Tells the time, with its zone."""


def utc_now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


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
    egress_country: str | None = None
    egress_subdivision: str | None = None
    egress_city: str | None = None
    egress_source: Source | None = None
    site_location: str | None = None
    location_match: Match | None = None
    reading: Reading | None = None
    met: Met | None = None
    artifacts: Artifacts = field(default_factory=Artifacts)


async def hold(
    site: Site,
    browser: Browser,
    profile: Profile,
    prompt: str,
    evidence: Collection[str] = (),
    out: Exit | None = None,
    echo: str | None = None,
    clock: Clock = utc_now,
) -> Held:
    """Ask `prompt` in a fresh context, through `out` if there is one, and return what came of it.

    `echo` is the address of a page that tells where the conversation seems to come from, looked at first; `clock` is
    what its times are by.

    Raises `BrowserDied` when the browser died or froze on the way.
    """
    if site.address(profile.display_locale) == site.url:
        profile = profile.interface_first()
    held = Held(clock(), warnings=list(profile.warnings), device_used=profile.device)
    async with browser.page(profile, site.deadlines.context, out) as page:
        await _Conversation(site, browser, page, held, Whereabouts(profile), echo, clock).run(prompt, evidence)
    return held


class _Conversation:
    """The state of one conversation while its steps run."""

    def __init__(
        self,
        site: Site,
        browser: Browser,
        page: Page,
        held: Held,
        place: Whereabouts,
        echo: str | None,
        clock: Clock,
    ) -> None:
        self.site, self.browser, self.page, self.held = site, browser, page, held
        self.place, self.echo, self.clock = place, echo, clock
        self.limits = site.deadlines
        self.tap = Tap(site.wire)
        self.response: Response | None = None
        self.sent_at = 0.0
        self.answered_at: tuple[datetime, float] | None = None
        self.opened: dict[str, list[str]] = {}

    async def run(self, prompt: str, evidence: Collection[str]) -> None:
        """Run the steps; afterwards `held` has its outcome."""
        self.page.on("dialog", self._dismiss)
        wall: Wall | None = None
        try:
            async with self._step("load the page", self.limits.load):
                await self._load()
            await locate(self.page, self.place, trace=self.site.trace, echo=self.echo, patience=self.limits.place)
            async with self._step("show its composer", self.limits.ready):
                await self.site.ready(self.page)
            async with self._step("take the prompt", self.limits.submit):
                await self._observe()
                await self.site.submit(self.page, prompt)
            self.sent_at = monotonic()
            async with self._step("finish its answer", self.limits.answer):
                finished = await self._answer()
            if finished:
                await self._unfold()
        except Wall as seen:
            broke = seen.outcome in _LOST and self.page.url.startswith("chrome-error:")
            wall = Wall(Outcome.NETWORK, _BROKE) if broke else seen
        except PlaywrightError as error:
            wall = Wall(Outcome.NETWORK, f"the page was lost: {sentence(error)}")
        except (BrowserDied, Unreachable):
            raise
        except Exception as fault:  # what nobody thought of is kept like any page that the adapter does not know
            log.exception("the adapter of %s broke", self.site.name)
            wall = Wall(Outcome.LAYOUT_CHANGED, f"the conversation broke with {type(fault).__name__}")
        if wall and wall.outcome in RETRY:
            await self.browser.check(self.page)  # a dead or frozen browser looks like a slow site
        await self._read(wall, evidence)

    @asynccontextmanager
    async def _step(self, doing: str, seconds: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                yield
        except (TimeoutError, PlaywrightTimeout) as error:
            raise Wall(Outcome.TIMEOUT, f"the site did not {doing} within {seconds:.0f} s") from error

    async def _load(self) -> None:
        await self.tap.attach(self.page)
        through_exit = self.place.profile.location_method == "proxy"
        start = self.site.address(self.place.profile.display_locale)
        self.response = await load(self.page, start, through_exit=through_exit)
        if self.response and self.response.status >= 500:
            raise Wall(Outcome.NETWORK, f"the site answered with HTTP {self.response.status}")

    async def _observe(self) -> None:
        """What the page itself sees of the profile: observed, not what was asked for."""
        seen = await self.page.evaluate("[navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone]")
        self.held.locale_used, self.held.timezone_used = (str(each)[:100] for each in seen)

    async def _answer(self) -> bool:
        """Watch page and wire until the answer is whole (True), something stands in its way, or it stops coming."""
        seen, changed_at, first = -1, monotonic(), None
        while True:
            self.tap.stirred.clear()
            async with self._step("show how far it is", self.limits.look):
                progress = await self.site.look(self.page)
            _raise_for_status(self.tap.exchanges.values())
            now = monotonic()
            if (size := progress.length + self.tap.length) != seen:
                seen, changed_at = size, now
            if progress.length and first is None:
                first, self.held.first_token_at = now, self.clock()
            still = now - changed_at
            finished = progress.state == "finished"
            if progress.state == "walled":
                await self._catch_up()
                return False
            if self._done(finished, still):
                return finished
            if first is None and now - self.sent_at > self.limits.first_token:
                raise Wall(Outcome.TIMEOUT, f"no word of an answer within {self.limits.first_token:.0f} s")
            if still > self.limits.between_tokens:
                raise Wall(Outcome.TIMEOUT, f"the answer stopped coming for {self.limits.between_tokens:.0f} s")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self.tap.stirred.wait()
                await asyncio.sleep(LOOK_EVERY / 5)  # let the page draw what came

    async def _catch_up(self) -> None:
        """The page may show a failure before what the wire says of it is here."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVAL):
                await self.tap.caught_up()

    def _done(self, page_finished: bool, still: float) -> bool:
        if page_finished and self.tap.closed:
            return still >= self.limits.still
        if page_finished and not self.tap.exchanges:
            return still >= max(STILL, self.limits.still)
        ended = page_finished or self.tap.closed is not None
        return ended and still >= self.limits.settle

    async def _unfold(self) -> None:
        """Open what the finished page hides; an answer stands without it, and says so."""
        self.answered_at = self.clock(), monotonic()
        try:
            async with asyncio.timeout(self.limits.unfold):
                self.opened = await self.site.unfold(self.page)
        except (PlaywrightError, TimeoutError) as error:
            seen = (
                sentence(error) if isinstance(error, PlaywrightError) else f"{self.limits.unfold:.0f} s were too short"
            )
            self.held.warnings.append(f"not everything that the page hides could be opened: {seen}")

    async def _read(self, wall: Wall | None, evidence: Collection[str]) -> None:
        """Keep what page and wire hold now, and read it."""
        held, page = self.held, self.page
        now, ended = self.answered_at or (self.clock(), monotonic())
        html = await self._saved("HTML", _content(page)) if self.response else None
        if html is None:
            await self.browser.check(self.page)
            wall, evidence = wall or Wall(Outcome.NETWORK, "the page was lost before it was read"), ()
        shots = {kind: await self._saved(kind, _EVIDENCE[kind](page)) for kind in evidence}
        html = html and with_opened(html, self.opened)
        captured = Captured(
            html=html,
            stream=self.tap.stream,
            status=self.response.status if self.response else None,
            headers=self.response.headers if self.response else {},
            url=page.url,
        )
        reading = held.reading = await asyncio.to_thread(self.site.read, captured)
        self.place.add(of_reading(reading))
        if (wrong := self.place.wrong) and (wall is None or wall.outcome not in STOP):
            wall = Wall(Outcome.WRONG_PLACE, wrong)  # what was said, was said to somebody from elsewhere
        vars(held).update(self.place.columns(reading))
        held.outcome, held.error_message = verdict(wall, reading, loaded=self.response is not None)
        stream, kind = captured.stream, self.tap.kind
        if held.outcome is Outcome.LAYOUT_CHANGED:  # kept is what the adapter can be mended by
            stream, kind = (stream, kind) if self.tap.exchanges else self.tap.astray
            if html is not None and "screenshot" not in shots:
                shots["screenshot"] = await self._saved("screenshot", _screenshot(page))
        held.met = _met(captured, wall, held)
        held.warnings = [*held.warnings, *reading.warnings]
        held.bytes_received = self.tap.bytes_received
        if held.outcome is Outcome.ANSWERED:
            held.answered_at, held.latency_ms = now, int((ended - self.sent_at) * 1000)
        held.artifacts = Artifacts(
            page_html=html,
            raw_stream=stream,
            raw_stream_kind=kind,
            screenshot=shots.get("screenshot"),
            page_copy=shots.get("page"),
            **reading.portions.model_dump(),
        )

    async def _saved(self, what: str, saving: Awaitable[T]) -> T | None:
        """What `saving` gives of the page; None when the page is lost or hangs."""
        try:
            async with asyncio.timeout(self.limits.read):
                return await saving
        except (PlaywrightError, TimeoutError):
            self.held.warnings.append(f"{what} could not be kept: the page is lost or hangs")
            return None

    async def _dismiss(self, dialog: Dialog) -> None:
        """A visitor would click it away; an unanswered dialog freezes the page."""
        warning = f"the site opened a dialog: {dialog.message[:200]}"
        if warning not in self.held.warnings:
            self.held.warnings.append(warning)
        with suppress(PlaywrightError):
            await dialog.dismiss()


def verdict(wall: Wall | None, reading: Reading, *, loaded: bool) -> tuple[Outcome, str | None]:
    """A wall that was met stands, unless it is vague and the page says more.

    An answer to somebody from elsewhere is none, and one stands only if the wire told its end too: the page alone is
    half a proof. So it is of there being none.
    """
    if wall is None and reading.outcome is Outcome.ANSWERED and not reading.stream_finished:
        return Outcome.LAYOUT_CHANGED, "the page shows an answer, but its stream came by no way that the adapter knows"
    if wall is None and reading.outcome is Outcome.NO_ANSWER and not reading.stream_finished:
        return Outcome.NETWORK, "the page ended its turn without a word, and nothing that it was sent came to an end"
    telling = _TELLING_BESIDE.get(wall.outcome, _TELLING) if wall else _TELLING
    if wall is None or (loaded and wall.outcome in _VAGUE and reading.outcome in telling):
        return reading.outcome, reading.error_message
    return wall.outcome, wall.seen


def _met(captured: Captured, wall: Wall | None, held: Held) -> Met:
    """What a later reading of the same bytes must know, as only the live page showed it."""
    return Met(
        status=captured.status,
        headers={name: value for name, value in captured.headers.items() if name in _TELLING_HEADERS},
        url=captured.url,
        wall=wall.outcome if wall else None,
        seen=wall.seen if wall else None,
        warnings=held.warnings,
        outcome=held.outcome,
    )


def _raise_for_status(exchanges: Collection[Exchange]) -> None:
    """Raise `Wall` if the site's server refused the prompt."""
    for exchange in exchanges:
        status = exchange.status or 0
        outcome = Outcome.NETWORK if status >= 500 else _REFUSALS.get(status)
        if exchange.headers.get("cf-mitigated") == "challenge":
            outcome = Outcome.CHALLENGE
        if outcome:
            raise Wall(outcome, f"the site answered the prompt with HTTP {status}")


async def _content(page: Page) -> str:
    """The page's HTML, once a page on its way to another has come there; one that does not arrive is stopped."""
    try:
        async with asyncio.timeout(ARRIVAL):
            html = await _arrived(page)
    except TimeoutError:
        session = await page.context.new_cdp_session(page)
        await session.send("Page.stopLoading")
        html = await page.content()
    return html.encode("utf-8", "replace").decode()  # a page's script may leave half a character, which no file holds


async def _arrived(page: Page) -> str:
    while True:
        with suppress(PlaywrightError):  # on its way, it has no content or an empty one
            if html := await page.content():
                return html
        await asyncio.sleep(LOOK_EVERY)


async def _screenshot(page: Page) -> bytes:
    return await page.screenshot(timeout=0)


async def _copy(page: Page) -> bytes:
    session = await page.context.new_cdp_session(page)
    copy: str = (await session.send("Page.captureSnapshot"))["data"]
    return copy.encode()


_EVIDENCE: dict[str, Callable[[Page], Awaitable[bytes]]] = {"screenshot": _screenshot, "page": _copy}
