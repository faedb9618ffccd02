"""A store as it is after weeks of use, made in a second: checks of every site, batches done and under way, failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID, uuid5

from batches import record
from completions.batch import BatchConfig, Model
from completions.breaker import open_breaker
from completions.collect import collect
from completions.errors import Outcome
from completions.health import Health, evidence_key, keep
from completions.plan import Item, Plan, make_plan, submit
from completions.profile import Profile
from completions.progress import Progress, Settled, load
from completions.progress import keep as keep_progress
from completions.record import Artifacts, Record, answer_key
from completions.store import Origin, Store

PROMPTS = (
    "Where can I buy a vintage guitar in Nashville?",
    "ما هو أفضل متجر للغيتارات؟",
    "どこでギターを買えますか?",
    "Which of these is longer? " + "Pneumonoultramicroscopicsilicovolcanoconiosis" * 4,
)
ENDINGS = (Outcome.CHALLENGE, Outcome.TIMEOUT, Outcome.REFUSED, Outcome.LAYOUT_CHANGED, Outcome.NETWORK)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
"""One grey dot."""
_NAMES = UUID("5a0f6c0e-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Prepared:
    """Ids of the batches in it."""

    done: str
    going: str


def prepare(store: Store, origin: Origin = "live", prompts: int = 40, now: datetime | None = None) -> Prepared:
    """Fill this origin's part of `store` with checks, and two batches of so many prompts."""
    now = now or datetime.now(UTC)
    for site in get_args(Model):
        check(store.of(origin), site, origin, now)
    open_breaker(store.of(origin), "gemini", Outcome.CHALLENGE, "exit-1-DE")
    return two_batches(store, origin, prompts, now)


def two_batches(
    store: Store, origin: Origin, prompts: int, now: datetime | None = None, run_id: str = "manual__1"
) -> Prepared:
    """One that is done, and one that is half-way, of the run given."""
    now = now or datetime.now(UTC)
    done = _asked(store, origin, "perplexity", prompts, now - timedelta(hours=3), prompts)
    collect(store, done.batch_id, now - timedelta(hours=2))
    going = _asked(store, origin, "chatgpt", prompts, now - timedelta(minutes=2), prompts // 2, run_id)
    return Prepared(done.batch_id, going.batch_id)


def take_away(store: Store, origin: Origin, made: Prepared) -> None:
    """Take the two batches out of the store."""
    part = store.of(origin)
    for batch_id in (made.done, made.going):
        folders = part.keys(f"batches/{batch_id}") | part.keys("listed") | part.keys("datasets")
        part.delete(key for key in folders if batch_id in key)


def end(part: Store, plan: Plan, item: Item) -> None:
    """Have a prompt of a batch under way end now."""
    shard = next(number for number in range(len(plan.shards)) if item in plan.shard(number))
    before = load(part, plan)[shard]
    settled = [*(before.settled if before else ()), Settled.of(plan, item, _record(plan, item), datetime.now(UTC))]
    outcomes = Counter(str(one.outcome) for one in settled)
    progress = Progress(shard=shard, of=len(plan.shard(shard)), outcomes=outcomes, settled=settled)
    keep_progress(part, plan.batch_id, progress)


def check(part: Store, site: Model, origin: Origin, now: datetime) -> None:
    """Two weeks of checks, twice a day: most passed, one met a wall, the last of one site found it changed."""
    for number in range(28):
        at = now - timedelta(hours=12 * (27 - number) + 1)
        changed, wall = site == "copilot" and number == 27, number == 9
        failed = ["selector composer (react)", "field citations"] if changed else []
        keep(
            part,
            Health(
                site=site,
                origin=origin,
                checked_at=at,
                healthy=False if changed else None if wall else True,
                outcome=Outcome.LAYOUT_CHANGED if changed else Outcome.CHALLENGE if wall else Outcome.ANSWERED,
                failed=failed,
                error_message="the site asked for proof of being human" if wall else None,
                tries=2 if changed else 1,
                adapter_version="1",
                ui_variant="react",
                latency_ms=None if changed or wall else 6000 + 977 * number % 5000,
                evidence=part.uri_of(evidence_key(site, at)) if changed else None,
            ),
        )
        if changed:
            part.put(evidence_key(site, at, "screenshot.png"), PNG)


def _asked(
    store: Store, origin: Origin, model: Model, prompts: int, now: datetime, asked: int, run_id: str = "manual__1"
) -> Plan:
    """A batch of which so many prompts are asked, every seventh of them in vain."""
    words = [f"{PROMPTS[number % len(PROMPTS)]} ({number + 1})" for number in range(prompts)]
    batch_id = str(uuid5(_NAMES, f"{origin} {model} {now}"))
    config = BatchConfig(
        prompts=words,
        model=model,
        rehearse=origin == "rehearsal",
        country="DE",
        client_ref=f"guitars {model}",
        expiration=0,
    )
    submit(store, batch_id, config, now)
    plan = make_plan(store, config, Profile(seed=1, country="DE"), batch_id=batch_id, run_id=run_id, now=now)
    left = asked
    for shard in range(len(plan.shards)):
        items = plan.shard(shard)[:left]
        left -= len(items)
        if items:
            _keep(store.of(origin), plan, shard, [(item, _record(plan, item)) for item in items])
    return plan


def _record(plan: Plan, item: Item) -> Record:
    answered = item.index % 7 != 3
    at = plan.planned_at + timedelta(seconds=2 * item.index)
    return record(
        plan,
        item,
        Outcome.ANSWERED if answered else ENDINGS[item.index % len(ENDINGS)],
        started_at=at,
        answered_at=at + timedelta(seconds=8) if answered else None,
        latency_ms=6500 + 311 * item.index % 4000 if answered else None,
        location_method="proxy",
        egress_country="FR" if item.index % 11 == 5 else "DE",
        egress_source="trace",
        location_match="mismatch" if item.index % 11 == 5 else "country",
        artifacts=Artifacts(page_html=f"<p>{plan.config.prompts[item.index]}</p>", screenshot=PNG),
    )


def _keep(part: Store, plan: Plan, shard: int, made: Sequence[tuple[Item, Record]]) -> None:
    for item, one in made:
        part.put(answer_key(plan.batch_id, item.index, item.sample), one.packed())
    outcomes = {one.outcome: sum(other.outcome is one.outcome for _, other in made) for _, one in made}
    settled = [Settled.of(plan, item, one, one.answered_at or one.started_at) for item, one in made]
    of = len(plan.shard(shard))
    keep_progress(part, plan.batch_id, Progress(shard=shard, of=of, outcomes=outcomes, settled=settled))
