"""What Copilot makes of a draft, and what of the truth it shows.

Its citations are single numbered links, never groups. Names in the answer are links to a next question (`ca://s?q=…`),
which the site's own script follows; a link to a page among the words is written the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from completions.rehearsal.document import Block, Entity, Listing, Paragraph, Piece, Pieces, Pill, Words, pieces_of
from completions.rehearsal.draft import Draft, WebPage
from completions.rehearsal.truth import Cited, Truth
from completions.rehearsal.wording import markdown_of, text_of

LINK = "link"
"""Category of an `Entity` that is a link to a page among the words; its query is the address."""


def answer_of(draft: Draft) -> Draft:
    """The answer with Copilot's pieces, if it has any."""
    if not draft.blocks:
        return replace(draft, images=())
    *blocks, closing = (_single(block) for block in draft.blocks)
    return replace(draft, blocks=(*blocks, _linked(closing, draft)))


def cited_pages(draft: Draft) -> Iterator[WebPage]:
    """The page of every citation and link, in reading order."""
    by_url = {page.url: page for page in draft.pages}
    for piece in (piece for block in draft.blocks for piece in pieces_of(block)):
        match piece:
            case Pill(pages=(number,)):
                yield draft.pages[number]
            case Entity(category=category, query=url) if category == LINK:
                yield by_url[url]


def shown(truth: Truth, ui: str) -> Truth:
    """`truth` as far as Copilot shows it, on both front ends (`ui`): no queries, no model, no dates, no cards we know.

    Images are generated, with the words that they were asked for by as title. Every page listed is cited.
    """
    draft = answer_of(truth.draft)
    pages = enumerate(cited_pages(draft), 1)
    return replace(
        truth,
        text=text_of(draft.blocks),
        markdown=markdown_of(draft.blocks),
        citations=tuple(_cited(page, number) for number, page in pages),
        sources=tuple(replace(each, snippet=None, published=None) for each in truth.sources or () if each.cited),
        fan_out_queries=None,
        entities=None,
        places=None,
        ads=None,
        products=None,
        model_version=None,
    )


def _cited(page: WebPage, number: int) -> Cited:
    return Cited(page.url, page.title, "inline", number, page.site_name, None, None)


def _single(block: Block) -> Block:
    """`block` with a citation for each page of a group."""
    match block:
        case Paragraph(pieces=pieces):
            return replace(block, pieces=tuple(_split(pieces)))
        case Listing(items=items):
            return replace(block, items=tuple(tuple(_split(item)) for item in items))
        case _:
            return block


def _split(pieces: Pieces) -> Iterator[Piece]:
    for piece in pieces:
        match piece:
            case Pill(pages=pages):
                yield from (Pill((page,)) for page in pages)
            case _:
                yield piece


def _linked(closing: Block, draft: Draft) -> Block:
    """The last paragraph: what it cites becomes a link among its words."""
    match closing:
        case Paragraph(pieces=(*before, Pill(pages=(number,)))):
            url = draft.pages[number].url
            host = (urlsplit(url).hostname or "").removeprefix("www.")
            return replace(closing, pieces=(*before, Words("More at "), Entity(host, LINK, url), Words(".")))
        case _:
            return closing
