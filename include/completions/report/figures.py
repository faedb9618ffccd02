"""The figures of a run as a report shows them: a part for each question, from the rows of the marts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from completions.report.charts import LEGEND, Bar, Note, Pair, Point, Series, Stack, Timeline, percent, top_of
from completions.report.history import Asked, History, Row, asked_of
from completions.report.statistics import LEVEL, Count, holm, split
from completions.report.summary import TOO_FEW, Finding, Summary

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


def models(history: History) -> list[str]:
    """The sites of this run."""
    return list(dict.fromkeys(asked.model for asked in history.asked))


def versions(history: History, asked: Asked, what: str) -> str:
    """The values of a kind of version that answered, the most frequent first, with their counts."""
    rows = [row for row in history.of("versions", asked=asked) if row["what"] == what]
    rows.sort(key=lambda row: -row["k"])
    return ", ".join(f"{row['value'] or 'not shown'} ({row['k']} of {row['n']})" for row in rows)


def named(history: History, summary: Summary) -> list[Part]:
    """How often each brand is named, and what that did since the run before."""
    verdicts = _verdicts(summary, "named")

    def bar(brand: str, row: Row) -> Bar:
        then = (verdicts.get((asked_of(row), brand), ""),) if verdicts else ()
        return Bar(brand, _point(row), _tone_of(row), then)

    return _each_brand(history, "mention_rate", bar)


def named_over_time(history: History, summaries: Sequence[Summary]) -> list[Timeline]:
    """The same in all runs, for the first brands."""
    return _timelines(
        history, "mention_rate", "brand", _first(history.brands, history.own, _changed(summaries, "named"))
    )


def cited_over_time(history: History, summaries: Sequence[Summary]) -> list[Timeline]:
    """How often domains are linked to in all runs, for the first of them."""
    linked: dict[str, int] = {}
    ours: set[str] = set()
    for row in history.of("citation_domains"):
        if row["domain"] is not None:
            linked[row["domain"]] = linked.get(row["domain"], 0) + row["k"]
            ours |= {row["domain"]} if row["brand"] in history.own else set()
    found = sorted(linked, key=lambda domain: (-linked[domain], domain))
    return _timelines(history, "citation_domains", "domain", _first(found, ours, _changed(summaries, "cited")))


def captured_over_time(history: History) -> list[Timeline]:
    """The part of what was to be asked that was answered, one line for each model."""
    found = []
    for profile in dict.fromkeys(asked.profile for asked in history.asked):
        sites = [asked for asked in history.asked if asked.profile == profile]
        series = [
            Series(asked.model, [_health(history, moment.run, asked) for moment in history.moments]) for asked in sites
        ]
        gaps = {at: moment.missed for at, moment in enumerate(history.moments) if moment.missed}
        found.append(
            Timeline(profile, [moment.label for moment in history.moments], series, _notes(history, sites), gaps)
        )
    return found


def _notes(history: History, sites: Sequence[Asked]) -> list[Note]:
    """What else changed of several sites, in order of time, with the site's name in front."""
    notes = [Note(one.at, f"{asked.model}: {one.words}") for asked in sites for one in history.notes(asked)]
    return sorted(notes, key=lambda note: note.at)


def voice(history: History) -> list[Part]:
    """Each brand's part of what is said of all, in both ways of counting."""

    def bar(brand: str, row: Row) -> Bar:
        by_answers = Point.share(row["answers"], row["all_answers"])
        return Bar(brand, Point.share(row["mentions"], row["all_mentions"]), _tone_of(row), (by_answers or "–",))

    return _each_brand(history, "share_of_voice", bar)


def positions(history: History) -> list[Part]:
    """How often a brand is named first, and where it stands."""

    def bar(brand: str, row: Row) -> Bar:
        places = _decimal(row["mean_rank"]), _decimal(row["median_rank"])
        return Bar(brand, _point(row), _tone_of(row), (*places, percent(row["mean_depth"])))

    return _each_brand(history, "position", bar)


def domains(history: History, summary: Summary) -> list[Part]:
    """The domains that are linked to most."""
    verdicts = _verdicts(summary, "cited")

    def bar(row: Row) -> Bar:
        then = (verdicts.get((asked_of(row), row["domain"]), ""),) if verdicts else ()
        label = f"{row['domain'] or '(no domain)'}{' (' + row['brand'] + ')' if row['brand'] else ''}"
        extra = (row["inline"], row["more"], percent(row["share"]), *then)
        return Bar(label, _point(row), 1 if row["brand"] in history.own else 2, extra)

    return _most(history, "citation_domains", DOMAINS, bar)


def pages(history: History) -> list[Part]:
    """The pages that are linked to most."""
    return _most(history, "citation_urls", URLS, lambda row: Bar(row["url"], _point(row), 2, (row["title"] or "",)))


def quadrant(history: History) -> list[Part]:
    """Whether brands are named, linked to, both or neither."""

    def stack(brand: str, row: Row) -> Stack:
        return Stack(brand, [(words, tone, row[name]) for name, tone, words in _QUADRANT])

    return _each_brand(history, "mention_citation", stack)


_QUADRANT = (
    ("named_and_cited", "good", "named and linked"),
    ("named_only", "fair", "named only"),
    ("cited_only", "wall", "linked only"),
    ("neither", "idle", "neither"),
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
    """Prompt by brand: how many of its answers name it. Rows are (prompt, its id, points)."""

    def rows(found: list[Row]) -> list[tuple[str, str, list[Point | None]]]:
        prompts = {row["prompt_id"]: row["prompt"] for row in found}
        cells = {(row["prompt_id"], row["brand"]): _point(row) for row in found}
        return [(prompt, key, [cells.get((key, brand)) for brand in history.brands]) for key, prompt in prompts.items()]

    return _tables(history, "competitor_matrix", rows)


def together(history: History) -> list[Part]:
    """Brand by brand: of the answers that name the one, how many name the other too."""

    def rows(found: list[Row]) -> list[tuple[str, str, list[Point | None]]]:
        cells = {(row["brand"], row["other"]): _point(row) for row in found}
        return [(brand, "", [cells.get((brand, other)) for other in history.brands]) for brand in history.brands]

    return _tables(history, "co_mentions", rows)


@dataclass(frozen=True)
class Contrast:
    """One model, asked by two."""

    model: str
    left: str
    right: str
    differs: str
    pairs: Sequence[Pair]

    @property
    def top(self) -> float:
        """The end of its scale."""
        return top_of([point.high or 0 for pair in self.pairs for point in (pair.left, pair.right) if point])


def contrasts(history: History) -> list[Contrast]:
    """How often brands are named to one and to another; which of the differences chance does not explain."""
    rows = [row for row in history.of("contrast") if row["n"]]
    chances = holm([1.0 if row["too_few"] else split(row["only_here"], row["only_there"]) for row in rows])
    groups: dict[tuple[str, str, str, str], list[Pair]] = {}
    for row, chance in zip(rows, chances, strict=True):
        key = (row["model"], row["profile"], row["other_profile"], row["differs"])
        groups.setdefault(key, []).append(_pair(row, certain=chance <= LEVEL))
    return [Contrast(*key, pairs) for key, pairs in groups.items()]


def searches(history: History) -> list[Part]:
    """The words that are searched for beside those of the prompts, or dropped from them."""

    def bar(row: Row) -> Bar:
        return Bar(row["word"], _point(row), 3 if row["change"] == "added" else 4, (row["change"],))

    return _most(history, "fan_out_words", WORDS, bar, lambda row: bool(row["change"] != "kept"))


def shelf(history: History) -> list[Part]:
    """Product cards."""

    def bar(row: Row) -> Bar:
        extra = (row["merchant"] or "", row["price_text"] or "", _decimal(row["mean_position"]), percent(row["share"]))
        return Bar(row["product"] or "(no title)", _point(row), 2, extra)

    return _most(history, "product_shelf", WORDS, bar)


def led_to(history: History) -> list[Part]:
    """The domains that searched words lead to."""

    def bar(row: Row) -> Bar:
        return Bar(f"{row['word']} → {row['domain'] or 'none'}", _point(row), 3)

    return _most(history, "fan_out_domains", WORDS, bar)


def ads(history: History) -> list[Bar]:
    """Answers that show ads."""
    return [
        Bar(str(asked), _point(row), 5, (row["shown"],))
        for asked in history.asked
        for row in history.of("ads", asked=asked)
        if row["n"]
    ]


def told_before(summary: Summary, measure: str) -> list[str]:
    """The head of a column for what was before; there is none where nothing was compared."""
    return ["Before"] if _verdicts(summary, measure) else []


def top(parts: Iterable[Part]) -> float:
    """The end of one scale for all bars of a section, so that they can be compared."""
    return top_of([bar.point.high or bar.point.value for part in parts for bar in part.rows if bar.point])


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


def _first(subjects: Sequence[str], ours: Collection[str], changed: Collection[str]) -> list[str]:
    """As many as a chart tells apart: one's own, then those that changed, then the others in their order."""
    known = [*subjects, *(one for one in changed if one not in subjects)]
    return sorted(known, key=lambda one: (one not in ours, one not in changed))[:LEGEND]


def _changed(summaries: Sequence[Summary], measure: str) -> list[str]:
    return [
        one.subject
        for summary in summaries
        for one in summary.findings
        if one.certain and one.measure == measure and one.subject
    ]


def _each_brand(history: History, mart: str, drawn: Callable[[str, Row], Any]) -> list[Part]:
    """A row for each brand of which something is known, in the order of the report."""
    found = []
    for asked in history.asked:
        rows = {row["brand"]: row for row in history.of(mart, asked=asked) if row["n"]}
        if rows:
            found.append(Part(asked, [drawn(brand, rows[brand]) for brand in history.brands if brand in rows]))
    return found


def _tables(history: History, mart: str, drawn: Callable[[list[Row]], list[Any]]) -> list[Part]:
    return [Part(asked, drawn(rows)) for asked in history.asked if (rows := history.of(mart, asked=asked))]


def _most(
    history: History, mart: str, many: int, bar: Callable[[Row], Bar], wanted: Callable[[Row], bool] = bool
) -> list[Part]:
    """The rows with the largest `k`, as bars."""
    found = []
    for asked in history.asked:
        rows = sorted(filter(wanted, history.of(mart, asked=asked)), key=lambda row: -row["k"])
        if rows:
            found.append(Part(asked, [bar(row) for row in rows[:many]], max(0, len(rows) - many)))
    return found


def _verdicts(summary: Summary, measure: str) -> Mapping[tuple[Asked, str], str]:
    return {
        (Asked(one.model, one.profile), one.subject or ""): _verdict(one)
        for one in summary.findings
        if one.measure == measure
    }


def _verdict(one: Finding) -> str:
    """`▼ 40 of 60`, or why nothing can be said of the difference."""
    if one.certain:
        return f"{'▲' if one.kind in ('rose', 'new') else '▼'} {one.before}"
    return f"{one.before}, {'too few' if one.why_not == TOO_FEW else 'noise'}"


def _point(row: Row) -> Point | None:
    return Point.of(Count(row["k"], row["n"]))


def _health(history: History, run: str | None, asked: Asked) -> Point | None:
    rows = history.of("capture_health", run, asked) if run else []
    return Point.of(Count(rows[0]["answered"], rows[0]["planned"])) if rows else None


def _pair(row: Row, *, certain: bool) -> Pair:
    left, right = (
        Count(row["in_both"] + row["only_here"], row["n"]),
        Count(row["in_both"] + row["only_there"], row["n"]),
    )
    why = "certain" if certain else "too few" if row["too_few"] else "noise"
    pairs = f"{row['only_here']} pairs left alone, {row['only_there']} right alone"
    differ = row["only_here"] or row["only_there"]
    told = f"{100 * row['difference']:+.0f} points, {why}: {pairs}" if differ else "the same in every pair"
    return Pair(row["brand"], Point.of(left), Point.of(right), told)


def _tone_of(row: Row) -> int:
    return 1 if row["own"] else 2


def _tone(outcome: str) -> str:
    return TONES.get(outcome, "wall" if outcome in WALLS else "bad")


def _plain(outcome: str) -> str:
    return outcome.replace("_", " ")


def _decimal(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
