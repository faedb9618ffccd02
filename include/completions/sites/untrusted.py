"""JSON from the site, read without trusting its shape: a wrong type is as good as absent."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from completions.links import url_canonical
from completions.markup import printable
from completions.sites.sight import Link


class Growing:
    """A text that comes in pieces; joined when it is read, so that a long one stays cheap to append to."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = list(pieces)

    def __str__(self) -> str:
        return "".join(self.pieces)


def load(text: str | bytes | None) -> object:
    """`text` as JSON; None when it is not."""
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None


def within(value: object, *path: str) -> object:
    """What stands at `path` in nested objects; None when there is no such place."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def table(value: object, *path: str) -> dict[str, object]:
    """The object at `path`, empty when there is none."""
    there = within(value, *path)
    return there if isinstance(there, dict) else {}


def rows(value: object, *path: str) -> Iterator[dict[str, object]]:
    """The objects in the list at `path`."""
    there = within(value, *path)
    return (row for row in there if isinstance(row, dict)) if isinstance(there, list) else iter(())


def string(value: object, *path: str) -> str | None:
    """The text at `path`; None when it is empty or no text."""
    there = within(value, *path)
    return printable(str(there)).strip() or None if isinstance(there, str | Growing) else None


def number(value: object, *path: str) -> float | None:
    """The finite number at `path`."""
    there = within(value, *path)
    if isinstance(there, bool) or not isinstance(there, int | float):
        return None
    return float(there) if abs(there) < 1e15 and math.isfinite(there) else None


def moment(value: object, *path: str) -> datetime | None:
    """The point in time at `path`, given as seconds since 1970."""
    seconds = number(value, *path)
    return datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < 4_102_444_800 else None


def unique(pages: Iterable[Link]) -> list[Link]:
    """`pages`, each once, what a later mention knows of it added to the first."""
    known: dict[str, Link] = {}
    for page in pages:
        key = url_canonical(page.url)
        known[key] = page if key not in known else known[key].filled(page)
    return list(known.values())


def is_of(url: str, hosts: Collection[str]) -> bool:
    """Whether `url` leads to one of `hosts`: judged by host, as every cited link has the site in its query."""
    return (urlsplit(url).hostname or "").removeprefix("www.") in hosts
