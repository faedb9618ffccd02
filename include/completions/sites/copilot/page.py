"""What the page shows of the answer: its words, the layers of its citations, what it suggests to ask next."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from urllib.parse import urlsplit

from lxml import html
from lxml.html import HtmlElement

from completions.links import is_web, url_canonical
from completions.markup import following, found
from completions.sites.copilot.body import images_of, read_body
from completions.sites.copilot.layout import CONVERSATION
from completions.sites.copilot.links import entries
from completions.sites.scene import Scene, outer
from completions.sites.sight import Body, Link, Pill, Sight
from completions.sites.untrusted import unique

CARDS = '[data-testid="citation-cards-row"], div[data-copy="false"]'
"""In the message, under the words: the first citations; the rest is behind a button."""
MODAL = 'div[data-modal-overlay="true"]'
"""What that button opens, anywhere in the page."""
_PANEL = 'div[class~="relative"][class~="h-full"][class~="overflow-hidden"][class~="will-change-auto"][style*="width:"]'
_SUGGESTIONS = '[data-testid="chat-suggestion"]'


def read_answer(scene: Scene, sight: Sight) -> None:
    """Add to `sight` what the page shows of the last prompt's answer."""
    if scene.url and is_web(scene.url) and re.match(CONVERSATION, urlsplit(scene.url).path):
        sight.conversation = scene.url
    if not scene.answers:
        return
    root = _words(scene)
    sight.images = images_of(root) or None
    lists = _lists(scene)
    cited = unique(page for each in lists for page in entries(each))
    sight.sources = list(cited)
    sight.cited_apart = [page.url for page in cited]
    sight.body = _completed(read_body(root), cited, sight.sources)
    sight.follow_up_questions = _suggestions(scene) or None  # they come late: none yet is not none
    sight.portions = sight.portions.model_copy(update={"sources_html": outer(lists)})


def _words(scene: Scene) -> HtmlElement:
    """The answer's words; where the message has none of its own, those that its frames draw."""
    root = scene.words()
    frames = scene.opened("frames")
    if root.text_content().strip() or not frames:
        return root
    root = html.Element("div")
    for frame in map(deepcopy, frames):
        frame.attrib.clear()  # they are kept hidden
        root.append(frame)
    return root


def _lists(scene: Scene) -> list[HtmlElement]:
    """Layers of the answer's citations: under the words, behind the button, in the panel of references beside it."""
    around = {each for turn in scene.turns for each in turn.iter()}
    drawn = [*scene.turns, *scene.opened("frames")]
    cards = [each for place in drawn for each in found(place, CARDS)]
    modals = [*scene.opened("citations"), *(each for each in found(scene.root, MODAL) if found(each, "a[href] div"))]
    panels = [each for each in _outermost(found(scene.root, _PANEL)) if each not in around and found(each, "a[href]")]
    return [*_outermost([*cards, *modals]), *panels]


def _outermost(elements: list[HtmlElement]) -> list[HtmlElement]:
    inside = set(elements)
    return [each for each in dict.fromkeys(elements) if not any(above in inside for above in each.iterancestors())]


def _completed(body: Body, cited: list[Link], listed: list[Link]) -> Body:
    """`body` with what the lists tell of its citations; where none stands among the words, with those of the lists."""
    known = {url_canonical(page.url): page for page in listed}
    pills = [replace(pill, links=tuple(_known(page, known) for page in pill.links)) for pill in body.pills]
    return replace(body, pills=pills or [Pill((page,)) for page in cited])


def _known(page: Link, known: dict[str, Link]) -> Link:
    listed = known.get(url_canonical(page.url))
    return page.filled(listed) if listed else page


def _suggestions(scene: Scene) -> list[str]:
    """The questions offered after the answer, each once."""
    last = scene.turns[-1]
    offered = [*found(last, _SUGGESTIONS), *following(last, _SUGGESTIONS)]
    said = [" ".join(each.text_content().split()) for each in offered]
    return list(dict.fromkeys(filter(None, said)))
