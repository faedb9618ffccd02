"""How a stand-in changes on purpose, as sites do from week to week: whom it names, whom it cites, what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from completions.rehearsal.document import Block, Entity, Listing, Paragraph, Piece, Pieces, Pill, Table, Words
from completions.rehearsal.draft import Draft, WebPage, draft_of
from completions.rehearsal.faults import checked

INSTEAD = "Rickenbacker"
"""Named where a brand is not named any more; none of those that answers name by themselves."""


@dataclass(frozen=True)
class Change:
    """What is different at one site; as it stands, nothing is."""

    without: tuple[str, ...] = ()
    """Brands that no answer names."""
    citing: tuple[str, ...] = ()
    """Addresses of pages that every answer with citations cites besides."""
    model: str | None = None
    """What every answer says that it was written by, where the site says so at all."""
    fault: str | None = None
    """Dealt to every prompt that has no fault of its own."""
    voices: int = 1
    """So many different answers a prompt has, given in turn."""

    @classmethod
    def told(cls, given: Mapping[str, Any]) -> Change:
        """The change that JSON tells. Raises `ValueError` for a fault, `TypeError` for a field, that is none."""
        lists = {name: tuple(given[name]) for name in ("without", "citing") if name in given}
        change = cls(**{**given, **lists})
        if change.fault:
            checked(change.fault)
        return change


STEADY = Change()


def changed_draft(site: str, prompt: str, change: Change = STEADY, n: int = 1) -> Draft:
    """The answer of a site that has changed to the asking number `n` (from 1) of `prompt`."""
    draft = draft_of(site, prompt, (n - 1) % change.voices)
    for brand in change.without:
        draft = _without(draft, brand)
    for url in change.citing if draft.cited else ():
        draft = _citing(draft, url)
    return replace(draft, model=change.model) if change.model is not None else draft


def _without(draft: Draft, brand: str) -> Draft:
    products = tuple(replace(each, title=each.title.replace(brand, INSTEAD)) for each in draft.products)
    return replace(draft, blocks=tuple(_renamed(block, brand) for block in draft.blocks), products=products)


def _renamed(block: Block, brand: str) -> Block:
    match block:
        case Paragraph(pieces=pieces):
            return replace(block, pieces=_said(pieces, brand))
        case Listing(items=items):
            return replace(block, items=tuple(_said(item, brand) for item in items))
        case Table(rows=rows):
            return replace(block, rows=tuple(tuple(cell.replace(brand, INSTEAD) for cell in row) for row in rows))
        case _:
            return block


def _said(pieces: Pieces, brand: str) -> Pieces:
    return tuple(_piece(piece, brand) for piece in pieces)


def _piece(piece: Piece, brand: str) -> Piece:
    match piece:
        case Words(text=text):
            return replace(piece, text=text.replace(brand, INSTEAD))
        case Entity(name=name, query=query):
            return replace(piece, name=name.replace(brand, INSTEAD), query=query.replace(brand, INSTEAD))
        case _:
            return piece


def _citing(draft: Draft, url: str) -> Draft:
    """The page comes last of those cited, in a paragraph of its own before the closing words."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    page = WebPage(url, f"Guitars at {host}", host, None, None)
    said = Paragraph((Words("There is a choice of used ones, too. "), Pill((draft.cited,))))
    return replace(
        draft,
        blocks=(*draft.blocks[:-2], said, *draft.blocks[-2:]),
        pages=(*draft.pages[: draft.cited], page, *draft.pages[draft.cited :]),
        cited=draft.cited + 1,
    )
