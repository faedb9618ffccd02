"""JSON Patch (RFC 6902), in which the wire sends what changed in a block; bounded, as the bytes may be anyone's.

The library for it knows no bounds: a few dozen `copy` operations of some bytes each would fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

LONGEST = 20_000
"""Items of a list; inserting into a longer one costs too much."""
DEEPEST = 50
"""Steps of a path."""
COPIED = 50_000
"""Values that all `copy` operations on a document may add to it."""


class Misfit(ValueError):
    """An operation that does not fit the document: something before it was lost."""


@dataclass
class Document:
    """A JSON document that is patched in place. After a `Misfit` it is as far as the operations before that."""

    value: object = None
    copied: int = 0

    def patch(self, operations: Iterable[dict[str, object]]) -> None:
        """Apply the operations in order; raise `Misfit` at the first that does not fit."""
        try:
            for operation in operations:
                self._apply(operation)
        except (LookupError, TypeError, RecursionError) as error:
            raise Misfit(str(error)) from error

    def _apply(self, operation: dict[str, object]) -> None:
        path, value = _steps(operation.get("path")), operation.get("value")
        match operation.get("op"):
            case "add":
                self._put(path, value, new=True)
            case "replace":
                self._put(path, value, new=False)
            case "remove":
                self._take(path)
            case "move":
                self._put(path, self._take(_steps(operation.get("from"))), new=True)
            case "copy":
                self._put(path, self._copy(_steps(operation.get("from"))), new=True)
            case "test" if self._at(path) == value:
                pass
            case name:
                raise Misfit(f"{name} does not hold at {operation.get('path')}")

    def _at(self, path: list[str]) -> Any:
        value: Any = self.value
        for step in path:
            value = value[_slot(value, step)]
        return value

    def _put(self, path: list[str], value: object, *, new: bool) -> None:
        if not path:
            self.value = value
            return
        holder = self._at(path[:-1])
        slot = _slot(holder, path[-1], new=new)
        if not new:
            holder[slot]  # there must be something to replace
        if new and isinstance(holder, list):
            holder.insert(slot, value)
        else:
            holder[slot] = value

    def _take(self, path: list[str]) -> object:
        if not path:
            value, self.value = self.value, None
            return value
        holder = self._at(path[:-1])
        slot = _slot(holder, path[-1])
        return holder.pop(slot)

    def _copy(self, path: list[str]) -> object:
        value = self._at(path)
        self.copied += _count(value, COPIED - self.copied)
        if self.copied >= COPIED:
            raise Misfit("too much is copied")
        return deepcopy(value)


def _steps(path: object) -> list[str]:
    if not isinstance(path, str) or (path and path[0] != "/") or path.count("/") > DEEPEST:
        raise Misfit("a path that is none")
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _slot(holder: object, step: str, *, new: bool = False) -> Any:
    """Where `step` leads in `holder`: a key, or the index of an item that is there, or with `new` may come there."""
    if isinstance(holder, dict):
        return step
    if not isinstance(holder, list):
        raise Misfit(f"nothing can be at {step}")
    if step == "-" and new:
        step = str(len(holder))
    if not (step.isascii() and step.isdecimal()) or len(step) > len(str(LONGEST)):
        raise Misfit(f"{step} is no index")
    if (index := int(step)) >= min(len(holder) + new, LONGEST):
        raise Misfit(f"no item {index}")
    return index


def _count(value: object, limit: int) -> int:
    """How many values `value` is made of, counted no further than `limit`."""
    count, waiting = 0, [value]
    while waiting and count < limit:
        inner = waiting.pop()
        count += 1
        if isinstance(inner, dict | list):
            waiting.extend(inner.values() if isinstance(inner, dict) else inner)
    return count
