"""What a tree of processes costs: wall time, CPU and memory, sampled while it runs.

Sampled, because the CPU of Chromium's own children reaches no parent: nobody waits for them. What a process uses after
its last sample is missed, at most `EVERY` seconds of each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

EVERY = 0.3
"""Seconds between two samples."""


@dataclass
class Cost:
    """Wall and CPU in seconds, peak memory (PSS) in MB."""

    wall: float = 0
    peak: float = 0
    used: dict[tuple[int, float], float] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """CPU of all processes together."""
        return sum(self.used.values())


@contextmanager
def measured(roots: Callable[[], list[psutil.Process]]) -> Iterator[Cost]:
    """Measure what `roots` and all below them use while the block runs."""
    cost, over = Cost(), threading.Event()
    before = dict(_cpu(_tree(roots())))
    watcher = threading.Thread(target=_watch, args=(cost, roots, before, over))
    begin = time.monotonic()
    watcher.start()
    try:
        yield cost
    finally:
        cost.wall = time.monotonic() - begin
        over.set()
        watcher.join()


def _watch(
    cost: Cost,
    roots: Callable[[], list[psutil.Process]],
    before: dict[tuple[int, float], float],
    over: threading.Event,
) -> None:
    turn = 0
    while True:
        tree = _tree(roots())
        for process, used in _cpu(tree):
            cost.used[process] = used - before.get(process, 0)
        if turn % 5 == 0:  # PSS is dear to read
            cost.peak = max(cost.peak, sum(map(_pss, tree)) / 1e6)
        if over.wait(EVERY):
            return
        turn += 1


def _tree(roots: list[psutil.Process]) -> set[psutil.Process]:
    found = set(roots)
    for root in roots:
        with suppress(psutil.Error):
            found.update(root.children(recursive=True))
    return found


def _cpu(processes: set[psutil.Process]) -> Iterator[tuple[tuple[int, float], float]]:
    for process in processes:
        with suppress(psutil.Error):
            times = process.cpu_times()
            yield (process.pid, process.create_time()), times.user + times.system


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0
