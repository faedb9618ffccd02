"""The chat sites, by the name that a request's `model` has."""

from __future__ import annotations

from urllib.parse import urlsplit

from completions.answer import Reading
from completions.markup import decoded
from completions.sites.base import Captured, Site
from completions.sites.chat import Chat
from completions.sites.chatgpt import ChatGPT
from completions.sites.copilot import Copilot
from completions.sites.gemini import Gemini
from completions.sites.perplexity import Perplexity

_SITES: dict[str, type[Chat]] = {"chatgpt": ChatGPT, "gemini": Gemini, "perplexity": Perplexity, "copilot": Copilot}
NAMES = tuple(_SITES)
"""Every site there is an adapter for."""


def site(name: str, url: str | None = None) -> Site:
    """The adapter of `name`, for the live site or for the one at `url`; `KeyError` for a name not in `NAMES`."""
    return _SITES[name](url)


def rehearsed(name: str, rehearsal: str) -> str:
    """Where the chat of the stand-in for `name` starts, in the rehearsal at `rehearsal`.

    ChatGPT's is at that very address, another site's at the same path as the live one below a host of its own.
    """
    parts = urlsplit(rehearsal)
    if name == "chatgpt":
        return f"{rehearsal.rstrip('/')}/"
    host = "localhost" if (parts.hostname or "").startswith("127.") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{name}.{host}{port}{urlsplit(_SITES[name].home).path}"


def parse(site: Site, html: bytes | str | None = None, stream: bytes | None = None) -> Reading:
    """The reading of saved bytes, whatever encoding the page was saved in."""
    return site.read(Captured(html=decoded(html) if isinstance(html, bytes) else html, stream=stream))
