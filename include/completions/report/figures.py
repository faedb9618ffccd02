"""The figures of a run as a report shows them: a part for each question, from the rows of the marts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from completions.report.charts import LEGEND, Bar, Pair, Point, Series, Stack, Timeline, top_of
from completions.report.history import Asked, History, Row
from completions.report.statistics import Count
from completions.report.summary import Finding, Summary

DOMAINS, URLS, WORDS = 12, 15, 12
"""Rows of a table of domains, pages and words; those left out are counted."""
TONES = {"answered": "good", "refused": "fair", "no_answer": "fair", "cancelled": "idle", "missing": "idle"}
"""Of outcomes; walls are `wall`, all else is `bad`."""
WALLS = ("blocked", "challenge", "rate_limited", "login_wall")


@dataclass(frozen=True)
class Part:
    """What one who was asked has under a heading."""

    asked: Asked
    rows: Sequence[Any]
    left_out: int = 0


def outcomes(history: History) -> list[Stack]:
    """How what was to be asked ended."""
    return [
        Stack(str(asked), [(_plain(row["outcome"]), _tone(row["outcome"]), row["k"]) for row in rows])
        for asked in history.asked
        if (rows := sorted(history.of("capture_outcomes", asked=asked), key=lambda row: (-row["k"], row["outcome"])))
    ]


def versions(history: History, what: str) -> list[tuple[Asked, str]]:
    """The values of a kind of version that answered, the most frequent first, with their counts."""
    return [
        (asked, ", ".join(f"{row['value'] or '(not shown)'} ({row['k']} of {row['n']})" for row in rows))
        for asked in history.asked
        if (rows := [row for row in history.of("versions", asked=asked) if row["what"] == what])
    ]


def named(history: History, summary: Summary) -> list[Part]:
    """How often each brand is named, and what that did since the run before."""
    verdicts = _verdicts(summary, "named")
    return _parts(
        history,
        lambda asked: [
            Bar(
                brand,
                _point(row),
                1 if row["own"] else 2,
                (verdicts.get((asked, brand), ""),),
            )
            for brand, row in _by_brand(history, "mention_rate", asked)
        ],
    )


def named_over_time(history: History) -> list[Timeline]:
    """The same in all runs, for the first brands."""
    return _timelines(history, "mention_rate", "brand", history.brands[:LEGEND])


def cited_over_time(history: History) -> list[Timeline]:
    """How often domains are linked to in all runs: those of one's own brands, then the most frequent."""
    return _timelines(history, "citation_domains", "domain", leading_domains(history)[:LEGEND])


def captured_over_time(history: History) -> list[Timeline]:
    """The part of what was to be asked that was answered, one line for each model."""
    found = []
    for profile in dict.fromkeys(asked.profile for asked in history.asked):
        sites = [asked for asked in history.asked if asked.profile == profile]
        series = [
            Series(asked.model, [_health(history, moment.run, asked) for moment in history.moments]) for asked in sites
        ]
        gaps = {at: moment.missed for at, moment in enumerate(history.moments) if moment.missed}
        found.append(Timeline(profile, [moment.label for moment in history.moments], series, (), gaps))
    return found


def voice(history: History) -> list[Part]:
    """Each brand's part of what is said of all, in both ways of counting."""
    return _parts(
        history,
        lambda asked: [
            (
                Bar(brand, Point.share(row["mentions"], row["all_mentions"]), 1 if row["own"] else 2),
                Point.share(row["answers"], row["all_answers"]),
            )
            for brand, row in _by_brand(history, "share_of_voice", asked)
            if row["all_mentions"]
        ],
    )


def positions(history: History) -> list[Part]:
    """How often a brand is named first, and where it stands."""
    return _parts(
        history,
        lambda asked: [
            Bar(
                brand,
                _point(row),
                1 if row["own"] else 2,
                [_decimal(row[name]) for name in ("mean_rank", "median_rank")] + [_depth(row)],
            )
            for brand, row in _by_brand(history, "position", asked)
            if row["n"]
        ],
    )


def domains(history: History, summary: Summary) -> list[Part]:
    """The domains that are linked to most."""
    verdicts = _verdicts(summary, "cited")

    def bar(asked: Asked, row: Row) -> Bar:
        extra = (row["inline"], row["more"], _share(row["share"]), verdicts.get((asked, row["domain"]), ""))
        return Bar(
            _with_brand(row["domain"] or "(no domain)", row),
            _point(row),
            1 if row["brand"] in history.own else 2,
            extra,
        )

    return _most(history, "citation_domains", DOMAINS, bar)


def pages(history: History) -> list[Part]:
    """The pages that are linked to most."""
    return _most(history, "citation_urls", URLS, lambda _, row: Bar(row["url"], _point(row), 2, (row["title"] or "",)))


def quadrant(history: History) -> list[Part]:
    """Whether brands are named, linked to, both or neither."""
    names = (
        ("both", "good", "named and linked"),
        ("named_only", "fair", "named only"),
        ("cited_only", "wall", "linked only"),
    )
    return _parts(
        history,
        lambda asked: [
            Stack(brand, [(words, tone, row[name]) for name, tone, words in (*names, ("neither", "idle", "neither"))])
            for brand, row in _by_brand(history, "mention_citation", asked)
            if row["n"]
        ],
    )


def changed_pages(history: History) -> list[Part]:
    """The pages that prompts gained or lost since the run before, those in most answers first."""

    def most(row: Row) -> tuple[int, str, str]:
        return -abs(row["k"] - row["k_before"]), row["change"], row["url"] or ""

    return [
        Part(asked, sorted(rows, key=most)[:URLS], max(0, len(rows) - URLS))
        for asked in history.asked
        if (rows := history.of("url_changes", asked=asked))
    ]


def matrices(history: History) -> list[Part]:
    """Prompt by brand: how many of its answers name it."""
    found = []
    for asked in history.asked:
        cells: dict[str, dict[str, Row]] = {}
        for row in history.of("competitor_matrix", asked=asked):
            cells.setdefault(row["prompt"], {})[row["brand"]] = row
        rows = [
            (prompt, [_point(row[brand]) if brand in row else None for brand in history.brands])
            for prompt, row in cells.items()
        ]
        if rows:
            found.append(Part(asked, rows))
    return found


def contrasts(history: History) -> list[tuple[str, str, str, str, list[Pair], float]]:
    """Model, left, right, what sets them apart, the pairs, and the end of their scale."""
    groups: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in history.of("contrast"):
        if row["n"]:
            groups.setdefault((row["model"], row["profile"], row["other_profile"], row["differs"]), []).append(row)
    return [(*key, pairs := [_pair(row) for row in rows], _pair_top(pairs)) for key, rows in groups.items()]


def searches(history: History) -> list[Part]:
    """The words that are searched for beside those of the prompts, or dropped from them."""

    def bar(_: Asked, row: Row) -> Bar:
        return Bar(row["word"], _point(row), 3 if row["change"] == "added" else 4, (row["change"],))

    return _most(history, "fan_out_words", WORDS, bar, lambda row: row["change"] != "kept")


def shelf(history: History) -> list[Part]:
    """Product cards."""

    def bar(_: Asked, row: Row) -> Bar:
        extra = (row["merchant"] or "", row["price_text"] or "", _decimal(row["mean_position"]), _share(row["share"]))
        return Bar(row["product"], _point(row), 2, extra)

    return _most(history, "product_shelf", WORDS, bar)


def leading_domains(history: History) -> list[str]:
    """Domains of this run, those of one's own brands first, then by the answers that link to them."""
    linked: dict[str, int] = {}
    ours: set[str] = set()
    for row in history.of("citation_domains"):
        if row["domain"] is not None:
            linked[row["domain"]] = linked.get(row["domain"], 0) + row["k"]
            ours |= {row["domain"]} if row["brand"] in history.own else set()
    return sorted(linked, key=lambda domain: (domain not in ours, -linked[domain], domain))


def top(parts: Iterable[Part]) -> float:
    """The end of one scale for all bars of a section, so that they can be compared."""
    bars = [row[0] if isinstance(row, tuple) else row for part in parts for row in part.rows]
    return top_of([bar.point.high or bar.point.value for bar in bars if isinstance(bar, Bar) and bar.point])


def _timelines(history: History, mart: str, column: str, subjects: Sequence[str]) -> list[Timeline]:
    if len(history.runs) < 2 or not subjects:
        return []
    labels = [moment.label for moment in history.moments]
    return [
        Timeline(
            str(asked),
            labels,
            [Series(subject, [*history.points(mart, asked, column, subject)]) for subject in subjects],
            history.notes(asked),
            {at: why for at, moment in enumerate(history.moments) if (why := history.gap(moment, asked))},
        )
        for asked in history.asked
    ]


def _parts(history: History, rows_of: Any) -> list[Part]:
    return [Part(asked, rows) for asked in history.asked if (rows := rows_of(asked))]


def _most(history: History, mart: str, many: int, bar: Any, wanted: Any = None) -> list[Part]:
    """The rows with the largest `k`, as bars."""
    found = []
    for asked in history.asked:
        rows = [row for row in history.of(mart, asked=asked) if wanted is None or wanted(row)]
        rows.sort(key=lambda row: -row["k"])
        if rows:
            found.append(Part(asked, [bar(asked, row) for row in rows[:many]], max(0, len(rows) - many)))
    return found


def _by_brand(history: History, mart: str, asked: Asked) -> list[tuple[str, Row]]:
    rows = {row["brand"]: row for row in history.of(mart, asked=asked)}
    return [(brand, rows[brand]) for brand in history.brands if brand in rows]


def _verdicts(summary: Summary, measure: str) -> Mapping[tuple[Asked, str], str]:
    return {
        (Asked(one.model, one.profile), one.subject or ""): _verdict(one)
        for one in summary.findings
        if one.measure == measure
    }


def _verdict(one: Finding) -> str:
    """`▼ 40 of 60 before`, or why nothing can be said."""
    sign = "▲" if one.kind in ("rose", "new") else "▼"
    return f"{sign} {one.before} before" if one.certain else f"{one.before} before: {one.why_not}"


def _point(row: Row) -> Point | None:
    return Point.of(Count(row["k"], row["n"]))


def _health(history: History, run: str | None, asked: Asked) -> Point | None:
    rows = history.of("capture_health", run, asked) if run else []
    return Point.of(Count(rows[0]["answered"], rows[0]["planned"])) if rows else None


def _pair(row: Row) -> Pair:
    left, right = Count(row["both"] + row["only"], row["n"]), Count(row["both"] + row["only_other"], row["n"])
    told = f"{100 * row['difference']:+.0f} points; {row['only']} pairs only left, {row['only_other']} only right"
    return Pair(row["brand"], Point.of(left), Point.of(right), told)


def _pair_top(pairs: Iterable[Pair]) -> float:
    return top_of([point.high or 0 for pair in pairs for point in (pair.left, pair.right) if point])


def _with_brand(label: str, row: Row) -> str:
    return f"{label} ({row['brand']})" if row["brand"] else label


def _tone(outcome: str) -> str:
    return TONES.get(outcome, "wall" if outcome in WALLS else "bad")


def _plain(outcome: str) -> str:
    return outcome.replace("_", " ")


def _decimal(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _depth(row: Row) -> str:
    return "–" if row["mean_depth"] is None else f"{100 * row['mean_depth']:.0f} %"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
