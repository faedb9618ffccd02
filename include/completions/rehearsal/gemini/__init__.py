"""Gemini, signed out: the page and its parts. How it answers is in `wire`, what it cites in `cited`."""

from __future__ import annotations

import json
from dataclasses import replace
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from completions.rehearsal import walls as shared
from completions.rehearsal.book import Book, Visit
from completions.rehearsal.gemini import walls, wire
from completions.rehearsal.gemini.languages import language_of, words_in
from completions.rehearsal.gemini.walls import FRONT_ENDS, PAGES
from completions.rehearsal.truth import Truth

__all__ = ["FRONT_ENDS", "ROUTES", "shown"]

_PAGE = Template((PAGES / "app.html").read_text(encoding="utf-8"))
_IMAGES_STAY_OUT = {"content-security-policy": "img-src 'self' data:"}
"""The images of the answers are for show: no browser may fetch them."""


async def home(request: Request) -> Response:
    """The chat, or what this visitor meets before it."""
    book: Book = request.app.state.book
    visit = book.visit(request.cookies.get(walls.COOKIE), FRONT_ENDS)
    response = await walls.wall(visit.wall, request) if visit.wall else None
    response = response or (walls.led_to_consent(request) if visit.consent else _chat(visit, request))
    response.set_cookie(walls.COOKIE, str(visit.number))
    return response


async def root(request: Request) -> Response:
    """Lead to the app."""
    return RedirectResponse("/app", 302)


ROUTES = [
    Route("/", root),
    Route("/app", home),
    Route("/app/{conversation}", home),
    Mount("/cdn/assets", StaticFiles(directory=shared.PAGES / "assets")),
    Mount("/cdn/gemini", StaticFiles(directory=PAGES / "assets")),
    *walls.ROUTES,
    *wire.ROUTES,
]


def shown(truth: Truth, ui: str) -> Truth:
    """`truth` as far as Gemini shows it: no queries, no ads, no next prompts, no more sources than are cited."""
    return replace(
        truth,
        citations=tuple(replace(cited, published=None) for cited in truth.citations),
        sources=tuple(replace(each, published=None) for each in truth.sources or () if each.cited),
        fan_out_queries=None,
        follow_ups=None,
        entities=None,
        ads=None,
        products=None,
        images=tuple(replace(image, page="") for image in truth.images or ()),
    )


def _chat(visit: Visit, request: Request) -> Response:
    language = language_of(request)
    words = words_in(language)
    page = _PAGE.substitute(
        lang=language,
        panel="shown" if visit.number % 2 else "",
        wiz=json.dumps({"cfb2h": "boq_assistant-bard-web-server_20261124.07_p1", "TuX5cc": language}),
        words=json.dumps({"send": words.send, "stop": words.stop}, ensure_ascii=False),
        sign_in=words.sign_in,
        meet=words.meet,
    )
    return HTMLResponse(page, headers=_IMAGES_STAY_OUT)
