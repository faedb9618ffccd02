"""The page, which is the same for home and thread, what stands in its place, and small routes that it calls."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from completions.rehearsal.book import Book, Visit
from completions.rehearsal.perplexity.thread import END

FRONT_ENDS = ("prose", "workflow")
OWN_PAGES = Path(__file__).parent / "pages"

_COOKIE = "pplx.visitor-id"
_TEMPLATE = Template((OWN_PAGES / "home.html").read_text("utf-8"))
_CHALLENGED = (403, {"cf-mitigated": "challenge"})
_NOTHING_LEFT = {"available": False, "remaining_detail": {"kind": "exact", "remaining": 0}}


def visit_of(request: Request) -> Visit:
    """The visit that a request belongs to."""
    book: Book = request.app.state.book
    return book.visit(request.cookies.get(_COOKIE), FRONT_ENDS)


async def home(request: Request) -> Response:
    """The chat, or the wall that this visitor ran into."""
    visit = visit_of(request)
    response = await _wall(visit, request) or _chat(visit, request.headers.get("accept-language", ""))
    response.set_cookie(_COOKIE, str(visit.number))
    return response


async def session(request: Request) -> Response:
    """Who is logged in: nobody."""
    return JSONResponse({})


async def rate_limit(request: Request) -> Response:
    """What a visitor who is not logged in may ask."""
    modes = dict.fromkeys(("agentic_research", "labs", "pro_search", "research"), _NOTHING_LEFT)
    free = {"available": True, "remaining_detail": {"kind": "not_provided"}}
    return JSONResponse({"free_queries": free, "modes": modes, "sources": {}})


async def related(request: Request) -> Response:
    """Related questions that come later: none, as seen 2026-09."""
    return Response(END, media_type="text/event-stream")


async def _wall(visit: Visit, request: Request) -> Response | None:
    match visit.wall:
        case "challenge":
            status, headers = _CHALLENGED
            return HTMLResponse((OWN_PAGES / "challenge.html").read_text("utf-8"), status, headers)
        case "layout_changed":
            return HTMLResponse((OWN_PAGES / "layout_changed.html").read_text("utf-8"))
        case "slow_load":
            book: Book = request.app.state.book
            await book.closing.wait()
            return Response(status_code=504)
        case _:
            return None


def _chat(visit: Visit, accept_language: str) -> Response:
    """The page.

    Generation 3 was seen in several ways, which take turns here: an answer is marked as one while it comes (`early`) or
    once it is whole, a prompt is numbered or in its form of 2026-08 (`august`).
    """
    language = re.match(r"[\w-]+", accept_language)
    page = _TEMPLATE.substitute(
        lang=language[0] if language else "en-US",
        generation=visit.ui,
        consent="shown" if visit.consent else "",
        upsell="shown" if visit.upsell else "",
        wall="shown" if visit.wall == "login_wall" else "",
        early="shown" if visit.number % 2 else "",
        august="shown" if visit.number % 4 == 2 else "",
    )
    return HTMLResponse(page)
