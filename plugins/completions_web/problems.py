"""Every error of the HTTP API, as RFC 9457 `application/problem+json`; of its pages, as a page."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from completions.errors import ABSENT, Refused, RefusedRequest, shortened
from completions.store import StoreError
from completions_web.pages.shell import is_page, wrong

log = logging.getLogger(__name__)

NO_UUID = "give the id of a batch, a UUID such as 8f0a8df4-5cd5-4d6e-a51e-70ee2a1b2b6a"
SHOWN = 200
"""Characters of a refused value that are sent back."""


def problem(
    status: int,
    detail: str,
    refusals: Sequence[Refused] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response that tells it; with `errors`, one for each refused field."""
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body["detail"] = detail
    if refusals:
        body["errors"] = [_error(refusal) for refusal in refusals]
    # JSON in ASCII can tell any text, a lone surrogate too
    return Response(json.dumps(body), status, headers, media_type="application/problem+json")


def told(
    request: Request,
    status: int,
    detail: str,
    refusals: Sequence[Refused] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The same for whoever asks: a page for people, a problem for programs."""
    if is_page(request):
        return wrong(request, status, detail, headers)
    return problem(status, detail, refusals, headers)


def tell_problems(app: FastAPI) -> None:
    """Have `app` answer with a problem whatever goes wrong."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(RefusedRequest, _refused)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(Exception, _unexpected)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _not_allowed(request)
    challenge = {"WWW-Authenticate": "Bearer"} if error.status_code == HTTPStatus.UNAUTHORIZED else {}
    return told(request, error.status_code, error.detail, headers={**challenge, **(error.headers or {})})


def _not_allowed(request: Request) -> Response:
    """Says what the path knows: each method is a route of its own, and the first alone would be told."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    allowed = ", ".join(sorted({method for route in routes for method in getattr(route, "methods", None) or ()}))
    said = f"{request.method} is not for this path: it knows {allowed or 'GET, HEAD'}."
    return told(request, HTTPStatus.METHOD_NOT_ALLOWED, said, headers={"Allow": allowed or "GET, HEAD"})


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, (Refused, RefusedRequest))
    refusals = error.refusals if isinstance(error, RefusedRequest) else (error,)
    return told(request, HTTPStatus.UNPROCESSABLE_ENTITY, str(error), refusals)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    refusals = [
        Refused(
            str(one["loc"][-1]),
            ABSENT if one["type"] == "missing" else one["input"],
            NO_UUID if one["type"].startswith("uuid") else one["msg"],
        )
        for one in error.errors()
    ]
    return _refused(request, RefusedRequest(refusals))


def _store(request: Request, error: Exception) -> Response:
    log.error("%s", error)
    return told(request, HTTPStatus.SERVICE_UNAVAILABLE, "The store cannot be reached; try again later.")


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return told(request, HTTPStatus.INTERNAL_SERVER_ERROR, "The request failed on our side; the server's log says why.")


def _error(refusal: Refused) -> dict[str, Any]:
    value = {} if refusal.value is ABSENT else {"value": _shown(refusal.value)}
    return {"field": refusal.field, **value, "detail": str(refusal)}


def _shown(value: object) -> object:
    """`value` itself where it is short JSON, else what it begins with."""
    try:
        return value if len(json.dumps(value, allow_nan=False)) <= SHOWN else shortened(value, SHOWN)
    except (TypeError, ValueError):
        return shortened(value, SHOWN)
