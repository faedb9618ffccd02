"""The answer's HTML, of either front end: its words, and what the site hung onto them.

Citations, cards and controls stand among the words as elements of their own. Each is read and then taken out, a
citation leaving an empty `<cite>` behind, so that its label never becomes part of the text and its place is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import html
from lxml.html import HtmlElement

from completions.answer import Entity, Image, ShownPlace
from completions.links import is_web
from completions.markup import closest, drop, found, replace
from completions.sites.chatgpt.links import is_its_own, link
from completions.sites.chatgpt.marks import unmarked
from completions.sites.sight import Body, Link, Pill
from completions.sites.untrusted import (
    load,
    number,
    rows,
    string,
)
from completions.text import markdown, tidy, words

PILLS = '[data-testid="webpage-citation-pill"]'  # react
PAYLOADS = "[data-assistant-sources-payload]"  # server
GROUPS = "[data-assistant-grouped-webpages-trigger]"
FOOTNOTES = '[data-content-reference-type="sources_footnote"]'
ENTITIES = "[data-assistant-entity-reference], [data-assistant-entity-payload]"
MAPS = "[data-assistant-map-payload]"
PRODUCTS = "[data-assistant-product-list]"
AD_BOXES = 'aside[aria-label*="Sponsored"]'
AD_LINKS = 'a[href*="oppref="], a[href*="olref="], a[href*="utm_medium=paidaeo"]'
ADS = f'{AD_BOXES}, {AD_LINKS}, img[src*="bzrcdn.openai.com"]'
NOISE = (
    f"{PRODUCTS}, {FOOTNOTES}, "
    '[data-content-reference-type="map"], [data-assistant-reference-detail], [data-assistant-source-icon], '
    "[data-assistant-placeholder-slot], [data-message-intervention], [data-message-attribution], "
    "[data-message-content-controls], [data-text-shimmer-text], [data-assistant-message-actions], "
    '[role="group"][aria-label="Response actions"], [data-testid="businesses-map-widget"], [class*="mapboxgl-"], '
    'dil-widget-shell, [class*="dil-widget-shell"], [data-testid*="widget"], span.contents div.rounded-md, '
    'img[src*="/s2/favicons"]'
)
"""Furniture: maps, weather, cards, labels, buttons. Links in them cite nothing."""


@dataclass
class Shown:
    """The answer, and what stood among its words."""

    body: Body
    listed: list[Link] = field(default_factory=list)
    """Pages in the strip of sources that closes an answer."""
    places: list[ShownPlace] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_body(root: HtmlElement) -> Shown:
    """Read the answer in `root`, which is taken to pieces on the way."""
    drop(root, ADS)
    _wash(root)
    listed = _listed(root)
    places = places_of(root)
    warnings = ["the answer has a list of products, which is not read on this front end"] * bool(found(root, PRODUCTS))
    pills = _pills(root)
    named = _entities(root)
    drop(root, NOISE)
    tidy(root)
    text = words(root)
    body = Body(
        text=text.text,
        markdown=markdown(root),
        pills=[Pill(links, *at) for n, links in enumerate(pills) if (at := text.at.get(f"pill-{n}"))],
        entities=[_placed(entity, at) for n, entity in enumerate(named) if (at := text.at.get(f"entity-{n}"))],
    )
    return Shown(body, listed, places, _images(root), warnings)


def _wash(root: HtmlElement) -> None:
    """Take out what only looks like ours, and marks of the wire that the page left among the words."""
    for element in found(root, "[data-at]"):
        del element.attrib["data-at"]
    for element in root.iter():
        element.text, element.tail = (unmarked(text) if text else None for text in (element.text, element.tail))


def payload(element: HtmlElement) -> list[Link]:
    """The pages of a server-rendered reference: all of its `+N`, in the order the site ranks them."""
    return [page for row in rows(load(element.get("data-assistant-sources-payload"))) if (page := link(row))]


def places_of(root: HtmlElement) -> list[ShownPlace]:
    """The pins of the maps in `root`."""
    pins = [pin for shown in found(root, MAPS) for pin in rows(load(shown.get("data-assistant-map-payload")))]
    named = [(name, pin) for pin in pins if (name := string(pin, "name"))]
    return [
        ShownPlace(
            position=position,
            name=name,
            category=string(pin, "category"),
            address=string(pin, "address"),
            latitude=number(pin, "latitude"),
            longitude=number(pin, "longitude"),
            rating=number(pin, "rating"),
        )
        for position, (name, pin) in enumerate(named, 1)
    ]


def _listed(root: HtmlElement) -> list[Link]:
    strips = found(root, FOOTNOTES)
    return [page for strip in strips for shown in found(strip, PAYLOADS) for page in payload(shown)]


def _pills(root: HtmlElement) -> list[tuple[Link, ...]]:
    """Take the citations out of `root`; the n-th leaves `data-at="pill-n"` behind."""
    pills: list[tuple[Link, ...]] = []
    for element in found(root, f"{PILLS}, {PAYLOADS}, {GROUPS}"):
        if closest(element, FOOTNOTES) is not None or element.getparent() is None:
            continue
        links = tuple(_anchored(element) or payload(element))
        place = _cited_words(element, links) if _is_inline_link(element) else html.Element("cite")
        if links:
            place.set("data-at", f"pill-{len(pills)}")
            pills.append(links)
        replace(element, place)
    return pills


def _anchored(pill: HtmlElement) -> list[Link]:
    """The pages of a classic pill: its anchors, of which only the first is there until the reader hovers over it."""
    label = re.sub(r"\s*\+\d+$", "", pill.text_content().strip())
    urls = dict.fromkeys(url for anchor in pill.iter("a") if is_web(url := anchor.get("href", "")))
    return [Link(url, site_name=label or None) for url in urls if not is_its_own(url)]


def _is_inline_link(element: HtmlElement) -> bool:
    """Whether the reference is a link whose label is part of the sentence."""
    return closest(element, '[data-content-reference-type="url"]') is not None


def _cited_words(element: HtmlElement, links: tuple[Link, ...]) -> HtmlElement:
    titles = found(element, "[data-assistant-reference-title]")
    drop(element, NOISE)
    place = html.Element("a", href=links[0].url) if links else html.Element("span")
    place.text = (titles[0] if titles else element).text_content().strip()
    return place


def _entities(root: HtmlElement) -> list[Entity]:
    """Make the names that the site marked part of the words; the n-th is `data-at="entity-n"`."""
    entities: list[Entity] = []
    for element in found(root, ENTITIES):
        described = load(element.get("data-assistant-entity-payload"))
        name = element.text_content().strip() or string(described, "query")
        if not name or element.getparent() is None:
            continue
        place = html.Element("span")
        place.text = name
        place.set("data-at", f"entity-{len(entities)}")
        entities.append(Entity(name=" ".join(name.split()), category=string(described, "category")))
        replace(element, place)
    return entities


def _placed(entity: Entity, at: tuple[int, int]) -> Entity:
    return entity.model_copy(update={"char_start": at[0], "char_end": at[1]})


def _images(root: HtmlElement) -> list[Image]:
    shown = [(url, img) for img in found(root, "img[src]") if is_web(url := img.get("src", ""))]
    return [
        Image(
            position=position,
            url=url,
            title=img.get("alt") or None,
            source_url=_leads_to(img),
        )
        for position, (url, img) in enumerate(shown, 1)
    ]


def _leads_to(img: HtmlElement) -> str | None:
    return next(
        (url for above in img.iterancestors("a") if is_web(url := above.get("href", ""))),
        None,
    )
