"""Reading what a caller sends: bounded, and JSON without surprises."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, NoReturn

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool

MAX_BODY = 32 * 1024 * 1024
"""Bytes. The largest request there is, 1000 prompts of 2047 characters that are all escaped, has 25 million."""


async def read_json(request: Request) -> Any:
    """The JSON that the caller sends; raises `HTTPException` 400, 413 or 415 where it is none, or too much."""
    # The media type makes a browser ask first, so that no other site can submit a batch with the visitor's cookie.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the request with Content-Type: application/json.")
    return await run_in_threadpool(_parsed, await _body(request))


async def _body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > MAX_BODY:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise _too_large()
    return bytes(body)


def _too_large() -> HTTPException:
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Send at most {MAX_BODY} bytes.")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_constant, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}.") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; which of two fields of one name was meant, nobody knows."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice[:60]!r} is there more than once")
    return fields
