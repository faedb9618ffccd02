"""ChatGPT (chatgpt.com), as a visitor who is not logged in sees it."""

from __future__ import annotations

import re

from playwright.async_api import Page

from completions.answer import Reading
from completions.errors import Outcome
from completions.sites.base import Captured, Deadlines, Progress, Wire
from completions.sites.chatgpt import drive
from completions.sites.chatgpt.layout import HOME
from completions.sites.chatgpt.page import read_page
from completions.sites.chatgpt.stream import read_stream
from completions.sites.chatgpt.verdict import unite

__all__ = ["ChatGPT"]


class ChatGPT:
    """Both of ChatGPT's front ends: `ui_variant` is `server` or `react`, see `layout`."""

    name = "chatgpt"
    version = "1"
    deadlines = Deadlines()
    wire: tuple[Wire, ...] = (
        Wire(re.compile(r"/unauth-mweb/conversation(?:/updates)?(?:\?|$)")),
        Wire(re.compile(r"/backend-(?:api|anon)/(?:f/)?conversation(?:/resume)?(?:\?|$)")),
        Wire(re.compile(r"^wss?://[^/]+/p\d+/ws/user/"), method="WEBSOCKET"),
    )

    def __init__(self, url: str = HOME) -> None:
        """`url` is where the chat starts: the live site, or a rehearsal."""
        self.url = url

    async def ready(self, page: Page) -> None:
        """See `Site.ready`."""
        await drive.ready(page)

    async def submit(self, page: Page, prompt: str) -> None:
        """See `Site.submit`."""
        await drive.submit(page, prompt)

    async def look(self, page: Page) -> Progress:
        """See `Site.look`."""
        return await drive.look(page)

    def read(self, captured: Captured) -> Reading:
        """Everything that the bytes tell; see `Site.read`."""
        try:
            page = read_page(captured) if captured.html is not None else None
            wire = read_stream(captured.stream) if captured.stream is not None else None
            return unite(page, wire, captured.url or self.url)
        except Exception as error:  # the contract: no bytes, however made, may stop the one who reads them
            unread = f"the adapter could not make sense of it: {type(error).__name__}: {error}"
            return Reading(
                page_finished=None,
                stream_finished=None,
                finished=False,
                outcome=Outcome.LAYOUT_CHANGED,
                error_message=unread,
            )
