"""A made-up answer as a small document: blocks of pieces, and what it reads like as text and as markdown.

Markdown comes in two dresses: clean, and as it travels on the wire of front end A, where citations and entities are
private-use marks (U+E200 kind U+E202 argument ... U+E201).
"""

from __future__ import annotations

import json
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
    """Math: its TeX source, and what the eye sees of it."""

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

_STYLES = {"plain": "", "strong": "**", "em": "*", "code": "`"}


def text_of(blocks: tuple[Block, ...]) -> str:
    """The visible words, a block (an item, a row) a line; no citation labels, formulas as their TeX source."""
    lines = "\n".join(_block_text(block) for block in blocks).split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip())


def markdown_of(blocks: tuple[Block, ...], *, marks: bool = False) -> str:
    """The answer as markdown, clean or with the `marks` of the wire."""
    written = (_block_markdown(block, marks) for block in blocks)
    return "\n\n".join(markdown for markdown in written if markdown)


def cite_mark(pill: Pill) -> str:
    """The mark that stands for `pill` on the wire."""
    return "\ue200cite" + "".join(f"\ue202turn0search{number}" for number in pill.pages) + "\ue201"


def entity_mark(entity: Entity) -> str:
    """The mark that stands for `entity` on the wire."""
    arguments = json.dumps([entity.category, entity.name, entity.query], ensure_ascii=False)
    return f"\ue200entity\ue202{arguments}\ue201"


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


def _block_text(block: Block) -> str:
    match block:
        case Paragraph(pieces=pieces):
            return _pieces_text(pieces)
        case Listing(items=items):
            return "\n".join(_pieces_text(item) for item in items)
        case Table(rows=rows):
            return "\n".join("\t".join(row) for row in rows)
        case Code(source=source):
            return source
        case Display(formula=formula):
            return formula.tex
        case Map():
            return ""


def _pieces_text(pieces: Pieces) -> str:
    return "".join(_piece_text(piece) for piece in pieces)


def _piece_text(piece: Piece) -> str:
    match piece:
        case Words(text=text):
            return text
        case Entity(name=name):
            return name
        case Formula(tex=tex):
            return tex
        case Pill():
            return ""


def _block_markdown(block: Block, marks: bool) -> str:
    match block:
        case Paragraph(pieces=pieces, level=level):
            return "#" * level + " " * bool(level) + _pieces_markdown(pieces, marks)
        case Listing(items=items, ordered=ordered):
            bullets = (f"{number}." if ordered else "-" for number in range(1, len(items) + 1))
            written = (_pieces_markdown(item, marks) for item in items)
            return "\n".join(f"{bullet} {item}" for bullet, item in zip(bullets, written, strict=True))
        case Table(rows=(head, *body)):
            rule = ["---"] * len(head)
            return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
        case Code(language=language, source=source):
            return f"```{language}\n{source}\n```"
        case Display(formula=formula):
            return f"\\[\n{formula.tex}\n\\]"
        case _:
            return ""


def _pieces_markdown(pieces: Pieces, marks: bool) -> str:
    return "".join(_piece_markdown(piece, marks) for piece in pieces).rstrip()


def _piece_markdown(piece: Piece, marks: bool) -> str:
    match piece:
        case Words(text=text, style=style):
            return f"{_STYLES[style]}{text}{_STYLES[style]}"
        case Entity(name=name):
            return entity_mark(piece) if marks else name
        case Formula(tex=tex):
            return f"\\({tex}\\)"
        case Pill():
            return cite_mark(piece) if marks else ""
