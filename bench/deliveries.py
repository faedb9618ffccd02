"""What the care taken with receivers costs: deliveries beside plain posts of httpx, to one receiver, in turns.

A delivery parses and checks the URL, resolves its name once, connects to the checked address, signs with two secrets,
and reads little of the answer within a deadline. `python bench/deliveries.py --count 300`
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

from completions.addresses import check, system_resolver
from completions.notify import deliver

SECRETS = ("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
BODY = b'{"type":"batch.successful","data":"' + b"x" * 1000 + b'"}'


class Receiver(BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        """Read all, and say nothing."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def _timed(does: Callable[[], object]) -> float:
    begin = time.perf_counter()
    does()
    return (time.perf_counter() - begin) * 1000


def _told(name: str, took: list[float], plain: list[float]) -> None:
    middle = statistics.median(took)
    print(f"{name:<28} {middle:8.2f} ms  {middle / statistics.median(plain):6.2f} x")


def main() -> None:
    """Measure, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="deliveries of each kind")
    count = parser.parse_args().count
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url, allow = f"http://localhost:{server.server_port}/hook", [f"localhost:{server.server_port}"]
        took: dict[str, list[float]] = {"httpx.post": [], "a delivery": [], "of it, checking the URL": []}
        does: dict[str, Callable[[], object]] = {
            "httpx.post": lambda: httpx.post(url, content=BODY, trust_env=False),
            "a delivery": lambda: deliver(url, BODY, "msg_1", secrets=SECRETS, allow=allow),
            "of it, checking the URL": lambda: check(url, allow=allow, resolve=system_resolver),
        }
        for _ in range(count):
            for name, what in does.items():
                took[name].append(_timed(what))
        server.shutdown()
    for name, times in took.items():
        _told(name, times, took["httpx.post"])


if __name__ == "__main__":
    main()
