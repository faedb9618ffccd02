"""Figures over time as SVG: lines that break where nothing was captured, intervals, marks of what else changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from string import ascii_uppercase

from markupsafe import Markup

from completions.report.charts import Point, Series, Timeline, percent, top_of
from completions.report.svg import element

WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 18, 24
LABELS = 6
"""Dates that fit below."""
_ROUND = {1: "0,-4.5 4.5,0 0,4.5 -4.5,0", 2: "-4,-4 4,-4 4,4 -4,4", 3: "0,-5 4.6,3.6 -4.6,3.6"}
_OUTLINES = {**_ROUND, 4: "0,5 4.6,-3.6 -4.6,-3.6", 5: "-5,0 -2.5,-4.4 2.5,-4.4 5,0 2.5,4.4 -2.5,4.4"}
"""Of the second series and those after it; the first has circles."""


def drawn(chart: Timeline) -> Markup:
    """The drawing, with its title and what it shows in words for those who do not see it."""
    scale = _Scale.of(chart)
    return element(
        "svg",
        element("title", chart.title),
        element("desc", " ".join(_words(chart))),
        *_grid(scale),
        *_gaps(scale),
        *_dates(scale),
        *_marks(scale),
        *(part for number, series in enumerate(chart.series) for part in _line(scale, number, series)),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="timeline",
        role="img",
    )


def letter(number: int) -> str:
    """Of the marks of what changed: A to Z, then A2, B2 and so on."""
    times, at = divmod(number, len(ascii_uppercase))
    return f"{ascii_uppercase[at]}{times + 1 if times else ''}"


def marker(number: int, few: bool = False) -> Markup:
    """The sign of a series around 0, 0: a shape and a colour of its own; hollow for figures resting on few."""
    dress = f"s{number + 1} {'few' if few else 'full'}"
    if outline := _OUTLINES.get(number):
        return element("polygon", points=outline, class_=dress)
    return element("circle", r=4, class_=dress)


@dataclass(frozen=True)
class _Scale:
    """Where moments and figures are in the drawing."""

    chart: Timeline
    top: float
    step: float
    """Width of a moment."""

    @classmethod
    def of(cls, chart: Timeline) -> _Scale:
        points = [point for series in chart.series for point in series.points if point]
        top = top_of(
            [point.value if point.high is None else min(point.high, 2 * point.value + 0.05) for point in points]
        )
        return cls(chart, top, (WIDTH - LEFT - RIGHT) / max(1, len(chart.moments)))

    def x(self, moment: int, series: int | None = None) -> float:
        """The middle of a moment, a little aside for each of several series."""
        many = len(self.chart.series)
        aside = 0.0 if series is None else (series - (many - 1) / 2) * min(5.0, 0.7 * self.step / max(1, many))
        return LEFT + (moment + 0.5) * self.step + aside

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - min(1.0, value / self.top) * (HEIGHT - TOP - BOTTOM)


def _grid(scale: _Scale) -> Iterator[Markup]:
    for part in (0, 0.5, 1):
        value = part * scale.top
        y = scale.y(value)
        yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
        yield element("text", f"{100 * value:g} %", x=LEFT - 5, y=y + 3.5, text_anchor="end", class_="scale")


def _gaps(scale: _Scale) -> Iterator[Markup]:
    for moment, words in sorted(scale.chart.gaps.items()):
        left, high = LEFT + moment * scale.step, HEIGHT - TOP - BOTTOM
        told = element("title", f"{scale.chart.moments[moment]}: {words}")
        yield element("rect", told, x=left, y=TOP, width=scale.step, height=high, class_="gap")
        if scale.step >= 11:
            x, y = left + scale.step / 2 + 3, HEIGHT - BOTTOM - 5
            yield element("text", words, x=x, y=y, transform=f"rotate(-90 {x:.1f} {y})", class_="gap-words")


def _dates(scale: _Scale) -> Iterator[Markup]:
    moments = scale.chart.moments
    every = -(-len(moments) // LABELS)
    for at in range(len(moments) - 1, -1, -every):
        yield element("text", moments[at][5:10], x=scale.x(at), y=HEIGHT - 8, text_anchor="middle", class_="scale")


def _marks(scale: _Scale) -> Iterator[Markup]:
    for number, (moment, notes) in enumerate(groupby(scale.chart.notes, key=lambda note: note.at)):
        x = LEFT + moment * scale.step
        told = element("title", f"{scale.chart.moments[moment]}: {'; '.join(note.words for note in notes)}")
        yield element("line", told, x1=x, x2=x, y1=TOP - 4, y2=HEIGHT - BOTTOM, class_="mark")
        yield element("text", letter(number), x=x, y=TOP - 7, text_anchor="middle", class_="mark-letter")


def _line(scale: _Scale, number: int, series: Series) -> Iterator[Markup]:
    tone = f"s{number + 1}"
    for run in _unbroken(series.points):
        path = " ".join(f"{scale.x(at, number):.1f},{scale.y(point.value):.1f}" for at, point in run)
        yield element("polyline", points=path, class_=f"line {tone}")
    for at, point in enumerate(series.points):
        if point:
            yield from _dot(scale, at, number, series.name, point)


def _dot(scale: _Scale, at: int, number: int, name: str, point: Point) -> Iterator[Markup]:
    x, y = scale.x(at, number), scale.y(point.value)
    if point.low is not None and point.high is not None:
        low, high = scale.y(point.low), scale.y(point.high)
        yield element("line", x1=x, x2=x, y1=low, y2=high, class_=f"reach s{number + 1}")
    told = f"{name}, {scale.chart.moments[at]}: {_figure(point)}"
    where = f"translate({x:.1f} {y:.1f})"
    yield element("g", element("title", told), marker(number, point.few), transform=where)


def _unbroken(points: Sequence[Point | None]) -> Iterator[list[tuple[int, Point]]]:
    """Stretches of two points or more without a gap."""
    for there, stretch in groupby(enumerate(points), key=lambda item: item[1] is not None):
        known = [(at, point) for at, point in stretch if point]
        if there and len(known) > 1:
            yield known


def _words(chart: Timeline) -> Iterator[str]:
    for series in chart.series:
        if known := [(at, point) for at, point in enumerate(series.points) if point]:
            at, point = known[-1]
            yield f"{series.name}: {_figure(point)} on {chart.moments[at]}."
    for at, words in sorted(chart.gaps.items()):
        yield f"{chart.moments[at]}: {words}."
    yield from (f"{chart.moments[note.at]}: {note.words}." for note in chart.notes)


def _figure(point: Point) -> str:
    interval = f", {point.interval}" if point.interval else ""
    return f"{percent(point.value)} ({point.told}{interval}{', too few' if point.few else ''})"
