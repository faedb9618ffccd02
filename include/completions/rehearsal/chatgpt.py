"""ChatGPT: which front end a visitor gets, the pages and their assets. The wires are in `chatgpt_a` and `chatgpt_b`."""

from __future__ import annotations

import re
from dataclasses import replace
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from completions.rehearsal import chatgpt_a, chatgpt_b, chatgpt_socket
from completions.rehearsal.book import Book, Visit
from completions.rehearsal.truth import Truth
from completions.rehearsal.walls import PAGES, wall

FRONT_ENDS = ("b", "a")
"""Which of them a visitor gets: the first, but for every fourth, who gets the second."""

_COOKIE = "oai-did"
_TEMPLATES = {ui: Template((PAGES / f"{ui}.html").read_text()) for ui in ("a", "b")}


_NOWHERE = {"content-security-policy": "img-src 'self' data:"}
"""Keeps the page from fetching the images that it names."""


async def home(request: Request) -> Response:
    """The chat, or the wall that this visitor ran into."""
    book: Book = request.app.state.book
    visit = book.visit(request.cookies.get(_COOKIE), FRONT_ENDS)
    language = request.headers.get("accept-language", "")
    response = await wall(visit.wall, request) if visit.wall else _chat(visit, language)
    response.set_cookie(_COOKIE, str(visit.number))
    return response


async def consent(request: Request) -> Response:
    """Take the visitor's choice about cookies, and load the page again."""
    request.app.state.book.visit(request.cookies.get(_COOKIE), FRONT_ENDS).consented = True
    return RedirectResponse("/", 303)


async def login(request: Request) -> Response:
    """The login page: a form that nobody gets past."""
    return HTMLResponse((PAGES / "login.html").read_text())


ROUTES = [
    Route("/", home),
    Route("/uc/{conversation}", home),
    Route("/c/{conversation}", home),
    Route("/auth/login", login),
    Route("/privacy/consent", consent, methods=["POST"]),
    Mount("/cdn/assets", StaticFiles(directory=PAGES / "assets")),
    *chatgpt_a.ROUTES,
    *chatgpt_b.ROUTES,
    *chatgpt_socket.ROUTES,
]


def shown(truth: Truth, ui: str) -> Truth:
    """`truth` as far as front end `ui` shows it: B has no queries, no model, no dates, no further sources."""
    if ui == "a":
        return truth
    return replace(
        truth,
        products=None,
        citations=tuple(replace(cited, published=None) for cited in truth.citations),
        sources=tuple(replace(each, published=None, snippet=None) for each in truth.sources or () if each.cited),
        fan_out_queries=None,
        follow_ups=None,
        model_version=None,
    )


def _chat(visit: Visit, accept_language: str) -> Response:
    language = re.match(r"[\w-]+", accept_language)
    page = _TEMPLATES[visit.ui].substitute(
        lang=language[0] if language else "en-US",
        consent="shown" if visit.consent else "",
        upsell="shown" if visit.upsell else "",
    )
    return HTMLResponse(page, headers=_NOWHERE)
