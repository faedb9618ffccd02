"""The chat sites, by the name that a request's `model` has."""

from __future__ import annotations

from completions.answer import Reading
from completions.markup import decoded
from completions.sites.base import Captured, Site
from completions.sites.chatgpt import ChatGPT

_SITES = {"chatgpt": ChatGPT}
NAMES = tuple(_SITES)
"""Every site there is an adapter for."""


def site(name: str, url: str | None = None) -> Site:
    """The adapter of `name`, for the live site or for the one at `url`; `KeyError` for a name not in `NAMES`."""
    adapter = _SITES[name]
    return adapter(url) if url else adapter()


def parse(site: Site, html: bytes | str | None = None, stream: bytes | None = None) -> Reading:
    """The reading of saved bytes, whatever encoding the page was saved in."""
    return site.read(Captured(html=decoded(html) if isinstance(html, bytes) else html, stream=stream))
