"""Markdown that a model wrote, as the page would show it: what a wire sends in place of HTML.

An adapter goes through the text and writes what stays, and puts elements (citations, names, formulas) where the site's
own marks stood. Shared by the sites whose wire has markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml import html
from lxml.html import HtmlElement
from markdown_it import MarkdownIt

from completions.markup import fragment
from completions.text import tidy, without_points

LONGEST = 300_000
"""Characters of markdown that are rendered; a longer text is given as it was written."""
CODE = r"```.*?(?:```|\Z)|(?<!`)`[^`\n]+`(?!`)"
"""Pattern (DOTALL) of what is code, in which marks mean nothing."""
FORMULAS = (
    r"\\\((?P<inline>(?:(?!\\[()]).)+)\\\)"
    r"|\\\[(?P<display>(?:(?!\\[\[\]]).)+)\\\]"
    r"|\$\$(?P<dollars>[^$]+)\$\$"
)
"""Pattern (DOTALL) of formulas. A single dollar is money as often as math, and stays."""

_PLACE = re.compile("\ue2f0(\\d+)\ue2f1")
_PLACE_MARKS = dict.fromkeys(map(ord, "\ue2f0\ue2f1"))
_RENDERER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass
class Writing:
    """One pass over a text: its markdown, and the same with numbered places for the elements that were put."""

    plain: list[str] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)
    places: list[HtmlElement] = field(default_factory=list)

    def through(self, text: str, tokens: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Each of `tokens` in `text`, to be gone on with by the caller; the text between them is written."""
        end = 0
        for token in tokens.finditer(text):
            if token.start() > end:
                self.write(text[end : token.start()])
            yield token
            end = token.end()
        self.write(text[end:])

    def write(self, text: str) -> None:
        """Go on with `text`."""
        text = text.translate(_PLACE_MARKS)
        self.plain.append(text)
        self.placed.append(text)

    def put(self, element: HtmlElement, plain: str = "") -> None:
        """Go on with `element`, which is `plain` in the markdown."""
        self.placed.append(f"\ue2f0{len(self.places)}\ue2f1")
        self.places.append(element)
        self.plain.append(plain)

    def formula(self, tex: str, *, apart: bool) -> None:
        """Go on with a formula, in the line or apart on its own."""
        formula = html.Element("math-display" if apart else "math-inline")
        formula.text = tex
        self.put(formula, f"$$\n{tex}\n$$" if apart and "\n" in tex else f"$${tex}$$" if apart else f"${tex}$")

    def markdown(self) -> str:
        """What was written."""
        return without_points("".join(self.plain)).strip()

    def root(self) -> HtmlElement:
        """What was written and put, tidy, as a page shows it."""
        return _rendered("".join(self.placed), self.places)


def _rendered(markdown: str, places: Sequence[HtmlElement]) -> HtmlElement:
    if len(markdown) > LONGEST:
        root = html.Element("pre")
        root.text = _PLACE.sub("", markdown)
        return root
    root = fragment(_RENDERER.render(markdown))
    for element in list(root.iter()):
        _fill(element, places)
    return tidy(root)


def _fill(element: HtmlElement, places: Sequence[HtmlElement]) -> None:
    """Put the placed elements into the text of `element` and the text after it."""
    if not isinstance(element.tag, str):
        return
    first, *rest = _PLACE.split(element.text or "")
    if rest:
        element.text = first
        for number, after in reversed(list(zip(rest[::2], rest[1::2], strict=True))):
            places[int(number)].tail = after
            element.insert(0, places[int(number)])
    first, *rest = _PLACE.split(element.tail or "")
    if rest:
        element.tail = None  # or it would end up behind what is put next to the element
        for number, after in reversed(list(zip(rest[::2], rest[1::2], strict=True))):
            places[int(number)].tail = after
            element.addnext(places[int(number)])
        element.tail = first
