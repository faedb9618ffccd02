"""The pages that Copilot names: addresses without Bing's click trackers, entries of its lists."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from lxml.html import HtmlElement

from completions.links import is_web
from completions.markup import found
from completions.sites.copilot.layout import LOOKS
from completions.sites.sight import Link
from completions.sites.untrusted import is_of, string

LINKS = 'a[href], [role="button"][data-url]'


def address(url: str | None) -> str | None:
    """Where `url` leads a reader: behind Bing's click tracker; None where that is nowhere outside Copilot itself."""
    url = (url or "").strip()
    if is_web(url) and is_of(url, ("bing.com",)) and urlsplit(url).path.startswith("/ck/"):
        url = _behind(url)
    return url if is_web(url) and not is_of(url, LOOKS.hosts) else None


def link(entry: object) -> Link | None:
    """A page written as `{url, title}`."""
    url = address(string(entry, "url"))
    return Link(url, title=string(entry, "title")) if url else None


def link_of(element: HtmlElement) -> Link | None:
    """The page that an anchor or a button among the words leads to."""
    url = address(element.get("href") or element.get("data-url"))
    return Link(url, title=element.get("title") or None) if url else None


def entries(root: HtmlElement) -> Iterator[Link]:
    """The pages of a list of citations, an anchor each: publisher and title in its second and third `div`."""
    for anchor in found(root, LINKS):
        if page := link_of(anchor):
            parts = [" ".join(each.text_content().split()) for each in found(anchor, "div")]
            name, title = (parts[1], parts[2]) if len(parts) > 2 else (None, None)
            label = " ".join(anchor.text_content().split())
            yield Link(page.url, title=page.title or title or label or None, site_name=name or None)


def _behind(tracker: str) -> str:
    """The target in `bing.com/ck/a?…&u=a1<base64url of it>`; empty where there is none."""
    code = next(iter(parse_qs(urlsplit(tracker).query).get("u", [])), "")[2:]
    try:
        return base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
