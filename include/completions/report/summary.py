"""What rose, what fell, what is new and what is not certain, between a run of an audit and the one before.

Each rate is compared by itself: one model, one profile, one brand or domain. A difference is told as a change only when
chance does not explain it: both runs have 20 answers or more, the exact test of the two counts, corrected for all that
was compared, is under 5 %, and the interval of the difference leaves zero out (`statistics`). The prompts are the same
in both runs, so that what sets one prompt apart from another cancels out, and the test errs towards silence.

A run in which a site was not captured is a gap: no fall, and the next run is compared with the last one that was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from completions.report.history import Asked, History, step_words
from completions.report.statistics import FEW, LEVEL, Count, corrected, newcombe

Kind = Literal["rose", "fell", "new", "gone", "gap"]
Measure = Literal["named", "cited"]
NOISE, TOO_FEW = "within the noise of the samples", f"fewer than {FEW} answers"
SHOWN = 8
"""Findings of a kind that the text tells; it says how many more there are."""


class Cell(NamedTuple):
    """What is compared: whether a brand is named, or a domain cited, by a model that somebody asks."""

    measure: Measure
    model: str
    profile: str
    subject: str


@dataclass(frozen=True)
class Measured:
    """One rate of one run; `n` 0: the site was not captured."""

    run: str
    cell: Cell
    count: Count


@dataclass(frozen=True)
class Step:
    """Something besides the answers that changed in a run, such as `model version gpt-5 → gpt-5.1`."""

    run: str
    model: str
    profile: str
    words: str


@dataclass(frozen=True)
class Finding:
    """One difference between two runs, or a gap."""

    kind: Kind
    measure: Measure | None
    model: str
    profile: str
    subject: str | None
    before: Count | None
    after: Count
    compared_with: str | None
    """The run that `before` is of."""
    interval: tuple[float, float] | None
    """Of the difference, after less before: 95 %, from -1 to 1."""
    chance: float | None
    """The corrected chance that the difference is none."""
    certain: bool
    why_not: str | None
    annotations: tuple[str, ...] = ()
    """What else changed between the two."""

    @property
    def points(self) -> float:
        """How far the two rates are apart, from 0 to 1."""
        return abs((self.after.rate or 0) - (self.before.rate or 0)) if self.before else 0.0


@dataclass(frozen=True)
class Summary:
    """What a run says beside the one before."""

    audit: str
    run: str
    before: str | None
    """The run before; None: this is the first."""
    findings: tuple[Finding, ...]
    compared: int
    """How many rates were compared."""
    enough: int
    """How many of them rest on `FEW` answers or more, before and after: no other can be called a change."""
    steps: tuple[Step, ...] = ()
    """What changed in this run besides the answers."""

    @property
    def silence(self) -> str:
        """What is said where no rate changed for certain."""
        if self.compared and not self.enough:
            return f"Too few answers to tell of any change: every rate rests on {TOO_FEW}."
        return "No rate changed beyond the noise of the samples."

    @property
    def text(self) -> str:
        """In plain words, a line each; of every kind the first few."""
        return "\n".join(_lines(self))

    def as_dict(self) -> dict[str, Any]:
        """For machines: JSON's types, and the text."""
        return {**asdict(self), "text": self.text}


def summary_of(history: History) -> Summary:
    """What the run of a history says beside those before it."""
    steps = [
        Step(row["run"], row["model"], row["profile"], step_words(row))
        for run in history.runs
        for row in history.of("change_points", run)
    ]
    return summarise(history.name, history.runs, _measured(history), steps, history.own)


def _measured(history: History) -> Iterator[Measured]:
    """The rates of those who were asked in the last run: brands, and domains that it or an earlier run cites."""
    for asked in history.asked:
        domains = {
            row["domain"]: None
            for run in history.runs
            for row in history.of("citation_domains", run, asked)
            if row["domain"] is not None
        }
        for run in history.runs:
            for brand in history.brands:
                yield from _one(history, run, asked, "named", brand)
            for domain in domains:
                yield from _one(history, run, asked, "cited", domain)


def _one(history: History, run: str, asked: Asked, measure: Measure, subject: str) -> Iterator[Measured]:
    mart, column = ("mention_rate", "brand") if measure == "named" else ("citation_domains", "domain")
    counted = history.counted(run, asked)
    count = history.count(mart, run, asked, column, subject) if counted else None if counted is None else Count(0, 0)
    if count and (count.n or not counted):
        yield Measured(run, Cell(measure, *asked, subject), count)


def summarise(
    audit: str, runs: Sequence[str], measured: Iterable[Measured], steps: Iterable[Step] = (), own: Iterable[str] = ()
) -> Summary:
    """Compare the last of `runs` with those before.

    `runs` are in order of time, those without a single row too. Findings on `own` brands come first, then the larger
    differences.
    """
    history: dict[Cell, dict[str, Count]] = {}
    for one in measured:
        history.setdefault(one.cell, {})[one.run] = one.count
    *earlier, run = runs
    pairs = {cell: then for cell, counts in history.items() if (then := _compared_with(counts, earlier, run))}
    chances = corrected([(history[cell][then], history[cell][run]) for cell, then in pairs.items()])
    known = _Known(history, earlier, run, tuple(steps))
    found = [known.difference(cell, then, chance) for (cell, then), chance in zip(pairs.items(), chances, strict=True)]
    ours = {*own}
    differences = sorted(
        filter(None, found), key=lambda one: (not one.certain, one.subject not in ours, -one.points, one.model)
    )
    before = earlier[-1] if earlier else None
    besides = tuple(one for one in known.steps if one.run == run)
    enough = sum(not (history[cell][then].few or history[cell][run].few) for cell, then in pairs.items())
    return Summary(audit, run, before, (*known.gaps(), *differences), len(pairs), enough, besides)


def _compared_with(counts: Mapping[str, Count], earlier: Sequence[str], run: str) -> str | None:
    """The last run before with answers enough, else with any; None where there is nothing to compare."""
    if run not in counts or not counts[run].n:
        return None
    captured = [one for one in earlier if one in counts and counts[one].n]
    enough = [one for one in captured if not counts[one].few]
    return next(iter([*reversed(enough), *reversed(captured)]), None)


@dataclass(frozen=True)
class _Known:
    """All that is known when a run is compared."""

    history: Mapping[Cell, Mapping[str, Count]]
    earlier: Sequence[str]
    run: str
    steps: Sequence[Step]

    def difference(self, cell: Cell, then: str, chance: float) -> Finding | None:
        """What a rate did since `then`; None where it is the same."""
        before, after = self.history[cell][then], self.history[cell][self.run]
        if before.k * after.n == after.k * before.n:
            return None
        low, high = newcombe(before, after)
        few = before.few or after.few
        certain = not few and chance <= LEVEL and not low <= 0 <= high
        return Finding(
            self._kind(cell, before, after),
            *cell,
            before=before,
            after=after,
            compared_with=then,
            interval=(low, high),
            chance=chance,
            certain=certain,
            why_not=None if certain else TOO_FEW if few else NOISE,
            annotations=self._annotations(cell, then),
        )

    def gaps(self) -> list[Finding]:
        """The sites that were not captured in this run, for each who asked."""
        missing = {
            (cell.model, cell.profile): None
            for cell, counts in self.history.items()
            if self.run in counts and not counts[self.run].n
        }
        return [
            Finding("gap", None, model, profile, None, None, Count(0, 0), None, None, None, certain=True, why_not=None)
            for model, profile in missing
        ]

    def _kind(self, cell: Cell, before: Count, after: Count) -> Kind:
        if after.k * before.n > before.k * after.n:
            return "rose" if any(self.history[cell][one].k for one in self._captured(cell)) else "new"
        return "fell" if after.k else "gone"

    def _captured(self, cell: Cell) -> list[str]:
        return [one for one in self.earlier if one in self.history[cell] and self.history[cell][one].n]

    def _annotations(self, cell: Cell, then: str) -> tuple[str, ...]:
        skipped = self.earlier[self.earlier.index(then) + 1 :]
        since = {*skipped, self.run}
        besides = [one.words for one in self.steps if (one.model, one.profile) == cell[1:3] and one.run in since]
        return tuple(
            dict.fromkeys([*(f"run {one} left out: not captured, or too little" for one in skipped), *besides])
        )


_WORDS: dict[Kind, str] = {"gap": "Not captured", "gone": "Gone", "fell": "Fell", "rose": "Rose", "new": "New"}


def _lines(summary: Summary) -> Iterable[str]:
    if not summary.before:
        yield f"{summary.audit}, run {summary.run}: the first run, there is nothing to compare it with."
        return
    yield f"{summary.audit}, run {summary.run} beside {summary.before}: {summary.compared} rates compared."
    certain = [one for one in summary.findings if one.certain]
    for kind, word in _WORDS.items():
        told = [one for one in certain if one.kind == kind]
        yield from (f"{word}: {_sentence(one)}" for one in told[:SHOWN])
        if len(told) > SHOWN:
            yield f"{word}: {len(told) - SHOWN} more."
    if not any(one.kind != "gap" for one in certain):
        yield summary.silence
    yield from (f"Changed besides: {one.model}, {one.profile}: {one.words}" for one in summary.steps[:SHOWN])
    if len(summary.steps) > SHOWN:
        yield f"Changed besides: {len(summary.steps) - SHOWN} more."
    for why in (NOISE, TOO_FEW):
        if unsure := sum(one.why_not == why for one in summary.findings):
            yield f"Not certain: {unsure} {'difference' if unsure == 1 else 'differences'}, {why}."


def _sentence(one: Finding) -> str:
    who = f"{one.model}, {one.profile}"
    if one.before is None or one.interval is None:
        return who
    low, high = (round(100 * bound) for bound in one.interval)
    notes = f" ({'; '.join(one.annotations)})" if one.annotations else ""
    return (
        f"{one.subject} {one.measure} by {who}: {one.before} → {one.after} answers, {low:+d} to {high:+d} points{notes}"
    )
