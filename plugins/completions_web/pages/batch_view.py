"""A batch as its page shows it, read from the store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from completions import manners
from completions.batch import BatchConfig
from completions.breaker import Breaker
from completions.plan import Plan, load_plan, load_request
from completions.progress import Settled
from completions.record import batch_key, is_batch_id
from completions.retrying import retried_as, retried_at
from completions.status import Standing, look
from completions.store import Found, Store
from completions_web.pages import figures, live
from completions_web.pages.prompts import PAGE, Key, Prompt, choices, chosen, prompts, settled, unplanned
from completions_web.pages.waiting import being_asked

ENDED = ("successful", "failed")
HOW = {
    "rest_api": "over HTTP",
    "ui": "in Airflow's form",
    "cli": "on Airflow's command line",
    "operator": "by another run",
}
"""How a run came about, by what Airflow calls it."""
OURS = {
    "api": "over HTTP",
    "cli": "from the command line",
    "audit": "from an audit",
    "retry": "as a retry",
}
"""The same by how its id begins, where the project gave it: Airflow calls them all requests to its REST API."""
NOBODY = "Anonymous"
"""Whom Airflow names where nobody logs in."""
TELLING = timedelta(minutes=10)
"""How long after its end a batch's page still looks whether the callback was told."""


@dataclass(frozen=True)
class Asked:
    """What of a batch is looked at: answers that came out so, prompts with these words, the page of them from 1."""

    show: str = ""
    q: str = ""
    page: int = 1

    def fields(self, page: int | None = None) -> dict[str, Any]:
        """The same for an address, of another page if it is given."""
        number = page or self.page
        return {"show": self.show, "q": self.q, "page": number if number > 1 else None}

    def query(self, page: int) -> str:
        """The same as the query of an address."""
        return live.address("", self.fields(page)).removeprefix("?")


@dataclass(frozen=True)
class View:
    """A batch, and which of its prompts are looked at."""

    batch_id: str
    standing: Standing
    config: BatchConfig
    plan: Plan | None
    asked: Asked

    @property
    def body(self) -> dict[str, Any]:
        """Its status."""
        return self.standing.body

    @property
    def under_way(self) -> bool:
        """Whether it is still being asked or collected."""
        return self.body["status"] not in ENDED

    @property
    def generation(self) -> int:
        """Which asking of it stands, or is under way."""
        manifest = self.standing.manifest
        return manifest.generation if manifest else self.plan.generation if self.plan else 1

    @cached_property
    def run_ids(self) -> list[str]:
        """The run of Airflow that asks it or did last, and the one that did first; before it is planned, guesses."""
        first = [self.plan.run_id] if self.plan else [f"{how}__{self.batch_id}" for how in ("api", "cli", "audit")]
        retried = retried_as(self.standing.part, self.batch_id)
        return [f"retry__{self.batch_id}__g{retried}", *first] if retried > 1 else first

    @cached_property
    def again_at(self) -> datetime | None:
        """When it was last asked again."""
        return retried_at(self.standing.part, self.batch_id)

    @property
    def stage(self) -> str:
        """How far it is: what it waits for is another with each."""
        return (
            f"{self.body['status']}{'' if self.plan else ' unplanned'}{' cancelled' if self.body['cancelled'] else ''}"
        )

    @property
    def asking(self) -> int:
        """How many conversations are under way."""
        return being_asked(self.standing) if self.under_way else 0

    @cached_property
    def there(self) -> Mapping[Key, Settled]:
        """Every answer that is there."""
        return settled(self.standing, self.plan) if self.plan else {}

    @cached_property
    def found(self) -> Sequence[Prompt]:
        """The prompts that are looked for."""
        every = prompts(self.standing, self.plan, self.there) if self.plan else unplanned(self.config)
        return chosen(every, self.asked.show, self.asked.q)

    @property
    def shown(self) -> Sequence[Prompt]:
        """Those on this page."""
        return self.found[(self.asked.page - 1) * PAGE : self.asked.page * PAGE]

    @property
    def first(self) -> int:
        """The number of the first of them among those that are looked for, from 1."""
        return (self.asked.page - 1) * PAGE + 1

    @property
    def pages(self) -> int:
        """How many pages they have."""
        return max(1, -(-len(self.found) // PAGE))

    @property
    def choices(self) -> list[tuple[str, str, int]]:
        """What may be looked for."""
        return list(choices(self.there, self.body["count"]))

    @property
    def signs(self) -> str:
        """How each prompt of this page looks, a character each."""
        return "".join(prompt.sign for prompt in self.shown)

    @property
    def which(self) -> str:
        """Digits that tell which prompts are on this page."""
        return live.digest(f"{[prompt.index for prompt in self.shown]} {len(self.found)} {self.stage}")

    @property
    def pace(self) -> figures.Pace:
        """How its answers came in; of one that was asked again and is done, only how long they took."""
        if self.standing.manifest:
            told = figures.pace(self.there.values())
            return told if self.generation == 1 else figures.without_time(told)
        asked = [one for shard in self.standing.progress if shard for one in shard.settled]
        owed = 0 if self.body["cancelled"] else self.body["count"] - len(self.there)
        return figures.pace(asked, owed if self.under_way else 0, datetime.now(UTC) if self.under_way else None)

    def started_by(self, run: Mapping[str, Any] | None) -> str:
        """Who started it, in words."""
        return starter(run, self.config.audit.name if self.config.audit else None)

    @property
    def took(self) -> float | None:
        """Seconds that its last asking took, or takes till now."""
        return took(self.body, self.again_at)

    @property
    def reasons(self) -> list[figures.Group]:
        """Why answers are missing."""
        return figures.reasons(self.there.values())

    @property
    def whence(self) -> list[figures.Whence]:
        """Where conversations were seen to come out."""
        return figures.whence(self.there.values())

    @property
    def warnings(self) -> list[figures.Group]:
        """Warnings with how many answers have each."""
        return figures.warnings(self.there.values(), self.plan.profile.warnings if self.plan else (), len(self.there))

    @property
    def queries(self) -> list[tuple[str, str, str]]:
        """Queries over the answers of this batch: an id, where it is typed, and what."""
        manifest = self.standing.manifest
        files = (
            [file.uri.replace("'", "''") for file in manifest.files if file.table == "completions"] if manifest else []
        )
        if not files:
            return []
        seen = "select prompt, outcome, answer_text, len(citations) as citations from"
        where = f"completions where batch_id = '{self.batch_id}'"
        rehearsed = " --rehearsed" if self.config.rehearse else ""
        ours = f'completions query{rehearsed} "{seen} {where}"'
        return [("duckdb", "In DuckDB", f"{seen} read_parquet('{files[0]}')"), ("ours", "On the command line", ours)]

    @cached_property
    def failure(self) -> str | None:
        """Why the pipeline broke, if it did."""
        note = None if self.standing.manifest else self.standing.part.get(batch_key(self.batch_id, "failure.json"))
        return str(json.loads(note)["reason"]) if note else None

    @property
    def breakers(self) -> list[Breaker]:
        """How its site stands to those who ask."""
        return manners.state(self.standing.part, self.config.model) if self.under_way else []

    @property
    def changes(self) -> bool:
        """Whether anything of it may still change by itself: the batch, or what is told of it."""
        telling, finished = self.body["notification"], self.body["finished_at"]
        if self.under_way or self.config.callback is None or finished is None:
            return self.under_way
        recent = datetime.now(UTC) - datetime.fromisoformat(finished) < TELLING
        return recent and (telling is None or telling["state"] == "retrying")


def took(body: Mapping[str, Any], again_at: datetime | None) -> float | None:
    """Seconds from the plan, or from when it was asked again, to the dataset, or until now; None without a plan."""
    begun, ended = body["started_at"], body["finished_at"]
    since = again_at or (datetime.fromisoformat(begun) if begun else None)
    until = datetime.fromisoformat(ended) if ended else datetime.now(UTC)
    return (until - since).total_seconds() if since else None


def starter(run: Mapping[str, Any] | None, audit: str | None) -> str:
    """Who started a run of Airflow, in words; empty where it does not tell."""
    if audit:
        return f"by the audit {audit}"
    if run is None:
        return ""
    name = run.get("triggering_user_name")
    return " ".join(filter(None, (f"by {name}" if name and name != NOBODY else "", _how(run))))


def _how(run: Mapping[str, Any]) -> str:
    begun, told = str(run.get("dag_run_id", "")).partition("__")[0], str(run.get("triggered_by"))
    if (begun, told) == ("manual", "rest_api"):
        told = "ui"  # Airflow's form sends its own requests
    return OURS.get(begun) or HOW.get(told) or str(run.get("run_type") or "")


def see(store: Store, batch_id: str, asked: Asked) -> View | None:
    """The batch as it stands; None when there is none."""
    standing = look(store, batch_id, planned=plan_of) if is_batch_id(batch_id) else None
    if standing is None:
        return None
    plan = standing.plan or plan_of(standing.part, batch_id)
    config = plan.config if plan else load_request(store, batch_id)
    return View(batch_id, standing, config, plan, asked)


def plan_of(part: Store, batch_id: str) -> Plan | None:
    """The batch's plan; one that was read lately is not read again, unless it was written anew."""
    found = part.find(batch_key(batch_id, "plan.json"))
    return _read(_Written(part, batch_id, part.uri, found)) if found else None


@dataclass(frozen=True)
class _Written:
    """A plan as it was written at some time."""

    part: Store = field(compare=False)
    batch_id: str
    uri: str
    found: Found


@lru_cache(maxsize=8)
def _read(written: _Written) -> Plan | None:
    return load_plan(written.part, written.batch_id)
