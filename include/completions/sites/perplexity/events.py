"""The wire: a stream of events put together into the entry (one prompt and its answer) that they tell of.

Events bring blocks, known by what they are for (`intended_usage`) and what they are (`markdown_block` …): whole, or as
a JSON Patch of what is there (`diff_block`). What was lost on the way is never guessed: a block that a patch did not
fit, or any block while a line was unreadable, is `stale` until it comes whole again; the last event brings all whole.
Read are server-sent events, the same one JSON event a line, and a thread's entries as one JSON document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from completions.sites.perplexity.patches import Document, Misfit
from completions.sites.untrusted import load, rows, string, table, within

CHUNKS = 50_000
"""Pieces that a text comes in."""
_PLAIN = ("event:", "id:", "retry:", ":")
_STATUSES = ("PENDING", "COMPLETED", "FAILED")
_TELLING = ("backend_uuid", "blocks", "upsell_information", "error_code")
"""An event has one of these, or a status."""


@dataclass
class Block(Document):
    """One block of an entry."""

    stale: bool = True
    """Whether something of it was lost."""


@dataclass
class Entry:
    """What the events told so far."""

    blocks: dict[tuple[str, str], Block] = field(default_factory=dict)
    """By usage and kind, in order of appearance."""
    told: dict[str, object] = field(default_factory=dict)
    """What stands beside the blocks: the newest value that says something."""
    upsells: dict[str, dict[str, object]] = field(default_factory=dict)
    """What the site wants of the visitor, by name."""
    ended: bool = False
    """Whether the site said that it sent everything."""
    early: bool = False
    """Whether there were no blocks yet when it was sent; see `early`."""

    def of_kind(self, kind: str) -> dict[str, Block]:
        """Blocks of a kind by their usage."""
        return {usage: block for (usage, each), block in self.blocks.items() if each == kind}


class Reader:
    """Feeds on text; `entries` is what it amounts to, one for each prompt asked."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._uuid: str | None = None

    def read(self, text: str) -> None:
        """Read every event in `text`."""
        whole = load(text) if text.lstrip()[:1] in ("{", "[") else None
        if whole is not None:
            self._document(whole)
            return
        for line in text.split("\n"):
            self._line(line.strip())

    def _line(self, line: str) -> None:
        data = line.removeprefix("data:").strip()
        if not data or data == "[DONE]" or line.startswith(_PLAIN):
            return
        event = load(data) if data.startswith("{") else None
        if isinstance(event, dict):
            self._document(event)
        elif self.entries:
            for block in self.entries[-1].blocks.values():
                block.stale = True

    def _document(self, document: object) -> None:
        """An event, one in its wrapping, several in a list, or the entries of a thread."""
        for each in document if isinstance(document, list) else [document]:
            if entries := list(rows(each, "entries")):
                for entry in entries:
                    self._event(entry)
            elif isinstance(inner := within(each, "data"), dict):
                self._event(inner)
            elif isinstance(each, dict):
                self._event(each)

    def _event(self, event: dict[str, object]) -> None:
        if not (any(key in event for key in _TELLING) or _status(event) in _STATUSES):
            return
        entry, last = self._entry(string(event, "backend_uuid")), _is_last(event)
        if entry.ended and not last:
            return  # told again, from the beginning, after a reconnect
        entry.told |= {key: value for key, value in event.items() if key != "blocks" and value is not None}
        if upsell := _unpacked(event.get("upsell_information")):
            entry.upsells[string(upsell, "name") or ""] = upsell
        entry.ended = last
        for block in rows(event, "blocks"):
            _take(entry, block)

    def _entry(self, uuid: str | None) -> Entry:
        """The entry that an event of this name belongs to; one without a name goes on with the last."""
        if not self.entries or (uuid and self._uuid and uuid != self._uuid):
            self.entries.append(Entry())
        self._uuid = uuid or self._uuid
        return self.entries[-1]


def _status(event: dict[str, object]) -> str:
    return (string(event, "status") or "").upper()


def _is_last(event: dict[str, object]) -> bool:
    """Whether the answer is whole: completed and final. A first `final` comes while it is still pending."""
    final = [event[key] for key in ("final", "final_sse_message") if key in event]
    return _status(event) == "COMPLETED" and (True in final or not final)


def _unpacked(value: object) -> dict[str, object]:
    """An object, which may come as JSON in a string, and that in a string again."""
    for _ in range(3):
        value = load(value) if isinstance(value, str) else value
    return table(value)


def _take(entry: Entry, block: dict[str, object]) -> None:
    usage = string(block, "intended_usage") or ""
    if isinstance(kind := within(block, "diff_block", "field"), str):
        _patch(entry.blocks.setdefault((usage, kind), Block()), list(rows(block, "diff_block", "patches")))
    for kind, value in block.items():
        if kind.endswith("_block") and kind != "diff_block" and isinstance(value, dict):
            known = entry.blocks.setdefault((usage, kind), Block())
            if kind == "markdown_block" and not entry.ended and isinstance(value.get("chunks"), list):
                _append(known, value)
            else:
                known.value, known.stale = value, False


def _patch(block: Block, operations: list[dict[str, object]]) -> None:
    whole = [n for n, each in enumerate(operations) if each.get("path") == "" and each.get("op") in ("add", "replace")]
    if block.stale and not whole:
        return
    try:
        block.patch(operations[whole[-1] if whole else 0 :])
        block.stale = False
    except Misfit:
        block.stale = True


def _append(block: Block, value: dict[str, object]) -> None:
    """Add the chunks of a text to those before them, at the place that they name; what is missing between is None."""
    block.stale = block.stale and block.value is not None
    known = table(block.value)
    chunks = known.get("chunks")
    pieces: list[object] = chunks if isinstance(chunks, list) else []
    added = list(_listed(value))
    start = value.get("chunk_starting_offset", len(pieces))
    if not isinstance(start, int) or not 0 <= start <= CHUNKS or len(pieces) > CHUNKS:
        block.stale = True
        return
    pieces.extend([None] * (start - len(pieces)))
    pieces[start : start + len(added)] = added
    block.value = known | value | {"chunks": pieces}


def _listed(value: dict[str, object]) -> Iterator[object]:
    chunks = value["chunks"]
    return iter(chunks) if isinstance(chunks, list) else iter(())
