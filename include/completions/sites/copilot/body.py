"""The answer's words, of the page or of the wire, and the links that stand among them.

A citation is a link with a title (or a number) for a label, or one in a box of its own: it leaves an empty `<cite>`
behind. A link without a title is one that the sentence needs: its label stays, and is what it cites.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html
from lxml.html import HtmlElement

from completions.answer import Image
from completions.links import is_web
from completions.markup import closest, drop, following, found, replace
from completions.sites.copilot.layout import LOOKS
from completions.sites.copilot.links import LINKS, address, link_of
from completions.sites.sight import Body, Link, Pill
from completions.text import markdown, tidy, words

_BOXES = 'cite, [class~="supcontainer"], span[data-copy="false"]'
_NUMBER = re.compile(r"[\[(]?\+?\d*[\])]?")
_FURNITURE = f"{LOOKS.noise}, {_BOXES}, button"
_CODE_BOX = '[class~="rounded-xl"]'


def read_body(root: HtmlElement) -> Body:
    """The answer in `root`, which is taken to pieces on the way."""
    for element in found(root, "[data-at]"):
        del element.attrib["data-at"]
    drop(root, LOOKS.noise)
    _name_languages(root)
    pills = list(_pills(root))
    tidy(root)
    text = words(root)
    for paragraph in found(root, "p:not(:has(img))"):
        if not paragraph.text_content().strip():
            paragraph.drop_tree()  # it had nothing but citations
    placed = [Pill((page,), *text.at.get(f"pill-{n}", (None, None))) for n, page in enumerate(pills)]
    return Body(text.text, markdown(root), placed)


def images_of(root: HtmlElement) -> list[Image]:
    """The pictures among the words; not the icons of lists, labels and buttons."""
    pictures: dict[str, HtmlElement] = {}
    for img in found(root, "img[src]"):
        around = closest(img, LINKS)
        if is_web(url := img.get("src", "")) and closest(img, _FURNITURE) is None and _is_picture(around):
            pictures.setdefault(url, img)
    return [
        Image(position=n, url=url, title=img.get("alt") or None, source_url=_leads_to(img))
        for n, (url, img) in enumerate(pictures.items(), 1)
    ]


def _leads_to(img: HtmlElement) -> str | None:
    around = closest(img, LINKS)
    return address(around.get("href")) if around is not None else None


def _is_picture(link: HtmlElement | None) -> bool:
    """Whether a link is no more than the frame of a picture."""
    return link is None or not (link.text_content().strip() or link.get("title"))


def _pills(root: HtmlElement) -> Iterator[Link]:
    """The cited pages; the n-th leaves `data-at="pill-n"` behind."""
    count, gone = 0, set[HtmlElement]()
    for element in found(root, f"{_BOXES}, {LINKS}"):
        if element in gone or element is root or (found(element, "img[src]") and _is_picture(element)):
            continue
        gone.update(element.iter())
        pages = [page for each in found(element, LINKS) if (page := link_of(each))]
        replace(element, _left(element, pages, count))
        yield from pages
        count += len(pages)


def _left(element: HtmlElement, pages: list[Link], first: int) -> HtmlElement:
    """What the reader sees of a link, or of the box around some, once it is out of the text."""
    label = " ".join(element.text_content().split())
    if not _is_mark(element, label):
        place = html.Element("a", {"href": pages[0].url, "data-at": f"pill-{first}"}) if pages else html.Element("span")
        place.text = label
        return place
    place = html.Element("span")
    for number in range(first, first + len(pages)):
        place.append(html.Element("cite", {"data-at": f"pill-{number}"}))
    return place if pages else html.Element("cite")


def _is_mark(element: HtmlElement, label: str) -> bool:
    in_box = closest(element, _BOXES) is element
    return in_box or bool(element.get("title")) or _NUMBER.fullmatch(label) is not None


def _name_languages(root: HtmlElement) -> None:
    """Move the name of a language, which stands over its code, to where `tidy` looks for it."""
    for name in found(root, 'span[class~="capitalize"]'):
        box, code = closest(name, _CODE_BOX), next(iter(following(name, "pre code")), None)
        if box is None or code is None or closest(code, _CODE_BOX) is not box:
            continue
        code.set("class", f"language-{name.text_content().strip().lower()}")
        next(each for each in (name, *name.iterancestors()) if each.getparent() is box).drop_tree()
