"""What a document reads like, as text and as markdown.

Markdown comes in two dresses: clean, and as it travels on the wire of front end A, where citations and entities are
private-use marks (U+E200 kind U+E202 argument ... U+E201).
"""

from __future__ import annotations

import json

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


MAP_MARK = "\ue200map\ue202turn0business0\ue201"
"""Where the map goes, on the wire."""


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
        case Table(rows=rows):
            head, *body = rows
            rule = ["---"] * len(head)
            return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
        case Code(language=language, source=source):
            return f"```{language}\n{source}\n```"
        case Display(formula=formula):
            return f"\\[\n{formula.tex}\n\\]"
        case Map():
            return MAP_MARK if marks else ""


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
