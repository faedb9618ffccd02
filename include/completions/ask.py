"""Ask the prompts of one shard: one browser, a few conversations at a time, every answer stored the moment it is there.

A shard that is asked again (its task was retried, its worker killed) asks only what has no stored record yet.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from completions import cache, progress
from completions.browser import Browser, BrowserDied
from completions.cancelling import is_cancelled
from completions.caps import capped
from completions.conversation import Clock, Held, hold, utc_now
from completions.errors import RETRY, Outcome, Unreachable
from completions.exits import Exit, Exits, way_out
from completions.manners import Manners, Paused
from completions.plan import Item, Plan
from completions.progress import Progress, Settled
from completions.record import Record, answer_id, answer_key
from completions.settings import Settings
from completions.sites import rehearsed, site
from completions.sites.base import Site
from completions.store import Store

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""Conversations that a prompt gets while its outcome is one worth asking again."""
DEATHS = 5
"""Browsers that may die under one prompt before it counts as the prompt's own failure."""

CANCEL_SECONDS = 2.0
"""How often a task whose conversations wait looks whether its batch was cancelled."""

Tell = Callable[[dict[str, Any]], Awaitable[None]]
"""Is told the shard's progress after each conversation: `{"shard", "of", "outcomes": {outcome: count}}`."""


async def ask_shard(
    store: Store,
    plan: Plan,
    number: int,
    settings: Settings,
    tell: Tell | None = None,
    exits: Exits | None = None,
    clock: Clock = utc_now,
) -> dict[str, int]:
    """Ask what shard `number` of the plan still owes; returns how many of its prompts had each outcome.

    `store` is the whole store; the batch lives in its origin's part. `exits` is the connection `completions_proxy`.
    `clock` is what the times of the answers are by.
    """
    # A slow store keeps a thread of each conversation, and asyncio's own are hardly more than there are cores.
    threads = ThreadPoolExecutor(2 * settings.conversations + 8, thread_name_prefix="ask")
    asyncio.get_running_loop().set_default_executor(threads)
    shard = _Shard(store.of(plan.config.origin), plan, number, settings, tell, exits, clock)
    await shard.resume()
    if shard.owed:
        try:
            async with Browser(settings.browser) as browser, asyncio.TaskGroup() as group:
                together = min(settings.conversations, len(shard.owed))
                workers = [group.create_task(shard.work(browser)) for _ in range(together)]
                watching = group.create_task(shard.watch(workers))
                await asyncio.wait(workers)
                watching.cancel()
        except* Exception as group_error:
            raise group_error.exceptions[0] from None
    return dict(shard.outcomes)


class _Shard:
    """One task's share of a batch, and how far it is."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        number: int,
        settings: Settings,
        tell: Tell | None,
        exits: Exits | None,
        clock: Clock,
    ) -> None:
        self.store, self.plan, self.number, self.tell, self.clock = store, plan, number, tell, clock
        self.exits = exits.serving(rehearse=plan.config.rehearse) if exits else None
        self.items = plan.shard(number)
        self.owed: list[Item] = []
        self.outcomes: Counter[str] = Counter()
        model, live = plan.config.model, plan.config.origin == "live"
        rehearsal = settings.rehearsal_url
        address = plan.address if live or not rehearsal else rehearsed(model, rehearsal)
        self.site: Site = site(model, address)
        self.echo = settings.echo(rehearse=plan.config.rehearse)
        polite = live or settings.rehearse_politely
        self.manners = Manners(store, model, polite=polite, starts=settings.starts_per_minute)
        self._telling = asyncio.Lock()
        self.settled: list[Settled] = []
        self._talking: dict[asyncio.Task[None] | None, Item] = {}
        """Workers whose prompt was asked, and is not stored yet, and what they ask."""

    async def resume(self) -> None:
        """Take stock: what is stored already is not asked again."""
        for item, record in zip(self.items, await asyncio.to_thread(self._stored), strict=True):
            if record is None:
                self.owed.append(item)
            else:
                self._settle(item, record)
        if self.outcomes:
            log.info("%d of %d prompts were asked before", len(self.items) - len(self.owed), len(self.items))
            await self._report()
        self.owed.reverse()  # workers take from the end

    def _stored(self) -> list[Record | None]:
        keys = [answer_key(self.plan.batch_id, item.index, item.sample) for item in self.items]
        return [Record.unpacked(body) if body else None for body in self.store.get_many(keys)]

    async def work(self, browser: Browser) -> None:
        """Ask one prompt after the other until none is owed, or the batch is cancelled."""
        while self.owed:
            if await self._cancelled():
                log.info("the batch is cancelled: %d prompts of this task are not asked", len(self.owed))
                self.owed.clear()
            if not self.owed:  # others took the last ones meanwhile
                return
            item = self.owed.pop()
            record = await self._ask(browser, item)
            await asyncio.to_thread(self._keep, item, record)
            await self._count(item, record)
            self._talking.pop(asyncio.current_task(), None)

    async def watch(self, workers: Sequence[asyncio.Task[None]]) -> None:
        """End the workers that wait for their site's seats, when the batch is cancelled meanwhile."""
        while not await self._cancelled():  # noqa: ASYNC110 - it is another process that cancels
            await asyncio.sleep(CANCEL_SECONDS)
        for worker in workers:
            if worker not in self._talking:
                worker.cancel()

    async def _cancelled(self) -> bool:
        return await asyncio.to_thread(is_cancelled, self.store, self.plan.batch_id, self.plan.generation)

    async def _ask(self, browser: Browser, item: Item) -> Record:
        held, attempts, deaths = None, 0, 0
        while attempts < ATTEMPTS and (held is None or held.outcome in RETRY):
            out = way_out(self.exits, self.plan.profile)
            async with self.manners.seat(out) as pause:
                self._talking[asyncio.current_task()] = item
                if pause:
                    return self._record(item, held or not_asked(pause), attempts)
                await self._note()
                try:
                    held = await self._hold(browser, item, out)
                except BrowserDied as death:
                    log.warning("prompt %d is asked again: %s", item.index, death)
                    held, deaths = Held(self.clock(), Outcome.NETWORK, str(death)), deaths + 1
                    if deaths <= DEATHS:
                        continue
                await self.manners.note(held.outcome, out)
            attempts += 1
        assert held
        return self._record(item, held, attempts)

    async def _hold(self, browser: Browser, item: Item, out: Exit | None) -> Held:
        """Hold one conversation; what nobody thought of costs this prompt and no other."""
        plan = self.plan
        try:
            prompt, evidence = self._prompt(item), plan.config.evidence
            return await hold(self.site, browser, plan.profile, prompt, evidence, out, self.echo, self.clock)
        except (BrowserDied, Unreachable):
            raise
        except Exception as fault:
            log.exception("prompt %d broke its conversation", item.index)
            what = f"the conversation broke with {type(fault).__name__}"
            return Held(self.clock(), Outcome.LAYOUT_CHANGED, what)

    def _prompt(self, item: Item) -> str:
        return self.plan.config.prompts[item.index]

    def _record(self, item: Item, held: Held, attempts: int) -> Record:
        plan, reading = self.plan, held.reading
        own = {name: value for name, value in vars(held).items() if name != "reading"}
        if plan.address:
            elsewhere = f"asked at {plan.address}, not at the site's own address"
            own["warnings"] = [elsewhere, *held.warnings]
            own["met"] = held.met and held.met.model_copy(update={"warnings": [elsewhere, *held.met.warnings]})
        return Record(
            answer_id=answer_id(plan.batch_id, item.index, item.sample),
            prompt=self._prompt(item),
            cache_key=item.cache_key,
            generation=plan.asked_in,
            attempts=attempts,
            requested_at=plan.planned_at,
            login_state="logged_out" if reading and reading.ui_variant else None,
            location_method=plan.profile.location_method,
            ui_variant=reading.ui_variant if reading else None,
            adapter_version=self.site.version,
            answer=reading.answer if reading and held.outcome is Outcome.ANSWERED else None,
            **own,
        )

    def _keep(self, item: Item, record: Record) -> None:
        """Store the record; only then is the prompt done."""
        record = capped(record)
        self.store.put(answer_key(self.plan.batch_id, item.index, item.sample), record.packed())
        with self._spared("kept for later batches"):
            cache.keep(self.store, record)

    async def _count(self, item: Item, record: Record) -> None:
        why = f" ({record.error_message})" if record.error_message else ""
        log.info("prompt %d: %s%s", item.index, record.outcome, why)
        self._settle(item, record, self.clock())
        await self._report()

    def _settle(self, item: Item, record: Record, at: datetime | None = None) -> None:
        self.outcomes[record.outcome] += self.plan.settles(item)
        self.settled.append(Settled.of(self.plan, item, record, at))

    async def _report(self) -> None:
        """Leave the shard's progress where the status finds it, and tell its counts to whoever watches."""
        noted = await self._note()
        if self.tell:
            with self._spared("told of"):
                await self.tell(noted.counts())

    async def _note(self) -> Progress:
        async with self._telling:
            owed = sum(map(self.plan.settles, self.items))
            asking = [(item.index, item.sample) for item in self._talking.values()]
            now = Progress(
                shard=self.number, of=owed, outcomes=dict(self.outcomes), settled=list(self.settled), asking=asking
            )
            with self._spared("counted"):
                await asyncio.to_thread(progress.keep, self.store, self.plan.batch_id, now)
        return now

    @contextmanager
    def _spared(self, what: str) -> Iterator[None]:
        """The record is safe: what is only done beside it must not end the conversations that are under way."""
        try:
            yield
        except Exception:
            log.warning("an answer is stored, but could not be %s", what, exc_info=True)


def not_asked(pause: Paused) -> Held:
    """What becomes of a prompt while its site is left alone."""
    until = f"{pause.until:%H:%M} UTC"
    return Held(datetime.now(UTC), pause.outcome, f"not asked: the site is left alone until {until}")
