"""The answer as front end B's server renders it: one element per block, citations as buttons that carry JSON."""

from __future__ import annotations

import json
import re
from html import escape

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
from completions.rehearsal.draft import Ad, Draft, WebPage
from completions.rehearsal.tracking import tracked

_STYLES = {"plain": "{}", "strong": "<strong>{}</strong>", "em": "<em>{}</em>", "code": "<code>{}</code>"}


def block_html(block: Block, index: int, draft: Draft) -> str:
    """One block; `index` is its place in the answer."""
    mark = f'data-assistant-stream-block="" data-assistant-stream-block-index="{index}"'
    match block:
        case Paragraph(pieces=pieces, level=level):
            tag = f"h{level}" if level else "p"
            return f"<{tag} {mark}>{_pieces(pieces, draft)}</{tag}>"
        case Listing(items=items, ordered=ordered):
            tag = "ol" if ordered else "ul"
            return f"<{tag} {mark}>{''.join(f'<li>{_pieces(item, draft)}</li>' for item in items)}</{tag}>"
        case Table(rows=rows):
            return f"<div {mark}>{_table(rows)}{_TABLE_COPY}</div>"
        case Code(language=language, source=source):
            return f"<pre {mark}>{_code(language, source)}</pre>"
        case Display(formula=formula):
            return f"<p {mark}>{_math(formula, 'display')}</p>"
        case Map():
            return f"<p {mark}>{_map(draft)}</p>"


def shelves_html(draft: Draft) -> str:
    """What is for sale and what there is to see, below the words."""
    cards = "".join(
        f'<li><a href="{escape(each.url)}">{escape(each.title)}</a> <span>{escape(each.price)}</span> '
        f"<span>{escape(each.merchant)}</span> <span>{each.rating} ({each.reviews})</span></li>"
        for each in draft.products
    )
    images = "".join(
        f'<a href="{escape(each.page)}" target="_blank"><img src="{escape(each.url)}" alt="{escape(each.title)}"></a>'
        for each in draft.images
    )
    products = f'<ul data-assistant-product-list="">{cards}</ul>' if cards else ""
    return products + (f"<div>{images}</div>" if images else "")


def ad_html(ad: Ad) -> str:
    """A sponsored entry, shown below the answer."""
    return (
        f'<aside aria-label="Sponsored by {escape(ad.advertiser)}"><small>Sponsored</small> '
        f'<a href="{escape(ad.url)}" target="_blank" rel="noopener">{escape(ad.title)}</a></aside>'
    )


def _pieces(pieces: Pieces, draft: Draft) -> str:
    return "".join(_piece(piece, draft) for piece in pieces)


def _piece(piece: Piece, draft: Draft) -> str:
    match piece:
        case Words(text=text, style=style):
            return _STYLES[style].format(escape(text, quote=False))
        case Entity():
            return _entity(piece)
        case Formula():
            return _math(piece, "inline")
        case Pill(pages=numbers):
            return _pill([draft.pages[number] for number in numbers])


def _pill(pages: list[WebPage]) -> str:
    name = pages[0].site_name
    label = f"{name} +{len(pages) - 1}" if pages[1:] else name
    spoken = f"{name}, {len(pages)} sources" if pages[1:] else name
    return (
        '<span data-content-reference-type="grouped_webpages" data-assistant-grouped-webpages="">'
        f'<button type="button" data-assistant-grouped-webpages-trigger="" aria-label="{escape(spoken)}" '
        f'data-assistant-sources-payload="{_attribute([_source(page) for page in pages])}">'
        f'<img alt="" aria-hidden="true" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
        f"{escape(label)}</button></span>"
    )


def _source(page: WebPage) -> dict[str, str]:
    source = {"attribution": page.site_name, "title": page.title, "url": tracked(page.url)}
    return source | ({"snippet": page.snippet} if page.snippet else {})


def _entity(entity: Entity) -> str:
    payload = _attribute({"query": entity.query, "category": entity.category})
    return (
        '<span data-content-reference-type="entity"><button type="button" data-assistant-entity-reference="" '
        f'data-assistant-entity-payload="{payload}">{escape(entity.name)}</button></span>'
    )


def _map(draft: Draft) -> str:
    pins = [{"name": place.name, "category": place.category, "isModelPreferred": True} for place in draft.places]
    return (
        '<span data-content-reference-type="map"><button type="button" data-assistant-map-trigger="" '
        f'data-assistant-map-payload="{_attribute(pins)}">Map</button></span>'
    )


def _math(formula: Formula, shape: str) -> str:
    words = re.sub(r"<[^>]*>", "", formula.shown)
    return (
        f'<span data-assistant-math-rendered="{shape}"><span class="katex"><span class="katex-mathml"><math><semantics>'
        f"<mrow><mtext>{words}</mtext></mrow>"
        f'<annotation encoding="application/x-tex">{escape(formula.tex)}</annotation></semantics></math></span>'
        f'<span class="katex-html" aria-hidden="true">{formula.shown}</span></span></span>'
    )


def _table(rows: tuple[tuple[str, ...], ...]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows[1:])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_TABLE_COPY = '<button type="button" data-table-copy-state="idle" aria-label="Copy table">Copy</button>'


def _code(language: str, source: str) -> str:
    return (
        f'<div aria-hidden="true">{language}</div><button type="button" aria-label="Copy code">Copy</button>'
        f'<code class="language-{language}" data-assistant-syntax-highlighted="">{escape(source, quote=False)}</code>'
    )


def _attribute(value: object) -> str:
    return escape(json.dumps(value, ensure_ascii=False))
