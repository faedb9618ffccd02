"""An Airflow that lets everybody in answers to its own names alone.

The embedded one is bound to 127.0.0.1 and lets in whoever is on this machine, and so a browser on it. A page from
anywhere can give its own name that address (DNS rebinding), and would then be let in too, to all of Airflow.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow.configuration import conf
from starlette.requests import Request

from completions_web.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
WITHIN = "airflow"
"""How this process calls itself; see `runs`."""


class OwnNames:
    """Stands before all of Airflow where everybody is let in; before none other."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.base = conf.get("api", "base_url", fallback="")
        self.names = {*LOOPBACK, WITHIN, urlsplit(self.base).hostname}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or let through."""
        if scope["type"] != "http" or Request(scope).url.hostname in self.names:
            await self.app(scope, receive, send)
            return
        said = f"This Airflow lets everybody in, so it answers to its own names alone: ask {self.base}."
        await problem(HTTPStatus.MISDIRECTED_REQUEST, said)(scope, receive, send)
