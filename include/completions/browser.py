"""The only file that launches or connects to a browser.

One browser per asking task, a fresh isolated context per conversation. Playwright's own calls may hang for ever on a
frozen browser (`new_context` has no timeout), so every step here has a deadline of its own, and a browser that does not
answer is killed and replaced.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from completions.devices import find

if TYPE_CHECKING:
    from completions.profile import Profile

log = logging.getLogger(__name__)

ARGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VIEWPORT = {"width": 1280, "height": 900}
"""Of a desktop without emulation: some sites hide parts below 1280."""
SYSTEM_PROGRAMS = {
    "shell": ("chromium-headless-shell", "chrome-headless-shell"),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
}


class BrowserDied(Exception):
    """The browser went away or froze: what it was doing must be done again in a new one."""


class BrowserMissing(Exception):
    """There is no browser to start, or it does not start."""


class Browser:
    """A browser that is there when it is needed: started at first use, replaced when it died.

    `wanted` is the setting COMPLETIONS_BROWSER: `shell`, `chromium`, an executable's path, or a CDP endpoint.
    """

    def __init__(self, wanted: str = "shell", *, start: float = 60, probe: float = 5) -> None:
        self.wanted = wanted
        self.start, self.probe = start, probe
        """Seconds that a start and a sign of life may take."""
        self.replaced = -1
        self._lock = asyncio.Lock()
        self._browser: PlaywrightBrowser | None = None
        self._pid: int | None = None
        self._playwright: Playwright | None = None

    async def __aenter__(self) -> Self:
        self._playwright = await async_playwright().start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._drop()
        if self._playwright:
            with suppress(Exception):
                async with asyncio.timeout(self.probe):
                    await self._playwright.stop()

    @asynccontextmanager
    async def context(self, profile: Profile, deadline: float) -> AsyncIterator[BrowserContext]:
        """A fresh context that shows `profile`; closed afterwards whatever happens.

        Raises `BrowserDied` when the browser does not give one within `deadline` seconds.
        """
        browser = await self._alive()
        try:
            async with asyncio.timeout(deadline):
                context = await browser.new_context(**context_options(profile, browser.version))
        except (PlaywrightError, TimeoutError) as error:
            await self.check()
            raise BrowserDied("the browser gave no new context") from error
        try:
            yield context
        finally:
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(self.probe):
                    await context.close()

    async def check(self) -> None:
        """Raise `BrowserDied`, after clearing it away, if the browser gives no sign of life."""
        browser = self._browser
        if browser and browser.is_connected():
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(self.probe):
                    session = await browser.new_browser_cdp_session()
                    await session.send("Browser.getVersion")
                    await session.detach()
                    return
        async with self._lock:
            if self._browser is browser:
                await self._drop()
        raise BrowserDied("the browser died or froze")

    async def _alive(self) -> PlaywrightBrowser:
        async with self._lock:
            if self._browser is None or not self._browser.is_connected():
                await self._drop()
                self._browser = await self._launch()
                self._pid = await _pid_of(self._browser) if not _is_endpoint(self.wanted) else None
                self.replaced += 1
                if self.replaced:
                    log.warning("the browser died and was replaced")
            return self._browser

    async def _launch(self) -> PlaywrightBrowser:
        assert self._playwright, "use `async with`"
        chromium = self._playwright.chromium
        try:
            async with asyncio.timeout(self.start):
                if _is_endpoint(self.wanted):
                    return await chromium.connect_over_cdp(self.wanted)
                program = program_of(self.wanted, chromium.executable_path)
                return await chromium.launch(executable_path=program, args=list(ARGS))
        except (PlaywrightError, TimeoutError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else f"no start in {self.start:.0f} s"
            raise BrowserMissing(f"cannot start the browser {self.wanted!r}: {reason}") from error

    async def _drop(self) -> None:
        """Forget the browser, and make sure that its process is gone: a frozen one ignores everything but SIGKILL."""
        browser, self._browser = self._browser, None
        pid, self._pid = self._pid, None
        if browser is None:
            return
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(self.probe):
                await browser.close()
                return
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def context_options(profile: Profile, version: str) -> dict[str, Any]:
    """Playwright's options for a context that shows `profile` in a browser of `version`."""
    from completions.devices import context_options as device_options

    options: dict[str, Any] = {"viewport": VIEWPORT}
    if profile.device:
        options = device_options(find(profile.device), version)
    if profile.display_locale or profile.locale:
        options["locale"] = profile.display_locale or profile.locale
    if profile.timezone:
        options["timezone_id"] = profile.timezone
    if profile.latitude is not None and profile.longitude is not None:
        options["geolocation"] = {"latitude": profile.latitude, "longitude": profile.longitude}
        options["permissions"] = ["geolocation"]
    return options


def program_of(wanted: str, playwrights: str) -> str | None:
    """The executable to launch; None where Playwright finds its own.

    `playwrights` is where Playwright keeps its Chromium, there or not.
    """
    if wanted not in SYSTEM_PROGRAMS:
        return wanted
    found = next(filter(None, map(shutil.which, SYSTEM_PROGRAMS[wanted])), None)
    if os.path.exists(playwrights) or not found:
        return None
    # Debian's wrapper script would stand between us and the browser's own process
    return "/usr/lib/chromium/chromium" if found == "/usr/bin/chromium" else found


def _is_endpoint(wanted: str) -> bool:
    return "://" in wanted


async def _pid_of(browser: PlaywrightBrowser) -> int | None:
    with suppress(PlaywrightError):
        session = await browser.new_browser_cdp_session()
        processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        await session.detach()
        return next((int(one["id"]) for one in processes if one["type"] == "browser"), None)
    return None
