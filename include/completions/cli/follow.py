"""Watch a batch until its dataset stands: a progress bar on a terminal, one line per change otherwise."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from completions.cli.out import Failed, say, terminal

Body = dict[str, Any]
"""What `GET /ai/batches` answers."""

ENDED = ("successful", "failed")


def follow(look: Callable[[], Body | None], ended: Callable[[], str | None]) -> Body:
    """The batch's last status. `look` reads it from the store; `ended` tells the end state of its run, if it has one.

    Raises `Failed` when the run ended and left no dataset.
    """
    if not terminal.is_terminal:
        return _last(_told(_statuses(look, ended)))
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<11}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[outcomes]}"),
        TimeElapsedColumn(),
        console=terminal,
        transient=True,
    )
    with bar:
        return _last(_drawn(_statuses(look, ended), bar))


def _statuses(look: Callable[[], Body | None], ended: Callable[[], str | None]) -> Iterator[Body]:
    """The status twice a second until it is final; the run is asked less often, and only to notice that it died."""
    for turn in range(10**9):
        body = look()
        if body:
            yield body
        if body and body["status"] in ENDED:
            return
        if turn % 10 == 9 and (state := ended()):
            if (body := look()) and body["status"] in ENDED:
                yield body
                return
            raise Failed(f"the run ended as {state} and left no dataset; its page in Airflow says why")
        time.sleep(0.5)


def _drawn(statuses: Iterator[Body], bar: Progress) -> Iterator[Body]:
    task = bar.add_task("starting", total=None, outcomes="")
    for body in statuses:
        done = sum(body["outcomes"].values())
        bar.update(task, description=body["status"], total=body["count"], completed=done, outcomes=outcomes(body))
        yield body


def _told(statuses: Iterator[Body]) -> Iterator[Body]:
    said = ""
    for body in statuses:
        counts = f" ({outcomes(body)})" if body["outcomes"] else ""
        line = f"{body['status']}: {sum(body['outcomes'].values())} of {body['count']}{counts}"
        if line != said:
            say(line)
            said = line
        yield body


def _last(statuses: Iterator[Body]) -> Body:
    (last,) = deque(statuses, maxlen=1)
    return last


def outcomes(body: Body) -> str:
    """The counts by outcome, most frequent first, in one line."""
    ordered = sorted(body["outcomes"].items(), key=lambda one: -one[1])
    return ", ".join(f"{count} {outcome}" for outcome, count in ordered)
