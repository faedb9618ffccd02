"""The marts' rows of an audit as a report looks at them: by run, and by who was asked as whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from completions.report.charts import Note, Point
from completions.report.statistics import Count

Row = Mapping[str, Any]
Marts = Mapping[str, Sequence[Row]]
"""Rows by the name of their mart, all of one audit or batch and one origin; columns as in the marts' reference."""

LINKS = "links"
"""No mart: of each run, model and profile, `n` answers of which is known what they link to, whatever that is."""


class Asked(NamedTuple):
    """Who was asked, and as whom: figures of two of them are never added up."""

    model: str
    profile: str

    def __str__(self) -> str:
        return f"{self.model} · {self.profile}"


@dataclass(frozen=True)
class Moment:
    """A place on the axis of time: a run, or runs that were due and never were."""

    run: str | None
    label: str
    missed: str | None = None


@dataclass(frozen=True)
class History:
    """All runs up to one, in order of time."""

    name: str
    """Of the audit, or id of the batch."""
    marts: Marts
    run: str
    absent: Sequence[tuple[datetime, str]] = ()
    """When a run was due and nothing was asked, and why in two words."""

    @property
    def alone(self) -> bool:
        """Whether it is a batch by itself."""
        return self.run == self.name

    @cached_property
    def runs(self) -> list[str]:
        """The runs up to this one, the oldest first."""
        known = {row["run"]: row["run_at"] for row in self.marts["capture_health"]}
        last = known.get(self.run)
        return sorted((run for run, at in known.items() if last is None or at <= last), key=known.__getitem__)

    @cached_property
    def moments(self) -> list[Moment]:
        """The runs, and between them what was missed."""
        return list(_moments(self._times, self.absent))

    @cached_property
    def asked(self) -> list[Asked]:
        """Who was asked in this run as whom, the same site side by side."""
        return sorted({asked_of(row) for row in self.of("capture_health")})

    @cached_property
    def brands(self) -> list[str]:
        """Those of this run: one's own first, then by how often they are named."""
        named: dict[str, tuple[bool, int]] = {}
        for row in self.of("mention_rate"):
            own, k = named.get(row["brand"], (False, 0))
            named[row["brand"]] = (own or bool(row["own"]), k + row["k"])
        return sorted(named, key=lambda brand: (not named[brand][0], -named[brand][1], brand))

    @cached_property
    def own(self) -> set[str]:
        """One's own brands."""
        return {row["brand"] for row in self.of("mention_rate") if row["own"]}

    def label(self, run: str | None) -> str:
        """When a run was, as charts write it; of one that is too long ago, its name."""
        return next((moment.label for moment in self.moments if moment.run == run), str(run))

    def at(self, run: str) -> History:
        """The same as it was when that run was the last."""
        earlier = replace(self, run=run)  # rows are put in order once, whichever run is the last
        vars(earlier).update(_rows=self._rows, _indexes=self._indexes, _counted=self._counted)
        return earlier

    def of(self, mart: str, run: str | None = None, asked: Asked | None = None) -> list[Row]:
        """The rows of a run (this one by default), and of one who was asked where that is given."""
        return self._rows.get((mart, run or self.run, asked), [])

    def counted(self, run: str, asked: Asked) -> int | None:
        """Answers that rates are of; None where it was not asked."""
        return self._counted.get((run, asked))

    def gap(self, moment: Moment, asked: Asked) -> str | None:
        """Why there is nothing at a moment; None where there is something."""
        if moment.run is None:
            return moment.missed
        counted = self.counted(moment.run, asked)
        if counted:
            return None
        return "not asked" if counted is None else self._why_none(moment.run, asked)

    def notes(self, asked: Asked) -> list[Note]:
        """What else changed, at the moments of its runs."""
        at = {moment.run: number for number, moment in enumerate(self.moments)}
        rows = [row for run in self.runs for row in self.of("change_points", run, asked)]
        return [Note(at[row["run"]], step_words(row)) for row in rows]

    def points(self, mart: str, asked: Asked, column: str, subject: str) -> Iterator[Point | None]:
        """A rate at each moment; a run that has no row of a domain cites it in none of its answers."""
        for moment in self.moments:
            count = self.count(mart, moment.run, asked, column, subject) if moment.run else None
            yield Point.of(count) if count else None

    def count(self, mart: str, run: str, asked: Asked, column: str, subject: str) -> Count | None:
        """`k` of `n` for a brand or a domain in a run; None where that was not looked at."""
        found = self._index(mart, column).get((run, asked, subject))
        if found:
            return found
        whole = self.linked(run, asked) if mart == "citation_domains" else None
        return None if whole is None else Count(0, whole)

    def linked(self, run: str, asked: Asked) -> int | None:
        """Answers of which is known what they link to; None where nobody looked."""
        for mart in ("citation_domains", "mention_citation", LINKS):
            if rows := self.of(mart, run, asked):
                return int(rows[0]["n"])
        return None

    def _index(self, mart: str, column: str) -> dict[tuple[str, Asked, str], Count]:
        key = (mart, column)
        if key not in self._indexes:
            self._indexes[key] = {
                (row["run"], asked_of(row), row[column]): Count(row["k"], row["n"]) for row in self.marts.get(mart, ())
            }
        return self._indexes[key]

    @cached_property
    def _indexes(self) -> dict[tuple[str, str], dict[tuple[str, Asked, str], Count]]:
        return {}

    @cached_property
    def _rows(self) -> dict[tuple[str, str, Asked | None], list[Row]]:
        found: dict[tuple[str, str, Asked | None], list[Row]] = {}
        for mart, rows in self.marts.items():
            for row in rows:
                for asked in (None, asked_of(row)):
                    found.setdefault((mart, row["run"], asked), []).append(row)
        return found

    @cached_property
    def _counted(self) -> dict[tuple[str, Asked], int]:
        return {(row["run"], asked_of(row)): row["counted"] for row in self.marts["capture_health"]}

    @cached_property
    def _times(self) -> list[tuple[str, datetime]]:
        known = {row["run"]: row["run_at"] for row in self.marts["capture_health"]}
        return [(run, known[run]) for run in self.runs]

    def _why_none(self, run: str, asked: Asked) -> str:
        most = max(self.of("capture_outcomes", run, asked), key=lambda row: row["k"], default=None)
        return str(most["outcome"]).replace("_", " ") if most else "not captured"


def asked_of(row: Row) -> Asked:
    """Who a row is about."""
    return Asked(row["model"], row["profile"])


def step_words(row: Row) -> str:
    """A change point in words."""
    what = row["what"].replace("_", " ")
    if row["what"] == "place_mismatch":
        return f"answers seen from another place: {row['k_before']} of {row['n_before']} → {row['k']} of {row['n']}"
    return f"{what} {row['before'] or '(none shown)'} → {row['after'] or '(none shown)'}"


def _moments(times: Sequence[tuple[str, datetime]], absent: Sequence[tuple[datetime, str]]) -> Iterator[Moment]:
    label = _labels([at for _, at in times])
    inside = [one for one in absent if times and times[0][1] < one[0] < times[-1][1]]
    entries = sorted([*((at, run, "") for run, at in times), *((at, "", why) for at, why in inside)])
    for (run, why), together in groupby(entries, key=lambda entry: entry[1:]):
        at, *more = (entry[0] for entry in together)
        yield Moment(run or None, label(at), (f"{len(more) + 1} times {why}" if more else why) or None)


def _labels(times: Iterable[datetime]) -> Callable[[datetime], str]:
    """Days, or times where two runs are on one day."""
    days = [at.date() for at in times]
    form = "%Y-%m-%d" if len({*days}) == len(days) else "%Y-%m-%d %H:%M"
    return lambda at: f"{at:{form}}"
