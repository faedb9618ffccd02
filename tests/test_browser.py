"""The browser: fresh for every conversation, replaced when it dies, gone when it is done, and what the profile says."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from completions.browser import VIEWPORT, Browser, BrowserDied, BrowserMissing, program_of, shown
from completions.devices import find
from completions.profile import Profile, resolve
from processes import browser_of, command_of, driver_of, gone, ours
from tiny import Handler, served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NOBODY = Profile(seed=1)
PATIENCE = 20.0
"""Seconds: more than any step here takes."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where driver and browser put what is temporary."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)  # where this process has settled on another
    return folder


@pytest.fixture
def others() -> set[psutil.Process]:
    """What ran before the test."""
    return ours()


def within(folder: Path) -> list[Path]:
    """What the folder holds."""
    return list(folder.iterdir())


async def works(browser: Browser) -> bool:
    async with browser.page(NOBODY, PATIENCE) as page:
        return bool(await page.evaluate("1 + 1 === 2"))


async def test_contexts_share_nothing(browser: Browser) -> None:
    keep = "() => { document.cookie = 'a=1; max-age=999'; localStorage.a = 1; sessionStorage.a = 1 }"
    kept = "() => [document.cookie, localStorage.length, sessionStorage.length]"
    async with served() as url, browser.page(NOBODY, PATIENCE) as first:
        await first.goto(url)
        await first.evaluate(keep)
        assert await first.evaluate(kept) == ["a=1", 1, 1]
        async with browser.page(NOBODY, PATIENCE) as second:
            await second.goto(url)
            assert await second.evaluate(kept) == ["", 0, 0]
    async with served() as url, browser.page(NOBODY, PATIENCE) as third:
        await third.goto(url)
        assert await third.evaluate(kept) == ["", 0, 0]
    assert browser.started == 1


@pytest.mark.parametrize(
    ("whose", "number"),
    [(browser_of, signal.SIGKILL), (browser_of, signal.SIGSTOP), (driver_of, signal.SIGKILL)],
    ids=["browser killed", "browser frozen", "driver killed"],
)
async def test_a_browser_that_dies_is_noticed_and_replaced(
    others: set[psutil.Process],
    temporary: Path,
    whose: Callable[[set[psutil.Process]], psutil.Process],
    number: int,
) -> None:
    async with asyncio.timeout(PATIENCE), Browser(probe=1) as browser:
        assert await works(browser)
        started = ours() - others
        whose(started).send_signal(number)
        with pytest.raises(BrowserDied):
            async with browser.page(NOBODY, 1):
                pass
        assert gone(started)
        assert await works(browser)
        assert browser.started == 2
    assert gone(ours() - others)


async def test_a_page_of_a_browser_that_dies_fails(others: set[psutil.Process]) -> None:
    async with Browser() as browser, browser.page(NOBODY, PATIENCE) as page:
        browser_of(ours() - others).kill()
        with pytest.raises(PlaywrightError):
            await page.evaluate("new Promise(() => {})")
        with pytest.raises(BrowserDied, match="died or froze"):
            await browser.check()
        assert await works(browser)
        with pytest.raises(BrowserDied, match="died or froze"):  # though another lives in its place
            await browser.check(page)


async def test_many_notice_the_same_death(others: set[psutil.Process]) -> None:
    async with Browser(probe=1) as browser:
        assert await works(browser)
        browser_of(ours() - others).suspend()
        deaths = await asyncio.gather(*(browser.check() for _ in range(4)), return_exceptions=True)
        assert [type(death) for death in deaths] == [BrowserDied] * 4
        assert all(await asyncio.gather(*(works(browser) for _ in range(4))))
        assert browser.started == 2


@pytest.mark.parametrize(
    ("whose", "number"),
    [(None, 0), (browser_of, signal.SIGKILL), (browser_of, signal.SIGSTOP), (driver_of, signal.SIGKILL)],
    ids=["well", "browser killed", "browser frozen", "driver killed"],
)
async def test_nothing_is_left(
    others: set[psutil.Process],
    temporary: Path,
    whose: Callable[[set[psutil.Process]], psutil.Process] | None,
    number: int,
) -> None:
    async with Browser(probe=1) as browser:
        assert await works(browser)
        assert within(temporary)
        if whose:
            whose(ours() - others).send_signal(number)
    assert gone(ours() - others)
    assert not within(temporary)


@pytest.fixture
def mute(tmp_path: Path) -> Path:
    """A program that starts and never says a word."""
    program = tmp_path / "mute"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("/no/such/browser", "doesn't exist"),
        ("/etc/passwd", "EACCES"),
        ("http://127.0.0.1:9/", "ECONNREFUSED"),
        ("ws://127.0.0.1:9/devtools?token=canary", "ECONNREFUSED"),
        ("mute", "no start in 8 s"),
    ],
)
async def test_a_browser_that_cannot_be_had(others: set[psutil.Process], mute: Path, wanted: str, reason: str) -> None:
    wanted = str(mute) if wanted == "mute" else wanted
    with pytest.raises(BrowserMissing) as missing:
        async with Browser(wanted, start=8 if wanted == str(mute) else PATIENCE, probe=1) as browser:
            await works(browser)
    (sentence,) = str(missing.value).splitlines()
    assert "canary" not in sentence
    assert sentence.startswith(f"cannot start the browser {shown(wanted)} (")
    assert reason in sentence
    assert sentence.endswith("install it, or name another in COMPLETIONS_BROWSER")
    assert gone(ours() - others)


async def plugins(browser: Browser) -> int:
    """How many plugins the browser has: the headless shell has none, full Chromium brings its PDF viewer."""
    async with browser.page(NOBODY, PATIENCE) as page:
        return int(await page.evaluate("navigator.plugins.length"))


@pytest.mark.parametrize(("wanted", "expected"), [("shell", 0), ("chromium", 5)])
async def test_the_setting_chooses_the_browser(wanted: str, expected: int) -> None:
    async with Browser(wanted) as browser:
        assert await plugins(browser) == expected


@pytest.fixture
def playwrights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Playwright's own full Chromium, with Debian's standing in for it."""
    full = Path("/usr/lib/chromium/chromium")
    if not full.exists():
        pytest.skip("needs Debian's Chromium")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
    assert own.is_relative_to(tmp_path)
    own.parent.mkdir(parents=True)
    own.symlink_to(full)
    return own


async def test_playwrights_own_chromium_is_the_full_one(playwrights: Path) -> None:
    async with Browser("chromium") as browser:
        assert await plugins(browser) == 5
        assert any(str(playwrights) in command_of(process) for process in ours())


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A browser that somebody else started, and its address."""
    program = program_of("shell", "/nowhere")
    if not program:
        pytest.skip("needs a headless shell of the system's")
    command = [program, "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={tmp_path}/profile"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        listening = next(line for line in process.stderr if "DevTools listening on " in line)
        yield process, listening.split()[-1]
        process.kill()


@pytest.mark.parametrize("scheme", ["ws", "http"])
async def test_a_remote_browser_is_used_and_left_alone(remote: tuple[subprocess.Popen[str], str], scheme: str) -> None:
    process, address = remote
    wanted = address if scheme == "ws" else "http://" + address.split("/")[2]
    for _ in range(2):
        async with Browser(wanted) as browser:
            assert await works(browser)
            async with browser.page(NOBODY, PATIENCE) as page:
                session = await page.context.browser.new_browser_cdp_session()  # type: ignore[union-attr]
                contexts = await session.send("Target.getBrowserContexts")
                assert len(contexts["browserContextIds"]) == 1
        assert process.poll() is None


async def test_a_remote_browser_that_dies_is_noticed(remote: tuple[subprocess.Popen[str], str]) -> None:
    process, address = remote
    async with Browser(address, probe=1) as browser:
        assert await works(browser)
        process.kill()
        with pytest.raises(BrowserDied):
            await browser.check()
        with pytest.raises(BrowserMissing, match="ECONNREFUSED"):
            await works(browser)


SEEN = """async () => ({
  languages: navigator.languages,
  locale: Intl.DateTimeFormat().resolvedOptions().locale,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  width: innerWidth,
  touch: navigator.maxTouchPoints > 0,
  agent: navigator.userAgent,
  hints: navigator.userAgentData.toJSON(),
  position: await new Promise(done => navigator.geolocation.getCurrentPosition(
    ({ coords }) => done([coords.latitude, coords.longitude]), error => done(error.message), { timeout: 3000 })),
})"""


class Mirror:
    """A site that remembers the headers of every request."""

    def __init__(self) -> None:
        self.headers: dict[str, dict[str, str]] = {}

    def page(self, body: str = "", media_type: str = "text/html") -> Handler:
        async def answer(request: Request) -> Response:
            self.headers[request.url.path] = dict(request.headers)
            return HTMLResponse(body, media_type=media_type)

        return answer

    async def see(self, browser: Browser, profile: Profile) -> dict[str, Any]:
        """What the site's page sees of the profile; afterwards `headers` has what its server saw."""
        worker = self.page("fetch('/worked').then(() => postMessage(0))", "text/javascript")
        frame = self.page("<iframe src=/framed></iframe>")
        pages = {"worker": worker} | {name: self.page() for name in ("framed", "fetched", "worked", "again")}
        async with served(home=frame, pages=pages) as url, browser.page(profile, PATIENCE) as page:
            await page.goto(url)
            seen: dict[str, Any] = await page.evaluate(SEEN)
            await page.evaluate("() => fetch('/fetched')")
            await page.evaluate("() => new Promise(done => new Worker('/worker').onmessage = done)")
            await page.goto(url.replace("127.0.0.1", "localhost") + "again")
        return seen


PROFILES = [
    {"language": "German"},
    {"language": "pt", "country": "BR", "location": "emulate"},
    {"language": "de", "country": "CH", "city": "Zürich", "device": "Pixel 7", "location": "emulate"},
    {"language": "English", "device": "iPhone 15"},
    {"display": "French"},
    {"country": "JP", "device": "Galaxy S9+", "location": "emulate"},
]


@pytest.mark.parametrize("asked", PROFILES, ids=lambda asked: " ".join(map(str, asked.values())))
async def test_the_page_sees_the_profile(browser: Browser, asked: dict[str, Any]) -> None:
    profile, mirror = resolve(seed=1, **asked), Mirror()
    seen = await mirror.see(browser, profile)
    assert profile.accept_language
    assert seen["languages"] == [part.partition(";")[0] for part in profile.accept_language.split(",")]
    assert seen["locale"] == profile.locale
    assert profile.timezone in (None, seen["timezone"])
    assert seen["position"] == [profile.latitude, profile.longitude] or profile.latitude is None
    assert seen["touch"] is bool(profile.device)
    assert {headers.get("accept-language") for headers in mirror.headers.values()} == {profile.accept_language}
    assert set(mirror.headers) == {"/", "/framed", "/fetched", "/worker", "/worked", "/again"}


BODY = "<meta name=viewport content='width=device-width, initial-scale=1'>"
IN_FORCE = """() => ({
  viewport: { width: innerWidth, height: innerHeight },
  screen: { width: screen.width, height: screen.height },
  scale: devicePixelRatio,
  touch: navigator.maxTouchPoints > 0,
  coarse: matchMedia('(pointer: coarse)').matches,
  mobile: navigator.userAgentData.mobile,
  platform: navigator.userAgentData.platform,
  versions: navigator.userAgentData.brands.filter(({ brand }) => brand === 'Chromium').map(({ version }) => version),
  agent: navigator.userAgent,
})"""
DEVICES = {
    "Pixel 7": "Android",
    "Pixel 7 landscape": "Android",
    "Galaxy S9+": "Android",
    "Galaxy S24": "Android",
    "Galaxy Tab S9 landscape": "Android",
    "Moto G4": "Android",
    "iPhone 15": "iOS",
    "iPhone SE (3rd gen) landscape": "iOS",
    "iPad (gen 7)": "iOS",
    "Desktop Chrome": "Windows",
    "Desktop Edge HiDPI": "Windows",
    "Desktop Safari": "macOS",
    "Desktop Firefox": "Windows",
}


@pytest.mark.parametrize(("name", "platform"), DEVICES.items())
async def test_a_device_is_in_force(browser: Browser, name: str, platform: str) -> None:
    mirror, wanted = Mirror(), find(name).descriptor
    async with served(home=mirror.page(BODY)) as url, browser.page(resolve(seed=1, device=name), PATIENCE) as page:
        await page.goto(url)
        seen = await page.evaluate(IN_FORCE)
        version = page.context.browser.version.partition(".")[0] if page.context.browser else ""
    assert seen["viewport"] == wanted["viewport"]
    assert seen["screen"] == wanted.get("screen", wanted["viewport"])
    assert seen["scale"] == wanted["device_scale_factor"]
    assert (seen["touch"], seen["coarse"]) == (wanted["has_touch"], wanted["has_touch"])
    assert (seen["mobile"], seen["platform"]) == (wanted["is_mobile"], platform)
    assert seen["versions"] == [version]
    assert set(re.findall(r"(?:Chrome|Edg)/(\d+)", seen["agent"])) <= {version}
    headers = mirror.headers["/"]
    assert headers["user-agent"] == seen["agent"]
    assert headers["sec-ch-ua-mobile"] == ("?1" if wanted["is_mobile"] else "?0")
    assert headers["sec-ch-ua-platform"] == f'"{platform}"'
    assert f'"Chromium";v="{version}"' in headers["sec-ch-ua"]


async def test_without_a_profile_nothing_is_changed(browser: Browser) -> None:
    seen = await Mirror().see(browser, NOBODY)
    assert seen["width"] == VIEWPORT["width"]
    assert (seen["languages"], seen["touch"]) == (["en-US"], False)


@pytest.mark.parametrize("device", [None, "Pixel 7", "iPhone 15", "Desktop Edge"])
async def test_languages_change_neither_user_agent_nor_client_hints(browser: Browser, device: str | None) -> None:
    silent, spoken = Mirror(), Mirror()
    plain = await silent.see(browser, resolve(seed=1, device=device))
    german = await spoken.see(browser, resolve(seed=1, device=device, language="German"))
    assert (german["agent"], german["hints"]) == (plain["agent"], plain["hints"])
    for path, headers in spoken.headers.items():
        told = {name: value for name, value in headers.items() if name == "user-agent" or name.startswith("sec-ch-")}
        assert told
        assert told.items() <= silent.headers[path].items()
