"""The only file that launches or connects to a browser.

One browser per asking task, a fresh isolated context per conversation. Playwright's own calls may hang for ever on a
frozen browser (`new_context` has no timeout), so every step here has a deadline of its own, and a browser that does not
answer is killed and replaced, together with Playwright's driver, which may be what died.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from shutil import rmtree, which
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import psutil
from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Playwright, async_playwright

from completions.devices import find
from completions.errors import Unreachable
from completions.leftovers import new_scratch, sweep_scratch

if TYPE_CHECKING:
    from completions.exits import Exit
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


class BrowserMissing(Unreachable):
    """There is no browser to start, or it does not start."""


class Browser:
    """A browser that is there when it is needed: started at first use, replaced when it died.

    `wanted` is the setting COMPLETIONS_BROWSER: `shell`, `chromium`, an executable's path, or a CDP endpoint.
    """

    def __init__(self, wanted: str = "shell", *, start: float = 60, probe: float = 5) -> None:
        self.wanted = wanted
        self.start, self.probe = start, probe
        """Seconds that a start and a sign of life may take."""
        self.started = 0
        """Browsers so far: after the first, each replaced one that died."""
        self._lock = asyncio.Lock()
        self._driver: Playwright | None = None
        self._browser: PlaywrightBrowser | None = None
        self._process: psutil.Process | None = None
        self._folder: Path | None = None
        """Where driver and browser keep their temporary files, the browser's profile among them."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._drop()

    @asynccontextmanager
    async def page(self, profile: Profile, deadline: float, out: Exit | None = None) -> AsyncIterator[Page]:
        """A blank page in a fresh context that shows `profile`; both are closed afterwards whatever happens.

        All of it, loopback too, goes through `out` where one is given.

        Raises `BrowserDied` when the browser does not give one within `deadline` seconds.
        """
        browser = await self._alive()
        async with self._given("context", deadline):
            options = context_options(profile, browser.version) | ({"proxy": out.proxy} if out else {})
            context = await browser.new_context(**options)
        try:
            async with self._given("page", deadline):
                page = await context.new_page()
                await _speak(page, profile)
            yield page
        finally:
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(self.probe):
                    await context.close()

    @asynccontextmanager
    async def _given(self, wanted: str, deadline: float) -> AsyncIterator[None]:
        """Raise `BrowserDied` if the browser does not give what is `wanted` within `deadline` seconds."""
        try:
            async with asyncio.timeout(deadline):
                yield
        except (PlaywrightError, TimeoutError) as error:
            await self.check()
            raise BrowserDied(f"the browser gave no new {wanted}") from error

    async def check(self, page: Page | None = None) -> None:
        """Raise `BrowserDied`, after clearing it away, if the browser gives no sign of life.

        It is that of `page`, which may have been replaced by now.
        """
        browser = page.context.browser if page else self._browser
        if browser and browser is self._browser and browser.is_connected():
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
                self._browser = await self._start()
                self.started += 1
                if self.started > 1:
                    log.warning("the browser died and was replaced")
            return self._browser

    async def _start(self) -> PlaywrightBrowser:
        try:
            async with asyncio.timeout(self.start):
                await asyncio.to_thread(sweep_scratch)  # of tasks that were killed on this machine
                self._folder = await asyncio.to_thread(new_scratch)
                async with _starting():
                    with _temporary_files_in(self._folder):
                        self._driver = await async_playwright().start()
                if "://" in self.wanted:
                    return await self._driver.chromium.connect_over_cdp(self.wanted)
                program = program_of(self.wanted, self._driver.chromium.executable_path)
                channel = "chromium" if self.wanted == "chromium" and not program else None
                browser = await self._driver.chromium.launch(executable_path=program, channel=channel, args=list(ARGS))
                self._process = await _process_of(browser)
                return browser
        except (PlaywrightError, TimeoutError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else f"no start in {self.start:.0f} s"
            reason = reason.replace(self.wanted, shown(self.wanted))
            way_out = "install it, or name another in COMPLETIONS_BROWSER"
            raise BrowserMissing(f"cannot start the browser {shown(self.wanted)} ({reason}): {way_out}") from None

    async def _drop(self) -> None:
        """Forget browser and driver, and see that their processes go: a frozen browser heeds nothing but SIGKILL."""
        browser, driver, process, folder = self._browser, self._driver, self._process, self._folder
        self._browser, self._driver, self._process, self._folder = None, None, None, None
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(self.probe):
                if browser:
                    await browser.close()
        if process:
            await asyncio.to_thread(_end, process, self.probe)
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(self.probe):
                if driver:
                    await driver.stop()
        if folder:
            await asyncio.to_thread(rmtree, folder, ignore_errors=True)


def context_options(profile: Profile, version: str) -> dict[str, Any]:
    """Playwright's options for a context that shows `profile` in a browser of `version`."""
    from completions.devices import context_options as device_options

    options: dict[str, Any] = {"viewport": VIEWPORT}
    if profile.device:
        options = device_options(find(profile.device), version)
    if profile.locale and profile.accept_language:
        options |= {"locale": profile.locale, "extra_http_headers": {"Accept-Language": profile.accept_language}}
    if profile.timezone:
        options["timezone_id"] = profile.timezone
    if profile.latitude is not None and profile.longitude is not None:
        options["geolocation"] = {"latitude": profile.latitude, "longitude": profile.longitude}
        options["permissions"] = ["geolocation"]
    return options


async def _speak(page: Page, profile: Profile) -> None:
    """Have the page say every language of the profile: Playwright's `locale` alone is but one of them.

    The context's extra header does not reach navigations and `navigator.languages`, this call does not reach what the
    page itself fetches: the header is right everywhere only with both. The user agent stays as it is.
    """
    if profile.accept_language:
        languages = ",".join(weighted.partition(";")[0] for weighted in profile.accept_language.split(","))
        session = await page.context.new_cdp_session(page)
        await session.send("Emulation.setUserAgentOverride", {"userAgent": "", "acceptLanguage": languages})


def shown(wanted: str) -> str:
    """The setting as a message may show it: the address of a hosted browser holds its key."""
    address = urlsplit(wanted)
    return f"{address.scheme}://{address.hostname}" if address.hostname else wanted


def program_of(wanted: str, playwrights: str) -> str | None:
    """The executable to launch; None where Playwright finds its own.

    `playwrights` is where Playwright keeps its Chromium, there or not.
    """
    if wanted not in SYSTEM_PROGRAMS:
        return wanted
    found = next(filter(None, map(which, SYSTEM_PROGRAMS[wanted])), None)
    if Path(playwrights).exists() or not found:
        return None
    behind = Path("/usr/lib/chromium", Path(found).name)  # Debian's wrappers stand between us and the browser's process
    return str(behind) if behind.exists() else found


async def _process_of(browser: PlaywrightBrowser) -> psutil.Process | None:
    with suppress(PlaywrightError, psutil.Error):
        session = await browser.new_browser_cdp_session()
        processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        await session.detach()
        return next((psutil.Process(int(one["id"])) for one in processes if one["type"] == "browser"), None)
    return None


_STARTS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def _starting() -> asyncio.Lock:
    """Held while a driver starts: the environment that it is given is that of the whole process."""
    return _STARTS.setdefault(asyncio.get_running_loop(), asyncio.Lock())


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """What is started meanwhile has its temporary files there: Playwright takes no environment for its driver."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("TMPDIR")
        if before is not None:
            os.environ["TMPDIR"] = before


def _end(process: psutil.Process, patience: float) -> None:
    """Kill what is left of the browser and of its children, and wait until it is gone."""
    with suppress(psutil.Error):
        family = [process, *process.children(recursive=True)]
        for member in family:
            with suppress(psutil.Error):
                member.kill()
        psutil.wait_procs(family, timeout=patience)
