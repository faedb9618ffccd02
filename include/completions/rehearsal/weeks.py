"""An audit over some weeks that are rehearsed in one go, while the stand-ins change on purpose.

    week 1, 2  all as ever
    week 3     ChatGPT does not name Gibson any more
    week 4     Perplexity cites reverb.com besides
    week 5     Copilot blocks everybody, for this week alone
    week 6     Gemini's model is another

Each week's rows carry that week's time: nothing here asks the clock of the machine for it. What is there already, as
after an interruption, is not made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from completions.ask import ask_shard
from completions.audit_finished import conclude
from completions.audit_runs import AuditRun, begun, due_at, keep, load_run, run_name, run_names
from completions.audits import Audit, Budget, Person
from completions.batch import BatchConfig
from completions.brands import Brand
from completions.collect import collect
from completions.conversation import Clock
from completions.manifest import load_manifest
from completions.plan import Plan, make_plan, seed_of, submit
from completions.record import answer_key
from completions.rehearsal.changes import STEADY, Change
from completions.rehearsal.server import Rehearsal
from completions.rehearsal.spoken import spoken
from completions.request import accept
from completions.settings import Settings
from completions.store import Store

DROPPED, GAINED, BLOCKED, SWITCHED = "Gibson", "reverb.com", "banned", "4.0 Flash"


@dataclass(frozen=True)
class Turn:
    """From which week on what is different at a site, and whether it stays so."""

    week: int
    site: str
    change: Change
    stays: bool = True


Story = tuple[Turn, ...]
STORY: Story = (
    Turn(3, "chatgpt", Change(without=(DROPPED,))),
    Turn(4, "perplexity", Change(citing=(f"https://{GAINED}/marketplace",))),
    Turn(5, "copilot", Change(fault=BLOCKED), stays=False),
    Turn(6, "gemini", Change(model=SWITCHED)),
)

Tell = Callable[[str], None]
Ask = Callable[[Store, Plan, "Week"], None]
"""Has a planned batch asked."""

SUBJECTS = ("vintage guitar", "first guitar", "bass for small hands", "amplifier for a flat", "guitar for jazz")
QUESTIONS = (
    "Which {} should I buy?",
    "Who makes the best {}?",
    "What does a good {} cost?",
    "Where is a {} made well?",
)


@dataclass(frozen=True)
class Week:
    """One week of it."""

    number: int
    """From 1."""
    due: datetime
    samples: int
    story: Story = STORY
    fresh: bool = False
    """Whether every asking gets another answer; else samples differ, and weeks do not."""

    def change(self, site: str) -> Change:
        """What is different at a site."""
        then = [turn.change for turn in self.story if turn.site == site and self._holds(turn)]
        return replace(then[-1] if then else STEADY, voices=1_000_003 if self.fresh else self.samples)

    def _holds(self, turn: Turn) -> bool:
        return self.number >= turn.week if turn.stays else self.number == turn.week


def audit_of(prompts: int = 20, samples: int = 3, profiles: int = 2, name: str = "six-weeks") -> Audit:
    """The audit: so many prompts, asked of all four sites as so many people."""
    asked = [question.format(subject) for subject in SUBJECTS for question in QUESTIONS]
    people = [Person(language="English"), Person(language="German", device="iPhone 15")]
    chats = prompts * samples * profiles * 4
    return Audit(
        name=name,
        schedule="0 6 * * 1",
        timezone="Europe/Berlin",
        prompts=asked[:prompts],
        models=["chatgpt", "gemini", "perplexity", "copilot"],
        profiles=people[:profiles],
        samples=samples,
        brands=[
            Brand(name="Fender", domains=("fender.com",), own=True),
            Brand(name="Gibson", domains=("gibson.com",)),
            Brand(name="Yamaha", domains=("yamaha.com",)),
            Brand(name="Ibanez"),
            Brand(name="Epiphone"),
        ],
        budget=Budget(chats_per_run=chats),
        rehearse=True,
    )


def weeks(audit: Audit, after: datetime, count: int = 6, *, story: Story = STORY, fresh: bool = False) -> list[Week]:
    """The first `count` weeks in which the audit is due after a moment."""
    return [
        Week(number, due, audit.samples, story, fresh) for number, due in enumerate(audit.next_runs(after, count), 1)
    ]


def began(store: Store, audit: Audit) -> datetime | None:
    """A moment just before its first week, if it was begun before."""
    names = run_names(store.of("rehearsal"), audit.name)
    return due_at(names[0]) - timedelta(seconds=1) if names else None


def rehearse(store: Store, audit: Audit, week: Week, ask: Ask, tell: Tell = print) -> AuditRun:
    """One run of the audit, in its week: planned, asked, collected, and finished with marts and report."""
    part, run = store.of("rehearsal"), run_name(week.due)
    standing = load_run(part, audit.name, run)
    if standing and standing.ended_at and standing.summary is not None:
        return standing
    batches = list(audit.batches(run))
    before = max((one for one in run_names(part, audit.name) if one < run), default=None)
    record = begun(audit, week.due, batches, week.due, before)
    keep(part, record)
    for batch_id, config in batches:
        _batch(store, batch_id, config.model_copy(update={"prompts_per_task": 200}), week, ask)  # in one browser
        tell(f"week {week.number}, {config.model}: batch {batch_id}")
    return conclude(store, record, week.due + timedelta(hours=1))


def in_browser(rehearsal: Rehearsal, settings: Settings) -> Ask:
    """Asks through a real browser."""

    def ask(store: Store, plan: Plan, week: Week) -> None:
        rehearsal.reset()
        rehearsal.change(plan.config.model, week.change(plan.config.model))
        for number in range(len(plan.shards)):
            asyncio.run(ask_shard(store, plan, number, settings, clock=_since(week.due)))

    return ask


def by_heart(store: Store, plan: Plan, week: Week) -> None:
    """Brings home without a browser what the stand-ins would say."""
    part, change = store.of("rehearsal"), week.change(plan.config.model)
    for item in plan.items:
        n = 1 + item.sample
        if week.fresh:
            n += week.samples * (week.number + 100 * (plan.config.device is not None))
        record = spoken(plan, item, week.due, change, n)
        part.put(answer_key(plan.batch_id, item.index, item.sample), record.packed())


def _batch(store: Store, batch_id: str, config: BatchConfig, week: Week, ask: Ask) -> None:
    if load_manifest(store.of("rehearsal"), batch_id):
        return
    submit(store, batch_id, config, week.due)
    here = Settings(rehearsal_url="http://127.0.0.1/")
    fields = config.model_dump(exclude={"audit"})
    profile = accept(fields, here, seed=seed_of(config, batch_id))[1]
    plan = make_plan(store, config, profile, batch_id=batch_id, run_id=f"audit__{batch_id}", now=week.due)
    ask(store, plan, week)
    collect(store, batch_id, week.due + timedelta(minutes=30))


def _since(due: datetime) -> Clock:
    """A clock that goes on from `due`."""
    ahead = due - datetime.now(UTC)
    return lambda: datetime.now(UTC) + ahead
