"""An S3 in front of another that refuses some requests with an error of AWS, or does not answer them in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import httpx

from completions.store import AwsAccess

Answer = tuple[int, str] | None
"""HTTP status and error code; None hangs up only when the test is over."""
Judge = Callable[[str, str], Answer | bool]
"""From method and path to what is answered; True hands the request on."""
PATIENCE = 120
"""Seconds that the S3 behind may take."""


@contextmanager
def poor(s3: AwsAccess, judge: Judge) -> Iterator[AwsAccess]:
    """Access to an S3 that answers as `judge` says."""
    over, client = Event(), httpx.Client(timeout=PATIENCE, trust_env=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = judge(self.command, self.path)
            if answer is True:
                self._hand_on(body)
            elif answer:
                self._refuse(*answer)
            else:
                over.wait()
                self.close_connection = True

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do  # noqa: N815

        def _hand_on(self, body: bytes) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
            try:
                got = client.request(self.command, f"{s3.endpoint_url}{self.path}", headers=headers, content=body)
            except httpx.TransportError:  # as dead as what is behind
                self.close_connection = True
            else:
                self._send(got.status_code, got.content, dict(got.headers))

        def _refuse(self, status: int, code: str) -> None:
            told = f"<Error><Code>{code}</Code><Message>The long message of {code}.</Message></Error>" if code else ""
            self._send(status, f'<?xml version="1.0" encoding="UTF-8"?>\n{told}'.encode(), {})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response_only(status)
            length = headers.get("content-length") if self.command == "HEAD" else None
            own = {"content-length": length or str(len(body))}
            kept = {name: headers[name] for name in ("etag", "last-modified", "content-range") if name in headers}
            for name, value in (kept | own).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield replace(s3, endpoint_url=f"http://127.0.0.1:{server.server_port}")
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        client.close()
