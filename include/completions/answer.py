"""What one conversation yields: the answer as typed fields, and the bytes it was read from.

The names, types and meanings are those of the dataset's columns. None means that the site does not show it;
an empty list means that it was looked for and there was none. Offsets are into `answer_text`, in code points.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from completions.errors import Outcome


class Shown(BaseModel):
    """Base of everything read from a site: strict about names, immutable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Citation(Shown):
    """A link that the answer attaches to its words, in reading order."""

    position: int = Field(description="1-based, in reading order")
    role: Literal["inline", "more"] = Field(description="shown itself, or behind a '+N' of its pill")
    pill: int | None = Field(None, description="1-based number of the pill that the link sits in")
    url: str
    url_canonical: str = Field(description="without tracking parameters and text fragment")
    domain: str | None = Field(None, description="registrable domain")
    title: str | None = None
    snippet: str | None = None
    site_name: str | None = None
    published_at: datetime | None = None
    char_start: int | None = Field(None, description="start of the cited words in answer_text, in code points")
    char_end: int | None = Field(None, description="end (exclusive) of the cited words in answer_text")


class Source(Shown):
    """A page listed as consulted, cited or not."""

    position: int
    url: str
    url_canonical: str
    domain: str | None = None
    title: str | None = None
    snippet: str | None = None
    site_name: str | None = None
    published_at: datetime | None = None
    cited: bool | None = None


class FanOutQuery(Shown):
    """A search that the assistant ran by itself, seen on the wire."""

    query: str
    kind: str | None = Field(None, description="web, news, shopping, ... where the site says")
    order: int


class Product(Shown):
    """A product card."""

    position: int
    title: str
    url: str | None = None
    price_text: str | None = None
    merchant: str | None = None
    rating: float | None = None
    review_count: int | None = None
    description: str | None = None
    image_urls: list[str] = []


class ShownPlace(Shown):
    """A place card or a pin of a map."""

    position: int
    name: str
    category: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    rating: float | None = None
    url: str | None = None


class Image(Shown):
    """A picture shown in the answer."""

    position: int
    url: str
    title: str | None = None
    source_url: str | None = None


class Ad(Shown):
    """A sponsored entry; never mixed with citations."""

    position: int
    title: str | None = None
    body: str | None = None
    url: str | None = None


class Entity(Shown):
    """A name that the site itself marked as an entity."""

    name: str
    category: str | None = None
    char_start: int | None = None
    char_end: int | None = None


class Answer(Shown):
    """What the site showed for one prompt."""

    answer_text: str
    answer_markdown: str
    citations: list[Citation] | None = None
    sources: list[Source] | None = None
    fan_out_queries: list[FanOutQuery] | None = None
    follow_up_questions: list[str] | None = None
    products: list[Product] | None = None
    places: list[ShownPlace] | None = None
    images: list[Image] | None = None
    ads: list[Ad] | None = None
    entities: list[Entity] | None = None
    model_version: str | None = None
    model_version_source: Literal["wire", "page"] | None = None
    web_search_triggered: bool | None = None
    conversation_url: str | None = None

    def language(self) -> str | None:
        """Column `answer_language`; see `answer_language.detect`."""
        from completions.answer_language import detect

        return detect(self.answer_markdown)


class Portions(Shown):
    """HTML of the parts of the page, kept beside the whole page; None where the part was not there."""

    prompt_html: str | None = None
    completion_html: str | None = None
    sources_html: str | None = None
    ads_html: str | None = None


class Reading(Shown):
    """What an adapter makes of saved bytes: each kind of evidence by itself, then the verdict.

    `page_finished` and `stream_finished` are None where that evidence was not given or does not say.
    A verdict of `answered` needs every kind of evidence that was given to say finished.
    """

    page_finished: bool | None
    stream_finished: bool | None
    finished: bool
    outcome: Outcome
    error_message: str | None = None
    ui_variant: str | None = None
    answer: Answer | None = None
    portions: Portions = Portions()
    site_country: str | None = None
    """The country that the site says its visitor is in: ISO 3166-1 alpha-2."""
    site_location: str | None = None
    """What the site says of its visitor's place, in its words."""
    warnings: list[str] = []

    def as_columns(self) -> dict[str, Any]:
        """The reading as one flat JSON object: its own fields, then the answer's columns by their dataset names."""
        own = self.model_dump(mode="json", exclude={"answer", "portions"})
        answer = self.answer.model_dump(mode="json") if self.answer else dict.fromkeys(Answer.model_fields)
        return own | answer | {"answer_language": self.answer and self.answer.language()}
