"""What ChatGPT's finished page hides: the pages behind a pill's "+N", and the list of all sources."""

from __future__ import annotations

from collections import defaultdict, deque
from copy import deepcopy
from dataclasses import replace

from lxml.html import HtmlElement
from playwright.async_api import Page

from completions.links import is_web, url_canonical
from completions.markup import closest, found
from completions.sites.chatgpt.body import PILLS
from completions.sites.chatgpt.links import is_its_own
from completions.sites.scene import Scene, is_hidden
from completions.sites.sight import Link, Pill
from completions.sites.unfold import cards, panel
from completions.sites.untrusted import unique
from completions.text import tidy, words

_MORE = r"\+\d+\s*$"
_CARD = "[data-radix-popper-content-wrapper]"  # react; the server-rendered pill carries all of its pages
_PANELS = '[data-testid="screen-threadFlyOut"], [data-stage-thread-flyout]'  # react; server panels go by aria-controls
_CLOSE = '[data-stage-thread-flyout] [data-testid="close-button"], [data-stage-thread-flyout] header button'
_SOURCES = 'button[aria-label="Sources"], button[class*="group/footnote"]'
_SERVER_SOURCES = "[data-assistant-sources-trigger][aria-controls]"


async def unfold(page: Page) -> dict[str, list[str]]:
    """Hover over every pill that stands for several pages, and open the list of sources."""
    return {
        "cards": await cards(page, PILLS, _CARD, _MORE),
        "sources": await panel(page, _SOURCES, _PANELS, _CLOSE) or await panel(page, _SERVER_SOURCES),
    }


def with_more(pills: list[Pill], scene: Scene) -> list[Pill]:
    """`pills`, each with the pages of the card that opened over it: the one that begins with the pill's own page."""
    opened: dict[str, deque[list[Link]]] = defaultdict(deque)
    for card in scene.opened("cards"):
        if pages := entries(card):
            opened[url_canonical(pages[0].url)].append(pages)
    return [_completed(pill, opened[url_canonical(pill.links[0].url)]) for pill in pills]


def _completed(pill: Pill, opened: deque[list[Link]]) -> Pill:
    if len(pill.links) > 1 or not opened:
        return pill
    return replace(pill, links=tuple(unique([*pill.links, *opened.popleft()])))


def panels(scene: Scene) -> list[HtmlElement]:
    """The lists of sources that were opened, or left open by whoever saved the page."""
    return scene.opened("sources") or _left_open(scene.root, scene.turns)


def entries(panel: HtmlElement) -> list[Link]:
    """The pages of a panel or a card: an `a[href]` each."""
    anchors = [(anchor, anchor.get("href", "")) for anchor in found(panel, "a[href]")]
    return [_entry(anchor, url) for anchor, url in anchors if is_web(url) and not is_its_own(url)]


def above_divider(panel: HtmlElement) -> list[Link]:
    """The entries above the line "More": those that the answer cites."""
    divider = next((each for each in panel.iter() if (each.text or "").strip() == "More"), None)
    if divider is None:
        return []
    before = set(divider.xpath("preceding::a"))
    return [page for anchor in found(panel, "a[href]") if anchor in before for page in entries(anchor)]


def _entry(anchor: HtmlElement, url: str) -> Link:
    """Server: the title in `strong`, the publisher beside it. React: publisher, title, snippet, a line each."""
    if titles := found(anchor, "strong"):
        names = [each.text_content().strip() for each in found(anchor, "span") if closest(each, "strong") is None]
        title = " ".join(titles[0].text_content().split())
        return Link(url, title=title or None, site_name=next(filter(None, names), None))
    copy = deepcopy(anchor)
    copy.tail = None
    name, title, snippet = [*words(tidy(copy)).text.split("\n"), "", "", ""][:3]
    return Link(url, title=title, snippet=snippet or None, site_name=name) if title else Link(url, title=name or None)


def _left_open(root: HtmlElement, turns: list[HtmlElement]) -> list[HtmlElement]:
    names = {
        name for turn in turns for button in found(turn, "[aria-controls]") if (name := button.get("aria-controls"))
    }
    inside = {each for turn in turns for each in turn.iter()}
    opened = [each for each in found(root, f"[id], {_PANELS}") if each not in inside]
    lists = [each for each in opened if each.get("id") in names or closest(each, _PANELS) is each]
    outermost = [each for each in lists if not any(above in lists for above in each.iterancestors())]
    return [each for each in outermost if found(each, "a[href]") and not is_hidden(each)]
