"""HTML as a tree: parsed leniently, searched by CSS, taken to pieces. Shared by all sites."""

from __future__ import annotations

import re
from functools import cache

from bs4.dammit import UnicodeDammit
from cssselect import HTMLTranslator
from lxml import etree, html
from lxml.html import HtmlElement

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


def decoded(data: bytes) -> str:
    """Saved bytes of a page as text: by byte order mark, by what the page says of itself, else by likelihood."""
    return UnicodeDammit(data, ["utf-8"], is_html=True).unicode_markup or data.decode(errors="replace")


@cache
def _compiled(selector: str, axis: str) -> etree.XPath:
    return etree.XPath(HTMLTranslator().css_to_xpath(selector, prefix=f"{axis}::"))


def found(root: HtmlElement, selector: str) -> list[HtmlElement]:
    """`root` and its descendants that match the CSS `selector`, in document order."""
    return _elements(_compiled(selector, "descendant-or-self")(root))


def following(element: HtmlElement, selector: str) -> list[HtmlElement]:
    """What matches the CSS `selector` after the end of `element`, in document order."""
    return _elements(_compiled(selector, "following")(element))


def closest(element: HtmlElement, selector: str) -> HtmlElement | None:
    """`element` or the nearest around it that matches the CSS `selector` (of one element: no combinators)."""
    around = _elements(_compiled(selector, "ancestor-or-self")(element))
    return around[-1] if around else None


def _elements(result: object) -> list[HtmlElement]:
    return [each for each in result if isinstance(each, HtmlElement)] if isinstance(result, list) else []


class Unreadable(ValueError):
    """HTML that no browser's reader would ever have seen whole, as it is nested too deep."""


def parsed(text: str) -> HtmlElement | None:
    """The document in `text`; None when it is empty. `Unreadable` for the only thing that the parser gives up on."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(printable(text).encode(), parser=parser)
    except etree.LxmlError:
        return None
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        raise Unreadable("HTML nested too deep")
    for icon in root.iter("use"):  # to a browser's selectors, `[*|href]` is either
        if (name := icon.attrib.pop("xlink:href", None)) is not None:
            icon.set("href", name)
    return root


def fragment(text: str) -> HtmlElement:
    """The elements in `text` inside one `<div>`."""
    document = parsed(f"<html><body><div>{text}</div></body></html>")
    return document[0][0] if document is not None and len(document) and len(document[0]) else html.Element("div")


def printable(text: str) -> str:
    """`text` without what no document can hold: control characters, noncharacters, halves of surrogate pairs."""
    return _NOT_XML.sub("", text)


def source(element: HtmlElement) -> str:
    """The HTML of `element` itself."""
    return html.tostring(element, encoding="unicode", with_tail=False)


def replace(old: HtmlElement, new: HtmlElement) -> None:
    """Put `new` where `old` stands; the text after it stays."""
    parent = old.getparent()
    if parent is not None:
        new.tail = old.tail
        parent.replace(old, new)


def drop(root: HtmlElement, selector: str) -> None:
    """Take out what matches below `root`; the text after it stays."""
    for element in found(root, selector):
        if element is not root and element.getparent() is not None:
            element.drop_tree()
