"""What stands in place of the chat: whole pages that wall a visitor off, and answers to a prompt that lead to one."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from completions.rehearsal.book import Book, Visit

PAGES = Path(__file__).parent / "pages"

CHALLENGED = (403, {"cf-mitigated": "challenge"})
"""Status and headers of a challenge."""
_PAGES: dict[str, tuple[int, dict[str, str]]] = {
    "challenge": CHALLENGED,
    "blocked": (403, {}),
    "layout_changed": (200, {}),
    "unavailable_here": (200, {}),
}
"""Status and headers of the walls that are a page of their own."""
_RELOADED = frozenset({"challenge", "layout_changed", "unavailable_here", "slow_load"})
"""Walls that a page meets by loading again; the others show up within it."""


async def wall(fault: str, request: Request) -> Response:
    """The page that `fault` puts in place of the chat."""
    match fault:
        case "login_wall":
            return RedirectResponse("/auth/login", 302)
        case "slow_load":
            book: Book = request.app.state.book
            await book.closing.wait()
            return Response(status_code=504)
        case _:
            status, headers = _PAGES[fault]
            return HTMLResponse((PAGES / f"{fault}.html").read_text(), status, headers)


def interruption(fault: str | None, visit: Visit) -> Response | None:
    """What a prompt gets in place of a stream where `fault` shows in the HTTP status; the page does the rest."""
    if fault in _RELOADED:
        visit.wall = fault
        status, headers = CHALLENGED if fault == "challenge" else (409, {})
        return Response(status_code=status, headers=headers)
    match fault:
        case "http_429":
            return PlainTextResponse("Too many requests", 429, {"retry-after": "60"})
        case "http_500":
            return PlainTextResponse("Internal Server Error", 500)
        case _:
            return None
