"""What the page shows of the answer: its words, sources, ads."""

from __future__ import annotations

import re
from copy import deepcopy
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from completions.answer import Ad
from completions.links import is_web
from completions.markup import closest, found
from completions.sites.chatgpt.body import AD_BOXES, AD_LINKS, FOOTNOTES, PAYLOADS, payload, places_of, read_body
from completions.sites.chatgpt.hidden import above_divider, entries, panels, with_more
from completions.sites.chatgpt.layout import CONVERSATION, REACT, SEARCHING, SERVER
from completions.sites.scene import Scene, outer
from completions.sites.sight import Sight
from completions.text import tidy, words


def read_answer(scene: Scene, sight: Sight) -> None:
    """Add to `sight` what the page shows of the last prompt's answer."""
    lists, ads = panels(scene), _ads(scene.root)
    sight.conversation = _conversation(scene)
    sight.portions = sight.portions.model_copy(update={"sources_html": outer(lists), "ads_html": outer(ads)})
    sight.ads = [_ad(position, element) for position, element in enumerate(ads, 1)]
    if scene.answers:
        _read_words(scene, sight, lists)


def _read_words(scene: Scene, sight: Sight, lists: list[HtmlElement]) -> None:
    layout, answers, turns = scene.layout, scene.answers, scene.turns
    sight.model = next((slug for each in answers[::-1] if (slug := each.get("data-message-model-slug"))), None)
    sight.sources = [page for each in lists for page in entries(each)]
    sight.cited_apart = [page.url for each in lists for page in above_divider(each)]
    if layout is SERVER:
        sight.places = [place for turn in turns for place in places_of(turn)]
        strips = [each for turn in turns for each in found(turn, PAYLOADS) if _is_listing(each)]
        sight.sources += [page for strip in strips for page in payload(strip)]
        statuses = [each for turn in turns for each in found(turn, "[data-text-shimmer-text]")]
        sight.searched = any(SEARCHING.search(each.text_content()) for each in statuses) or None
    shown = read_body(scene.words())
    sight.body, sight.images = shown.body, shown.images
    sight.warnings += shown.warnings
    if layout is REACT:
        shown.body.entities = None
        shown.body.pills = with_more(shown.body.pills, scene)


def _conversation(scene: Scene) -> str | None:
    if scene.url and is_web(scene.url) and re.match(CONVERSATION, urlsplit(scene.url).path):
        return scene.url
    sections = found(scene.root, "[data-web-mobile-conversation][data-conversation-id]")
    return f"/uc/{sections[-1].get('data-conversation-id')}" if sections else None


def _is_listing(button: HtmlElement) -> bool:
    """Whether a button lists its pages for the whole answer: it stands outside the words, or in their footnote."""
    return closest(button, FOOTNOTES) is not None or closest(button, SERVER.body) is None


def _ads(root: HtmlElement) -> list[HtmlElement]:
    """Sponsored entries, each once."""
    return [*found(root, AD_BOXES), *(each for each in found(root, AD_LINKS) if closest(each, AD_BOXES) is None)]


def _ad(position: int, element: HtmlElement) -> Ad:
    anchors = [url for anchor in found(element, "a[href]") if is_web(url := anchor.get("href", ""))]
    named = [found(element, "strong, h1, h2, h3, h4, h5, h6"), found(element, "a[href]")]
    titles = [each.text_content() for some in named for each in some if each is not element]
    copy = deepcopy(element)
    copy.tail = None
    body = words(tidy(copy)).text
    title = next((" ".join(each.split()) for each in titles if each.strip()), None)
    return Ad(
        position=position,
        title=title or body.partition("\n")[0] or None,
        body=body or None,
        url=next(iter(anchors), None),
    )
