"""The answers of a batch as a table for people."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from completions.cli.follow import Body
from completions.store import Store

SHOWN = 30
QUERY = """
    select prompt, outcome, coalesce(answer_text, error_message), len(citations), latency_ms, from_cache
    from completions where batch_id = ? order by prompt_index, sample_index limit ?
"""


def print_answers(store: Store, body: Body) -> None:
    """Print prompt, outcome, first words, number of citations and seconds of each answer (the first `SHOWN`)."""
    if not body["dataset"]:
        return
    table = Table("prompt", "outcome", "first words", "citations", "seconds", box=None, pad_edge=False)
    for prompt, outcome, words, citations, latency, cached in _rows(store, body):
        seconds = "cached" if cached else "-" if latency is None else f"{latency / 1000:.1f}"
        table.add_row(*map(_cell, (prompt, outcome, words, "-" if citations is None else str(citations), seconds)))
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    if body["count"] > SHOWN:
        print(f"… and {body['count'] - SHOWN} more")


def _rows(store: Store, body: Body) -> list[tuple[str, str, str | None, int | None, int | None, bool]]:
    from completions.reading import connect

    return connect(store, body["id"]).execute(QUERY, [body["id"], SHOWN]).fetchall()


def _cell(value: str | None) -> Text:
    words = " ".join((value or "-").split())
    return Text(words if len(words) <= 48 else f"{words[:47]}…", overflow="ellipsis", no_wrap=True)
