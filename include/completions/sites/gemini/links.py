"""The pages that Gemini names: in cards and lists of sources, and in its stream."""

from __future__ import annotations

from copy import deepcopy
from urllib.parse import parse_qs, urlsplit

from lxml.html import HtmlElement

from completions.links import is_web
from completions.markup import closest, drop, found
from completions.sites.gemini.layout import LOOKS
from completions.sites.sight import Link
from completions.sites.untrusted import is_of
from completions.text import tidy, words

_CARD = "inline-source-card"
_TITLE, _PUBLISHER, _DOMAIN = ".title", ".source-path", ".info"


def target(url: str) -> str | None:
    """Where `url` leads, without Google's redirect and the text fragment; None for what is no page or its own."""
    if not is_web(url):
        return None
    parts = urlsplit(url.strip())
    if is_of(url, ("google.com",)) and parts.path == "/url":
        query = parse_qs(parts.query)
        return next((target(each) for name in ("q", "url") for each in query.get(name, [])), None)
    return None if is_of(url, LOOKS.hosts) else url.strip().partition("#:~:")[0]


def link(url: str | None, title: str | None = None) -> Link | None:
    """A page by its address."""
    leads_to = target(url) if url else None
    return Link(leads_to, title=title) if leads_to else None


def entries(root: HtmlElement) -> list[Link]:
    """The pages of a hover card or of the side panel: title, publisher, domain and a snippet each."""
    cards = found(root, _CARD)
    pages = map(_entry, cards) if cards else (link(each.get("href"), _line(each)) for each in found(root, "a[href]"))
    return [page for page in pages if page]


def _entry(card: HtmlElement) -> Link | None:
    around = closest(card, "a")
    anchors = [*found(card, "a[href]"), *([around] if around is not None else [])]
    url = next((url for anchor in anchors if (url := target(anchor.get("href", "")))), None)
    if url is None:
        return None
    title, publisher = (next(filter(None, map(_line, found(card, part))), None) for part in (_TITLE, _PUBLISHER))
    rest = _lines(card, drop_parts=f"{_TITLE}, {_PUBLISHER}, {_DOMAIN}")
    if title is None:  # before its parts had names: publisher, title, snippet, a line each
        publisher, title, *rest = [*rest, "", ""] if len(rest) > 1 else ["", *rest, ""]
    return Link(url, title=title or None, snippet=" ".join(filter(None, rest)) or None, site_name=publisher or None)


def _line(element: HtmlElement) -> str | None:
    return " ".join(" ".join(_lines(element)).split()) or None


def _lines(element: HtmlElement, drop_parts: str = "") -> list[str]:
    copy = deepcopy(element)
    copy.tail = None
    drop(copy, f"{drop_parts}, mat-icon, button" if drop_parts else "mat-icon, button")
    return [line for line in words(tidy(copy)).text.splitlines() if line.strip()]
