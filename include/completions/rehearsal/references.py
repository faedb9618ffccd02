"""The answer as front end A writes it: markdown with private-use marks, and the references that explain them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from completions.rehearsal.document import Entity, Map, Pill, pieces_of
from completions.rehearsal.draft import Draft, Product, WebPage
from completions.rehearsal.tracking import tracked
from completions.rehearsal.wording import markdown_of

Json = dict[str, Any]

_MARK = re.compile("\ue200[^\ue201]*\ue201")
_TOKENS = re.compile(r"\s*\S{1,12}|\s+")


@dataclass(frozen=True)
class Written:
    """A bit of the answer, and the reference whose mark it completes."""

    text: str
    reference: Json | None = None


def written_parts(draft: Draft) -> Iterator[Written]:
    """The marked markdown in bits of a few letters; marks are cut too, as the model writes them letter by letter."""
    markdown = marked(draft)
    references = _references(draft)
    end = 0
    for mark in _MARK.finditer(markdown):
        yield from (Written(bit) for bit in _bits(markdown[end : mark.start()]))
        *begun, last = _bits(mark[0])
        yield from (Written(bit) for bit in begun)
        end = mark.end()
        place = {"matched_text": mark[0], "start_idx": mark.start(), "end_idx": end}
        yield Written(last, references[mark[0]] | place)
    yield from (Written(bit) for bit in _bits(markdown[end:]))


def marked(draft: Draft) -> str:
    """The markdown with its marks, those of what is for sale and of images below it."""
    return "\n\n".join([*filter(None, [markdown_of(draft.blocks, mark_of)]), *_shelves(draft)])


def footnote(draft: Draft) -> list[Json]:
    """The references that have no mark: the list of sources and the suggested next prompts."""
    end = len(marked(draft))
    place = {"matched_text": " ", "start_idx": end, "end_idx": end}
    sources = [
        {key: _item(page)[key] for key in ("title", "url", "attribution")} for page in draft.pages[: draft.cited]
    ]
    cited = [{"type": "sources_footnote", **place, "sources": sources, "has_images": False}] if sources else []
    return cited + [{"type": "followup_a", **place, "prompt_text": prompt} for prompt in draft.follow_ups]


def searched(draft: Draft) -> Json:
    """Metadata of the search tool: the queries it ran, and every page it found, grouped by host."""
    groups: dict[str, list[Json]] = {}
    for number, page in enumerate(draft.pages):
        entry: Json = {"type": "search_result", "url": page.url, "title": page.title, "snippet": page.snippet}
        entry |= {"pub_date": _epoch(page), "attribution": page.site_name, "ref_id": _ref(number)}
        groups.setdefault(urlsplit(page.url).netloc, []).append(entry)
    return {
        "search_model_queries": {"type": "search_model_queries", "queries": list(draft.queries)},
        "search_result_groups": [
            {"type": "search_result_group", "domain": domain, "entries": entries} for domain, entries in groups.items()
        ],
    }


def mark_of(mark: Pill | Entity | Map) -> str:
    """The private-use mark for it: U+E200 kind U+E202 argument ... U+E201."""
    match mark:
        case Pill(pages=pages):
            kind, arguments = "cite", [f"turn0search{number}" for number in pages]
        case Entity(name=name, category=category, query=query):
            kind, arguments = "entity", [json.dumps([category, name, query], ensure_ascii=False)]
        case Map():
            kind, arguments = "map", ["turn0business0"]
    return f"\ue200{kind}" + "".join(f"\ue202{argument}" for argument in arguments) + "\ue201"


def _bits(text: str) -> list[str]:
    return _TOKENS.findall(text)


def _references(draft: Draft) -> dict[str, Json]:
    """What each mark stands for."""
    pins = [{"name": place.name, "category": place.category} for place in draft.places]
    references: dict[str, Json] = {mark_of(Map()): {"type": "map", "places": pins}, **_shelves(draft)}
    for piece in (piece for block in draft.blocks for piece in pieces_of(block)):
        match piece:
            case Pill():
                references[mark_of(piece)] = _group(piece, draft)
            case Entity(name=name, category=category, query=query):
                told = {"category": category, "name": name, "extra_params": {"disambiguation": query}}
                references[mark_of(piece)] = {"type": "entity", **told}
    return references


def _shelves(draft: Draft) -> dict[str, Json]:
    """What is shown below the words, by its mark."""
    shelves: dict[str, Json] = {}
    if draft.products:
        chosen = [[f"turn0product{number}", product.title] for number, product in enumerate(draft.products)]
        written = json.dumps({"selections": chosen, "tags": []}, ensure_ascii=False)
        shelves[f"\ue200products{written}\ue201"] = {"type": "products", "products": [*map(_product, draft.products)]}
    if draft.images:
        shown = "\ue202".join(f"turn0image{number}" for number in range(len(draft.images)))
        images = [{"content_url": each.url, "title": each.title, "url": each.page} for each in draft.images]
        shelves[f"\ue200i\ue202{shown}\ue201"] = {"type": "image_group", "images": images}
    return shelves


def _product(product: Product) -> Json:
    return {
        "title": product.title,
        "url": product.url,
        "price": product.price,
        "merchants": product.merchant,
        "rating": product.rating,
        "num_reviews": product.reviews,
    }


def _group(pill: Pill, draft: Draft) -> Json:
    """A citation: the first page is the item, the pages behind its "+N" are supporting."""
    first, *others = (draft.pages[number] for number in pill.pages)
    item = _item(first) | {"result_source": "bright", "refs": [_ref(pill.pages[0])]}
    alt = ", ".join(f"[{page.site_name}]({tracked(page.url)})" for page in (first, *others))
    return {
        "type": "grouped_webpages",
        "alt": f"({alt})",
        "safe_urls": [tracked(first.url)],
        "status": "done",
        "items": [item | {"supporting_websites": [_item(page) for page in others]}],
    }


def _item(page: WebPage) -> Json:
    return {
        "title": page.title,
        "url": tracked(page.url),
        "pub_date": _epoch(page),
        "snippet": page.snippet,
        "attribution": page.site_name,
    }


def _epoch(page: WebPage) -> float | None:
    return datetime.fromisoformat(page.published).replace(tzinfo=UTC).timestamp() if page.published else None


def _ref(number: int) -> Json:
    return {"turn_index": 0, "ref_type": "search", "ref_index": number}
