"""What the pages weigh, how soon they are of use, and what one that is open costs, beside Airflow's own in one run.

    completions up && .venv/bin/python bench/ui.py [--prompts 1000] [--loads 5] [--seconds 60]

Two batches of so many prompts are put into the store and taken away again: one done, one under way, of which a prompt
ends three times a second. Pages are loaded by a browser that has nothing cached: bytes are those on the wire, `useful`
is when the first row is drawn. An open page is left alone for so many seconds: CPU is that of the API server's
processes, less what they take while nobody looks. The peers are Airflow's list of DAGs and its grid of the DAG, which
polls as long as a run is queued: one is, of the paused DAG. The last column of each table is ours by theirs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from playwright.sync_api import Browser, sync_playwright

from completions.airflow_api import Airflow
from completions.browser import ARGS, program_of
from completions.embedded import Embedded
from completions.here import stored
from completions.plan import load_plan
from completions.service import Running
from completions.store import Store

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from plugins.pages.prepared import Prepared, end, take_away, two_batches

DAG = "/dags/batch_completions"
OURS = "/ai/pages"


@dataclass(frozen=True)
class Load:
    """One load of a page, or what a page asked while it was open."""

    requests: int
    bytes: int
    seconds: float


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    running = Embedded().status()
    if running is None:
        raise SystemExit("no embedded Airflow runs: start it with `completions up`")
    store, airflow = stored(None), Airflow(running.url)
    with _queued(airflow) as run, _batches(store, options.prompts, run) as batches, sync_playwright() as driver:
        program = program_of("shell", driver.chromium.executable_path)
        browser = driver.chromium.launch(executable_path=program, args=list(ARGS))
        _loads(browser, running, batches, options.loads)
        _open(browser, running, store, batches, options.seconds)
        browser.close()


def _loads(browser: Browser, running: Running, batches: Prepared, loads: int) -> None:
    pages = {
        "Airflow: DAGs": ("/dags", "a[href='/dags/batch_completions']"),
        "Airflow: grid of the DAG": (DAG, "[data-testid=trigger-dag-button]"),
        "batches": (f"{OURS}/batches", "tbody tr"),
        "batch under way": (f"{OURS}/batches/{batches.going}", "tbody tr"),
        "batch done": (f"{OURS}/batches/{batches.done}", "tbody tr"),
        "batches, in Airflow's frame": ("/plugin/batches", "tbody tr"),
        "health": (f"{OURS}/health?origin=rehearsal", "h3"),
    }
    print(f"{'page':<30}{'requests':>9}{'kB':>9}{'useful s':>10}{'kB, s by those of the grid':>30}")
    found: dict[str, Load] = {}
    for name, (path, sign) in pages.items():
        each = [_load(browser, f"{running.url}{path}", sign) for _ in range(loads)]
        load = found[name] = Load(each[0].requests, each[0].bytes, statistics.median(one.seconds for one in each))
        told = f"{name:<30}{load.requests:>9}{load.bytes / 1000:>9.0f}{load.seconds:>10.2f}"
        peer = found.get("Airflow: grid of the DAG")
        print(told + (f"{load.bytes / peer.bytes:>20.3f}{load.seconds / peer.seconds:>10.2f}" if peer else ""))


def _load(browser: Browser, address: str, sign: str) -> Load:
    with _watched(browser) as (page, seen):
        began = time.perf_counter()
        answer = page.goto(address, wait_until="commit")
        assert answer
        assert answer.ok, f"{address}: {answer.status}"
        where = page.frame_locator("iframe") if "/plugin/" in address else page
        where.locator(sign).first.wait_for(timeout=60_000)
        took = time.perf_counter() - began
        page.wait_for_load_state("load")
        page.wait_for_timeout(1000)  # what still comes counts too; what is asked again and again never ends
        return Load(seen[0], seen[1], took)


def _open(browser: Browser, running: Running, store: Store, batches: Prepared, seconds: float) -> None:
    head = f"open for {seconds:.0f} s"
    print(f"\n{head:<30}{'requests':>9}{'kB':>9}{'CPU s':>10}{'kB, CPU by those of the grid':>30}")
    idle = _stays(None, running, seconds)
    print(f"{'nobody looks':<30}{'':>18}{idle.seconds:>10.2f}")
    peer: Load | None = None
    for name, path in (("Airflow: grid of the DAG", DAG), ("batch under way", f"{OURS}/batches/{batches.going}")):
        with _watched(browser) as (page, seen), _going(store, batches):
            page.goto(f"{running.url}{path}", wait_until="load")
            page.wait_for_timeout(5000)  # what comes with the page is not what it costs to keep it open
            seen[:] = [0, 0]
            stay = _stays(seen, running, seconds, page)
        cost = Load(stay.requests, stay.bytes, max(0.0, stay.seconds - idle.seconds))
        told = f"{name:<30}{cost.requests:>9}{cost.bytes / 1000:>9.0f}{cost.seconds:>10.2f}"
        if peer:
            told += f"{cost.bytes / max(1, peer.bytes):>20.2f}{cost.seconds / max(0.01, peer.seconds):>10.2f}"
        print(told)
        peer = peer or cost


def _stays(seen: list[int] | None, running: Running, seconds: float, page: Any = None) -> Load:
    """What the API server's processes take while `page` is open, or nothing is."""
    before = _cpu(running)
    if page:
        page.wait_for_timeout(1000 * seconds)
    else:
        time.sleep(seconds)
    requests, size = seen or (0, 0)
    return Load(requests, size, _cpu(running) - before)


def _cpu(running: Running) -> float:
    server = psutil.Process(running.pids["api-server"])
    return sum(sum(one.cpu_times()[:2]) for one in (server, *server.children(recursive=True)))


@contextmanager
def _watched(browser: Browser) -> Iterator[tuple[Any, list[int]]]:
    """A page with nothing cached, and the requests and bytes that it has taken."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, seen = context.new_page(), [0, 0]
    told = context.new_cdp_session(page)
    told.send("Network.enable")

    def finished(event: dict[str, Any]) -> None:
        seen[0] += 1
        seen[1] += int(event["encodedDataLength"])

    told.on("Network.loadingFinished", finished)
    yield page, seen
    context.close()


@contextmanager
def _batches(store: Store, prompts: int, run_id: str) -> Iterator[Prepared]:
    made = two_batches(store, "rehearsal", prompts, run_id=run_id)
    try:
        yield made
    finally:
        take_away(store, "rehearsal", made)


@contextmanager
def _going(store: Store, batches: Prepared) -> Iterator[None]:
    """Meanwhile, prompts of the batch that is under way end."""
    part, stop = store.of("rehearsal"), threading.Event()
    plan = load_plan(part, batches.going)
    assert plan

    def work() -> None:
        for item in plan.items[len(plan.items) // 2 :]:
            if stop.wait(1 / 3):
                return
            end(part, plan, item)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@contextmanager
def _queued(airflow: Airflow) -> Iterator[str]:
    """A run that stays queued, as the DAG is paused; its id."""
    run_id = f"bench__{uuid4()}"
    run = {"dag_run_id": run_id, "logical_date": None, "conf": {"batch_id": str(uuid4())}}
    airflow.request("PATCH", DAG, json={"is_paused": True})
    airflow.request("POST", f"{DAG}/dagRuns", json=run)
    try:
        yield run_id
    finally:
        airflow.request("DELETE", f"{DAG}/dagRuns/{run_id}")
        airflow.request("PATCH", DAG, json={"is_paused": False})


if __name__ == "__main__":
    main()
