"""What stands in place of the chat: whole pages that wall a visitor off, and answers to a prompt that lead to one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from completions.rehearsal.book import Visit
from completions.rehearsal.pace import FOREVER

PAGES = Path(__file__).parent / "pages"

_STATUS = {"challenge": 403, "blocked": 403, "layout_changed": 200, "unavailable_here": 200}
_RELOADED = frozenset({"challenge", "layout_changed", "unavailable_here", "slow_load"})
"""Walls that a page meets by loading again; the others show up within it."""


async def wall(fault: str) -> Response:
    """The page that `fault` puts in place of the chat."""
    match fault:
        case "login_wall":
            return RedirectResponse("/auth/login", 302)
        case "slow_load":
            await asyncio.sleep(FOREVER)
            return Response(status_code=504)
        case _:
            mitigated = {"cf-mitigated": "challenge"} if fault == "challenge" else {}
            return HTMLResponse((PAGES / f"{fault}.html").read_text(), _STATUS[fault], mitigated)


def interruption(fault: str | None, visit: Visit) -> Response | None:
    """What a prompt gets in place of a stream where `fault` shows in the HTTP status; the page does the rest."""
    if fault in _RELOADED:
        visit.wall = fault
        mitigated = {"cf-mitigated": "challenge"} if fault == "challenge" else {}
        return Response(status_code=403 if mitigated else 409, headers=mitigated)
    match fault:
        case "http_429":
            return PlainTextResponse("Too many requests", 429, {"retry-after": "60"})
        case "http_500":
            return PlainTextResponse("Internal Server Error", 500)
        case _:
            return None
