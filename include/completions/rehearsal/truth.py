"""The ground truth of a rehearsal: what an honest reader must find for a prompt, to compare a whole batch against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from completions.rehearsal.changes import STEADY, Change, changed_draft
from completions.rehearsal.document import Entity, Pill, pieces_of
from completions.rehearsal.draft import Ad, Draft, Picture, Place, Product, WebPage
from completions.rehearsal.wording import markdown_of, text_of


@dataclass(frozen=True)
class Cited:
    """A link that the answer attaches to its words; `role` is `more` behind the "+N" of its pill (1-based)."""

    url: str
    title: str
    role: Literal["inline", "more"]
    pill: int
    site_name: str
    snippet: str | None
    published: str | None


@dataclass(frozen=True)
class Listed:
    """A page in the list of sources, cited or merely consulted."""

    url: str
    title: str
    cited: bool
    site_name: str
    snippet: str | None
    published: str | None


@dataclass(frozen=True)
class Truth:
    """What was shown for `prompt`. None: this site or front end does not show it. Dates are ISO.

    Addresses of citations and sources carry no tracking; on the page and on the wire they do. An ad's is as shown.
    `text` is the visible words without citation labels and widgets, blocks on lines of their own, formulas as TeX;
    compare it with `normalised`. `markdown` is the answer as the site writes it, without its private marks.
    """

    site: str
    prompt: str
    text: str
    markdown: str
    citations: tuple[Cited, ...]
    sources: tuple[Listed, ...] | None
    fan_out_queries: tuple[str, ...] | None
    follow_ups: tuple[str, ...] | None
    entities: tuple[str, ...] | None
    places: tuple[Place, ...] | None
    ads: tuple[Ad, ...] | None
    products: tuple[Product, ...] | None
    images: tuple[Picture, ...] | None
    model_version: str | None
    draft: Draft = field(repr=False)
    """All that is behind it."""


def truth_of(prompt: str, site: str = "chatgpt", change: Change = STEADY, n: int = 1) -> Truth:
    """All that lies behind the answer of `site` to `prompt`; a front end shows but a part, see `sites.shown`."""
    draft = changed_draft(site, prompt, change, n)
    return Truth(
        site=site,
        prompt=prompt,
        text=text_of(draft.blocks),
        markdown=markdown_of(draft.blocks),
        citations=tuple(_citations(draft)),
        sources=tuple(_sources(draft)),
        fan_out_queries=draft.queries,
        follow_ups=draft.follow_ups,
        entities=tuple(piece.name for block in draft.blocks for piece in pieces_of(block) if isinstance(piece, Entity)),
        places=draft.places,
        ads=draft.ads,
        products=draft.products,
        images=draft.images,
        model_version=draft.model,
        draft=draft,
    )


def normalised(text: str) -> str:
    """`text` fit for comparing: whitespace folded, and none before punctuation, where a label may have stood."""
    return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(text.split()))


def _citations(draft: Draft) -> Iterator[Cited]:
    pills = [piece for block in draft.blocks for piece in pieces_of(block) if isinstance(piece, Pill)]
    for number, pill in enumerate(pills, 1):
        for rank, page in enumerate(pill.pages):
            yield _cited(draft.pages[page], "more" if rank else "inline", number)


def _cited(page: WebPage, role: Literal["inline", "more"], pill: int) -> Cited:
    return Cited(page.url, page.title, role, pill, page.site_name, page.snippet, page.published)


def _sources(draft: Draft) -> Iterator[Listed]:
    for number, page in enumerate(draft.pages):
        cited = number < draft.cited
        yield Listed(page.url, page.title, cited, page.site_name, page.snippet, page.published)
