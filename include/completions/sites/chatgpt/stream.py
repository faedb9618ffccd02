"""What kind of bytes a saved stream is, told by the bytes themselves, and its reading."""

from __future__ import annotations

import re

from completions.sites.base import StreamKind
from completions.sites.chatgpt.events import Reader
from completions.sites.chatgpt.failures import FAILURES
from completions.sites.chatgpt.messages import read_messages
from completions.sites.chatgpt.partial import CONTROL, FRAME, read_lines, read_partial
from completions.sites.sight import Sight, Trouble
from completions.sites.untrusted import load, string, table

_HEAD = 4000
"""Characters that are enough to tell the kinds apart."""
_EVENT = re.compile(r"^(?:data|event):", re.MULTILINE)


def read_stream(data: bytes) -> Sight:
    """What the recorded exchanges show, whatever kind they are; nothing, with a warning, when they are none of ours."""
    text = data.decode(errors="replace").removeprefix("\ufeff")
    kind = stream_kind(text)
    if kind == "partial-html":
        return read_partial(text)
    if kind == "ndjson":
        return read_lines(text)
    if kind is not None:
        conversation = Reader().read(text)
        if conversation.recognised:
            return read_messages(conversation)
    said = text.strip()
    if outcome := FAILURES.of_turn(said):
        return Sight(finished=False, trouble=Trouble(outcome, f"the site sent: {said}"))
    if not said:
        return Sight(finished=False, warnings=["the stream is empty"])
    return Sight(warnings=["the stream is of no kind that this site is known to send"])


def stream_kind(text: str) -> StreamKind | None:
    """The kind of a stream; None when it is none that this site ever sent. Of several exchanges, the first tells."""
    head = text[:_HEAD].lstrip()
    if head.startswith(("{", "[")):
        first = load(text) or load(text.lstrip().partition("\n")[0])
        if string(first, "type") in ("content", "shared", "control", "state", "end", "error", "diagnostic"):
            return "ndjson"
        return "json" if isinstance(first, dict) and "payload" not in table(first) else "websocket"
    if FRAME in head or CONTROL in head:
        return "partial-html"
    return "sse" if _EVENT.search(head) else None
