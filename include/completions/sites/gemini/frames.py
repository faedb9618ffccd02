"""The framing of Google's streams (`rt=c`): `)]}'`, then a length, a line break and a JSON array, again and again.

The length counts UTF-16 units, from the line break after its digits to the one after the JSON. Streams whose lengths
are wrong (saved in another encoding, put together by hand) are read line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from completions.sites.untrusted import load

MISFITS = 20
"""Lengths that may be wrong before they are ignored."""
_START = re.compile(r"^\)\]\}'", re.MULTILINE)
_LENGTH = re.compile(r"\s*(\d{1,9})(?=\r?\n)")
_LINE = re.compile(r"[^\n]*\n?")

Envelope = list[object]
"""Begins with its name: `wrb.fr` (content, as JSON in a string), `di`, `af.httprm`, `e` (end). Empty: unreadable."""


def exchanges(text: str) -> list[list[Envelope]]:
    """The envelopes of each response in `text`, which may be several recorded one after the other."""
    parts = [part for part in _START.split(text) if part.strip()]
    return [list(_envelopes(part)) for part in parts]


def _envelopes(text: str) -> Iterator[Envelope]:
    for frame in _frames(text):
        for row in frame if isinstance(frame, list) else [[]]:
            if isinstance(row, list):
                yield row


def _frames(text: str) -> Iterator[object]:
    """Each frame as JSON; None for a line that is none."""
    position, misfits = 0, 0
    while position < len(text):
        if length := _LENGTH.match(text, position):
            position = length.end()
            end = _end(text, position, int(length[1])) if misfits < MISFITS else None
            if end and isinstance(frame := load(text[position:end]), list):
                yield frame
                position = end
                continue
            misfits += 1
        else:
            line = _LINE.match(text, position)
            position = line.end() if line else len(text)
            if line and line[0].strip():
                yield load(line[0])


def _end(text: str, start: int, units: int) -> int | None:
    """Where `units` UTF-16 units after `start` end; None beyond the text."""
    if start + units // 2 > len(text):
        return None
    encoded = text[start : start + units].encode("utf-16-le", "surrogatepass")[: 2 * units]
    return start + len(encoded.decode("utf-16-le", "ignore")) if len(encoded) == 2 * units else None
