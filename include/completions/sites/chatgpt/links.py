"""The pages that ChatGPT names, as both front ends and both wires write them."""

from __future__ import annotations

from completions.links import is_web
from completions.sites.chatgpt.layout import LOOKS
from completions.sites.sight import Link
from completions.sites.untrusted import is_of, moment, rows, string


def link(entry: object) -> Link | None:
    """A page written as `{url, title, snippet, attribution, pub_date}`, all but the URL optional."""
    url = string(entry, "url")
    if not url or not is_web(url) or is_its_own(url):
        return None
    return Link(
        url=url,
        title=string(entry, "title"),
        snippet=string(entry, "snippet"),
        site_name=string(entry, "attribution"),
        published_at=moment(entry, "pub_date"),
    )


def links(value: object, *path: str) -> list[Link]:
    """The pages in the list at `path`."""
    return [page for row in rows(value, *path) if (page := link(row))]


def is_its_own(url: str) -> bool:
    """Whether `url` leads into the chat site itself."""
    return is_of(url, LOOKS.hosts)
