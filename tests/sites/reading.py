"""How the tests of the adapters read bytes, and what holds whatever these are."""

from __future__ import annotations

from typing import Any, Protocol

from completions.answer import Reading
from completions.sites import site
from completions.sites.base import Captured


class Read(Protocol):
    """What one site's adapter makes of saved bytes."""

    def __call__(self, html: str | None = None, stream: str | bytes | None = None, **captured: Any) -> Reading: ...


def reader(name: str) -> Read:
    """The reading of one site."""

    def read(html: str | None = None, stream: str | bytes | None = None, **captured: Any) -> Reading:
        data = stream.encode() if isinstance(stream, str) else stream
        return site(name).read(Captured(html=html, stream=data, **captured))

    return read


def understood(seen: Reading) -> None:
    """The reading comes from reading, not from the net under it, and its offsets are into its text."""
    assert "could not make sense" not in (seen.error_message or ""), seen.error_message
    assert seen.as_columns()["outcome"] == seen.outcome
    length = len(seen.answer.answer_text) if seen.answer else 0
    for each in (seen.answer.citations or []) if seen.answer else []:
        assert each.char_start is None or 0 <= each.char_start <= (each.char_end or 0) <= length
