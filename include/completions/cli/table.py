"""Batches and their answers as tables for people."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from completions.cli.follow import Body, outcomes
from completions.store import Store

SHOWN = 30
QUERY = """
    select model, prompt, outcome, coalesce(answer_text, error_message), len(citations), latency_ms, from_cache
    from completions where batch_id = ? order by prompt_index, sample_index limit ?
"""


def print_list(bodies: list[Body]) -> None:
    """Print one line for each batch, in columns; ids are never cut, for they are copied."""
    print(f"{'started (UTC)':<16}  {'batch':<36}  {'status':<10}  {'answered':>9}  {'cached':>6}  others")
    for body in bodies:
        answered = f"{body['successful']}/{body['count']}"
        others = outcomes({"outcomes": {name: n for name, n in body["outcomes"].items() if name != "answered"}})
        line = f"{_when(body['started_at']):<16}  {body['id']:<36}  {body['status']:<10}  {answered:>9}"
        print(f"{line}  {_share(body):>6}  {others}".rstrip())


def print_status(body: Body) -> None:
    """Print how the batch stands, a fact a line; what isn't known (yet) is left out."""
    asked = f"{sum(body['outcomes'].values())} of {body['count']} done"
    facts = {
        "batch": body["id"],
        "status": body["status"],
        "answers": ": ".join(filter(None, (asked, outcomes(body)))),
        "cached": f"{body['cached']} ({_share(body)})",
        "started": body["started_at"] and f"{_when(body['started_at'])} UTC",
        "finished": body["finished_at"] and f"{_when(body['finished_at'])} UTC{_took(body)}",
        "reference": body["client_ref"],
        "callback": _told(body["notification"]),
        "dataset": body["dataset"],
        "archive": body["url"],
    }
    for name, fact in facts.items():
        if fact:
            print(f"{name:<10} {fact}")


def print_answers(store: Store, bodies: Sequence[Body]) -> None:
    """Print prompt, outcome, first words, number of citations and seconds of each answer (the first `SHOWN` a batch).

    With several batches, each line begins with the site that answered.
    """
    sites = ["site"] if len(bodies) > 1 else []
    table = Table(*sites, "prompt", "outcome", "first words", "citations", "seconds", box=None, pad_edge=False)
    for body in bodies:
        for model, prompt, outcome, words, citations, latency, cached in _rows(store, body) if body["dataset"] else []:
            seconds = "cached" if cached else "-" if latency is None else f"{latency / 1000:.1f}"
            shown = (prompt, outcome, words, "-" if citations is None else str(citations), seconds)
            table.add_row(*map(_cell, (model, *shown) if sites else shown))
    if table.rows:
        Console(width=None if sys.stdout.isatty() else 140).print(table)
    for body in bodies:
        if body["count"] > SHOWN:
            print(f"… and {body['count'] - SHOWN} more")


def _when(moment: str | None) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M}" if moment else "not yet"


def _told(notification: Body | None) -> str | None:
    """How telling the callback goes: the last of the attempts, and when the next is due."""
    if notification is None:
        return None
    attempts, due = notification["attempts"], notification["next_attempt_at"]
    word = {"retrying": f"not yet, next attempt {_when(due)} UTC", "failed": "given up"}.get(notification["state"])
    return f"{word or 'delivered'}: {attempts[-1]['reason']} ({len(attempts)} attempts)"


def _took(body: Body) -> str:
    if not body["started_at"]:
        return ""
    took = datetime.fromisoformat(body["finished_at"]) - datetime.fromisoformat(body["started_at"])
    return f", after {took}"


def _share(body: Body) -> str:
    return f"{100 * body['cached'] / body['count']:.0f} %"


def _rows(store: Store, body: Body) -> list[tuple[str, str, str, str | None, int | None, int | None, bool]]:
    from completions.reading import connect

    return connect(store, body["id"]).execute(QUERY, [body["id"], SHOWN]).fetchall()


def _cell(value: str | None) -> Text:
    words = " ".join((value or "-").split())
    return Text(words if len(words) <= 48 else f"{words[:47]}…", overflow="ellipsis", no_wrap=True)
