"""What the web gave, as Perplexity's wire writes it: results, the numbered rows of the sources tab, images."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from completions.rehearsal.draft import Draft, Picture, WebPage

Json = dict[str, Any]

_FLAGS = (
    "is_attachment",
    "is_image",
    "is_code_interpreter",
    "is_knowledge_card",
    "is_navigational",
    "is_widget",
    "is_focused_web",
    "is_client_context",
    "is_memory",
    "is_conversation_history",
    "is_conversation_summary",
)
_NOT_THE_WEB: Json = {"name": "guitars", "snippet": "", "url": "https://www.perplexity.ai/search?q=guitars"}


def label(url: str) -> str:
    """How a citation calls its site: the host without `www.` and its last part."""
    return (urlsplit(url).hostname or "").removeprefix("www.").rpartition(".")[0]


def web_result(page: WebPage) -> Json:
    """A result of the search; an unknown snippet or time is an empty string."""
    host = (urlsplit(page.url).hostname or "").removeprefix("www.")
    meta: Json = {"client": "web", "domain_name": host, "citation_domain_name": label(page.url), "images": []}
    dated = {"published_date": page.published} if page.published else {}
    below = {"sitelinks": [{"title": "Contact", "url": f"https://{host}/contact"}], "original_snippet": "as it was"}
    return _plain(page) | below | {"meta_data": meta | dated} | dict.fromkeys(_FLAGS, False)


def not_of_the_web() -> Json:
    """An entry among the results that is none: a shortcut to a place, which no list of sources shows."""
    return _NOT_THE_WEB | {"timestamp": "", "meta_data": {}} | dict.fromkeys(_FLAGS, False) | {"is_navigational": True}


def found(page: WebPage) -> Json:
    """A source as a step of the workflow names it."""
    trust = {"level": 2, "name": "trusted", "description": "is trusted for guitars", "type_of_trust": "trusted"}
    return {"name": page.title, "snippet": page.snippet or "", "url": page.url, "trust": trust}


def rows(draft: Draft, read: str) -> list[Json]:
    """The rows of the sources tab: cited pages with their numbers, then the others, which are `read` by now or yet."""
    return [_row(page, number, number <= draft.cited, read) for number, page in enumerate(draft.pages, 1)]


def media_item(picture: Picture) -> Json:
    """An image and the page it is from."""
    told = {"medium": "image", "image": picture.url, "url": picture.page, "name": picture.title}
    return told | {"source": label(picture.page), "thumbnail": picture.url}


def _row(page: WebPage, number: int, cited: bool, read: str) -> Json:
    result = _plain(page) | dict.fromkeys(_FLAGS, False) | {"snippet": ""}
    return {"web_result": result} | ({"status": "SELECTED", "citation": number} if cited else {"status": read})


def _plain(page: WebPage) -> Json:
    timestamp = f"{page.published}T00:00:00" if page.published else ""
    return {"name": page.title, "snippet": page.snippet or "", "timestamp": timestamp, "url": page.url}
