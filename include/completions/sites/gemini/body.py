"""The answer's HTML: its words, and what the site hung onto them.

Chips that cite stand among the words as elements of their own. Each is read and then taken out, leaving an empty
`<cite>` behind, so that its label never becomes part of the text and its place is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import html
from lxml.html import HtmlElement

from completions.markup import closest, drop, found, replace
from completions.sites.gemini.layout import CHIPS, FOOTNOTES, LOOKS, PLACES
from completions.sites.gemini.links import entries, target
from completions.sites.sight import Body, Link, Pill
from completions.text import markdown, tidy, words

_PLACEHOLDER = r"https?://googleusercontent\.com/(?:\w+/)+\d+(?:_\d+)?"
_HOLDING = rf"(?:!\[[^\]\n]{{0,300}}\]\({_PLACEHOLDER}\)|{_PLACEHOLDER})"
PLACEHOLDERS = re.compile(rf"^{_HOLDING}\n*|[ \t]{{0,9}}{_HOLDING}", re.MULTILINE)
"""Where a card or a picture belongs, in the words of the stream and, when it was not drawn, of the page."""
_CAROUSELS = "sources-carousel-inline"
_CODE = "code-block, .code-block"
_NO_LANGUAGE = ("code snippet", "plaintext", "plain text", "text")


def read_body(root: HtmlElement, cards: Sequence[Sequence[Link]], listed: Sequence[Link]) -> Body:
    """Read the answer in `root`, which is taken to pieces on the way.

    `cards`: the pages of each chip that was opened, in order; `listed`: the pages that footnotes count through.
    """
    for element in found(root, "[data-at]"):
        del element.attrib["data-at"]
    pills = _chips(root, cards) if found(root, CHIPS) else _footnotes(root, listed)
    _formulas(root)
    _code(root)
    _name_places(root)
    drop(root, f"{LOOKS.noise}, {FOOTNOTES}, img")
    _clean(root)
    tidy(root)
    text = words(root)
    placed = [(links, text.at.get(f"pill-{number}")) for number, links in enumerate(pills)]
    return Body(text.text, markdown(root), [Pill(links, *at) for links, at in placed if links and at])


def _chips(root: HtmlElement, cards: Sequence[Sequence[Link]]) -> list[tuple[Link, ...]]:
    """Take the chips out of `root`; the n-th leaves `data-at="pill-n"` behind."""
    pills: list[tuple[Link, ...]] = []
    for number, chip in enumerate(found(root, CHIPS)):
        opened = cards[number] if number < len(cards) else []
        label = _label(chip)
        pills.append(tuple(opened or entries(chip)))
        place = html.Element("cite")
        place.set("data-at", f"pill-{number}")
        if len(pills[-1]) == 1 and label and not pills[-1][0].site_name:
            pills[-1] = (pills[-1][0].filled(Link(pills[-1][0].url, site_name=label)),)
        replace(chip, place)
    for carousel in found(root, _CAROUSELS):
        _keep(carousel, "cite")
    return pills


def _label(chip: HtmlElement) -> str | None:
    """The publisher that a chip shows, without its `+N`."""
    shown = found(chip, ".source-title") or found(chip, "button")
    text = " ".join(shown[0].text_content().split()) if shown else ""
    return re.sub(r"\s*\+\s*\d+$", "", text) or None


def _footnotes(root: HtmlElement, listed: Sequence[Link]) -> list[tuple[Link, ...]]:
    """Numbers that stand for an entry of the list of sources, where the answer has no chips (long reports)."""
    pills: list[tuple[Link, ...]] = []
    for mark in found(root, "sup[data-turn-source-index]"):
        number = mark.get("data-turn-source-index", "")
        index = int(number) - 1 if number.isascii() and number.isdecimal() and len(number) < 6 else -1
        place = html.Element("cite")
        place.set("data-at", f"pill-{len(pills)}")
        pills.append((listed[index],) if 0 <= index < len(listed) else ())
        around = closest(mark, FOOTNOTES)
        replace(mark if around is None else around, place)
    return pills


def _keep(element: HtmlElement, tag: str) -> None:
    """Leave of what `element` holds nothing but the elements of one kind."""
    kept = html.Element("span")
    for each in list(element.iter(tag)):
        each.tail = None
        kept.append(each)
    replace(element, kept)


def _formulas(root: HtmlElement) -> None:
    for element in found(root, "[data-math]"):
        formula = html.Element("math-display" if "math-block" in element.get("class", "") else "math-inline")
        formula.text = element.get("data-math", "").strip()
        replace(element, formula)


def _code(root: HtmlElement) -> None:
    """Bring code blocks to `<pre><code>`, the language that stands above the code kept as its class."""
    for block in found(root, _CODE):
        codes = found(block, '[data-test-id="code-content"]') or found(block, "code")
        if not codes or block.getparent() is None:
            continue
        names = found(block, ".code-block-decoration > span")
        name = " ".join(names[0].text_content().split()).lower() if names else ""
        pre, code = html.Element("pre"), html.Element("code")
        code.text = "".join(codes[0].itertext())
        if name and name not in _NO_LANGUAGE and " " not in name:
            code.set("class", f"language-{name}")
        pre.append(code)
        replace(block, pre)


def _name_places(root: HtmlElement) -> None:
    """Leave of a place among the words its name, which may be a button's."""
    for place in found(root, PLACES):
        drop(place, "mat-icon")
        name = html.Element("span")
        name.text = " ".join(place.text_content().split())
        replace(place, name)


def _clean(root: HtmlElement) -> None:
    """Take placeholders out of the words, and Google's redirects out of their links."""
    for element in root.iter():
        element.text, element.tail = (
            PLACEHOLDERS.sub("", text) if text else text for text in (element.text, element.tail)
        )
    for anchor in found(root, "a[href]"):
        anchor.set("href", target(anchor.get("href", "")) or anchor.get("href", ""))
