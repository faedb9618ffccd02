"""Marts over a million rows: time and memory, beside the same questions in pandas.

    .venv/bin/python bench/marts_timed.py [--runs 25] [--prompts 1000] [--samples 5] [--peer-runs 25]

The history of an audit of four sites and two profiles is made up (`marts_made.py`). `marts` computes all of its runs
and writes the Parquet; `one more` is the refresh after another run; `read` asks the marts for a chart over all runs.
`pandas` puts the questions of the larger marts to the same rows, or to those of the first runs, a run at a time, as
they are too many for memory (`marts_pandas.py`), and writes nothing; both must come to the same counts of mentions.
The comparison is of a run's part of each. Everything that is timed runs alone in its process; memory is that process's
`ru_maxrss`, imports included.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

Counts = dict[tuple[str, ...], tuple[int, int]]
"""Run, model, profile, brand: k and n."""


@dataclass(frozen=True)
class Spent:
    """What a process took: wall and CPU in seconds, peak memory in MB; and what it found."""

    wall: float
    cpu: float
    peak: float
    found: Any


def main() -> None:
    """Run everything and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--peer-runs", type=int, help="of how many runs pandas is asked; all, unless given")
    options = parser.parse_args()
    peer_runs = options.peer_runs or options.runs
    with tempfile.TemporaryDirectory(prefix="bench-marts-") as store:
        made = _alone(make, store, options, range(options.runs)).found
        print(f"{options.runs} runs, {made[0]} rows, {made[1] / 1e6:.0f} MB of Parquet", flush=True)
        ours = _told("marts", _alone(refresh, store))
        pandas = _told("pandas", _alone(ask_pandas, store, peer_runs))
        _alone(make, store, options, range(options.runs, options.runs + 1))
        _told("one more", _alone(refresh, store))
        counts = _told("read", _alone(read, store)).found
        assert {key: of for key, of in counts.items() if key in pandas.found} == pandas.found
        wall, cpu = (
            (one / options.runs) / (other / peer_runs)
            for one, other in ((ours.wall, pandas.wall), (ours.cpu, pandas.cpu))
        )
        print(f"marts / pandas: {wall:.2f} in time, {cpu:.2f} in CPU, {ours.peak / pandas.peak:.2f} in memory")


def make(store: str, options: argparse.Namespace, numbers: range) -> tuple[int, int]:
    """Leave the runs of these numbers in the store; returns rows and bytes."""
    from completions.store import open_store
    from marts_made import MODELS, PROFILES, Made, make_run, weeks

    made = Made(options.prompts, options.samples)
    size = sum(make_run(open_store(store), made, at) for at in weeks(numbers.stop)[numbers.start :])
    return len(numbers) * options.prompts * options.samples * len(MODELS) * len(PROFILES), size


def refresh(store: str) -> int:
    """Compute what is missing; returns how many runs."""
    from completions import marts
    from marts_made import AUDIT

    return len(marts.refresh(store, AUDIT).computed)


def ask_pandas(store: str, runs: int) -> Counts:
    """Put the questions to pandas."""
    import marts_pandas
    from completions.audit_runs import run_name
    from marts_made import weeks

    before: marts_pandas.Frames = {}
    counts: Counts = {}
    for at in weeks(runs):
        before = marts_pandas.run(store, at, before)
        for row in before["mentions"].to_dict("records"):
            key = run_name(at), row["model"], row["country_requested"], row["brand"]
            counts[key] = int(row["k"]), int(row["n"])
    return counts


def read(store: str) -> Counts:
    """Ask the marts how often each brand was named, in every run."""
    from completions import marts
    from marts_made import AUDIT

    with marts.connect(store, AUDIT) as duck:
        rows = duck.sql("select run, model, profile, brand, k, n from mention_rate").fetchall()
    return {row[:4]: row[4:] for row in rows}


def _told(name: str, spent: Spent) -> Spent:
    print(f"  {name:9}{spent.wall:8.1f} s {spent.cpu:8.1f} CPU s {spent.peak:7.0f} MB of memory", flush=True)
    return spent


def _alone(do: Callable[..., Any], *arguments: Any) -> Spent:
    """In a process of its own, started from this one, which stays small: a child's peak begins at its parent's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_spent, do, *arguments).result()


def _spent(do: Callable[..., Any], *arguments: Any) -> Spent:
    wall, cpu = time.monotonic(), time.process_time()
    found = do(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return Spent(time.monotonic() - wall, time.process_time() - cpu, peak, found)


if __name__ == "__main__":
    main()
