"""The pages of Copilot: the chat in the visitor's language, and the walls that take its place."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from completions.rehearsal import walls
from completions.rehearsal.book import Book, Visit
from completions.rehearsal.copilot.labels import labels_for

FRONT_ENDS = ("chat", "nested")
PAGES = Path(__file__).parent / "pages"
VISITOR = "MUID"
"""The cookie that tells visitors apart."""
TIMEZONE = "_EDGE_S"
"""The cookie that keeps the time zone that the page told."""

WALLS = frozenset({"challenge", "login_wall", "unavailable_here", "m365", "layout_changed", "slow_load"})
"""Faults that take the place of the page itself."""

_TEMPLATE = Template((PAGES / "chat.html").read_text(encoding="utf-8"))


async def home(request: Request) -> Response:
    """The chat, or the wall that this visitor ran into."""
    book: Book = request.app.state.book
    visit = book.visit(request.cookies.get(VISITOR), FRONT_ENDS)
    wall = visit.wall or book.settings.fault
    response = await _wall(wall, request) if wall in WALLS else _chat(visit, request)
    response.set_cookie(VISITOR, str(visit.number))
    return response


async def frame(request: Request) -> Response:
    """The outer of the two frames that front end `nested` draws an answer in."""
    return HTMLResponse((PAGES / "frame.html").read_text(encoding="utf-8"))


async def _wall(name: str, request: Request) -> Response:
    if name == "slow_load":
        return await walls.wall(name, request)
    status, headers = walls.CHALLENGED if name == "challenge" else (200, {})
    return HTMLResponse((PAGES / f"{name}.html").read_text(encoding="utf-8"), status, headers)


def _chat(visit: Visit, request: Request) -> Response:
    language = re.match(r"[\w-]+", request.headers.get("accept-language", ""))
    tag = language[0] if language else "en-US"
    page = _TEMPLATE.substitute(
        lang=tag,
        ui=visit.ui,
        labels=escape(json.dumps(labels_for(tag), ensure_ascii=False)),
        cookies="shown" if visit.consent and "MSCC" not in request.cookies else "",
        nudge="shown" if visit.upsell else "",
        bubble="shown" if visit.number % 7 == 0 else "",
        panel="shown" if visit.number % 2 == 0 else "",
    )
    return HTMLResponse(page)
