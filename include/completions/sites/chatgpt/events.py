"""The classic wire: a stream of events put together into messages.

Read as it comes, in every form it has had: server-sent events in delta encoding v1 (2025 to 2026), the same events
handed over to a WebSocket and kept as one JSON frame a line (since mid 2026), whole messages in each event (before),
and the conversation as one JSON document. Several of them may follow one another: a stream, then its resumption.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from completions.sites.untrusted import Growing, load, rows, string, table, within

_ENDS = ("message_stream_complete", "conversation-turn-complete", "done")


@dataclass
class Conversation:
    """What the events told so far."""

    messages: dict[str, dict[str, object]] = field(default_factory=dict)
    """By id, in order of appearance."""
    ended: bool = False
    """Whether the site said that it sent everything."""
    failure: tuple[str | None, ...] | None = None
    """Codes and words of an error that came in place of an answer."""
    conversation_id: str | None = None
    searched: bool | None = None
    """Whether a web search ran for the answer; None while the site has not said."""
    recognised: bool = False
    """Whether there was any event of this site at all."""


class Reader:
    """Feeds on lines; `conversation` is what they amount to."""

    def __init__(self) -> None:
        self.conversation = Conversation()
        self._roots: dict[object, dict[str, object]] = {}
        self._path: object = ""
        self._operation: object = "add"
        self._channel: object = 0
        self._items: set[str] = set()

    def read(self, text: str) -> Conversation:
        """Read every event in `text`."""
        whole = load(text) if text.lstrip()[:1] in ("{", "[") else None
        if whole is not None:
            self._document(whole)
        else:
            self._lines(text.split("\n"))
        return self.conversation

    def _lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            if line.startswith("data:"):
                self._data(line[5:].strip())
            elif line.startswith(("{", "[")) and (frame := load(line)) is not None:
                self._document(frame)

    def _data(self, data: str) -> None:
        if data == "[DONE]":
            self.conversation.ended = self.conversation.recognised = True
        elif isinstance(event := load(data), dict):
            self._event(event)

    def _document(self, document: object) -> None:
        """A frame, a list of frames, an error in place of a stream, or a whole conversation."""
        for frame in document if isinstance(document, list) else [document]:
            if isinstance(mapping := within(frame, "mapping"), dict):
                self._mapping(mapping, table(frame))
            elif "payload" in table(frame):
                self._frame(table(frame))
            elif isinstance(frame, dict):
                self._event(frame)

    def _frame(self, frame: dict[str, object]) -> None:
        payload = table(frame, "payload")
        if payload.get("type") in _ENDS or within(payload, "payload", "type") in _ENDS:
            self.conversation.ended = self.conversation.recognised = True
        item, content = string(payload, "payload", "stream_item_id"), within(payload, "payload", "encoded_item")
        if isinstance(content, str) and item not in self._items:  # after a reconnect, items come again
            self._items |= {item} if item else set()
            self._lines(content.split("\n"))

    def _mapping(self, mapping: dict[str, object], document: dict[str, object]) -> None:
        """The turns from the root to the current node; other branches were edited away."""
        chain: list[dict[str, object]] = []
        node, passed = document.get("current_node"), set[str]()
        while isinstance(node, str) and node in mapping and node not in passed:
            passed.add(node)
            chain.append(table(mapping, node, "message"))
            node = within(mapping, node, "parent")
        for message in reversed(chain):
            self._message(message)
        self.conversation.ended = self.conversation.recognised = True
        self.conversation.conversation_id = string(document, "conversation_id") or string(document, "id")

    def _event(self, event: dict[str, object]) -> None:
        conversation = self.conversation
        if any(key in event for key in ("v", "p", "o")):
            self._delta(event)
        elif isinstance(event.get("message"), dict):
            self._message(table(event, "message"))
        if conversation_id := string(event, "conversation_id"):
            conversation.conversation_id, conversation.recognised = conversation_id, True
        if event.get("type") in _ENDS:
            conversation.ended = conversation.recognised = True
        if (invoked := within(event, "metadata", "tool_invoked")) is not None:
            tool = (string(event, "metadata", "tool_name") or "").lower()
            by_web = bool(invoked) and ("web" in tool or "search" in tool)
            conversation.searched = conversation.searched or by_web
        if within(event, "moderation_response", "blocked") is True:  # in dumps of the stream since 2023
            conversation.failure = ("moderation", "the site's moderation blocked this turn")
        self._failure(event)

    def _failure(self, event: dict[str, object]) -> None:
        said = event.get("error") or event.get("detail")
        if said and isinstance(said, str | dict):
            codes = [string(said, key) for key in ("code", "type", "message")] if isinstance(said, dict) else [said]
            self.conversation.failure = (*codes, string(event, "error_code"))
            self.conversation.recognised = True

    def _message(self, message: dict[str, object]) -> None:
        if message_id := string(message, "id"):
            self.conversation.messages[message_id] = message
            self.conversation.recognised = True

    def _delta(self, delta: dict[str, object]) -> None:
        """Apply one delta: path, operation and channel carry over from the one before, the value never does."""
        value = delta.get("v")
        opens_message = isinstance(within(value, "message"), dict) and delta.get("p", "") == ""
        self._path = "" if opens_message else delta.get("p", self._path)
        self._operation = "add" if opens_message else delta.get("o", self._operation)
        self._channel = delta.get("c", self._channel)
        if not isinstance(self._channel, int | str):
            return
        if opens_message:
            self._roots[self._channel] = table(value)
            self._message(table(value, "message"))
            self._failure(table(value))
            if conversation_id := string(value, "conversation_id"):
                self.conversation.conversation_id = conversation_id
        elif (root := self._roots.get(self._channel)) is not None:
            operations = (
                rows(delta, "v") if self._operation == "patch" else [delta | {"p": self._path, "o": self._operation}]
            )
            for operation in operations:
                apply(root, operation)


def apply(root: dict[str, object], operation: dict[str, object]) -> None:
    """Apply one operation of delta encoding v1 to `root`; what does not fit is left out."""
    path = operation.get("p")
    if not isinstance(path, str) or not path.startswith("/"):
        return
    *way, last = (key.replace("~1", "/").replace("~0", "~") for key in path[1:].split("/"))
    holder: object = root
    for key in way:
        holder = _child(holder, key)
    if isinstance(holder, dict):
        _change(holder, last, operation)
    elif isinstance(holder, list) and last.isdecimal() and len(last) < 6:
        if int(last) == len(holder):
            holder.append("")
        if int(last) < len(holder):
            _change(holder, int(last), operation)


def _child(holder: object, key: str) -> object:
    if isinstance(holder, dict):
        return holder.get(key)
    if isinstance(holder, list) and key.isdecimal() and len(key) < 6 and int(key) < len(holder):
        return holder[int(key)]
    return None


def _change(holder: dict[str, object] | list[object], key: str | int, operation: dict[str, object]) -> None:
    value, name = operation.get("v"), operation.get("o")
    slots: Any = holder  # a dict with a text for a key, or a list with an index
    old = slots.get(key) if isinstance(slots, dict) else slots[key]
    if name == "append":
        slots[key] = _appended(old, value)
    elif name == "truncate" and isinstance(value, int) and isinstance(old, str | Growing):
        slots[key] = str(old)[: max(0, value)]
    elif name in ("add", "replace", "remove"):
        slots[key] = value


def _appended(old: object, value: object) -> object:
    if isinstance(value, str) and isinstance(old, Growing):
        old.pieces.append(value)
    elif isinstance(value, str) and isinstance(old, str):
        return Growing(old, value)
    elif isinstance(value, list) and isinstance(old, list):
        old.extend(value)
    elif isinstance(value, dict) and isinstance(old, dict):
        old.update(value)
    return value if old is None else old
