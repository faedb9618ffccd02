"""The pages that the wire names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from completions.links import is_web
from completions.sites.sight import Link
from completions.sites.untrusted import rows, string

_NO_PAGES = (
    "is_navigational",
    "is_widget",
    "is_knowledge_card",
    "is_image",
    "is_memory",
    "is_conversation_history",
    "is_attachment",
)
"""Flags of results that are no pages of the web."""
_DATES = (("timestamp",), ("meta_data", "published_date"), ("meta_data", "date"))
"""When a page appeared: in the lists of results, in what a step read."""


def link(result: object) -> Link | None:
    """A page written as `{name, url, snippet, timestamp, meta_data}`, all but the URL optional."""
    url = string(result, "url")
    if not url or not is_web(url):
        return None
    named = string(result, "meta_data", "citation_domain_name") or string(result, "meta_data", "domain_name")
    return Link(
        url=url,
        title=string(result, "name") or string(result, "title"),
        snippet=string(result, "snippet"),
        site_name=named,
        published_at=next(filter(None, (_day(string(result, *path)) for path in _DATES)), None),
    )


def links(value: object, *path: str) -> Iterator[Link]:
    """The pages in the list at `path`."""
    for result in rows(value, *path):
        if not any(result.get(flag) is True for flag in _NO_PAGES) and (page := link(result)):
            yield page


def _day(written: str | None) -> datetime | None:
    """A moment written as ISO 8601, of this world's time where it names none."""
    try:
        moment = datetime.fromisoformat(written or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
