"""Keeping a page that is open up to date: `pages.js` asks, and is sent the parts that are not as it has them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from fastapi.responses import JSONResponse
from starlette.responses import Response

_DIGITS = 8


def renewed(names: Sequence[str], parts: Mapping[str, str], seen: str = "") -> tuple[dict[str, str], str]:
    """Of the `parts`, those that do not look as `seen` has them, and what is seen from now on: digits of each name.

    A part that is not given is as it was.
    """
    fresh: dict[str, str] = {}
    now = ""
    for number, name in enumerate(names):
        before = seen[number * _DIGITS : (number + 1) * _DIGITS].ljust(_DIGITS, "-")
        digits = digest(parts[name]) if name in parts else before
        if digits != before:
            fresh[name] = parts[name]
        now += digits
    return fresh, now


def digest(text: str) -> str:
    """A few digits that tell a text from another."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:_DIGITS]


def address(path: str, asked: Mapping[str, object]) -> str:
    """The path with what is asked of it, without what is not set."""
    query = urlencode({name: value for name, value in asked.items() if value not in (None, "")})
    return f"{path}?{query}" if query else path


def told(parts: Mapping[str, str], following: str | None, go: str | None = None) -> Response:
    """The answer: the parts, what to ask next (None: nothing any more), and the page to go to, if there is one."""
    return JSONResponse({"parts": dict(parts), "next": following, **({"go": go} if go else {})})
