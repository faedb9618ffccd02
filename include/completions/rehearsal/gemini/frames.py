"""How Gemini frames what it answers: `)]}'`, then `<length>`, a line of JSON and a line's end, again and again.

A length counts UTF-16 units, from the line's end after its digits to the one after the JSON (public client code and
recordings, 2026-05 to 2026-09). Values are arrays whose places mean something; what is not said is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

HEAD = b")]}'\n\n"
MEDIA_TYPE = "application/json; charset=utf-8"


def frame(*envelopes: list[Any]) -> bytes:
    """One frame of `envelopes`."""
    line = _json(list(envelopes))
    units = len(line.encode("utf-16-le")) // 2
    return f"{units + 2}\n{line}\n".encode()


def told(inner: list[Any], rpc: str | None = None) -> list[Any]:
    """The envelope of what the service tells: its own JSON, as a string."""
    return ["wrb.fr", rpc, _json(inner)]


def refused(code: int) -> list[Any]:
    """The envelope of an error code in place of an answer."""
    kind = "type.googleapis.com/assistant.boq.bard.application.BardErrorInfo"
    return ["wrb.fr", None, None, None, None, [13, None, [[kind, [code]]]]]


def ending(milliseconds: int, size: int) -> bytes:
    """The two frames that every answer ends with."""
    return frame(["di", milliseconds], ["af.httprm", milliseconds, "8196459853603899163", 2]) + frame(
        ["e", 4, None, None, size]
    )


def placed(values: Mapping[int, Any]) -> list[Any]:
    """An array with `values` at their places, as long as it must be."""
    return [values.get(place) for place in range(max(values) + 1)]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
