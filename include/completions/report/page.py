"""The report: one HTML file that asks nothing of any network, from the rows of the marts and the answers themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from completions.report import charts, figures, timeline
from completions.report.evidence import Evidence, Links
from completions.report.history import History
from completions.report.summary import Summary, summary_of

ANSWERS = 600
"""Answers that a report holds at most: about 1.5 MB of it."""
FINDINGS = 20
"""Findings that are listed before the rest is counted."""
EARLIER = 8
"""Runs before of which it is told what changed in them."""
VERSIONS = {
    "model_version": "Model version",
    "ui_variant": "Front end",
    "adapter_version": "Read by adapter",
    "location_match": "Place asked for and seen",
}
KINDS = {"rose": "▲ Rose", "fell": "▼ Fell", "new": "▲ New", "gone": "▼ Gone", "gap": "■ Gap"}

_SECTIONS = (
    ("findings", "What changed", "runs"),
    ("health", "How well it was captured", None),
    ("named", "Who is named", "mention_rate"),
    ("voice", "Share of voice", "mention_rate"),
    ("position", "Who is named first", "position"),
    ("cited", "Who is linked to", "citation_domains"),
    ("quadrant", "Named and linked", "mention_citation"),
    ("changed", "Pages gained and lost", "volatility"),
    ("agreement", "Do answers agree", "agreement"),
    ("matrix", "Prompt by prompt", "competitor_matrix"),
    ("searches", "What the assistants searched for", "fan_out"),
    ("contrast", "One prompt, two who ask", "contrast"),
    ("shelf", "Product shelf", "product_shelf"),
    ("ads", "Ads", "ads"),
    ("answers", "The answers", "answers"),
    ("words", "What the words mean", None),
)
"""Of the report: id, heading, and what there must be for it: rows of a mart, answers, or runs."""


def report(
    history: History,
    summary: Summary,
    answers: Sequence[Evidence],
    *,
    total: int,
    links: Links,
    rehearsed: bool,
    now: datetime | None = None,
) -> str:
    """The page of a run or a batch.

    `answers` are those that it shows, at most `ANSWERS` of the `total` that the run has.
    """
    drawing = charts.environment()
    drawing.globals |= GLOBALS
    made = f"{now or datetime.now(UTC):%Y-%m-%d %H:%M}"
    return drawing.get_template("report.html").render(
        title=_title(history),
        about=f"{_which(history)} Made {made} UTC from {total} answers.",
        css=_css(),
        rehearsed=rehearsed,
        facts=_facts(history, summary),
        contents=[(part, name) for part, name, mart in _SECTIONS if _there(history, answers, mart)],
        history=history,
        summary=summary,
        answers=answers[:ANSWERS],
        below={one.row["prompt_id"] for one in answers[:ANSWERS]},
        total=total,
        links=links,
        earlier=list(earlier(history)),
        prompts=_prompts(history),
        definitions=_definitions(history),
    )


def over_time(history: History) -> Markup:
    """What changed in the last runs, and the charts over all of them, as a part of another page."""
    drawing = charts.environment()
    drawing.globals |= GLOBALS
    last = summary_of(history)
    summaries = [*([last] if len(history.runs) > 1 else []), *earlier(history)]
    shown = {"history": history, "last": last, "summaries": summaries}
    return Markup(drawing.get_template("over_time.html").render(shown))  # noqa: S704 - drawn by our own templates


def earlier(history: History) -> Iterator[Summary]:
    """What the `EARLIER` runs before said, the newest first; the very first has nothing to say."""
    yield from (summary_of(history.at(run)) for run in history.runs[-2:0:-1][:EARLIER])


GLOBALS: dict[str, Any] = {
    "figures": figures,
    "drawn": timeline.drawn,
    "letter": timeline.letter,
    "marker": timeline.marker,
    "horizontal": charts.horizontal,
    "dumbbell": charts.dumbbell,
    "stacked": charts.stacked,
    "heat": charts.heat,
    "VERSIONS": VERSIONS,
    "KINDS": KINDS,
    "MOST": FINDINGS,
    "MOST_ANSWERS": ANSWERS,
}
"""What the templates of charts and sections know; the pages of Airflow's UI draw with the same."""


def _css() -> Markup:
    return Markup((charts.HERE / "report.css").read_text("utf-8") + charts.CSS)  # noqa: S704 - our own files


def _title(history: History) -> str:
    return f"Batch {history.name}" if history.alone else f"{history.name}, {history.label(history.run)}"


def _which(history: History) -> str:
    sites = ", ".join(figures.models(history))
    which = "One batch" if history.alone else f"Run {history.run} of the audit {history.name}"
    return f"{which}, which asked {sites}.{'' if history.brands else ' No brands were looked for.'}"


def _there(history: History, answers: Sequence[Evidence], mart: str | None) -> bool:
    if mart is None:
        return True
    if mart == "answers":
        return bool(answers)
    if mart == "runs":
        return not history.alone
    return any(row.get("n", row.get("pairs", 1)) for row in history.of(mart))


def _facts(history: History, summary: Summary) -> list[tuple[str, object]]:
    health = history.of("capture_health")
    answered, planned = (sum(row[name] for row in health) for name in ("answered", "planned"))
    sure = [one for one in summary.findings if one.certain and one.kind != "gap"]
    return [
        ("Answered", f"{answered} of {planned}"),
        ("Prompts", _prompts(history)),
        ("Sites", len(figures.models(history))),
        ("Who asked", len({asked.profile for asked in history.asked})),
        ("Own brands", ", ".join(sorted(history.own)) or "none"),
        *([] if history.alone else [("Runs so far", len(history.runs))]),
        *([("Changes", len(sure))] if summary.before else []),
    ]


def _prompts(history: History) -> int:
    return len({row["prompt_id"] for row in history.of("prompt_health")})


def _definitions(history: History) -> str:
    rows = history.of("capture_health")
    versions = {(row["mart_version"], row["matching_version"]) for row in rows}
    return "; ".join(f"figures {mart}, matching of brands {matching}" for mart, matching in sorted(versions))
