"""What a site adapter is: where the site lives, how it is asked, and how its bytes are read.

An adapter declares first (URL, what to record of the wire, deadlines), then drives the page in small steps. Reading is
pure: `read` gets saved bytes and nothing else, so a live conversation and a replay of its capture go the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from completions.answer import Reading

if TYPE_CHECKING:
    from playwright.async_api import Page

StreamKind = Literal["sse", "partial-html", "ndjson", "websocket", "json", "frames"]


@dataclass(frozen=True)
class Wire:
    """A kind of exchange that carries the conversation, recorded as received."""

    url: re.Pattern[str]
    """Matched (search) against the request's or the socket's URL."""
    method: str = "POST"
    """HTTP method, or `WEBSOCKET`."""
    kind: StreamKind | None = None
    """What the recorded bytes are; None: told by the content type."""
    ends: re.Pattern[bytes] | None = None
    """In a frame of the socket after which the answer is whole or has failed; a socket without it never ends."""
    handed_by: re.Pattern[bytes] | None = None
    """In another exchange that hands the answer over to this socket; None: the socket has it from the start."""


@dataclass(frozen=True)
class Deadlines:
    """Seconds that each step of a conversation may take, every one enforced from outside the browser."""

    context: float = 20
    load: float = 45
    place: float = 10
    """To learn where the conversation comes from, from each who tells; what they do not tell stays unknown."""
    ready: float = 30
    submit: float = 30
    first_token: float = 60
    between_tokens: float = 60
    answer: float = 240
    settle: float = 10
    """From the end of the stream to the finished state of the page."""
    look: float = 10
    """One look at the page: a frozen one never answers."""
    read: float = 20
    still: float = 0.25
    """Without a change, once page and wire both say that they are whole: what comes late has come by then."""
    unfold: float = 20
    """To open what a visitor opens to see all of an answer."""


@dataclass(frozen=True)
class Progress:
    """What `Site.look` saw of a conversation under way."""

    state: Literal["waiting", "streaming", "finished", "walled"]
    length: int = 0
    """Characters of the answer shown so far."""


@dataclass(frozen=True)
class Captured:
    """Saved bytes of one conversation, as the adapters read them."""

    html: str | None = None
    stream: bytes | None = None
    status: int | None = None
    """HTTP status of the page itself; None where it is not known."""
    headers: dict[str, str] = field(default_factory=dict)
    """Lower-case response headers of the page itself."""
    url: str | None = None
    """Address of the page when it was read."""


class Site(Protocol):
    """One chat site."""

    name: str
    """The value of the request's `model`."""
    url: str
    """Where the chat starts, ending in `/`."""
    version: str
    """Version of the adapter: a column, so that history can be read again."""
    wire: tuple[Wire, ...]
    shows: Mapping[str, str]
    """Columns of the answer that the site can fill besides its words, and where each is seen: `page`, `wire`, `page and
    wire`, with the front end where only one shows it. A column that is not here is NULL in every row of the site."""
    deadlines: Deadlines
    trace: str | None
    """Path of a page of the site's own that tells where its visitor comes from (`whereabouts.of_trace`)."""

    def address(self, display: str | None) -> str:
        """Where to start for an interface in `display` (a locale); `url` where the site lets the browser decide."""

    async def ready(self, page: Page) -> None:
        """Wait until the composer takes text, dismissing what a visitor may dismiss; raise `Wall` when it can't be."""

    async def submit(self, page: Page, prompt: str) -> None:
        """Put `prompt` into the composer exactly as given and send it."""

    async def look(self, page: Page) -> Progress:
        """See how far the answer is: one cheap evaluation in the page."""

    async def unfold(self, page: Page) -> dict[str, list[str]]:
        """Open, as a visitor would, what the finished page hides: hover cards, a panel of sources.

        What closes again by itself is returned as HTML by what it is, and kept after the page (`scene.OPENED`).
        """

    def read(self, captured: Captured) -> Reading:
        """Everything that the bytes tell.

        Never raises, whatever the bytes: hostile or cut input is `layout_changed` at worst.
        """
