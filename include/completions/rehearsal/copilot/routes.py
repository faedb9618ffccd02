"""What Copilot serves: pages, the calls that the page makes before it asks, the socket."""

from __future__ import annotations

from json import JSONDecodeError
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from completions.rehearsal import walls
from completions.rehearsal.book import Book
from completions.rehearsal.copilot.home import FRONT_ENDS, PAGES, TIMEZONE, VISITOR, WALLS, frame, home
from completions.rehearsal.copilot.ids import short_id
from completions.rehearsal.copilot.socket import chat

_BY_STATUS = WALLS | {"http_429", "http_500"}
"""Faults that show in the status of the call that makes a conversation."""


async def session(request: Request) -> Response:
    """Let a visitor in who has no account: a temporary session."""
    return JSONResponse({"sessionKey": str(uuid4())})


async def start(request: Request) -> Response:
    """Take what the page says of its visitor."""
    told: dict[str, Any] = await request.json()
    response = JSONResponse({"currentConversationId": short_id(), "isBlocked": False})
    response.set_cookie(TIMEZONE, quote(told["timeZone"], safe=""))
    return response


async def user(request: Request) -> Response:
    """Nobody is signed in."""
    return JSONResponse({"firstName": None, "isAnonymous": True})


async def conversations(request: Request) -> Response:
    """Make a conversation; status 460 without a session.

    The stand-in's page says here what it is about to ask, so that a prompt can meet the faults that show in a status.
    """
    if not request.headers.get("x-copilot-temporarysessionkey"):
        return Response(status_code=460)
    book: Book = request.app.state.book
    prompt = await _announced(request)
    if book.due(prompt, "copilot") in _BY_STATUS:
        return _refused(book, prompt, request)
    response = JSONResponse({"id": short_id()})
    if book.due(prompt, "copilot") == "dialog":
        response.headers["x-page-alert"] = "Session expired"
    return response


async def _announced(request: Request) -> str:
    try:
        told: dict[str, Any] = await request.json()
    except JSONDecodeError:
        return ""
    return str(told.get("prompt", ""))


def _refused(book: Book, prompt: str, request: Request) -> Response:
    visit = book.visit(request.cookies.get(VISITOR), FRONT_ENDS)
    asking = book.ask(prompt, visit.ui, None, request.headers, "copilot")
    if refusal := walls.interruption(asking.fault, visit):
        return refusal
    visit.wall = asking.fault
    return Response(status_code=409)


ROUTES = [
    Route("/", home),
    Route("/chats/{conversation}", home),
    Route("/copilot.fun/frame", frame),
    Route("/c/api/user/sessions/temporary", session, methods=["POST"]),
    Route("/c/api/start", start, methods=["POST"]),
    Route("/c/api/user", user),
    Route("/c/api/conversations", conversations, methods=["POST"]),
    WebSocketRoute("/c/api/chat", chat),
    Mount("/cdn/assets", StaticFiles(directory=walls.PAGES / "assets")),
    Mount("/static", StaticFiles(directory=PAGES / "assets")),
]
