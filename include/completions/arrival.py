"""How a conversation gets to its site: through its exit to the page, and where it is then seen to come from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Response

from completions.errors import Outcome, Wall
from completions.exits import PROXY
from completions.whereabouts import MOST, Whereabouts, of_echo, of_trace

_TRACE = """async (path) => {
  const response = await fetch(path, { cache: "no-store" });
  return response.ok ? (await response.text()).slice(0, 2000) : "";
}"""
_TURNED_AWAY = 407
_LOCKED = f"the gateway of the exits refuses the login or the password of the connection {PROXY}"
_NO_WAY = {
    "net::ERR_PROXY_CONNECTION_FAILED": "the gateway of the exits cannot be reached",
    "net::ERR_TUNNEL_CONNECTION_FAILED": "the gateway of the exits has no way out to the site",
}
"""What Chromium says when it is the exit that fails, in words."""


async def load(page: Page, url: str, *, through_exit: bool) -> Response | None:
    """Go to the site's page; raises `Wall` when it does not come.

    Playwright answers a gateway that asks who comes (407) by itself, and tells of none: one that it does tell of is the
    gateway's last word, which it would wait for ever to see changed.
    """
    locked = asyncio.Event()
    if through_exit:
        page.on("response", lambda response: locked.set() if response.status == _TURNED_AWAY else None)
    going = asyncio.ensure_future(page.goto(url, wait_until="domcontentloaded", timeout=0))
    turned_away = asyncio.ensure_future(locked.wait())
    try:
        await asyncio.wait([going, turned_away], return_when=asyncio.FIRST_COMPLETED)
        if locked.is_set():
            raise Wall(Outcome.NETWORK, _LOCKED)
        return await going
    except PlaywrightError as error:
        said = sentence(error)
        known = _NO_WAY if through_exit else {}
        way = next((known[code] for code in known if code in said), "the site could not be loaded")
        raise Wall(Outcome.NETWORK, f"{way}: {said}") from error
    finally:
        for task in (going, turned_away):
            task.cancel()
            with suppress(PlaywrightError, asyncio.CancelledError):
                await task


async def locate(page: Page, place: Whereabouts, *, trace: str | None, echo: str | None, patience: float) -> None:
    """See where the conversation comes from, before anything is asked. Raises `Wall` if that is another country.

    `trace` is the path of the site's own trace page, `echo` the address of a page that tells; each has `patience`
    seconds, and what it does not tell stays unknown.
    """
    if echo:
        place.add(of_echo(await _told(_echo(page, echo), patience)))
    if trace:
        place.add(of_trace(await _told(page.evaluate(_TRACE, trace), patience)))
    if wrong := place.wrong:
        raise Wall(Outcome.WRONG_PLACE, wrong)


async def _echo(page: Page, url: str) -> str:
    """What the echo page says, fetched beside the site's page, through the same exit."""
    response = await page.context.request.get(url, timeout=0, max_redirects=3)
    return (await response.body())[:MOST].decode("utf-8", "replace") if response.ok else ""


async def _told(telling: Awaitable[str], patience: float) -> str:
    with suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(patience):
            return await telling
    return ""


def sentence(error: PlaywrightError) -> str:
    """The first line of what Playwright says, without its own prefix."""
    return error.message.strip().splitlines()[0].removeprefix("Page.goto: ")[:300]
