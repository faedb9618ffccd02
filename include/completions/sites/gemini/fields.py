"""Fields of Google's array-shaped messages, read without trusting them.

Field n is the n-th entry; fields far from the others stand in one dict at the end instead, under the number n + 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from completions.sites.untrusted import string

Place = int | str
_DEPTH = 40


def at(value: object, *path: int) -> object:
    """What stands at `path`; None when there is no such place."""
    for number in path:
        value = _field(value, number) if isinstance(value, list) else None
    return value


def text_at(value: object, *path: int) -> str | None:
    """The text at `path`; None when it is empty or no text."""
    return string(at(value, *path))


def list_at(value: object, *path: int) -> list[object]:
    """The list at `path`, empty when there is none."""
    there = at(value, *path)
    return there if isinstance(there, list) else []


def lists(value: object, depth: int = _DEPTH) -> Iterator[list[object]]:
    """Every list in `value`, itself included, from the outside in."""
    if isinstance(value, list):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if depth:
        for each in inner:
            yield from lists(each, depth - 1)


def _field(array: list[object], number: int) -> object:
    far = array[-1] if array and isinstance(array[-1], dict) else {}
    near = array[number] if number < len(array) else None
    return far.get(str(number + 1)) if near is None or near is far else near
