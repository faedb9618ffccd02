"""What a batch's answers say together: how fast they come, from where, with which warnings, why some miss."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median, quantiles

from markupsafe import Markup

from completions.errors import OBSERVED
from completions.progress import Settled
from completions.report.svg import element
from completions_web.pages.words import seconds

WIDTH, HEIGHT = 480, 72
FEWEST, MOST = 8, 40
"""Moments that a drawing has: the more answers, the more."""
RECENT = 180.0
"""Seconds by which the pace of a batch under way is told."""
ENOUGH = 5
"""Answers from which on a pace is told, and an end foretold."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Group:
    """Answers that have a sentence in common."""

    text: str
    count: int
    outcome: str | None = None


@dataclass(frozen=True)
class Whence:
    """Where conversations were seen to come out."""

    country: str | None
    subdivision: str | None
    city: str | None
    source: str | None
    site_location: str | None
    match: str | None
    count: int

    @property
    def place(self) -> str:
        """The narrowest first."""
        return ", ".join(filter(None, (self.city, self.subdivision, self.country))) or "not seen"


def whence(there: Iterable[Settled]) -> list[Whence]:
    """Where the conversations came out, the most frequent first."""
    seen = Counter(
        (
            *(one.egress_country, one.egress_subdivision, one.egress_city),
            *(one.egress_source, one.site_location, one.location_match),
        )
        for one in there
        if one.location_match or one.egress_country or one.site_location
    )
    return [Whence(*place, count) for place, count in seen.most_common()]


def warnings(there: Iterable[Settled], of_all: Sequence[str] = (), count: int = 0) -> list[Group]:
    """Warnings that differ at most in numbers, with how many answers have them; those of the profile, all have."""
    told = _grouped((warning, None) for one in there for warning in dict.fromkeys(one.warnings))
    return [Group(text, count) for text in of_all] + told


def reasons(there: Iterable[Settled]) -> list[Group]:
    """Why answers are missing, by outcome and message."""
    failed = (one for one in there if one.outcome not in OBSERVED)
    return _grouped((one.error_message or "no reason was kept", str(one.outcome)) for one in failed)


def _grouped(told: Iterable[tuple[str, str | None]]) -> list[Group]:
    counts: Counter[tuple[str, str | None]] = Counter()
    first: dict[tuple[str, str | None], str] = {}
    for text, outcome in told:
        like = (_NUMBER.sub("0", text), outcome)
        counts[like] += 1
        first.setdefault(like, text)
    return [Group(first[like], count, like[1]) for like, count in counts.most_common()]


@dataclass(frozen=True)
class Pace:
    """How answers came in; times in seconds, from sending a prompt to the whole answer."""

    asked: int
    """Conversations that ended; answers of the cache, and of equal prompts, are of none."""
    typical: float | None = None
    slow: float | None = None
    """Nine in ten were faster."""
    per_minute: float | None = None
    left: float | None = None
    """Seconds until all is there, if it goes on as in the last minutes."""
    drawn: tuple[tuple[str, Markup], ...] = ()
    """Drawings, each with what it shows in words."""


def pace(there: Iterable[Settled], owed: int = 0, now: datetime | None = None) -> Pace:
    """How `there` came in, while `owed` are still to come: `now` is the time, None once it is over."""
    own = (one for one in there if not (one.cached or one.duplicate))
    ended = sorted((one.at, (one.latency_ms or 0) / 1000) for one in own if one.at)
    if not ended:
        return Pace(0)
    waits = [wait for _, wait in ended if wait]
    figures = Pace(len(ended), median(waits) if waits else None, _nine_in_ten(waits))
    begun = min(at - timedelta(seconds=wait) for at, wait in ended)
    until = max(now or begun, ended[-1][0])
    took = (until - begun).total_seconds()
    recent = min(took, RECENT)
    rate = sum((until - at).total_seconds() <= recent for at, _ in ended) / recent if recent else 0.0
    if len(ended) < ENOUGH:
        rate = 0.0
    drawn = (_coming(begun, took, ended), _waiting(begun, took, ended)) if len(ended) > 2 and took else ()
    left = owed / rate if rate and owed else None
    return replace(figures, per_minute=60 * rate or None, left=left, drawn=drawn)


def without_time(told: Pace) -> Pace:
    """Only how long answers took: of several askings, when they came in says nothing."""
    return replace(told, per_minute=None, left=None, drawn=())


def _nine_in_ten(waits: Sequence[float]) -> float | None:
    return quantiles(waits, n=10, method="inclusive")[-1] if len(waits) >= 10 else None


def _binned(begun: datetime, took: float, ended: Sequence[tuple[datetime, float]]) -> list[list[float]]:
    many = min(MOST, max(FEWEST, len(ended) // 3))
    bins: list[list[float]] = [[] for _ in range(many)]
    for at, wait in ended:
        bins[min(many - 1, int(many * (at - begun).total_seconds() / took))].append(wait)
    return bins


def _coming(begun: datetime, took: float, ended: Sequence[tuple[datetime, float]]) -> tuple[str, Markup]:
    """Answers of each moment, as bars."""
    counts = [len(each) for each in _binned(begun, took, ended)]
    top, step = max(counts), WIDTH / len(counts)
    bars = [
        element("rect", x=at * step, y=HEIGHT * (1 - count / top), width=step - 1, height=HEIGHT * count / top)
        for at, count in enumerate(counts)
        if count
    ]
    return _chart(f"Answers as they came in over {seconds(took)}, at most {top} in {seconds(took / len(counts))}", bars)


def _waiting(begun: datetime, took: float, ended: Sequence[tuple[datetime, float]]) -> tuple[str, Markup]:
    """How long answers took at each moment: from the fastest to the slowest, the median marked."""
    bins = [[wait for wait in each if wait] for each in _binned(begun, took, ended)]
    top, step = max((wait for each in bins for wait in each), default=0.0), WIDTH / len(bins)
    bars = []
    for at, each in enumerate(bins):
        if each:
            high, low, middle = (HEIGHT * (1 - 0.96 * one / top) for one in (max(each), min(each), median(each)))
            bars.append(element("rect", x=at * step, y=high, width=step - 1, height=max(1, low - high), class_="range"))
            bars.append(element("rect", x=at * step, y=middle - 1, width=step - 1, height=2))
    return _chart(f"How long they took meanwhile: fastest, median, slowest, at most {seconds(top)}", bars)


def _chart(words: str, bars: Sequence[Markup]) -> tuple[str, Markup]:
    axis = element("line", x1=0, x2=WIDTH, y1=HEIGHT, y2=HEIGHT, class_="axis")
    box = f"0 0 {WIDTH} {HEIGHT + 1}"
    return words, element("svg", axis, *bars, viewBox=box, class_="pace", role="img", aria_label=words)
