"""What the page shows of the answer: its words, sources, places and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from completions.answer import Image, ShownPlace
from completions.links import is_web
from completions.markup import closest, drop, found
from completions.sites.gemini.body import read_body
from completions.sites.gemini.layout import CARDS, CHIPS, CONVERSATION, PICTURES, PLACES, THOUGHTS
from completions.sites.gemini.links import entries, target
from completions.sites.scene import Scene, is_hidden, outer
from completions.sites.sight import Link, Sight

_PANELS = "context-sidebar, side-bar-sources, deep-research-source-lists"
_MODEL = 'bard-mode-switcher .picker-primary-text, bard-mode-switcher [data-test-id="logo-pill-label-container"]'
_ICONS = re.compile(r"favicon|/s2/|//(?:www|ssl)\.gstatic\.com/")
_ROWS = "rich-list-row"
_RATING = re.compile(r"(?<![\d.,])([0-5](?:[.,]\d)?)\s*(?:stars?\b|★)", re.IGNORECASE)


def read_answer(scene: Scene, sight: Sight) -> None:
    """Add to `sight` what the page shows of the last prompt's answer."""
    sight.conversation = _conversation(scene)
    sight.model = next(filter(None, (_first(each) for each in found(scene.root, _MODEL))), None)
    if not scene.answers:
        return
    for answer in scene.answers:
        drop(answer, THOUGHTS)
    panels = _panels(scene)
    listed = [page for panel in panels for page in entries(panel)]
    sight.portions = sight.portions.model_copy(update={"sources_html": outer([each for each in panels if len(each)])})
    chips, cards = _opened(scene)
    sight.body = read_body(scene.words(), cards, listed)
    if (unknown := chips - len(sight.body.pills)) > 0:
        sight.warnings += [f"{unknown} of the {chips} chips that cite were not opened"]
    pieces = _pieces(scene)
    if panels or chips:
        sight.sources = [*listed, *(page for pill in sight.body.pills for page in pill.links)]
    sight.places = _places(pieces)
    sight.images = _images(pieces)


def _conversation(scene: Scene) -> str | None:
    known = scene.url and is_web(scene.url) and re.match(CONVERSATION, urlsplit(scene.url).path)
    return scene.url.partition("?")[0] if scene.url and known else None


def _panels(scene: Scene) -> list[HtmlElement]:
    """The list of sources that was opened; one left open counts where it cannot be another turn's."""
    if opened := scene.opened("sources"):
        return opened
    if len(found(scene.root, scene.layout.turn)) > 1:
        return []
    left = [each for each in found(scene.root, _PANELS) if not is_hidden(each) and found(each, "a[href]")]
    return [each for each in left if not any(above in left for above in each.iterancestors())]


def _opened(scene: Scene) -> tuple[int, list[list[Link]]]:
    """How many chips the answer has, and the pages of those that were opened, in order."""
    chips = [chip for answer in scene.answers for chip in found(answer, f"{scene.layout.body} {CHIPS}")]
    before = found(scene.root, f"{scene.layout.body} {CHIPS}").index(chips[0]) if chips else 0
    return len(chips), [entries(card) for card in scene.opened("cards")[before:]]


def _pieces(scene: Scene) -> list[HtmlElement]:
    """What is drawn of the answer, cards and pictures included."""
    shown = [each for answer in scene.answers for each in found(answer, ".model-response-text") or [answer]]
    copies = [deepcopy(each) for each in shown]
    for copy in copies:
        drop(copy, f"{CHIPS}, user-query, sources-list")
    return copies


def _places(pieces: Iterable[HtmlElement]) -> list[ShownPlace]:
    shown: dict[str, HtmlElement] = {}
    for card in (card for piece in pieces for card in found(piece, f"{CARDS}, {PLACES}")):
        for name, place in _named(card):
            shown.setdefault(name, place)
    return [
        ShownPlace(position=position, name=name, rating=_rating(place), url=_leads_to(place))
        for position, (name, place) in enumerate(shown.items(), 1)
    ]


def _named(card: HtmlElement) -> Iterator[tuple[str, HtmlElement]]:
    """The places of a card: one whose name stands before its rows (`5.0 stars rating`, `Open`), or one a row."""
    head = deepcopy(card)
    drop(head, _ROWS)
    if name := _first(head):
        yield name, card
    else:
        yield from ((name, row) for row in found(card, _ROWS) if (name := _first(row)))


def _first(element: HtmlElement) -> str | None:
    return next((" ".join(text.split()) for text in element.itertext() if text.strip()), None)


def _rating(place: HtmlElement) -> float | None:
    said = [place.text_content(), *(each.get("aria-label", "") for each in found(place, "[aria-label]"))]
    rated = next(filter(None, map(_RATING.search, said)), None)
    return float(rated[1].replace(",", ".")) if rated else None


def _leads_to(card: HtmlElement) -> str | None:
    return next((url for each in found(card, "a[href]") if is_web(url := each.get("href", ""))), None)


def _images(pieces: Iterable[HtmlElement]) -> list[Image]:
    """The pictures, each once; neither the icons of sites nor those of places."""
    shown: dict[str, HtmlElement] = {}
    for img in (img for piece in pieces for img in found(piece, "img")):
        urls = [url for url in (img.get("data-full-size-image-uri", ""), img.get("src", "")) if is_web(url)]
        if urls and not _ICONS.search(urls[-1]) and closest(img, CARDS) is None:
            shown.setdefault(urls[0], img)
    return [
        Image(position=position, url=url, title=img.get("alt") or None, source_url=_around(img))
        for position, (url, img) in enumerate(shown.items(), 1)
    ]


def _around(img: HtmlElement) -> str | None:
    """The page that a picture is from: in the link around it, or in its caption."""
    frame = closest(img, PICTURES)
    links = [*img.iterancestors("a"), *(found(frame, "a[href]") if frame is not None else [])]
    return next((url for each in links if (url := target(each.get("href", "")))), None)
