"""What the HTTP API costs, beside Airflow's own and a bare FastAPI, all in one run and in turns.

    completions up && .venv/bin/python bench/api.py [--prompts 1000] [--count 20]

`accept` posts a request of so many prompts of 2047 characters and cancels it at once, with no run started meanwhile:
the DAG is paused, and unpaused at the end. Its peers are Airflow's own POST dagRuns with a conf of one field, and a
FastAPI that reads the same body as JSON and answers. `status` is GET /ai/batches of a batch that is queued, and of one
that is done if there is any; its peer is Airflow's GET dagRun.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx

from completions.airflow_api import Airflow
from completions.embedded import Embedded, free_port

DAG = "/dags/batch_completions"
ECHO = """
import sys, uvicorn
from fastapi import FastAPI, Request
app = FastAPI()
@app.post("/")
async def echo(request: Request) -> dict[str, int]:
    return {"count": len((await request.json())["prompts"])}
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""


class Bench:
    """The server, and what is to be taken away again."""

    def __init__(self, airflow: Airflow, prompts: int) -> None:
        self.airflow = airflow
        self.http = httpx.Client(headers={"Authorization": f"Bearer {airflow.token}"}, timeout=120, trust_env=False)
        self.request = {"prompts": [f"{number:04d}{'x' * 2043}" for number in range(prompts)], "rehearse": True}
        self.ids: list[str] = []
        self.runs: list[str] = []

    def accept(self) -> None:
        """A batch goes in."""
        answer = self.http.post(f"{self.airflow.url}/ai/batches", json=self.request).raise_for_status()
        self.ids.append(answer.json()["id"])

    def trigger(self) -> None:
        """A run of Airflow's own."""
        run = {"dag_run_id": f"bench__{uuid4()}", "logical_date": None, "conf": {"batch_id": str(uuid4())}}
        self.http.post(f"{self.airflow.url}/api/v2{DAG}/dagRuns", json=run).raise_for_status()
        self.runs.append(run["dag_run_id"])  # type: ignore[arg-type]

    def get(self, path: str, **params: str) -> None:
        """Ask the server."""
        self.http.get(f"{self.airflow.url}{path}", params=params).raise_for_status()

    def tidy(self) -> None:
        """Take away the runs, and cancel their batches."""
        for batch_id in self.ids:
            self.http.delete(f"{self.airflow.url}/ai/batches", params={"id": batch_id})
        for run in [*self.runs, *(f"api__{batch_id}" for batch_id in self.ids)]:
            self.airflow.request("DELETE", f"{DAG}/dagRuns/{run}")


def main() -> None:
    """Measure, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--count", type=int, default=20, help="requests of each kind")
    options = parser.parse_args()
    running = Embedded().status()
    if running is None:
        sys.exit("start Airflow first: completions up")
    airflow = Airflow(running.url)
    bench = Bench(airflow, options.prompts)
    airflow.request("PATCH", DAG, json={"is_paused": True})
    try:
        with _echo() as echo:
            size = len(httpx.Request("POST", echo, json=bench.request).content) / 1e6
            print(f"accept {options.prompts} prompts, {size:.1f} MB")
            accept: dict[str, Callable[[], Any]] = {
                "POST /ai/batches": bench.accept,
                "Airflow's POST dagRuns": bench.trigger,
                "bare FastAPI, same body": lambda: bench.http.post(echo, json=bench.request).raise_for_status(),
            }
            _compare(accept, options.count)
        run, batch = bench.runs[-1], bench.ids[-1]
        print("status")
        status: dict[str, Callable[[], Any]] = {
            "GET /ai/batches, queued": lambda: bench.get("/ai/batches", id=batch),
            "Airflow's GET dagRun": lambda: bench.get(f"/api/v2{DAG}/dagRuns/{run}"),
        }
        listed = bench.http.get(f"{airflow.url}/ai/batches/list", params={"limit": 100}).json()["batches"]
        done = [body["id"] for body in listed if body["dataset"]]
        if done:
            status["GET /ai/batches, done"] = lambda: bench.get("/ai/batches", id=done[0])
        status[f"GET /ai/batches/list, {min(20, len(listed))} of them"] = lambda: bench.get("/ai/batches/list")
        _compare(status, options.count * 5)
    finally:
        bench.tidy()
        airflow.request("PATCH", DAG, json={"is_paused": False})


def _compare(does: dict[str, Callable[[], Any]], count: int) -> None:
    """The medians of each, and how they stand to the second, which is Airflow's own."""
    took: dict[str, list[float]] = {name: [] for name in does}
    for _ in range(count):
        for name, what in does.items():
            begin = time.perf_counter()
            what()
            took[name].append((time.perf_counter() - begin) * 1000)
    peer = statistics.median(list(took.values())[1])
    for name, times in took.items():
        middle = statistics.median(times)
        print(f"  {name:<34} {middle:9.1f} ms  {middle / peer:6.2f} x")


@contextmanager
def _echo() -> Iterator[str]:
    port = free_port()
    with subprocess.Popen([sys.executable, "-c", ECHO, str(port)]) as server:
        url = f"http://127.0.0.1:{port}/"
        patient = httpx.Client(transport=httpx.HTTPTransport(retries=8), trust_env=False)
        patient.post(url, json={"prompts": []}).raise_for_status()
        try:
            yield url
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
