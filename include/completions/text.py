"""HTML as words: what a reader sees as plain text with offsets, and the same as markdown.

Shared by all sites. An adapter first makes its own marks plain (citations become empty `<cite data-at="…">`), then
`tidy` brings code and formulas to one shape, and `words` and `markdown` render. Depth is cut at `DEPTH`, as markdownify
recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bs4 import Tag
from lxml import etree, html
from lxml.html import HtmlElement
from markdownify import ATX, MarkdownConverter

from completions.markup import drop, found, replace, source

DEPTH = 90
"""Elements nested deeper are read as if their tags were not there."""
LARGEST = 1_000_000
"""Characters of HTML that are made markdown, at some 50,000 elements a second or two."""
POINT = "\ufdd0"
"""Stands for an empty `<cite>` in markdown until `without_points`; a noncharacter, so never part of a text."""

UNSEEN = (
    "script, style, noscript, template, svg, head, title, iframe, object, embed, audio, video, input, textarea, "
    'select, button, img:not([src]), img[src^="data:"], [hidden], [aria-hidden="true"], .sr-only, '
    '[style*="display: none"], [style*="display:none"]'
)
FORMULAS = ".katex-display, .katex, [data-assistant-math-rendered], math"

_APART = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "ul", "ol", "dl", "table", "blockquote", "hr", "math-display")
_ON_LINES = ("div", "section", "article", "header", "footer", "main", "aside", "nav", "figure", "figcaption", "details")
_PIECES = ("li", "dt", "dd", "tr", "thead", "tbody", "tfoot", "caption", "summary")
_GAPS = dict.fromkeys(_APART, 2) | dict.fromkeys(_ON_LINES + _PIECES, 1)
"""Line breaks around a block."""
_CLOSING = ".,;:!?)]}…»”。、，！？）"
_SPACE = re.compile(r"[ \t\n\r\f]+")
_MARKUP = re.compile(r"[\\`]|(?<!\s)\*|\*(?!\s)|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!?])|\](?=[(\[:])")
_LOOKS_LIKE_BLOCK = re.compile(r"^(\s*\d{1,9})([.)])(?=\s)|^(\s*)([-+>*]|#{1,6})(?=\s)")
_POINTS_BEFORE_CLOSE = re.compile(rf"(?<![ \t])[ \t]*{POINT}+(?=[{re.escape(_CLOSING)}]|\s|\||$)")


def tidy(root: HtmlElement) -> HtmlElement:
    """Bring `root` to what `words` and `markdown` render: formulas as TeX, code as `<pre><code>`, only what is seen."""
    _formulas(root)
    _code(root)
    drop(root, UNSEEN)
    _flatten(root)
    return root


def _formulas(root: HtmlElement) -> None:
    for element in found(root, FORMULAS):
        if element is root or element.getparent() is None:
            continue
        notes = found(element, 'annotation[encoding="application/x-tex"]')
        tex = (notes[0].text_content() if notes else element.text_content()).strip()
        apart = "katex-display" in element.get("class", "") or element.get("display") == "block"
        apart = apart or element.get("data-assistant-math-rendered") == "display"
        formula = html.Element("math-display" if apart else "math-inline")
        formula.text = tex
        replace(element, formula)


def _code(root: HtmlElement) -> None:
    for pre in found(root, "pre"):
        if pre.getparent() is None or any(above.tag == "pre" for above in pre.iterancestors()):
            continue
        inside = found(pre, ".cm-content") or found(pre, "code") or [pre]
        block, code = html.Element("pre"), html.Element("code")
        code.text = _verbatim(inside[0]).strip("\n")
        if language := _language(pre, inside[0]):
            code.set("class", f"language-{language}")
        block.append(code)
        replace(pre, block)


def _verbatim(element: HtmlElement) -> str:
    for line_end in element.iter("br"):
        line_end.text = "\n"
    return element.text_content()


def _language(pre: HtmlElement, code: HtmlElement) -> str | None:
    """The language a code block says it is in: in a class, or as the header above the code."""
    for element in (code, *code.iterancestors(), *code.iterdescendants()):
        for name in element.get("class", "").split() if isinstance(element.tag, str) else ():
            if name.startswith("language-"):
                return name.removeprefix("language-")
        if element is pre:
            break
    if code is pre:
        return None
    drop(pre, "button, svg")
    return next((word for text in _texts_before(pre, code) if len(word := text.strip()) < 30), None)


def _texts_before(root: HtmlElement, stop: HtmlElement) -> Iterator[str]:
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element is stop:
            return
        text = element.text if event == "start" else element.tail
        if text and text.strip():
            yield text


def _flatten(root: HtmlElement) -> None:
    depth, deep = 0, []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if event == "end" and depth >= DEPTH and isinstance(element.tag, str):
            deep.append(element)
    for element in deep:
        element.drop_tag()


@dataclass
class Words:
    """Plain text: blocks on lines of their own, cells of a table row between tabs; and where its parts stand."""

    text: str
    at: dict[str, tuple[int, int]]
    """`data-at` of an element: start and end of its words in `text`, equal where it has none."""


def words(root: HtmlElement) -> Words:
    """The words of `root`, as a reader sees them."""
    writer = _Writer()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if isinstance(element.tag, str):
            writer.enter(element) if event == "start" else writer.leave(element)
        if event == "end" and element is not root and element.tail:
            writer.write(element.tail)
    return Words("".join(writer.parts), writer.at)


@dataclass
class _Writer:
    parts: list[str] = field(default_factory=list)
    at: dict[str, tuple[int, int]] = field(default_factory=dict)
    length: int = 0
    gap: str = ""
    tabs: int = 0
    verbatim: int = 0
    tight: int = 0
    in_cell: int = 0
    after_point: bool = False
    waiting: list[str] = field(default_factory=list)

    def enter(self, element: HtmlElement) -> None:
        tag = str(element.tag)
        self._block(tag)
        if tag in ("td", "th"):
            self.tabs += element.getprevious() is not None
            self.in_cell += 1
        self.tight += tag == "li"
        self.verbatim += tag == "pre"
        self.after_point = self.after_point or tag == "cite"
        if (name := element.get("data-at")) is not None:
            self.at[name] = (self.length, self.length)
            self.waiting.append(name)
        if element.text:
            self.write(element.text)

    def leave(self, element: HtmlElement) -> None:
        tag = str(element.tag)
        if (name := element.get("data-at")) is not None:
            self.at[name] = (self.at[name][0], self.length)
            self.waiting = [other for other in self.waiting if other != name]
        if tag == "br":
            self._want("\n\n" if self.gap == "\n" else "\n")
        self.verbatim -= tag == "pre"
        self.tight -= tag == "li"
        self.in_cell -= tag in ("td", "th")
        self._block(tag)

    def _block(self, tag: str) -> None:
        if gap := _GAPS.get(tag):
            self._want("\n" * min(gap, 1 if self.tight else 2))

    def _want(self, gap: str) -> None:
        if self.in_cell:
            gap = " "
        if gap.startswith("\n"):
            self.tabs = 0
        if (gap.count("\n"), gap) > (self.gap.count("\n"), self.gap):
            self.gap = gap

    def write(self, text: str) -> None:
        if not self.verbatim:
            text = _SPACE.sub(" ", text)
            if text[0] == " ":
                self._want(" ")
            text, ended = text.strip(" "), text[-1] == " "
        if text:
            self._put(text)
        if not self.verbatim and text and ended:
            self._want(" ")

    def _put(self, text: str) -> None:
        if self.after_point and text[0] in _CLOSING and self.gap == " ":
            self.gap = ""
        lead = (self.gap.strip(" ") + "\t" * self.tabs or self.gap) if self.parts else ""
        self.parts += (lead, text)
        self.length += len(lead)
        for name in self.waiting:
            self.at[name] = (self.length, self.length)
        self.length += len(text)
        self.gap, self.tabs, self.after_point, self.waiting = "", 0, False, []


def markdown(root: HtmlElement) -> str:
    """`root` as CommonMark with tables and `$…$` formulas; its plain words where it is larger than `LARGEST`."""
    written = source(root)
    return words(root).text if len(written) > LARGEST else without_points(_Markdown().convert(written)).strip()


def without_points(text: str) -> str:
    """`text` without the `POINT`s, and without the space before one that only punctuation or a line's end follows."""
    return _POINTS_BEFORE_CLOSE.sub("", text).replace(POINT, "")


class _Markdown(MarkdownConverter):
    """Markdown as the sites' own copy buttons write it."""

    class Options:
        heading_style = ATX
        bullets = "-"
        bs4_options = "lxml"
        table_infer_header = True
        keep_inline_images_in = ("td", "th")
        wrap = True  # one line a paragraph: source line breaks are spaces
        wrap_width = None

    def convert_cite(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return text if text.strip() else POINT

    def convert_math_inline(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return f"${el.get_text()}$"

    def convert_math_display(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return f"$${el.get_text()}$$" if "_inline" in parent_tags else f"\n\n$$\n{el.get_text()}\n$$\n\n"

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        code = el.get_text()
        inner = el.find("code")
        names = inner.get_attribute_list("class") if isinstance(inner, Tag) else []
        language = next((name.removeprefix("language-") for name in names if name), "")
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
        return f"\n\n{fence}{language}\n{code}\n{fence}\n\n"

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        href = str(el.get("href") or "")
        if not href or not text.strip() or "_noformat" in parent_tags:
            return text
        if re.search(r"[\s()<>]", href):
            href = "<" + re.sub(r"[\s<>]", lambda odd: f"%{ord(odd[0]):02X}", href) + ">"
        return f"[{text.strip()}]({href})"

    def convert_p(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A paragraph; one that only looks like the beginning of a list, heading or quote is kept from becoming it."""
        text = _LOOKS_LIKE_BLOCK.sub(r"\1\3\\\2\4", text)
        return str(super().convert_p(el, text, parent_tags))  # type: ignore[misc]  # left out of its stub

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Text with what markdown would take for markup escaped, and nothing else."""
        text = _MARKUP.sub(r"\\\g<0>", text)
        if "a" in parent_tags:
            text = re.sub(r"[\[\]]", r"\\\g<0>", text)
        return text.replace("|", r"\|") if parent_tags & {"td", "th"} else text
