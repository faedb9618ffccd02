"""Starting runs over Airflow's REST API, which on SQLite fails to take one now and then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from completions.airflow_api import Airflow, AirflowError

RUN = {"dag_run_id": "cli__1", "logical_date": None, "conf": {"batch_id": "b"}}


class _Failing(ThreadingHTTPServer):
    """Answers with these statuses in turn, and keeps what was asked."""

    statuses: Iterator[int]
    asked: list[tuple[str, object]]


class _Handler(BaseHTTPRequestHandler):
    server: _Failing

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_GET(self) -> None:
        self._answer(None)

    def _answer(self, given: object) -> None:
        self.server.asked.append((f"{self.command} {self.path}", given))
        self.send_response(next(self.server.statuses))
        self.end_headers()
        self.wfile.write(b'{"state": "queued", "detail": "said why"}')

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def failing() -> Iterator[_Failing]:
    with _Failing(("127.0.0.1", 0), _Handler) as server:
        server.asked = []
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("statuses", "started", "posts"),
    [
        ([200], True, 1),
        ([500, 200], True, 2),
        ([500, 503, 200], True, 3),
        ([500, 409, 200], True, 2),  # taken the first time after all: what stands is looked up
        ([500, 500, 500, 404], False, 3),
        ([500, 500, 500, 200], True, 3),
        ([500, 409, 404], False, 2),
        ([409], False, 1),  # another's run
        ([403], False, 1),
        ([500, 400], False, 2),
    ],
)
def test_a_run_is_started_once_however_often_that_takes(
    failing: _Failing, statuses: list[int], started: bool, posts: int
) -> None:
    failing.statuses = iter(statuses)
    airflow = Airflow(f"http://127.0.0.1:{failing.server_port}", "token")
    if started:
        assert airflow.start("batch_completions", "cli__1", {"batch_id": "b"})["state"] == "queued"
    else:
        with pytest.raises(AirflowError, match="said why"):
            airflow.start("batch_completions", "cli__1", {"batch_id": "b"})
    path = "/api/v2/dags/batch_completions/dagRuns"
    looked = [(f"GET {path}/cli__1", None)] * (len(statuses) - posts)
    assert failing.asked == [(f"POST {path}", RUN)] * posts + looked
