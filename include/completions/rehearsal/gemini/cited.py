"""What of an answer points elsewhere: marks in its text, the pages behind them, images, places.

Both ways that were seen in 2026 occur. Some answers carry ` [cite: 1, 2]` in their text, explained by field 43 of
`candidate[12]`, which stands at its place or in the last dictionary under "44". Others have chips on the page and not
a mark on the wire; where the wire says so is not known, so that is a place of ours.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from completions.rehearsal.document import Entity, Map, Pill, pieces_of
from completions.rehearsal.draft import Draft, Picture, WebPage
from completions.rehearsal.gemini.frames import placed
from completions.rehearsal.wording import markdown_of, unmarked

Json = dict[str, Any]

MAP = "http://googleusercontent.com/map_content/0"
IMAGE = "http://googleusercontent.com/image_collection/image_retrieval/{}"
_MARK = re.compile(r"\[cite: [\d, ]+\]")
_FIELD = 43
_CARDS, _CHIPS, _PLACES = "61", "62", "63"
"""Keys of ours: the pages' cards by number, the chips as [place in the text, numbers], the places."""


def written(draft: Draft) -> str:
    """The text of the answer: markdown with the marks and placeholders that the wire has."""
    return _MARK.sub("", _marked(draft)) if _style(draft) == "bare" else _marked(draft)


def found(draft: Draft) -> list[Any]:
    """`candidate[12]`: web images, citations, and what the page needs besides."""
    ours: Json = {_CARDS: [_card(page) for page in draft.pages[: draft.cited]], _PLACES: _places(draft)}
    values: dict[int, Any] = {1: [_image(picture) for picture in _images(draft)] or None}
    match _style(draft):
        case "placed":
            values[_FIELD] = _groups(draft)
        case "keyed":
            ours[str(_FIELD + 1)] = _groups(draft)
        case _:
            ours[_CHIPS] = _chips(draft)
    return [*placed(values), ours]


def mark_of(piece: Pill | Entity | Map) -> str:
    """`[cite: 1, 2]` for a label, whose numbers count the answer's pages from 1; a placeholder for the map."""
    match piece:
        case Pill(pages=pages):
            return f"[cite: {', '.join(str(page + 1) for page in pages)}]"
        case Map():
            return MAP
        case _:
            return unmarked(piece)


def _style(draft: Draft) -> str:
    return ("placed", "keyed", "bare")[crc32(markdown_of(draft.blocks).encode()) % 3]


def _marked(draft: Draft) -> str:
    first, rest = markdown_of(draft.blocks[:2], mark_of), markdown_of(draft.blocks[2:], mark_of)
    images = [IMAGE.format(number) for number in range(len(_images(draft)))]
    return "\n\n".join(filter(None, (first, *images, rest)))


def _groups(draft: Draft) -> list[Any]:
    """A group for each mark: the mark, and its pages in the order of its numbers."""
    pages = {mark_of(pill): [draft.pages[number] for number in pill.pages] for pill in _pills(draft)}
    return [[[f" {mark}"], [placed({3: [_entry(page)]}) for page in cited]] for mark, cited in pages.items()]


def _chips(draft: Draft) -> list[Any]:
    """Where each chip stands in the text without marks, in UTF-16 units, and the numbers of its pages."""
    *before, _ = _MARK.split(_marked(draft))
    ends = accumulate(len(text.encode("utf-16-le")) // 2 for text in before)
    return [[end, [page + 1 for page in pill.pages]] for end, pill in zip(ends, _pills(draft), strict=True)]


def _pills(draft: Draft) -> list[Pill]:
    return [piece for block in draft.blocks for piece in pieces_of(block) if isinstance(piece, Pill)]


def _entry(page: WebPage) -> list[str]:
    icon = f"https://t1.gstatic.com/faviconV2?client=BARD&size=256&url=https://{urlsplit(page.url).netloc}"
    return [icon, page.url, page.title]


def _card(page: WebPage) -> list[str | None]:
    return [page.url, page.title, page.site_name, page.snippet]


def _images(draft: Draft) -> tuple[Picture, ...]:
    return draft.images if draft.blocks else ()


def _image(picture: Picture) -> list[Any]:
    return [[[picture.url], None, None, None, picture.title]]


def _places(draft: Draft) -> list[list[str]]:
    return [[place.name, place.category] for place in draft.places]
