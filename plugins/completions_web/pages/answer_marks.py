"""Where the citations of an answer stand in its rendered markdown.

Their offsets are into the answer's plain text. The markdown has the same words, but not all to the letter (formulas,
links, pictures): a place is found by the words before it. Spaces count on neither side.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from markdown_it.token import Token

from completions.answer import Answer

NEEDLES = (48, 24, 12, 6, 3)
"""How many characters before a place are looked for; fewer where so many are not found."""
WORDS = ("text", "code_inline", "fence", "code_block")
"""Tokens of markdown whose content is the answer's own words."""


@dataclass(frozen=True)
class Mark:
    """Citations that stand at one place: their positions in the list, and where the cited words begin and end."""

    positions: tuple[int, ...]
    start: int
    end: int

    @property
    def html(self) -> str:
        """Their numbers, each a link to its entry in the list."""
        links = (f'<a id="mark-{n}" href="#cited-{n}" aria-label="Citation {n}">{n}</a>' for n in self.positions)
        return f'<sup class="marks">{" ".join(links)}</sup>'


def marked(answer: Answer, tokens: list[Token]) -> tuple[list[Token], set[int]]:
    """The answer's tokens with its marks among them, and the positions of the citations that have one."""
    shown = "".join(_squeezed(token.content) for token in _flat(tokens) if token.type in WORDS)
    marks = list(_placed(answer.answer_text, shown, _marks(answer)))
    return _Writer(marks).blocks(tokens), {position for mark in marks for position in mark.positions}


def _marks(answer: Answer) -> list[Mark]:
    """The marks that have a place in the plain text, in its order; the citations of a pill are one."""
    placed = [one for one in answer.citations or [] if one.char_start is not None and one.char_end is not None]
    placed.sort(key=lambda one: (one.char_end, one.char_start, one.position))
    return [
        Mark(tuple(one.position for one in together), *place)
        for place, together in groupby(placed, lambda one: (one.char_start or 0, one.char_end or 0))
    ]


def _placed(text: str, shown: str, marks: Iterable[Mark]) -> Iterator[Mark]:
    """The marks with their places in `shown`, which has no spaces; those that are not to be found are left out."""
    solid = [at for at, char in enumerate(text) if not char.isspace()]
    squeezed, drift = _squeezed(text), 0
    for mark in marks:
        start, end = bisect_left(solid, mark.start), bisect_left(solid, mark.end)
        at = _found(squeezed[:end], shown, end + drift)
        if at is None:
            continue
        drift = at - end
        first = at if start == end else _found(squeezed[:start], shown, start + drift)
        yield Mark(mark.positions, at if first is None else min(first, at), at)


def _found(before: str, shown: str, near: int) -> int | None:
    """The place in `shown` that comes after the last words of `before`, the nearest to `near`."""
    if not before:
        return 0
    for size in NEEDLES:
        needle = before[-size:]
        sooner = shown.rfind(needle, 0, max(near, 0))
        later = shown.find(needle, max(near - len(needle), 0))
        if ends := [at + len(needle) for at in (sooner, later) if at >= 0]:
            return min(ends, key=lambda end: abs(end - near))
    return None


def _squeezed(text: str) -> str:
    return "".join(char for char in text if not char.isspace())


def _flat(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from (token.children or []) if token.type == "inline" else [token]


@dataclass
class _Writer:
    """Goes through the words and puts the marks in where they are due, none of them inside a link."""

    marks: Sequence[Mark]
    at: int = 0
    """Characters that were passed."""
    put: int = 0
    """Marks that were put in."""
    links: int = 0
    _borders: list[int] = field(init=False)
    _ends: set[int] = field(init=False)
    _cited: bytearray = field(init=False)
    """For each character, whether it is among cited words."""

    def __post_init__(self) -> None:
        self._ends = {mark.end for mark in self.marks}
        self._borders = sorted(self._ends | {mark.start for mark in self.marks})
        self._cited = bytearray(max(self._ends, default=0))
        for mark in self.marks:
            self._cited[mark.start : mark.end] = b"\1" * (mark.end - mark.start)

    def blocks(self, tokens: Iterable[Token]) -> list[Token]:
        """The tokens, and the marks."""
        written: list[Token] = []
        for token in tokens:
            if token.type == "inline":
                token.children = [piece for child in token.children or [] for piece in self.through(child)]
                written.append(token)
            else:
                written += self.through(token)
        return written

    def through(self, token: Token) -> Iterator[Token]:
        """The token, in pieces where marks stand or cited words begin."""
        self.links += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "text":
            yield from self._text(token.content)
        else:
            self.at += len(_squeezed(token.content)) if token.type in WORDS else 0
            yield token
        yield from self._due()

    def _text(self, text: str) -> Iterator[Token]:
        solid = [place for place, char in enumerate(text) if not char.isspace()]
        begin, end = self.at, self.at + len(solid)
        inner = self._borders[bisect_right(self._borders, begin) : bisect_right(self._borders, end)]
        places = [0, *(self._cut([*solid, len(text)], border - begin, border) for border in inner), len(text)]
        for number, border in enumerate([*inner, end]):
            yield from self._piece(text[places[number] : places[number + 1]])
            self.at = border
            yield from self._due()

    def _cut(self, solid: Sequence[int], number: int, border: int) -> int:
        """Where to cut a text: right behind what ends, else right before what begins there."""
        return solid[number - 1] + 1 if border in self._ends else solid[number]

    def _piece(self, text: str) -> Iterator[Token]:
        words = Token("text", "", 0, content=text)
        if text.strip() and any(self._cited[self.at : self.at + 1]):
            yield from (raw('<span class="cited">'), words, raw("</span>"))
        else:
            yield words

    def _due(self) -> Iterator[Token]:
        while self.links == 0 and self.put < len(self.marks) and self.marks[self.put].end <= self.at:
            yield raw(self.marks[self.put].html)
            self.put += 1


def raw(html: str) -> Token:
    """A token that is this HTML: ours, as what an answer has of it is shown as written."""
    return Token("html_inline", "", 0, content=html)
