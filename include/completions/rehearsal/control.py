"""The rehearsal's own routes, under `/_rehearsal`: what was asked, the truth, faults to deal, the callback receiver."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from completions.rehearsal.book import Book, Reply
from completions.rehearsal.changes import Change
from completions.rehearsal.sites import known, shown
from completions.rehearsal.visitor import whence


async def health(request: Request) -> Response:
    """Say that the rehearsal is up, and how it is set."""
    settings = _book(request).settings
    return JSONResponse({"status": "ok", "ui": settings.ui, "latency": settings.latency, "fault": settings.fault})


async def asked(request: Request) -> Response:
    """Every prompt in the order it was asked: the ground for "nothing was asked twice"."""
    return JSONResponse([asdict(asking) for asking in _book(request).asked])


async def truth(request: Request) -> Response:
    """`?prompt=`: the truth for it, as far as front end `&ui=` of `&site=` shows it at its asking number `&n=`."""
    asked = request.query_params
    site = asked.get("site", "chatgpt")
    told = shown(asked["prompt"], site, asked.get("ui"), _book(request).change(site), int(asked.get("n", 1)))
    return JSONResponse({name: fact for name, fact in asdict(told).items() if name != "draft"})


async def faults(request: Request) -> Response:
    """Script a fault: `{"prompt", "fault", "times"}`, `times` null or left out for good."""
    script: dict[str, Any] = await request.json()
    try:
        _book(request).script(script["prompt"], script["fault"], script.get("times"))
    except (KeyError, ValueError) as wrong:
        return PlainTextResponse(f"not a script of a fault: {wrong}", 422)
    return Response(status_code=204)


async def changes(request: Request) -> Response:
    """Change a site: `{"site", "without", "citing", "model", "fault", "voices"}`, what is left out being as ever."""
    change: dict[str, Any] = await request.json()
    try:
        site = change.pop("site")
        _book(request).changes[known(site)] = Change.told(change)
    except (KeyError, TypeError, ValueError) as wrong:
        return PlainTextResponse(f"not a change of a site: {wrong}", 422)
    return Response(status_code=204)


async def reset(request: Request) -> Response:
    """Forget what was asked, scripted and received."""
    _book(request).reset()
    return Response(status_code=204)


async def receive(request: Request) -> Response:
    """The callback receiver: keep the request's headers and exact bytes, answer 204 or as scripted."""
    name = request.path_params["name"]
    came = _book(request).receive(name, request.headers, await request.body())
    reply = _book(request).replies.get(name)
    retry_after = {"retry-after": reply.retry_after} if reply and reply.retry_after and came.status != 204 else {}
    return Response(status_code=came.status, headers=retry_after)


async def received(request: Request) -> Response:
    """The callbacks that came, oldest first, bodies in base64."""
    came = _book(request).callbacks[request.path_params["name"]]
    return JSONResponse([asdict(callback) | {"body": b64encode(callback.body).decode()} for callback in came])


async def reply(request: Request) -> Response:
    """Script the receiver's next answers: `{"status", "times", "retry_after"}`."""
    _book(request).replies[request.path_params["name"]] = Reply(**await request.json())
    return Response(status_code=204)


async def echo(request: Request) -> Response:
    """Tell where the request comes from, as such pages do; nothing where it came through no exit."""
    seen = whence(request.headers)
    told = {"country_code": seen.country, "region_code": seen.subdivision, "city": seen.city_name} if seen else {}
    return JSONResponse({name: value for name, value in told.items() if value})


async def trace(request: Request) -> Response:
    """What Cloudflare tells under every site that is behind it; XX is no country."""
    seen = whence(request.headers)
    return PlainTextResponse(
        f"fl=1f1\nh={request.url.hostname}\nvisit_scheme=http\nloc={seen.country if seen else 'XX'}\n"
    )


TRACE = Route("/cdn-cgi/trace", trace)
ROUTES = [
    Route("/echo", echo),
    Route("/health", health),
    Route("/asked", asked),
    Route("/truth", truth),
    Route("/faults", faults, methods=["POST"]),
    Route("/changes", changes, methods=["POST"]),
    Route("/reset", reset, methods=["POST"]),
    Route("/callback/{name}", receive, methods=["POST"]),
    Route("/callbacks/{name}", received),
    Route("/callbacks/{name}", reply, methods=["PUT"]),
]


def _book(request: Request) -> Book:
    book: Book = request.app.state.book
    return book
