"""What a document reads like, as text and as markdown.

Markdown comes clean, or with the marks by which a site's wire says where citations, entities and widgets stand.
"""

from __future__ import annotations

from collections.abc import Callable

from completions.rehearsal.document import (
    Block,
    Code,
    Display,
    Entity,
    Formula,
    Listing,
    Map,
    Paragraph,
    Piece,
    Pieces,
    Pill,
    Table,
    Words,
)

_STYLES = {"plain": "", "strong": "**", "em": "*", "code": "`"}


Mark = Callable[[Pill | Entity | Map], str]
"""What a site's wire writes where a label, an entity or a widget stands."""


def unmarked(mark: Pill | Entity | Map) -> str:
    """No marks: an entity is its name, the others are not there."""
    return mark.name if isinstance(mark, Entity) else ""


def text_of(blocks: tuple[Block, ...]) -> str:
    """The visible words, a block (an item, a row) a line; no citation labels, formulas as their TeX source."""
    lines = "\n".join(_block_text(block) for block in blocks).split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip())


def markdown_of(blocks: tuple[Block, ...], mark: Mark = unmarked) -> str:
    """The answer as markdown, clean or with the marks of a site's wire."""
    written = (_block_markdown(block, mark) for block in blocks)
    return "\n\n".join(markdown for markdown in written if markdown)


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


def _block_markdown(block: Block, mark: Mark) -> str:
    match block:
        case Paragraph(pieces=pieces, level=level):
            return "#" * level + " " * bool(level) + _pieces_markdown(pieces, mark)
        case Listing(items=items, ordered=ordered):
            bullets = (f"{number}." if ordered else "-" for number in range(1, len(items) + 1))
            written = (_pieces_markdown(item, mark) for item in items)
            return "\n".join(f"{bullet} {item}" for bullet, item in zip(bullets, written, strict=True))
        case Table(rows=rows):
            head, *body = rows
            rule = ["---"] * len(head)
            return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
        case Code(language=language, source=source):
            return f"```{language}\n{source}\n```"
        case Display(formula=formula):
            return f"\\[\n{formula.tex}\n\\]"
        case Map():
            return mark(block)


def _pieces_markdown(pieces: Pieces, mark: Mark) -> str:
    return "".join(_piece_markdown(piece, mark) for piece in pieces).rstrip()


def _piece_markdown(piece: Piece, mark: Mark) -> str:
    match piece:
        case Words(text=text, style=style):
            return f"{_STYLES[style]}{text}{_STYLES[style]}"
        case Formula(tex=tex):
            return f"\\({tex}\\)"
        case _:
            return mark(piece)
