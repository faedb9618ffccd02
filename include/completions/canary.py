"""One prompt that every site can answer with sources, asked to see whether the site's adapter still reads it.

A conversation speaks for or against the adapter, or not at all: walls, refusals of the network and exits that are not
where they should be say nothing of it. One failure proves nothing either, as sites try out front ends on a part of
their visitors: a site counts as changed when two conversations say so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from completions.answer import Answer
from completions.ask import not_asked
from completions.browser import Browser, BrowserDied
from completions.conversation import Held, hold
from completions.errors import OBSERVED, RETRY, Outcome
from completions.exits import Exit, Exits, way_out
from completions.health import Health, evidence_key, keep
from completions.manners import Manners
from completions.markup import found, parsed
from completions.record import Artifacts
from completions.request import accept
from completions.settings import Settings
from completions.sites import rehearsed, site
from completions.sites.chat import Chat
from completions.sites.layout import Layout
from completions.store import Origin, Store

CANARY = "Which museum in Vienna has the best reviews this year? Search the web and cite your sources."
FAILURES = 2
"""Conversations that must find the adapter broken before the site counts as changed ..."""
TRIES = 3
"""... of at most so many."""
PARTS = ("marks", "user", "assistant", "body", "finished", "composer")
"""Of a `Layout`, what every page with a finished answer shows."""
EXPECTED = ("answer_text", "answer_markdown", "citations")
"""Columns that the canary's answer must fill, where the site shows them."""
_WORDS = ("answer_text", "answer_markdown")


class Check:
    """The check of one site, and how far it is."""

    def __init__(
        self, store: Store, name: str, settings: Settings, browser: Browser, exits: Exits | None, *, rehearse: bool
    ) -> None:
        asked = {"prompts": [CANARY], "model": name, "rehearse": rehearse, "expiration": 0}
        _, self.profile = accept(asked, settings, exits=exits)
        self.exits = exits.serving(rehearse=rehearse) if exits else None
        self.origin: Origin = "rehearsal" if rehearse else "live"
        self.part, self.browser = store.of(self.origin), browser
        rehearsal = settings.rehearsal_url if rehearse else None
        chat = site(name, rehearsed(name, rehearsal) if rehearsal else settings.site_url(name))
        assert isinstance(chat, Chat)
        self.chat = chat
        self.echo = settings.echo(rehearse=rehearse)
        polite = not rehearse or settings.rehearse_politely
        self.manners = Manners(self.part, name, polite=polite, starts=settings.starts_per_minute)
        self.at, self.tries = datetime.now(UTC), 0

    async def run(self) -> Health:
        """Ask until it is clear how the site stands, or that it cannot be told; keep what was found."""
        failures: list[tuple[Held, list[str]]] = []
        for _ in range(TRIES):
            held = await self._ask()
            failed = judge(self.chat, held)
            if failed:
                failures.append((held, failed))
            if failed == [] or len(failures) == FAILURES or (failed is None and held.outcome not in RETRY):
                break
        healthy = True if failed == [] else False if len(failures) == FAILURES else None
        if healthy or not failures:
            return await asyncio.to_thread(self._keep, healthy, held, [])
        return await asyncio.to_thread(self._keep, healthy, *failures[-1])

    async def _ask(self) -> Held:
        out = way_out(self.exits, self.profile)
        async with self.manners.seat(out) as pause:
            if pause:
                return not_asked(pause)
            self.tries += 1
            held = await self._hold(out)
            await self.manners.note(held.outcome, out)
            return held

    async def _hold(self, out: Exit | None) -> Held:
        try:
            return await hold(self.chat, self.browser, self.profile, CANARY, ["screenshot"], out, self.echo)
        except BrowserDied as death:
            return Held(datetime.now(UTC), Outcome.NETWORK, str(death))

    def _keep(self, healthy: bool | None, held: Held, failed: list[str]) -> Health:
        reading = held.reading
        answer = reading.answer if reading and held.outcome is Outcome.ANSWERED else None
        declared = _declared(self.chat, _layout(self.chat, held)) if answer else []
        filled = [name for name in declared if getattr(answer, name) not in (None, [])]
        health = Health(
            site=self.chat.name,
            origin=self.origin,
            checked_at=self.at,
            healthy=healthy,
            outcome=held.outcome,
            failed=failed,
            error_message=held.error_message,
            tries=self.tries,
            adapter_version=self.chat.version,
            ui_variant=reading.ui_variant if reading else None,
            latency_ms=held.latency_ms,
            fields_filled=filled,
            fields_empty=[name for name in declared if name not in filled],
            evidence=self._keep_evidence(held.artifacts) if failed else None,
        )
        keep(self.part, health)
        return health

    def _keep_evidence(self, kept: Artifacts) -> str:
        """Leave what the adapter can be mended by; returns where."""
        page = kept.page_html.encode() if kept.page_html is not None else None
        for name, content in {"page.html": page, "stream": kept.raw_stream, "screenshot.png": kept.screenshot}.items():
            if content is not None:
                self.part.put(evidence_key(self.chat.name, self.at, name), content)
        return self.part.uri_of(evidence_key(self.chat.name, self.at))


async def check_sites(
    store: Store, names: Iterable[str], settings: Settings, *, rehearse: bool, exits: Exits | None = None
) -> list[Health]:
    """Check these sites side by side in one browser; what is found is in the store."""
    async with Browser(settings.browser) as browser:
        checks = (Check(store, name, settings, browser, exits, rehearse=rehearse) for name in names)
        return await asyncio.gather(*(check.run() for check in checks))


def judge(chat: Chat, held: Held) -> list[str] | None:
    """What of the adapter no longer fits: nothing, or what; None where the conversation does not tell."""
    reading, page = held.reading, held.artifacts.page_html
    layout = _layout(chat, held)
    lost = list(_lost_selectors(layout, page)) if layout and page else []
    if held.outcome is Outcome.LAYOUT_CHANGED:
        return [f"layout_changed: {held.error_message}", *lost]
    if reading and reading.answer and held.outcome is Outcome.ANSWERED:
        return [*lost, *_lost_fields(chat, layout, reading.answer)]
    if held.outcome in OBSERVED:  # a harmless question: who reads no answer to it has lost sight of it
        return [f"field answer_text ({held.outcome}: {held.error_message})", *lost]
    if held.outcome in RETRY and page and reading and reading.stream_finished and not reading.page_finished:
        return lost or [f"selector finished or busy (the stream told a whole answer, the page: {held.error_message})"]
    return None


def _layout(chat: Chat, held: Held) -> Layout | None:
    variant = held.reading.ui_variant if held.reading else None
    return next((layout for layout in chat.looks.layouts if layout.name == variant), None)


def _lost_selectors(layout: Layout, page: str) -> Iterator[str]:
    """The parts that every finished page shows and this one does not."""
    root = parsed(page)
    for part in PARTS:
        selector = getattr(layout, part)
        if selector and (root is None or not found(root, selector)):
            yield f"selector {part} ({layout.name})"


def _lost_fields(chat: Chat, layout: Layout | None, answer: Answer) -> Iterator[str]:
    """What the canary must fill and did not. A site that says that it did not search the web has nothing to cite."""
    excused = {"citations"} if answer.web_search_triggered is False else set()
    for name in EXPECTED:
        expected = name in _WORDS or (name in _declared(chat, layout) and name not in excused)
        if expected and not getattr(answer, name):
            yield f"field {name}"


def _declared(chat: Chat, layout: Layout | None) -> list[str]:
    """Columns that the adapter declares for this front end; `page of server, wire of react` names two that show it."""
    fitting = {"", layout.name if layout else ""}
    return [
        name
        for name, where in chat.shows.items()
        if any(way.partition(" of ")[2].strip() in fitting for way in where.split(","))
    ]
