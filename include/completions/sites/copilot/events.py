"""The events of Copilot's socket, put together into the last turn: what was said, cited, drawn, and how it ended.

Received frames are kept one a line, JSON as it came; a frame of several objects is kept as one JSON string. The history
of a conversation (`GET /c/api/conversations/<id>/history`) tells the same in one document, newest message first.
Events as of 2025-11 to 2026-08; what the page sends has other names and is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from completions.answer import Image
from completions.errors import Outcome
from completions.links import is_web
from completions.sites.copilot.failures import FAILURES
from completions.sites.copilot.links import link
from completions.sites.sight import Link, Trouble
from completions.sites.untrusted import load, rows, string

Event = dict[str, object]
_DECODER = json.JSONDecoder()
_NEXT = re.compile(r"[\s\x1e,]*\{")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass
class Turn:
    """What the site said to the last prompt."""

    messages: dict[str, dict[str, list[str | Link]]] = field(default_factory=dict)
    """Texts and the pages that each was followed by, by message and part, in order."""
    growing: list[str | Link] | None = None
    """The part that got the last words."""
    images: dict[str, Image] = field(default_factory=dict)
    """By address."""
    drawing: str | None = None
    """What the picture that is being drawn shows."""
    suggestions: list[str] = field(default_factory=list)
    cards: dict[str, None] = field(default_factory=dict)
    """Kinds of cards that were shown."""
    begun: bool = False
    ended: bool = False
    trouble: Trouble | None = None

    @property
    def parts(self) -> Iterator[list[str | Link]]:
        """Every part in order."""
        return (part for message in self.messages.values() for part in message.values())

    @property
    def pages(self) -> list[Link]:
        """The cited pages in order."""
        return [piece for part in self.parts for piece in part if isinstance(piece, Link)]

    def part(self, event: Event) -> list[str | Link]:
        """The part that `event` is of."""
        message = self.messages.setdefault(string(event, "messageId") or "", {})
        return message.setdefault(string(event, "partId") or "", [])


class Reader:
    """Feeds on what was received; `turn` is what the last turn amounts to."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.conversation: str | None = None
        self.recognised = False
        """Whether there was any event of this site at all."""

    def read(self, text: str) -> None:
        """Read every event in `text`."""
        whole = load(text) if text.lstrip().startswith(("{", "[")) else None
        if isinstance(whole, dict) and isinstance(whole.get("results"), list):
            self._history(whole)
            return
        for line in text.split("\n") if whole is None else [text]:
            for event in _events(line):
                self._event(event)

    def _event(self, event: Event) -> None:
        name = event.get("event")
        act = _ACTS.get(name) if isinstance(name, str) else None
        if act is None:
            return
        self.recognised = True
        if (named := string(event, "conversationId")) and _ID.fullmatch(named):
            self.conversation = named
        if name in ("received", "send"):
            self.turn = Turn(trouble=self.turn.trouble if not self.turn.begun else None)
        act(self.turn, event)

    def _history(self, document: Event) -> None:
        """The messages after the last prompt, which come newest first."""
        for message in reversed(list(rows(document, "results"))):
            by = string(message, "author", "type") or string(message, "author")
            self.recognised = self.recognised or by in ("human", "ai")
            if by == "human":
                self.turn = Turn()
            elif by == "ai":
                for number, part in enumerate(rows(message, "content")):
                    named = part | {"messageId": string(message, "id"), "partId": str(number)}
                    _CONTENT.get(string(part, "type") or "", _pass)(self.turn, named)
                self.turn.begun = self.turn.ended = True


def _events(line: str) -> Iterator[Event]:
    """The objects of one line: one, a list, or several one after the other, perhaps packed in a string."""
    whole = load(line) if line.lstrip().startswith(("{", "[", '"')) else None
    if isinstance(whole, str):
        yield from _one_after_another(whole)
    elif whole is None:
        yield from _one_after_another(line)
    else:
        for each in whole if isinstance(whole, list) else [whole]:
            yield from _unwrapped(each)


def _unwrapped(value: object) -> Iterator[Event]:
    """An event, or those in a frame as browsers save it: `{"type": "receive", "data": "{…}"}`."""
    if isinstance(value, dict) and "event" in value:
        yield value
    elif frame := string(value, "data"):
        yield from _one_after_another(frame)


def _one_after_another(text: str) -> Iterator[Event]:
    at = 0
    while begun := _NEXT.match(text, at):
        try:
            value, at = _DECODER.raw_decode(text, begun.end() - 1)
        except (ValueError, RecursionError):
            return
        yield value


def _pass(turn: Turn, event: Event) -> None:
    """What tells nothing of the answer."""


def _start(turn: Turn, event: Event) -> None:
    """A message begins; after a reconnect it may begin again."""
    turn.messages.pop(string(event, "messageId") or "", None)
    turn.begun, turn.growing = True, None
    _forgive(turn)


def _text(turn: Turn, event: Event) -> None:
    said = event.get("text")
    if isinstance(said, str):
        turn.growing = turn.part(event)
        turn.growing.append(said)
        turn.begun = True
        _forgive(turn)


def _replaced(turn: Turn, event: Event) -> None:
    """Other words for a part; what it cites stays cited."""
    part = turn.part(event)
    pages = [piece for piece in part if isinstance(piece, Link)]
    if isinstance(event.get("text"), str):
        part.clear()
        _text(turn, event)
        part += pages


def _forgive(turn: Turn) -> None:
    """The page has met the challenge by itself if the answer goes on."""
    if turn.trouble and turn.trouble.outcome is Outcome.CHALLENGE:
        turn.trouble = None


def _citation(turn: Turn, event: Event) -> None:
    """A page that the words before are taken from: of its own part if that has words, else of those that came last."""
    if page := link(event):
        own = turn.part(event)
        (own if own or turn.growing is None else turn.growing).append(page)


def _drawing(turn: Turn, event: Event) -> None:
    turn.drawing = string(event, "prompt")


def _image(turn: Turn, event: Event) -> None:
    url = string(event, "url") or string(event, "thumbnailUrl")
    if url and is_web(url):
        title = string(event, "prompt") or turn.drawing
        turn.images.setdefault(url, Image(position=len(turn.images) + 1, url=url, title=title))


def _card(turn: Turn, event: Event) -> None:
    kind = string(event, "card", "type") or string(event, "cardType") or string(event, "type") or "unnamed"
    turn.cards[kind] = None


def _suggested(turn: Turn, event: Event) -> None:
    listed = event.get("suggestions")
    for each in listed if isinstance(listed, list) else []:
        if said := string({"said": each}, "said") or string(each, "text"):
            turn.suggestions.append(said)


def _suggestion(turn: Turn, event: Event) -> None:
    """Suggestions may come in pieces, one after the other."""
    if event.get("event") == "startSuggestion":
        turn.suggestions.append("")
    said = event.get("text")
    if isinstance(said, str) and turn.suggestions:
        turn.suggestions[-1] += said


def _done(turn: Turn, event: Event) -> None:
    turn.begun = turn.ended = True


def _failed(turn: Turn, event: Event) -> None:
    """What goes wrong first says best what it is: a refusal is followed by a challenge that nobody can meet."""
    paths = (("errorCode",), ("errorDetail", "type"), ("code",), ("type",), ("message",), ("detail",))
    codes = [said for path in paths if (said := string(event, *path))]
    _trouble(turn, FAILURES.of_codes(*codes), f"the site sent an error: {next(iter(codes), 'no reason given')}")


def _banned(turn: Turn, event: Event) -> None:
    _trouble(turn, Outcome.BLOCKED, "the site says that this visitor is banned")


def _challenged(turn: Turn, event: Event) -> None:
    if not turn.ended:
        method = string(event, "method") or "method not named"
        _trouble(turn, Outcome.CHALLENGE, f"the site asks for a proof of being human ({method})")


def _trouble(turn: Turn, outcome: Outcome, seen: str) -> None:
    """Beside an answer that was already whole, it is a warning at most."""
    turn.trouble = turn.trouble or Trouble(outcome, seen, yields=turn.ended)


_ACTS: dict[str, Callable[[Turn, Event], None]] = {
    "connected": _pass,
    "send": _pass,
    "received": _pass,
    "startMessage": _start,
    "appendText": _text,
    "replaceText": _replaced,
    "citation": _citation,
    "generatingImage": _drawing,
    "imageGenerated": _image,
    "card": _card,
    "partCompleted": _pass,
    "titleUpdate": _pass,
    "suggestedFollowups": _suggested,
    "startSuggestion": _suggestion,
    "appendSuggestion": _suggestion,
    "suggestionCompleted": _pass,
    "done": _done,
    "error": _failed,
    "chatMessageError": _failed,
    "banned": _banned,
    "challenge": _challenged,
}
_CONTENT: dict[str, Callable[[Turn, Event], None]] = {
    "text": _text,
    "citation": _citation,
    "image": _image,
    "card": _card,
}
