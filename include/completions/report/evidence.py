"""Single answers as evidence: what was said, with the brands marked, who was cited, and how it was seen.

What a site showed is hostile: it is text here, cut to an excerpt, and only http(s) addresses become links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from completions.brands import Brand, mentions
from completions.links import is_web
from completions.report.history import Asked, Row
from completions.report.svg import clean, element

EXCERPT, BEFORE = 500, 140
"""Characters of an answer that are shown, and how many of them before the first mention."""
CITED = 8
"""Links of an answer that are shown."""
COLUMNS = (
    *("answer_id", "batch_id", "prompt_index", "sample_index", "prompt_id", "prompt", "outcome"),
    *("error_message", "answer_text"),
    *("citations", "model_version", "ui_variant", "answered_at", "location_match", "location_method"),
    *("egress_country", "egress_city", "egress_source", "conversation_url", "from_cache", "duplicate_of"),
)
"""What is read of each answer."""


@dataclass(frozen=True)
class Links:
    """Where answers are served: addresses of the API and of its pages, made from batch, index and sample."""

    base: str | None = None
    """Such as `https://airflow.example.com/ai`; None: the report names the place in the store alone."""

    def answer(self, batch_id: str, index: int, sample: int) -> str | None:
        """The answer's page in Airflow's UI."""
        return self.base and f"{self.base}/pages/batches/{batch_id}/answers/{index}/{sample}"

    def data(self, batch_id: str, index: int, sample: int) -> str | None:
        """The structured answer."""
        return self.base and f"{self.base}/completions?id={batch_id}&index={index}&sample={sample}"

    def archive(self, batch_id: str) -> str | None:
        """The archive of the batch."""
        return self.base and f"{self.base}/batches/archive?id={batch_id}"

    def batch(self, batch_id: str) -> str | None:
        """The batch's page in Airflow's UI."""
        return self.base and f"{self.base}/pages/batches/{batch_id}"


@dataclass(frozen=True)
class Link:
    """A link as shown; `url` None: it leads nowhere that a reader should follow."""

    label: str
    url: str | None
    where: str


@dataclass(frozen=True)
class Evidence:
    """One answer."""

    row: Row
    """Without text and links."""
    asked: Asked
    excerpt: Markup
    named: tuple[str, ...]
    cited: tuple[Link, ...]
    cited_more: int
    place: str
    conversation: str | None


def evidence(rows: Iterable[Row], brands: Sequence[Brand], batches: Mapping[str, Asked]) -> list[Evidence]:
    """The answers of some batches; `batches` says who was asked in each."""
    return [_one(row, brands, batches[row["batch_id"]]) for row in rows]


def marked(text: str, brands: Sequence[Brand]) -> tuple[Markup, tuple[str, ...]]:
    """An excerpt around the first mention, all mentions in it marked, and the brands that the whole text names."""
    found = mentions(text, brands)
    start = max(0, found[0].start - BEFORE) if found else 0
    end = min(len(text), start + EXCERPT)
    pieces: list[object] = ["…" if start else ""]
    at = start
    for one in found:
        if start <= one.start and one.end <= end:
            pieces += [text[at : one.start], element("mark", text[one.start : one.end], title=one.brand)]
            at = one.end
    pieces += [text[at:end], "…" if end < len(text) else ""]
    return Markup("").join(map(clean, pieces)), tuple(dict.fromkeys(one.brand for one in found))


def _one(row: Row, brands: Sequence[Brand], asked: Asked) -> Evidence:
    excerpt, named = marked(row["answer_text"] or "", brands)
    citations = row["citations"] or []
    address = row["conversation_url"]
    return Evidence(
        {**row, "answer_text": None, "citations": None},  # what is shown of them is here; all of it is too much
        asked,
        excerpt,
        named,
        tuple(_link(one) for one in citations[:CITED]),
        max(0, len(citations) - CITED),
        _place(row),
        address if address and is_web(address) else None,
    )


def _link(citation: Mapping[str, Any]) -> Link:
    url = citation["url"]
    label = citation["title"] or citation["site_name"] or url
    return Link(f"{label} ({citation['domain'] or url})", url if is_web(url) else None, citation["role"])


def _place(row: Row) -> str:
    """Where the conversation was seen to come from."""
    seen = ", ".join(filter(None, (row["egress_city"], row["egress_country"])))
    how = f"seen by {row['egress_source']}" if row["egress_source"] else "not seen"
    match = f", {row['location_match']} match" if row["location_match"] in ("exact", "country") else ""
    wrong = ", NOT the place asked for" if row["location_match"] == "mismatch" else ""
    return f"{seen or 'unknown place'} ({how}, {row['location_method'] or 'direct'}{match}{wrong})"
