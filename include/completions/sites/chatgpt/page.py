"""The page: which front end it is, what it says of the last prompt, and what stands in the way."""

from __future__ import annotations

import re
from copy import deepcopy
from urllib.parse import urlsplit

from lxml import html
from lxml.html import HtmlElement

from completions.answer import Ad, Portions
from completions.errors import Outcome
from completions.links import is_web
from completions.markup import closest, found, parsed, source
from completions.sites.base import Captured
from completions.sites.chatgpt import failures
from completions.sites.chatgpt.body import AD_BOXES, AD_LINKS, FOOTNOTES, PAYLOADS, payload, places_of, read_body
from completions.sites.chatgpt.layout import (
    BARRIERS,
    CONVERSATION,
    FAILED,
    LAYOUTS,
    REACT,
    SEARCHING,
    SERVER,
    SPOKEN,
    Layout,
)
from completions.sites.chatgpt.sight import Link, Sight, Trouble
from completions.sites.chatgpt.untrusted import is_its_own
from completions.text import tidy, words

_DOCUMENT = re.compile(r"\s*(?:<!doctype[^<>]*>\s*)?<html\b", re.IGNORECASE)
_CHALLENGED = re.compile(r"_cf_chl_opt|<title[^<>]*>\s*(?:Just a moment|Attention Required)", re.IGNORECASE)
_PANELS = '[data-testid="screen-threadFlyOut"], [data-stage-thread-flyout]'  # react; server panels go by aria-controls


def read_page(captured: Captured) -> Sight:
    """What the page shows."""
    root = parsed(captured.html or "")
    layout = next((each for each in LAYOUTS if found(root, each.marks)), None) if root is not None else None
    sight = Sight(variant=layout.name if layout else None, trouble=_refused(captured, root, layout))
    if root is None or layout is None:
        return sight
    prompt, answers = _last_turn(root, layout)
    turns = list(dict.fromkeys(_turn(answer, layout) for answer in answers))
    sight.finished = _finished(root, layout, turns, captured.html or "")
    sight.trouble = sight.trouble or _barrier(root)
    sight.conversation = _conversation(captured, root)
    panels = _panels(root, turns)
    sight.portions = Portions(
        prompt_html=_outer(prompt),
        completion_html=_outer(turns),
        sources_html=_outer(panels),
        ads_html=_outer(_ads(root)),
    )
    sight.ads = [_ad(position, element) for position, element in enumerate(_ads(root), 1)]
    if answers:
        _read_answer(sight, layout, answers, turns, panels)
    return sight


def _read_answer(
    sight: Sight, layout: Layout, answers: list[HtmlElement], turns: list[HtmlElement], panels: list[HtmlElement]
) -> None:
    sight.model = next((slug for each in answers[::-1] if (slug := each.get("data-message-model-slug"))), None)
    sight.sources = [page for panel in panels for page in _panel(panel)]
    sight.cited_apart = [page.url for panel in panels for page in _above_divider(panel)]
    if layout is SERVER:
        sight.places = [place for turn in turns for place in places_of(turn)]
        strips = [each for turn in turns for each in found(turn, PAYLOADS) if _is_listing(each)]
        sight.sources += [page for strip in strips for page in payload(strip)]
        statuses = [each for turn in turns for each in found(turn, "[data-text-shimmer-text]")]
        sight.searched = any(SEARCHING.search(each.text_content()) for each in statuses) or None
    shown = read_body(_words_of(answers, layout))
    sight.body, sight.images = shown.body, shown.images
    sight.warnings += shown.warnings
    if layout is REACT:
        shown.body.entities = None


def _refused(captured: Captured, root: HtmlElement | None, layout: Layout | None) -> Trouble | None:
    """What came in place of the chat."""
    text = captured.html or ""
    if captured.headers.get("cf-mitigated") == "challenge" or (layout is None and _CHALLENGED.search(text)):
        return Trouble(Outcome.CHALLENGE, "the site asks for a proof of being human")
    if by_status := failures.of_status(captured.status):
        return Trouble(by_status, f"the site answered with HTTP {captured.status}")
    if captured.url and _is_login(captured.url):
        return Trouble(Outcome.LOGIN_WALL, "the site led to its login page")
    if layout is not None:
        return None
    said = "" if root is None else words(tidy(deepcopy(root))).text
    if not said and (root is None or not found(root, "body *")):
        return Trouble(Outcome.NETWORK, "the page is empty")
    if spoken := failures.of_turn(said):
        return Trouble(spoken, f"the site says: {' '.join(said.split())}")
    return None if root is None else _barrier(root)


def _is_login(url: str) -> bool:
    if not is_web(url):
        return False
    parts = urlsplit(url)
    return parts.hostname == "auth.openai.com" or parts.path.startswith("/auth/")


def _barrier(root: HtmlElement) -> Trouble | None:
    """What is shown over or instead of the answer."""
    for barrier in BARRIERS:
        if any(_is_shown(element) for element in found(root, barrier.marks)):
            return Trouble(barrier.outcome, barrier.seen, barrier.yields)
    for failed in found(root, "[data-failure-status]"):
        codes = [failed.get(name) for name in ("data-failure-status", "data-failure-reason", "data-gate-kind")]
        if (outcome := failures.of_codes(*codes)) is not FAILED.outcome:
            return Trouble(outcome, f"the site marks a failure: {' '.join(filter(None, codes))}", yields=True)
    for spoken in found(root, SPOKEN):
        said = " ".join(spoken.text_content().split())
        if _is_shown(spoken) and (meant := failures.of_turn(said)):
            return Trouble(meant, f"the site says: {said}", yields=True)
    failed_at_all = any(_is_shown(element) for element in found(root, FAILED.marks))
    return Trouble(FAILED.outcome, FAILED.seen, FAILED.yields) if failed_at_all else None


def _is_shown(element: HtmlElement) -> bool:
    """Whether a reader would see something of `element`, as far as the HTML tells."""
    says_something = element.tag == "html" or element.text_content().strip() or found(element, "iframe, input")
    return bool(says_something) and not _is_hidden(element)


def _is_hidden(element: HtmlElement) -> bool:
    """Whether `element` or something around it is hidden, or a dialog that is closed."""
    for around in (element, *element.iterancestors()):
        style = around.get("style", "").replace(" ", "")
        if "hidden" in around.attrib or "display:none" in style or "visibility:hidden" in style:
            return True
        if around.tag == "dialog" and "open" not in around.attrib:
            return True
    return False


def _last_turn(root: HtmlElement, layout: Layout) -> tuple[list[HtmlElement], list[HtmlElement]]:
    """The last prompt, and the messages that answer it."""
    users = set(found(root, layout.user))
    messages = found(root, f"{layout.user}, {layout.assistant}")
    around = {above for message in messages for above in message.iterancestors()}
    messages = [message for message in messages if message not in around]
    last = max((index for index, message in enumerate(messages) if message in users), default=-1)
    return messages[max(last, 0) : last + 1], messages[last + 1 :]


def _turn(message: HtmlElement, layout: Layout) -> HtmlElement:
    around = closest(message, layout.turn)
    return message if around is None else around


def _finished(root: HtmlElement, layout: Layout, turns: list[HtmlElement], text: str) -> bool | None:
    """Whether the page says that the answer is whole; None when it does not say (a message without its turn)."""
    if not turns or not _is_whole(layout, turns[-1], text):
        return False
    if not all(_is_hidden(stop) for stop in found(root, layout.stop)):
        return False
    if any(found(turn, layout.busy) for turn in turns):
        return False
    if found(turns[-1], layout.finished):
        return True
    return None if closest(turns[-1], layout.turn) is None else False


def _is_whole(layout: Layout, turn: HtmlElement, text: str) -> bool:
    """Whether the HTML goes on beyond the answer's words: pages are cut at a cap, and files by accident."""
    if _DOCUMENT.match(text):
        return text.rstrip().lower().endswith("</html>")
    after = next(turn.itersiblings(), None) is not None or any(
        next(around.itersiblings(), None) is not None for around in turn.iterancestors()
    )
    return layout is not SERVER or after or bool(found(turn, "[data-assistant-message-actions]"))


def _words_of(answers: list[HtmlElement], layout: Layout) -> HtmlElement:
    """A copy of the answer's words, all of them below one element."""
    root = html.Element("div")
    for answer in answers:
        bodies = found(answer, layout.body) or [answer]
        around = set(bodies)
        for body in bodies:
            if not any(above in around for above in body.iterancestors()):
                copy = deepcopy(body)
                copy.tail = None
                root.append(copy)
    return root


def _conversation(captured: Captured, root: HtmlElement) -> str | None:
    if captured.url and is_web(captured.url) and re.match(CONVERSATION, urlsplit(captured.url).path):
        return captured.url
    sections = found(root, "[data-web-mobile-conversation][data-conversation-id]")
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
    return [each for each in outermost if found(each, "a[href]") and not _is_hidden(each)]


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
    titles = [each.text_content() for each in found(element, "strong, h1, h2, h3, h4, h5, h6")]
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


def _outer(elements: list[HtmlElement]) -> str | None:
    return "\n".join(map(source, elements)) or None
