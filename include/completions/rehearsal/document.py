"""A made-up answer as a small document: blocks of pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Words:
    """Plain or emphasised words."""

    text: str
    style: Literal["plain", "strong", "em", "code"] = "plain"


@dataclass(frozen=True)
class Pill:
    """A citation label: the first of `pages` (0-based numbers of web pages) is shown, the others hide behind "+N"."""

    pages: tuple[int, ...]


@dataclass(frozen=True)
class Entity:
    """A name that the site marks as an entity."""

    name: str
    category: str
    query: str


@dataclass(frozen=True)
class Formula:
    """Math: its TeX source, and as HTML what the eye sees of it."""

    tex: str
    shown: str


Piece = Words | Pill | Entity | Formula
Pieces = tuple[Piece, ...]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, or a heading where `level` is above 0."""

    pieces: Pieces
    level: int = 0


@dataclass(frozen=True)
class Listing:
    """A bulleted or numbered list."""

    items: tuple[Pieces, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first row is its head."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Code:
    """A fenced block of code."""

    language: str
    source: str


@dataclass(frozen=True)
class Display:
    """A formula on a line of its own."""

    formula: Formula


@dataclass(frozen=True)
class Map:
    """A widget with the draft's places: shown beside the words, no part of them."""


Block = Paragraph | Listing | Table | Code | Display | Map


def grown(block: Block) -> Iterator[Block]:
    """Ever longer beginnings of `block`, the last one whole: what is shown while the answer is being written."""
    match block:
        case Paragraph():
            yield from (replace(block, pieces=pieces) for pieces in _grown_pieces(block.pieces))
        case Listing():
            for number, item in enumerate(block.items):
                yield from (replace(block, items=(*block.items[:number], begun)) for begun in _grown_pieces(item))
        case Table():
            yield from (replace(block, rows=block.rows[:count]) for count in range(2, len(block.rows) + 1))
        case Code():
            lines = block.source.split("\n")
            yield from (replace(block, source="\n".join(lines[: n + 1])) for n in range(len(lines)))
        case _:
            yield block


def pieces_of(block: Block) -> Iterator[Piece]:
    """The pieces of a block in reading order."""
    match block:
        case Paragraph():
            yield from block.pieces
        case Listing():
            for item in block.items:
                yield from item
        case _:
            return


def _grown_pieces(pieces: Pieces) -> Iterator[Pieces]:
    for number, piece in enumerate(pieces):
        match piece:
            case Words(text=text) if len(text) > 40:
                middle = text.rfind(" ", 0, len(text) // 2 + 10)
                yield (*pieces[:number], replace(piece, text=text[:middle]))
        yield pieces[: number + 1]
