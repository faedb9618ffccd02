"""A saved page, taken apart by a site's `Looks`: which front end it is, the last turn, and what is in the way.

What the answer holds is read by the adapter, from the `Scene` that this gives it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from lxml import html
from lxml.html import HtmlElement

from completions.answer import Portions
from completions.errors import Outcome
from completions.markup import closest, following, found, parsed, source
from completions.sites.base import Captured
from completions.sites.failures import of_status
from completions.sites.layout import CHALLENGE, CHALLENGED, Layout, Looks
from completions.sites.sight import Sight, Trouble
from completions.text import tidy, words

OPENED = "data-completions-opened"
"""Marks what the adapter opened, read and closed again on the live page; kept after the page itself."""

_NOTES = r"(?:<!--(?:(?!-->).)*-->\s*)*"  # browsers say in one where a page was saved from
_DOCUMENT = re.compile(rf"\s*{_NOTES}(?:<!doctype[^<>]*>\s*{_NOTES})?<html\b", re.IGNORECASE | re.DOTALL)
_END = re.compile(rf"</html\s*>\s*{_NOTES}\Z", re.IGNORECASE | re.DOTALL)
_TAIL = 2000
"""Characters in which a document's end is looked for."""


@dataclass(frozen=True)
class Scene:
    """One page of a known layout."""

    root: HtmlElement
    layout: Layout
    prompt: list[HtmlElement]
    """The last prompt."""
    answers: list[HtmlElement]
    """The messages that answer it."""
    turns: list[HtmlElement]
    """What those messages and their buttons stand in."""
    url: str | None

    def words(self) -> HtmlElement:
        """A copy of the answer's words, all of them below one element; to be taken to pieces."""
        root = html.Element("div")
        for answer in self.answers:
            bodies = found(answer, self.layout.body) or [answer]
            around = set(bodies)
            for body in bodies:
                if not any(above in around for above in body.iterancestors()):
                    copy = deepcopy(body)
                    copy.tail = None
                    root.append(copy)
        return root

    def opened(self, what: str) -> list[HtmlElement]:
        """What was opened under this name, in order."""
        return [each for each in found(self.root, f"[{OPENED}]") if each.get(OPENED) == what]


def read_page(captured: Captured, looks: Looks, read: Callable[[Scene, Sight], None]) -> Sight:
    """What the page shows: how it stands by its looks, what it holds by `read`, called where there is an answer.

    `read` gets the portions of prompt and answer filled in, and adds what else there is, whether finished or not.
    """
    root = parsed(captured.html or "")
    layout = next((each for each in looks.layouts if found(root, each.marks)), None) if root is not None else None
    sight = Sight(variant=layout.name if layout else None, trouble=_refused(captured, root, layout, looks))
    if root is None or layout is None:
        return sight
    prompt, answers = _last_turn(root, layout)
    scene = Scene(
        root, layout, prompt, answers, list(dict.fromkeys(_turn(each, layout) for each in answers)), captured.url
    )
    sight.finished = _finished(scene, captured.html or "")
    sight.trouble = sight.trouble or _barrier(root, looks)
    sight.portions = Portions(prompt_html=outer(prompt), completion_html=outer(scene.turns))
    read(scene, sight)
    return sight


def page_instead(stream: bytes, looks: Looks) -> Trouble | None:
    """What stands in the way, where a whole page that is none of the site's chat was sent in the place of a stream."""
    text = stream.decode("utf-8", "replace").lstrip("\ufeff")
    if not _DOCUMENT.match(text):
        return None
    seen = read_page(Captured(html=text), looks, lambda scene, sight: None)
    known = seen.trouble and seen.trouble.outcome is not Outcome.NETWORK
    return seen.trouble if known and seen.variant is None else None


def with_opened(page: str, opened: Mapping[str, Sequence[str]]) -> str:
    """`page` with what was opened beside it, each piece in an element of its own before the page's end."""
    pieces = [f'<div hidden {OPENED}="{what}">{piece}</div>' for what, each in opened.items() for piece in each]
    before, end, after = page.rpartition("</body>")
    return f"{before}{''.join(pieces)}{end}{after}" if end else page + "".join(pieces)


def outer(elements: list[HtmlElement]) -> str | None:
    """The HTML of the elements; None when there are none."""
    return "\n".join(map(source, elements)) or None


def is_shown(element: HtmlElement) -> bool:
    """Whether a reader would see something of `element`, as far as the HTML tells."""
    says_something = element.tag == "html" or element.text_content().strip() or found(element, "iframe, input")
    return bool(says_something) and not is_hidden(element)


def is_hidden(element: HtmlElement) -> bool:
    """Whether `element` or something around it is hidden, or a dialog that is closed."""
    for around in (element, *element.iterancestors()):
        style = around.get("style", "").replace(" ", "")
        if "hidden" in around.attrib or "display:none" in style or "visibility:hidden" in style:
            return True
        if around.tag == "dialog" and "open" not in around.attrib:
            return True
    return False


def _refused(captured: Captured, root: HtmlElement | None, layout: Layout | None, looks: Looks) -> Trouble | None:
    """What came in place of the chat."""
    text = captured.html or ""
    if captured.headers.get("cf-mitigated") == "challenge" or (layout is None and CHALLENGED.search(text)):
        return Trouble(Outcome.CHALLENGE, CHALLENGE.seen)
    url = captured.url or ""
    if led := next((each for each in looks.detours if re.search(each.url, url, re.IGNORECASE)), None):
        return Trouble(led.outcome, led.seen)
    if by_status := of_status(captured.status):
        return Trouble(by_status, f"the site answered with HTTP {captured.status}")
    if layout is not None:
        return None
    said = "" if root is None else words(tidy(deepcopy(root))).text
    if not said and (root is None or not found(root, "body *")):
        return Trouble(Outcome.NETWORK, "the page is empty")
    if spoken := looks.failures.of_turn(said):
        return Trouble(spoken, f"the site says: {' '.join(said.split())}")
    return None if root is None else _barrier(root, looks) or _consent(root, looks)


def _consent(root: HtmlElement, looks: Looks) -> Trouble | None:
    """A dialog in place of the chat that a visitor must first answer; the live page's is closed before asking.

    Over a chat, whose marks alone are not known any more, it is none.
    """
    chats = {part for layout in looks.layouts for part in (layout.composer, layout.user, layout.assistant) if part}
    if found(root, ", ".join(sorted(chats))):
        return None
    shown = any(is_shown(each) for overlay in looks.overlays for each in found(root, overlay.dialog))
    return Trouble(Outcome.BLOCKED, "the site asks for consent in place of the chat", yields=True) if shown else None


def _barrier(root: HtmlElement, looks: Looks) -> Trouble | None:
    """What is shown over or instead of the answer."""
    for barrier in (CHALLENGE, *looks.barriers):
        if any(is_shown(element) and _says(element, barrier.words) for element in found(root, barrier.marks)):
            return Trouble(barrier.outcome, barrier.seen, barrier.yields)
    for element in found(root, looks.coded) if looks.coded else []:
        codes = [element.get(name) for name in looks.codes]
        if (outcome := looks.failures.of_codes(*codes)) is not looks.failed.outcome:
            return Trouble(outcome, f"the site marks a failure: {' '.join(filter(None, codes))}", yields=True)
    for spoken in found(root, looks.spoken):
        said = " ".join(spoken.text_content().split())
        if is_shown(spoken) and (meant := looks.failures.of_turn(said)):
            return Trouble(meant, f"the site says: {said}", yields=True)
    failed = looks.failed
    shown = any(is_shown(element) and _says(element, failed.words) for element in found(root, failed.marks))
    return Trouble(failed.outcome, failed.seen, failed.yields) if shown else None


def _says(element: HtmlElement, words: str) -> bool:
    return not words or re.search(words, element.text_content(), re.IGNORECASE) is not None


def _last_turn(root: HtmlElement, layout: Layout) -> tuple[list[HtmlElement], list[HtmlElement]]:
    """The last prompt, and the messages that answer it."""
    users = set(found(root, layout.user))
    messages = found(root, f"{layout.user}, {layout.assistant}")
    around = {above for message in messages for above in message.iterancestors()}
    messages = [message for message in messages if message not in around]
    asked = [index for index, message in enumerate(messages) if message in users]
    last = max(asked, key=lambda index: (_number(messages[index], layout.numbered), index), default=-1)
    end = next((index for index in asked if index > last), None)
    return messages[max(last, 0) : last + 1], messages[last + 1 : end]


def _number(prompt: HtmlElement, attribute: str) -> int:
    """The number that the page gives the turn of `prompt`; -1 where it gives none."""
    around = closest(prompt, f"[{attribute}]") if attribute else None
    number = around.get(attribute, "") if around is not None else ""
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else -1


def _turn(message: HtmlElement, layout: Layout) -> HtmlElement:
    around = closest(message, layout.turn)
    return message if around is None else around


def _finished(scene: Scene, text: str) -> bool | None:
    """Whether the page says that the answer is whole; None when it does not say (a message without its turn)."""
    layout, turns = scene.layout, scene.turns
    if not turns or not _is_whole(layout, turns[-1], text):
        return False
    if not all(is_hidden(stop) for stop in found(scene.root, layout.stop)):
        return False
    if any(found(turn, layout.busy) for turn in turns):
        return False
    if following(scene.answers[-1], layout.finished) if layout.follows else found(turns[-1], layout.finished):
        return True
    return None if closest(turns[-1], layout.turn) is None else False


def _is_whole(layout: Layout, turn: HtmlElement, text: str) -> bool:
    """Whether the HTML goes on beyond the answer's words: pages are cut at a cap, and files by accident."""
    if _DOCUMENT.match(text):
        return _END.search(text.rstrip()[-_TAIL:]) is not None
    after = next(turn.itersiblings(), None) is not None or any(
        next(around.itersiblings(), None) is not None for around in turn.iterancestors()
    )
    return not layout.tail or after or bool(found(turn, layout.tail))
