"""What stands between a visitor and Gemini: consent, Google's sorry page, its sign-in.

Live they are on other hosts (`consent.google.com`, `www.google.com/sorry`, `accounts.google.com`); here each host is
the beginning of a path, as nothing may lead away from the rehearsal.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from completions.rehearsal import walls as shared
from completions.rehearsal.book import Book, Visit
from completions.rehearsal.gemini.languages import language_of, words_in

COOKIE = "NID"
FRONT_ENDS = ("gem",)
PAGES = Path(__file__).parent / "pages"

_ELSEWHERE = {"challenge": "/sorry/index", "login_wall": "/accounts.google.com/v3/signin/identifier"}
"""Where a wall leads."""
_IN_PLACE = frozenset({"layout_changed", "unavailable_here"})
_OWN_CODES = frozenset({"unavailable_here"})
"""Walls of whole pages that meet a prompt as a code of the stream."""


async def wall(fault: str, request: Request) -> Response | None:
    """What `fault` puts in place of the chat; None for one that only a prompt meets."""
    if fault in _ELSEWHERE:
        return RedirectResponse(f"{_ELSEWHERE[fault]}?continue={quote(str(request.url), safe='')}", 302)
    if fault in _IN_PLACE:
        return HTMLResponse(_page(fault))
    return await shared.wall(fault, request) if fault == "slow_load" else None


def interruption(fault: str | None, visit: Visit) -> Response | None:
    """What a prompt gets in place of frames."""
    if fault in _ELSEWHERE:
        visit.wall = fault
        return RedirectResponse(f"{_ELSEWHERE[fault]}?continue=%2Fapp", 302)
    return None if fault in _OWN_CODES else shared.interruption(fault, visit)


def led_to_consent(request: Request) -> Response:
    """The way to the question that visitors from Europe get first."""
    back = quote(str(request.url), safe="")
    return RedirectResponse(f"/consent.google.com/m?continue={back}&gl=DE&m=0&pc=bard&hl={language_of(request)}", 302)


async def consent(request: Request) -> Response:
    """The question: a form that rejects, then one that accepts."""
    language = language_of(request)
    words = words_in(language)
    return HTMLResponse(
        Template(_page("consent")).substitute(
            lang=language, before=words.before, reject=words.reject, accept=words.accept
        )
    )


async def save(request: Request) -> Response:
    """Take the choice, and lead back to the chat."""
    form = parse_qs((await request.body()).decode())
    book: Book = request.app.state.book
    book.visit(request.cookies.get(COOKIE), FRONT_ENDS).consented = True
    return RedirectResponse(f"/app?hl={quote(form.get('hl', ['en'])[0])}", 303)


async def sorry(request: Request) -> Response:
    """The proof that the visitor is no robot, which nobody gives here."""
    return HTMLResponse(_page("sorry"), 429)


async def sign_in(request: Request) -> Response:
    """A form that nobody gets past."""
    return HTMLResponse(_page("signin"))


ROUTES = [
    Route("/consent.google.com/m", consent),
    Route("/consent.google.com/save", save, methods=["POST"]),
    Route(_ELSEWHERE["challenge"], sorry),
    Route(_ELSEWHERE["login_wall"], sign_in),
]


def _page(name: str) -> str:
    return (PAGES / f"{name}.html").read_text(encoding="utf-8")
