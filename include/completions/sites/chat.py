"""What every adapter shares: a site is what it looks like (`looks`), and how its answers and streams are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from urllib.parse import urljoin

from playwright.async_api import Page

from completions.answer import Reading
from completions.errors import Outcome
from completions.sites.base import Captured, Deadlines, Progress, Wire
from completions.sites.drive import Driver
from completions.sites.layout import Looks
from completions.sites.scene import Scene, page_instead, read_page
from completions.sites.sight import Sight
from completions.sites.verdict import unite


class Chat(ABC):
    """A chat site. A subclass declares first, then says how an answer and a stream are read."""

    name: str
    home: str
    """Where the chat of the live site starts."""
    version: str
    looks: Looks
    wire: tuple[Wire, ...]
    shows: Mapping[str, str]
    deadlines: Deadlines = Deadlines()
    trace: str | None = None

    def __init__(self, url: str | None = None) -> None:
        """`url` is where the chat starts: the live site unless given."""
        self.url = url or self.home
        self._driver = Driver(self.looks)

    def address(self, display: str | None) -> str:
        """See `Site.address`; most sites take the language of the browser."""
        return self.url

    @staticmethod
    @abstractmethod
    def read_answer(scene: Scene, sight: Sight) -> None:
        """Add to `sight` what the page shows of the last prompt's answer, of which there may be none yet."""

    @staticmethod
    @abstractmethod
    def read_stream(data: bytes) -> Sight:
        """What the recorded exchanges show; a warning and nothing else when they are none of this site."""

    async def ready(self, page: Page) -> None:
        """See `Site.ready`."""
        await self._driver.ready(page)

    async def submit(self, page: Page, prompt: str) -> None:
        """See `Site.submit`."""
        await self._driver.submit(page, prompt)

    async def look(self, page: Page) -> Progress:
        """See `Site.look`."""
        return await self._driver.look(page)

    async def unfold(self, page: Page) -> dict[str, list[str]]:
        """See `Site.unfold`; most sites show all there is."""
        return {}

    def read(self, captured: Captured) -> Reading:
        """Everything that the bytes tell; see `Site.read`."""
        try:
            page = read_page(captured, self.looks, self.read_answer) if captured.html is not None else None
            wire = self._read_wire(captured.stream) if captured.stream is not None else None
            return unite(page, wire, urljoin(captured.url or self.url, "/"), self.looks.failures)
        except Exception as error:  # the contract: no bytes, however made, may stop the one who reads them
            unread = f"the adapter could not make sense of it: {type(error).__name__}: {error}"
            return Reading(
                page_finished=None,
                stream_finished=None,
                finished=False,
                outcome=Outcome.LAYOUT_CHANGED,
                error_message=unread,
            )

    def _read_wire(self, stream: bytes) -> Sight:
        """What the stream shows; a wall's page that was sent in its place is that wall."""
        sight = self.read_stream(stream)
        wall = page_instead(stream, self.looks) if sight.finished is None and sight.trouble is None else None
        return Sight(trouble=wall) if wall else sight
