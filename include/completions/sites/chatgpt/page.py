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
from completions.sites.chatgpt.layout import CONVERSATION, REACT, SEARCHING, SERVER
from completions.sites.chatgpt.links import is_its_own
from completions.sites.scene import Scene, is_hidden, outer
from completions.sites.sight import Link, Sight
from completions.text import tidy, words

_PANELS = '[data-testid="screen-threadFlyOut"], [data-stage-thread-flyout]'  # react; server panels go by aria-controls


def read_answer(scene: Scene, sight: Sight) -> None:
    """Add to `sight` what the page shows of the last prompt's answer."""
    panels, ads = _panels(scene.root, scene.turns), _ads(scene.root)
    sight.conversation = _conversation(scene)
    sight.portions = sight.portions.model_copy(update={"sources_html": outer(panels), "ads_html": outer(ads)})
    sight.ads = [_ad(position, element) for position, element in enumerate(ads, 1)]
    if scene.answers:
        _read_words(scene, sight, panels)


def _read_words(scene: Scene, sight: Sight, panels: list[HtmlElement]) -> None:
    layout, answers, turns = scene.layout, scene.answers, scene.turns
    sight.model = next((slug for each in answers[::-1] if (slug := each.get("data-message-model-slug"))), None)
    sight.sources = [page for panel in panels for page in _panel(panel)]
    sight.cited_apart = [page.url for panel in panels for page in _above_divider(panel)]
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


def _conversation(scene: Scene) -> str | None:
    if scene.url and is_web(scene.url) and re.match(CONVERSATION, urlsplit(scene.url).path):
        return scene.url
    sections = found(scene.root, "[data-web-mobile-conversation][data-conversation-id]")
    return f"/uc/{sections[-1].get('data-conversation-id')}" if sections else None


def _panels(root: HtmlElement, turns: list[HtmlElement]) -> list[HtmlElement]:
    """The opened lists of sources that belong to the turns."""
    names = {
        name for turn in turns for button in found(turn, "[aria-controls]") if (name := button.get("aria-controls"))
    }
    inside = {each for turn in turns for each in turn.iter()}
    opened = [each for each in found(root, f"[id], {_PANELS}") if each not in inside]
    panels = [each for each in opened if each.get("id") in names or closest(each, _PANELS) is each]
    outermost = [each for each in panels if not any(above in panels for above in each.iterancestors())]
    return [each for each in outermost if found(each, "a[href]") and not is_hidden(each)]


def _panel(panel: HtmlElement) -> list[Link]:
    """The entries of a list of sources: `a[href]` with the title in `strong` and the publisher beside it."""
    pages = []
    for anchor in found(panel, "a[href]"):
        url = anchor.get("href", "")
        if is_web(url) and not is_its_own(url):
            titles = [each.text_content().strip() for each in found(anchor, "strong")]
            names = [each.text_content().strip() for each in found(anchor, "span") if closest(each, "strong") is None]
            title = next(filter(None, titles), None) or " ".join(anchor.text_content().split())
            pages.append(Link(url, title=title or None, site_name=next(filter(None, names), None)))
    return pages


def _above_divider(panel: HtmlElement) -> list[Link]:
    """The entries above the line "More": those that the answer cites."""
    divider = next((each for each in panel.iter() if (each.text or "").strip() == "More"), None)
    if divider is None:
        return []
    before = set(divider.xpath("preceding::a"))
    return [page for anchor in found(panel, "a[href]") if anchor in before for page in _panel(anchor)]


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
