"""An S3 over HTTP that can be told to hold one request until it is let go, so that a test can strike at that moment."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from threading import Event
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

WAIT = 300
"""Seconds after which a request that was held goes on by itself."""


class GatedS3:
    """moto behind a gate; serves from `with` on."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._held: re.Pattern[str] | None = None
        self.reached, self._open = Event(), Event()

    def __enter__(self) -> GatedS3:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()

    def hold(self, request: str) -> None:
        """Hold the next request whose `METHOD /path` matches; `reached` is set when it is there."""
        self.reached.clear()
        self._open.clear()
        self._held = re.compile(request)

    def release(self) -> None:
        """Let go what is held, and hold nothing more."""
        self._held = None
        self._open.set()

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self._held and self._held.search(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"):
            self._held = None
            self.reached.set()
            self._open.wait(WAIT)
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer
