"""Charts that a server draws: SVG and tables, without scripts, dressed by `charts.css`.

What is drawn stands beside it as numbers. Colours are custom properties of the page, so that light, dark and print have
their own; no figure is told by colour alone. Names of any script and length are the page's own text: they wrap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from completions.report.statistics import Count, wilson
from completions.report.svg import clean, element

HERE = Path(__file__).parent
CSS = (HERE / "charts.css").read_text("utf-8")
"""Dress of the charts; the page defines the custom properties that it names."""
LEGEND = 6
"""Series that a chart tells apart by colour and shape."""


def environment(*folders: Path) -> Environment:
    """Templates in which every string is escaped and what is missing is an error."""
    drawn = Environment(
        loader=FileSystemLoader([*folders, HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=clean,
    )
    drawn.filters |= {"percent": percent, "short": short, "signed": signed, "duration": duration}
    return drawn


@dataclass(frozen=True)
class Point:
    """A figure from 0 to 1 with its interval, and what it is made of in words."""

    value: float
    told: str
    low: float | None = None
    high: float | None = None
    few: bool = False
    """Resting on too few answers: drawn hollow."""

    @classmethod
    def of(cls, count: Count) -> Point | None:
        """A rate with its Wilson interval; None when nothing was observed."""
        return cls(count.k / count.n, str(count), *wilson(count), few=count.few) if count.n else None

    @classmethod
    def share(cls, part: float, whole: float) -> Point | None:
        """A share, which has no interval; None of nothing."""
        return cls(part / whole, f"{part:g} of {whole:g}") if whole else None

    @property
    def interval(self) -> str:
        """Such as `18–57 %`; empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{100 * self.low:.0f}–{100 * self.high:.0f} %"


@dataclass(frozen=True)
class Series:
    """A line: a point for each moment, None where there is none."""

    name: str
    points: Sequence[Point | None]


@dataclass(frozen=True)
class Note:
    """Something that happened at a moment, in words."""

    at: int
    words: str


@dataclass(frozen=True)
class Timeline:
    """Figures over time. Where `gaps` has words for a moment, nothing was captured, and lines break."""

    title: str
    moments: Sequence[str]
    series: Sequence[Series]
    notes: Sequence[Note] = ()
    gaps: Mapping[int, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Of the series."""
        return [series.name for series in self.series]


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart; `tone` is the number of its colour."""

    label: str
    point: Point | None
    tone: int = 1
    extra: Sequence[object] = ()


@dataclass(frozen=True)
class Pair:
    """Two figures of the same thing, as a dumbbell; `verdict` says whether they differ."""

    label: str
    left: Point | None
    right: Point | None
    verdict: str = ""


@dataclass(frozen=True)
class Stack:
    """A whole in parts: `parts` are (name, tone, number)."""

    label: str
    parts: Sequence[tuple[str, str, int]]

    @property
    def whole(self) -> int:
        """The sum of the parts."""
        return sum(number for _, _, number in self.parts)


def percent(value: float | None) -> str:
    """`35 %`, with a decimal under 10; a dash of nothing."""
    if value is None:
        return "–"
    return f"{100 * value:.0f} %" if value >= 0.0995 or not value else f"{100 * value:.1f} %"


def signed(value: float) -> str:
    """A difference of two rates in points: `+12`."""
    return f"{100 * value:+.0f}"


def short(text: str, length: int = 80) -> str:
    """Cut to so many characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def horizontal(point: Point | None, tone: int, top: float) -> Markup:
    """One bar from 0 to `top`, its interval as a whisker; hollow when it rests on few."""
    if point is None:
        return _row()
    dress = "few" if point.few else "full"
    bar = element("rect", x=0, y=3, height=12, width=_place(point.value, top), class_=dress)
    return _row(bar, *_whisker(point, top, 9, ticks=True), tone=tone)


def dumbbell(left: Point | None, right: Point | None, top: float) -> Markup:
    """Two points on one line from 0 to `top`, a circle and a square, each with its interval."""
    parts = []
    if left and right:
        ends = {"x1": _place(left.value, top), "x2": _place(right.value, top)}
        parts.append(element("line", **ends, y1=9, y2=9, class_="link"))
    if left:
        circle = element("circle", r=5, class_="few" if left.few else "full")
        parts.append(element("g", *_whisker(left, top, 5), _there(circle, left, top), class_="s1"))
    if right:
        square = element("rect", x=-5, y=-5, width=10, height=10, class_="few" if right.few else "full")
        parts.append(element("g", *_whisker(right, top, 13), _there(square, right, top), class_="s2"))
    return _row(*parts)


def stacked(stack: Stack) -> Markup:
    """Parts side by side, as wide as they are many."""
    parts, at = [], 0.0
    for name, tone, number in stack.parts:
        if number:
            told = element("title", f"{name}: {number} of {stack.whole}")
            where = {"x": _place(at, stack.whole), "width": _place(number, stack.whole)}
            parts.append(element("rect", told, **where, y=3, height=12, class_=f"o-{tone}"))
            at += number
    return _row(*parts)


def heat(value: float) -> int:
    """The shade of a cell, 0 to 4."""
    return 0 if not value else min(4, 1 + int(4 * value))


def duration(milliseconds: float | None) -> str:
    """In seconds."""
    return "–" if milliseconds is None else f"{milliseconds / 1000:.1f} s"


def top_of(values: Sequence[float]) -> float:
    """The end of a scale that holds all of them: 10, 25, 50 or 100 %."""
    most = max(values, default=0)
    return next((top for top in (0.1, 0.25, 0.5) if most <= top), 1.0)


def _row(*parts: Markup, tone: int | None = None) -> Markup:
    return element("svg", *parts, class_=f"h-bar s{tone}" if tone else "h-bar", aria_hidden="true")


def _place(value: float, top: float) -> str:
    """Where a figure is, from the left."""
    return f"{100 * min(1.0, value / top):.2f}%"


def _there(sign: Markup, point: Point, top: float) -> Markup:
    """A sign that is drawn around 0, 0, at the place of a figure."""
    return element("svg", sign, x=_place(point.value, top), y=9, class_="loose")


def _whisker(point: Point, top: float, y: float, *, ticks: bool = False) -> list[Markup]:
    if point.low is None or point.high is None:
        return []
    low, high = _place(point.low, top), _place(point.high, top)
    line = element("line", x1=low, x2=high, y1=y, y2=y, class_="reach")
    ends = (low, high) if ticks else ()
    return [line, *(element("line", x1=end, x2=end, y1=y - 4, y2=y + 4, class_="reach") for end in ends)]
