"""Watch batches until their datasets stand: a progress bar each on a terminal, one line per change otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from completions.cli.out import Failed, say, terminal

Body = dict[str, Any]
"""What `GET /ai/batches` answers."""

ENDED = ("successful", "failed")


@dataclass(frozen=True)
class Watched:
    """A batch under way: `look` reads its status from the store, `ended` tells the end state of its run, if any."""

    name: str
    """What its line is called."""
    look: Callable[[], Body | None]
    ended: Callable[[], str | None]


def follow(watched: Sequence[Watched]) -> list[Body]:
    """The last status of each batch, in order. Raises `Failed` when a run ended and left no dataset."""
    last: dict[int, Body] = {}
    if not terminal.is_terminal:
        last.update(_told(watched))
    else:
        with _bar() as bar:
            last.update(_drawn(watched, bar))
    return [last[number] for number in range(len(watched))]


def _bar() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[outcomes]}"),
        TimeElapsedColumn(),
        console=terminal,
        transient=True,
    )


def _statuses(watched: Sequence[Watched]) -> Iterator[tuple[int, Body]]:
    """The statuses twice a second until all are final; runs are asked less often, and only to notice that they died."""
    going = dict(enumerate(watched))
    for turn in range(10**9):
        for number, batch in list(going.items()):
            body = batch.look()
            if (not body or body["status"] not in ENDED) and turn % 10 == 9 and (state := batch.ended()):
                body = batch.look()
                if not body or body["status"] not in ENDED:
                    raise Failed(f"the run ended as {state} and left no dataset; its page in Airflow says why")
            if body:
                yield number, body
            if body and body["status"] in ENDED:
                del going[number]
        if not going:
            return
        time.sleep(0.5)


def _drawn(watched: Sequence[Watched], bar: Progress) -> Iterator[tuple[int, Body]]:
    width = max(len(batch.name) for batch in watched)
    tasks = [bar.add_task(f"{batch.name:<{width}} starting   ", total=None, outcomes="") for batch in watched]
    for number, body in _statuses(watched):
        done, line = sum(body["outcomes"].values()), f"{watched[number].name:<{width}} {body['status']:<11}"
        bar.update(tasks[number], description=line, total=body["count"], completed=done, outcomes=outcomes(body))
        yield number, body


def _told(watched: Sequence[Watched]) -> Iterator[tuple[int, Body]]:
    said: dict[int, str] = {}
    for number, body in _statuses(watched):
        counts = f" ({outcomes(body)})" if body["outcomes"] else ""
        line = f"{watched[number].name} {body['status']}: {sum(body['outcomes'].values())} of {body['count']}{counts}"
        if line != said.get(number):
            say(line)
            said[number] = line
        yield number, body


def outcomes(body: Body) -> str:
    """The counts by outcome, most frequent first, in one line."""
    ordered = sorted(body["outcomes"].items(), key=lambda one: -one[1])
    return ", ".join(f"{count} {outcome}" for outcome, count in ordered)
