"""What a wall leaves behind: a breaker that opens for a while, then lets one conversation try, and closes if it may.

    closed ──a wall──▶ open ──its time is over──▶ half-open ──the one that tries has an answer──▶ closed
                        ▲                              │
                        └─────a wall: twice as long────┘

It is an object in the store that holds the last wall, one for each site and exit; where there is none it is closed.
Breakers of one site do not touch each other: who met the wall was an address.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from completions.errors import Outcome
from completions.exits import Exit
from completions.store import Store

State = Literal["closed", "open", "half-open"]
"""As electricians say it: closed is asked as usual, open is left alone, half-open lets one conversation try."""

PAUSE = timedelta(minutes=10)
"""How long a site is left alone after it blocked, challenged or limited us; twice as long each time that it does so
again to the one that tries ..."""
LONGEST = timedelta(hours=2)
"""... but never longer."""


@dataclass(frozen=True)
class Breaker:
    """How a site stands to those who come one way."""

    way: str | None = None
    """Name of the exit (`exit-1-DE`: its gateway and country); None for this machine's own address."""
    outcome: Outcome | None = None
    """The last wall; None when there was none since the last answer."""
    since: datetime | None = None
    """When it was met."""
    until: datetime | None = None
    """Until when nobody asks."""
    times: int = 0
    """Walls in a row, each met after a pause was over."""

    @property
    def state(self) -> State:
        """How it stands now."""
        return self.at(datetime.now(UTC))

    def at(self, now: datetime) -> State:
        """How it stands at this time."""
        if self.until is None:
            return "closed"
        return "open" if now < self.until else "half-open"

    def walled(self, outcome: Outcome, now: datetime) -> Breaker:
        """After another wall. Those who were under way when the first was met say nothing new."""
        if self.at(now) == "open":
            return self
        times = self.times + 1
        return Breaker(self.way, outcome, now, now + min(PAUSE * 2 ** min(times - 1, 30), LONGEST), times)


def breaker(store: Store, model: str, way: str | None = None) -> Breaker:
    """The breaker of a site for those who come this way; one GET."""
    mark = store.get(_key(model, way))
    return _unpacked(mark, way) if mark else Breaker(way)


def breakers(store: Store, model: str) -> list[Breaker]:
    """Every breaker of a site that is not closed, and that of this machine's own address, which comes first."""
    names = [key.rpartition("/")[2] for key in store.keys(f"manners/{model}")]
    ways = sorted(name[len("pause-") : -len(".json")] for name in names if name.startswith("pause-"))
    return [breaker(store, model), *(found for way in ways if (found := breaker(store, model, way)).until)]


def open_breaker(store: Store, model: str, outcome: Outcome, way: str | None = None) -> Breaker:
    """Have nobody ask for a while, as a wall was met; a GET and a PUT."""
    walled = breaker(store, model, way).walled(outcome, datetime.now(UTC))
    store.put(_key(model, way), _packed(walled))
    return walled


def close_breaker(store: Store, model: str, way: str | None = None) -> None:
    """Have everybody ask again, as the one that tried had an answer, unless another met a wall meanwhile."""
    if breaker(store, model, way).state == "half-open":
        store.delete([_key(model, way)])


def way_of(out: Exit | None) -> str | None:
    """What tells one way to a site from the others."""
    return out.name if out else None


def _key(model: str, way: str | None) -> str:
    return f"manners/{model}/pause{f'-{way}' if way else ''}.json"


def _packed(breaker: Breaker) -> bytes:
    assert breaker.since
    assert breaker.until
    times = {"since": breaker.since.isoformat(), "until": breaker.until.isoformat(), "times": breaker.times}
    return json.dumps({"outcome": breaker.outcome, **times}).encode()


def _unpacked(mark: bytes, way: str | None) -> Breaker:
    told = json.loads(mark)
    since = datetime.fromisoformat(told["since"]) if "since" in told else None  # version 0.1 kept the other two alone
    return Breaker(
        way, Outcome(told["outcome"]), since, datetime.fromisoformat(told["until"]), int(told.get("times", 1))
    )
