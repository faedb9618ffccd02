"""A callback's receiver on 127.0.0.1 that answers as a test tells it to, and what the tests send to it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from completions.delivery import Delivery
from completions.notify import deliver, encode, payload

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STATUS = {
    "id": "0c8f5a3e-7a52-4d6c-9a0e-8f1d2b3c4d5e",
    "status": "successful",
    "count": 3,
    "client_ref": "Größe 東京",
}
BODY = encode(payload(STATUS, NOW))
SECRETS = ("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

Answer = Callable[[BaseHTTPRequestHandler], None]


class Receiver(ThreadingHTTPServer):
    """Known as `receiver.test`; answers with `answer` and remembers what it was sent."""

    daemon_threads = True
    address = "127.0.0.1"

    def __init__(self) -> None:
        super().__init__((self.address, 0), Handler)
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Answer = status(200)
        self.released = Event()
        self.scheme = "http"

    @property
    def allow(self) -> list[str]:
        return [f"receiver.test:{self.server_port}"]

    def url(self, path: str = "/hook?token=canary") -> str:
        return f"{self.scheme}://receiver.test:{self.server_port}{path}"

    def deliver(self, **options: Any) -> Delivery:
        given = {"allow": self.allow, "resolve": lambda host, port: [self.address], **options}
        return deliver(self.url(), BODY, "msg_1", **given)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.server.answer(self)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def raw(*chunks: bytes) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        for chunk in chunks:
            handler.wfile.write(chunk)
        handler.close_connection = True

    return answer


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Break the connection off as a crashed machine does: RST instead of FIN."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def then_wait(answer: Answer) -> Answer:
    def waiting(handler: Any) -> None:
        answer(handler)
        handler.wfile.flush()
        handler.server.released.wait(30)

    return waiting


@contextmanager
def listening(server: Receiver) -> Iterator[Receiver]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    with server:
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()
