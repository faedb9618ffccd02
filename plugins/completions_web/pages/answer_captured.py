"""A captured page made such that it can be shown: on its own, and asking nobody for anything.

A page copy (MHTML, RFC 2557, as Chromium's `Page.captureSnapshot` makes it) becomes one page: its own style sheets
`<style>`, its own pictures `data:` addresses. What it does not hold is left as it is, for nobody to fetch.
"""

from __future__ import annotations

import re
from base64 import b64encode
from email import message_from_bytes
from email.message import Message
from html import escape, unescape

_LINK = re.compile(r"<link\b([^>]*)>", re.IGNORECASE)
_HREF = re.compile(r'\bhref="([^"]*)"', re.IGNORECASE)
_SRC = re.compile(r'(\s(?:src|poster|href|xlink:href)=)"([^"]*)"', re.IGNORECASE)
_URL = re.compile(r"""url\(\s*(["']?)([^"')]+)\1\s*\)""")
_REACHING = re.compile(r"<(?:link|meta|base)(?=[\s/>])", re.IGNORECASE)
_IDLE = "<meta http-equiv=- content=- name=- "
"""The first of two attributes of a name counts. It has no quotes: it ends no attribute that it stands in."""
_LINKS = re.compile(r"<a(?:rea)?(?=[\s/>])", re.IGNORECASE)
_PLAIN = "<style>:where(body){font:14px system-ui,sans-serif}:where(svg:not([width])){width:1em;height:1em}</style>"
"""Captured HTML comes without its style sheets."""
_PICTURES = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/svg+xml", "image/bmp"}
)


def harmless(html: str) -> str:
    """`html` with its `link`, `meta` and `base` elements turned into such as do nothing, wherever they stand.

    No policy covers what a browser only connects to beforehand, or opens in another tab: links stay in the page.
    """
    return _LINKS.sub(r"\g<0> href=#- ", _REACHING.sub(_IDLE, html)) + _PLAIN


def as_one_page(copy: bytes) -> str | None:
    """The page in `copy`; None where it holds none."""
    parts = list(message_from_bytes(copy).walk())
    page = next((part for part in parts if part.get_content_type() == "text/html"), None)
    if page is None:
        return None
    return _Held(parts).page(_text(page))


class _Held:
    """The parts of a copy by their addresses."""

    def __init__(self, parts: list[Message]) -> None:
        self.styles: dict[str, str] = {}
        self.pictures: dict[str, str] = {}
        for part in parts:
            for address in _addresses(part):
                if part.get_content_type() == "text/css":
                    self.styles.setdefault(address, _text(part))
                elif part.get_content_type() in _PICTURES:
                    self.pictures.setdefault(address, _data(part))

    def page(self, html: str) -> str:
        """`html` with what is held in its place."""
        return _SRC.sub(self._picture, _LINK.sub(self._style, html))

    def _style(self, link: re.Match[str]) -> str:
        href = _HREF.search(link[1])
        css = self.styles.get(unescape(href[1])) if href else None
        if css is None:
            return link[0]
        inside = _URL.sub(self._background, css).replace("</", "<\\/")
        return f"<style>{inside}</style>"

    def _background(self, url: re.Match[str]) -> str:
        held = self.pictures.get(url[2].strip())
        return f'url("{held}")' if held else url[0]

    def _picture(self, source: re.Match[str]) -> str:
        held = self.pictures.get(unescape(source[2]))
        return f'{source[1]}"{escape(held)}"' if held else source[0]


def _addresses(part: Message) -> list[str]:
    at, name = ("".join(str(part.get(header, "")).split()) for header in ("Content-Location", "Content-ID"))
    return [address for address in (at, name and f"cid:{name.strip('<>')}") if address]


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _data(part: Message) -> str:
    content = part.get_payload(decode=True)
    held = content if isinstance(content, bytes) else b""
    return f"data:{part.get_content_type()};base64,{b64encode(held).decode()}"
