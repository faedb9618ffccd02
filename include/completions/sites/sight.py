"""What one kind of evidence, page or wire, shows of a conversation; `verdict` unites the two."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from completions.answer import (
    Ad,
    Entity,
    FanOutQuery,
    Image,
    Portions,
    Product,
    ShownPlace,
)
from completions.errors import Outcome


@dataclass(frozen=True)
class Link:
    """A page that the site names: cited, or listed as consulted."""

    url: str
    title: str | None = None
    snippet: str | None = None
    site_name: str | None = None
    published_at: datetime | None = None

    def filled(self, other: Link) -> Link:
        """This page, with what only `other` knows of it."""
        return Link(
            url=self.url,
            title=self.title or other.title,
            snippet=self.snippet or other.snippet,
            site_name=self.site_name or other.site_name,
            published_at=self.published_at or other.published_at,
        )


@dataclass(frozen=True)
class Pill:
    """One mark in the answer that cites one page or several (`Clutch +1`)."""

    links: tuple[Link, ...]
    start: int | None = None
    end: int | None = None
    """The words it cites, in `Body.text`; equal, and where the pill stands, when the site does not say which words."""


@dataclass
class Body:
    """The answer itself."""

    text: str = ""
    markdown: str = ""
    pills: list[Pill] = field(default_factory=list)
    entities: list[Entity] | None = None


@dataclass(frozen=True)
class Trouble:
    """What stands in place of an answer."""

    outcome: Outcome
    seen: str
    yields: bool = False
    """Whether a whole answer beside it stands."""


@dataclass
class Sight:
    """All that one kind of evidence shows; None where it does not show such things."""

    variant: str | None = None
    finished: bool | None = None
    trouble: Trouble | None = None
    body: Body | None = None
    sources: list[Link] | None = None
    cited_apart: list[str] = field(default_factory=list)
    """Addresses listed as cited beyond those that the pills show."""
    fan_out_queries: list[FanOutQuery] | None = None
    follow_up_questions: list[str] | None = None
    products: list[Product] | None = None
    places: list[ShownPlace] | None = None
    images: list[Image] | None = None
    ads: list[Ad] | None = None
    model: str | None = None
    searched: bool | None = None
    conversation: str | None = None
    """Path of the conversation, or its whole address."""
    site_country: str | None = None
    """The country that the site says its visitor is in: ISO 3166-1 alpha-2."""
    site_location: str | None = None
    """What the site says of its visitor's place, in its words."""
    portions: Portions = field(default_factory=Portions)
    warnings: list[str] = field(default_factory=list)

    def over(self, other: Sight | None) -> Sight:
        """This sight, and what `other` shows where this one shows nothing, or looked and found nothing."""
        if other is None:
            return self
        missing = [each.name for each in fields(self) if getattr(self, each.name) in (None, [])]
        told = {name: value for name in missing if (value := getattr(other, name)) is not None}
        return replace(self, **told)
