"""What the events of the socket amount to: the answer as the page would show it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from lxml import html

from completions.markup import printable
from completions.sites.copilot.body import read_body
from completions.sites.copilot.events import Reader, Turn
from completions.sites.copilot.failures import FAILURES
from completions.sites.sight import Body, Link, Sight, Trouble
from completions.sites.written import CODE, FORMULAS, Writing

_MARK = "\uf8f0%d\uf8f1"  # where a citation came, until it is an element
_TOKENS = re.compile(
    rf"(?P<code>{CODE})|\uf8f0(?P<page>\d+)\uf8f1|(?P<foreign>\ue200[^\ue200\ue201]*\ue201|\[\^\d+\^\])"
    rf"|(?P<target>\]\([^()\s]*\)|<[^<>\s]*>)|{FORMULAS}",
    re.DOTALL,
)
_PLACED = re.compile("\uf8f0(\\d+)\uf8f1")
_PRIVATE = re.compile("[\uf8f0\uf8f1]")


def read_stream(data: bytes) -> Sight:
    """What the recorded events show; nothing when they are none: the page's other calls answer in JSON too."""
    reader = Reader()
    text = data.decode(errors="replace").removeprefix("\ufeff")
    reader.read(text)
    if reader.recognised:
        return _sight(reader)
    if outcome := FAILURES.of_turn(said := text.strip()):
        return Sight(finished=False, trouble=Trouble(outcome, f"the site sent: {said}"))
    return Sight() if said else Sight(finished=False, warnings=["the stream is empty"])


def _sight(reader: Reader) -> Sight:
    turn = reader.turn
    sight = Sight(finished=turn.ended, trouble=turn.trouble)
    sight.conversation = f"/chats/{reader.conversation}" if reader.conversation else None
    if turn.begun:
        sight.body = _body(turn)
        sight.sources = turn.pages
        sight.cited_apart = [page.url for page in sight.sources]
        sight.images = list(turn.images.values())
        sight.follow_up_questions = list(dict.fromkeys(filter(None, map(str.strip, turn.suggestions))))
        sight.warnings += [f"the answer has a card ({kind}), which is not read" for kind in turn.cards]
    return sight


def _body(turn: Turn) -> Body:
    cited = turn.pages
    writing = Writing()
    for token in writing.through(printable("".join(_marked(turn))), _TOKENS):
        _write(writing, token, cited)
    root = writing.root()
    kept = set(root.iter())
    root.extend(each for each in writing.places if each.tag == "a" and each not in kept)  # it stood in plain code
    return read_body(root)


def _write(writing: Writing, token: re.Match[str], cited: list[Link]) -> None:
    """Go on with `token`; a citation that came in the midst of it stands behind it."""
    kind = token.lastgroup
    if kind in ("code", "target"):
        writing.write(_PLACED.sub("", token[0]))
    elif kind == "foreign":
        writing.put(html.Element("cite"))
    elif kind in ("inline", "display", "dollars"):
        writing.formula(_PLACED.sub("", token[kind]).strip(), apart=kind != "inline")
    numbers = _PLACED.findall(token[0])
    if numbers and writing.plain and writing.plain[-1].endswith("```"):
        writing.write("\n\n")  # behind a fence it would keep that open
    for number in numbers:
        page = cited[int(number)]
        writing.put(html.Element("a", {"href": page.url, "title": page.title or ""}))


def _marked(turn: Turn) -> Iterator[str]:
    """The texts of the turn, each page that was cited marked behind the words before it."""
    number, worded = 0, False
    early: list[str] = []
    for part in turn.parts:
        pieces = [piece for piece in part if piece]
        if worded and pieces and isinstance(pieces[0], str):
            yield "\n\n"
        blank: list[str] = []
        for is_text, group in groupby(pieces, lambda piece: isinstance(piece, str)):
            if is_text:
                text = _PRIVATE.sub("", "".join(map(str, group)))
                kept = _worded(text)
                yield from (*blank, kept, *early) if kept else ()
                blank, early = ([text[len(kept) :]], []) if kept else ([*blank, text], early)
                worded = worded or bool(kept)
            else:
                marks = [_MARK % (number + each) for each, _ in enumerate(group)]
                number += len(marks)
                yield from marks if worded else ()
                early += [] if worded else marks
        yield from blank
    yield from early


def _worded(text: str) -> str:
    """`text` up to where a citation may stand: not at the beginning of a line, not behind the last bar of a table."""
    words = text.rstrip()
    return words[:-1].rstrip() if words.endswith("|") else words
