"""What came of a button, told once on the page that follows: it travels in a cookie of the pages' own."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, unquote

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from completions_web.pages.shell import root_of

NAME = "completions_said"
LIFE = 60
"""Seconds until nobody came to read it."""
LENGTH = 1000


@dataclass(frozen=True)
class Said:
    """A sentence, and whether it is a bad one."""

    text: str
    bad: bool


def back(request: Request, to: str, text: str, *, bad: bool = False) -> Response:
    """Go on to one of our pages, and have `text` said there."""
    answer = RedirectResponse(to, HTTPStatus.SEE_OTHER)
    value = quote(f"{'-' if bad else '+'}{text[:LENGTH]}")
    answer.set_cookie(NAME, value, LIFE, path=root_of(request), httponly=True, samesite="strict")
    return answer


def said(request: Request) -> Said | None:
    """What is to be said on this page."""
    text = unquote(request.cookies.get(NAME, ""))
    return Said(text[1:], text.startswith("-")) if text else None


def once(request: Request, page: Response) -> Response:
    """The page that says it; after it, nothing does."""
    if NAME in request.cookies:
        page.delete_cookie(NAME, path=root_of(request))
    return page
