"""A conversation ends in one outcome whatever the site does, keeps what it saw, and never hangs."""

from __future__ import annotations

import asyncio
import email
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import psutil
import pytest
from playwright.async_api import Page
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from completions.answer import Reading
from completions.browser import Browser, BrowserDied
from completions.conversation import Held, hold
from completions.errors import Outcome
from completions.profile import Profile, resolve
from completions.record import Met
from completions.sites.base import Captured, Deadlines, Progress
from tiny import END, PAGE, QUICK, Cut, Handler, Tiny, events, served, status

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NOBODY = Profile(seed=1)
BOTH = ("screenshot", "page")


async def held(browser: Browser, url: str, *, prompt: str = "what?", profile: Profile = NOBODY, **options: Any) -> Held:
    """One conversation on a tiny site; it must end well before the test's own patience does."""
    async with asyncio.timeout(30):
        return await hold(Tiny(url, **options), browser, profile, prompt, BOTH)


def page(body: str) -> Handler:
    """A page in place of the chat's own."""

    async def answer(_: Request) -> Response:
        return HTMLResponse(body)

    return answer


async def never(_: Request) -> Response:
    """No answer at all."""
    await asyncio.Event().wait()
    raise AssertionError


async def test_an_answer_is_told_with_all_that_is_known_of_it(browser: Browser) -> None:
    profile = resolve(seed=1, country="DE", language="German", device="Pixel 7", location="emulate")
    async with served(events(b"data: forty-two\n\n", END)) as url:
        one = await held(browser, url, profile=profile)
    assert (one.outcome, one.error_message, one.warnings) == (Outcome.ANSWERED, None, [])
    assert one.reading
    assert one.reading.answer
    assert one.reading.answer.answer_text == "forty-two"
    assert (one.device_used, one.locale_used, one.timezone_used) == ("Pixel 7", "de-DE", "Europe/Berlin")
    assert one.first_token_at
    assert one.answered_at
    assert one.started_at < one.first_token_at < one.answered_at
    assert one.latency_ms is not None
    assert 0 < one.latency_ms <= (one.answered_at - one.started_at).total_seconds() * 1000
    assert one.bytes_received > len(PAGE)
    assert (one.artifacts.raw_stream, one.artifacts.raw_stream_kind) == (b"data: forty-two\n\n" + END, "sse")
    assert "forty-two" in (one.artifacts.page_html or "")


async def test_a_screenshot_and_a_copy_of_the_page_are_kept(browser: Browser) -> None:
    async with served() as url:
        kept = (await held(browser, url)).artifacts
    assert kept.screenshot
    assert kept.screenshot.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", kept.screenshot[16:24]) == (1280, 900)
    assert kept.page_copy
    (html,) = [
        part for part in email.message_from_bytes(kept.page_copy).walk() if part.get_content_type() == "text/html"
    ]
    assert b">yes</main>" in bytes(html.get_payload(decode=True))


@pytest.mark.parametrize("says", [Outcome.LAYOUT_CHANGED, Outcome.NO_ANSWER])
async def test_a_layout_that_nobody_knows_is_photographed_unasked(browser: Browser, says: Outcome) -> None:
    async with served() as url:
        telling = Telling(url)
        telling.says = says
        one = await hold(telling, browser, NOBODY, "what?")
    assert one.outcome is says
    assert bool(one.artifacts.screenshot) is (says is Outcome.LAYOUT_CHANGED)


async def test_evidence_is_kept_only_where_it_is_wanted(browser: Browser) -> None:
    async with served() as url:
        kept = (await hold(Tiny(url), browser, NOBODY, "what?")).artifacts
    assert (kept.screenshot, kept.page_copy) == (None, None)
    assert kept.page_html


ENDINGS: list[tuple[str, dict[str, Any], Outcome, str]] = [
    ("slow load", {"home": never}, Outcome.TIMEOUT, "the site did not load the page within 2 s"),
    ("no composer", {"home": page("<p>hello")}, Outcome.TIMEOUT, "the site did not show its composer within 2 s"),
    (
        "closed composer",
        {"home": page("<input id=box disabled>")},
        Outcome.TIMEOUT,
        "the site did not take the prompt within 2 s",
    ),
    ("wall", {"home": page("<p id=wall>log in")}, Outcome.LOGIN_WALL, "a wall"),
    ("broken site", {"home": status(502, "bad gateway")}, Outcome.NETWORK, "the site answered with HTTP 502"),
    ("silence", {"ask": never}, Outcome.TIMEOUT, "no word of an answer within 1 s"),
    (
        "stalled",
        {"ask": events(b"data: some", then=asyncio.Event())},
        Outcome.TIMEOUT,
        "the answer stopped coming for 2 s",
    ),
    ("cut", {"ask": events(b"data: some\n\n", kind=Cut)}, Outcome.NETWORK, "not whole"),
    ("no end", {"ask": events(b"data: some\n\n")}, Outcome.NETWORK, "not whole"),
]


@pytest.mark.parametrize(
    ("doing", "outcome", "message"), [ending[1:] for ending in ENDINGS], ids=[ending[0] for ending in ENDINGS]
)
async def test_every_ending_has_its_outcome(
    browser: Browser, doing: dict[str, Any], outcome: Outcome, message: str
) -> None:
    async with served(**doing) as url:
        one = await held(browser, url)
    assert (one.outcome, one.error_message) == (outcome, message)
    assert (one.answered_at, one.latency_ms) == (None, None)
    assert bool(one.artifacts.screenshot) is ("load the page" not in message)


@pytest.mark.parametrize(
    ("code", "headers", "outcome"),
    [
        (401, {}, Outcome.LOGIN_WALL),
        (403, {}, Outcome.BLOCKED),
        (403, {"cf-mitigated": "challenge"}, Outcome.CHALLENGE),
        (429, {"retry-after": "60"}, Outcome.RATE_LIMITED),
        (429, {"cf-mitigated": "challenge"}, Outcome.CHALLENGE),
        (451, {}, Outcome.UNAVAILABLE_HERE),
        (500, {}, Outcome.NETWORK),
        (503, {}, Outcome.NETWORK),
        (503, {"cf-mitigated": "challenge"}, Outcome.CHALLENGE),
    ],
)
async def test_a_refused_prompt_ends_as_its_status_says(
    browser: Browser, code: int, headers: dict[str, str], outcome: Outcome
) -> None:
    async with served(status(code, "no", **headers)) as url:
        one = await held(browser, url)
    assert (one.outcome, one.error_message) == (outcome, f"the site answered the prompt with HTTP {code}")
    assert one.artifacts.raw_stream == b"no"


async def test_what_came_before_the_answer_stopped_is_kept(browser: Browser) -> None:
    async with served(events(b"data: half of", then=asyncio.Event())) as url:
        one = await held(browser, url)
    assert one.outcome is Outcome.TIMEOUT
    assert one.artifacts.raw_stream == b"data: half of"
    assert ">half of</main>" in (one.artifacts.page_html or "")
    assert one.first_token_at


async def test_an_answer_that_never_ends_is_given_up(browser: Browser) -> None:
    async def trickle(_: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"data: more\n\n"
                await asyncio.sleep(0.1)

        return StreamingResponse(pieces(), media_type="text/event-stream")

    async with served(trickle) as url:
        one = await held(browser, url, deadlines=replace(QUICK, answer=2))
    assert (one.outcome, one.error_message) == (Outcome.TIMEOUT, "the site did not finish its answer within 2 s")
    assert (one.artifacts.raw_stream or b"").startswith(b"data: more\n\n" * 5)


async def test_a_site_that_is_not_there_is_a_network_failure(browser: Browser) -> None:
    async with served() as url:
        pass
    one = await held(browser, url)
    assert one.outcome is Outcome.NETWORK
    assert (one.error_message or "").startswith("the site could not be loaded: net::ERR_CONNECTION_REFUSED")


async def test_a_page_that_hangs_costs_only_itself(browser: Browser) -> None:
    async with served(events(b"data: half of", then=asyncio.Event())) as url, asyncio.timeout(20):
        one = await hold(Hurt(url, _hang, replace(QUICK, read=1)), browser, NOBODY, "what?", BOTH)
    assert (one.outcome, one.error_message) == (Outcome.TIMEOUT, "the site did not show how far it is within 2 s")
    assert (one.artifacts.page_html, one.artifacts.screenshot) == (None, None)
    assert one.artifacts.raw_stream == b"data: half of"
    assert one.warnings == ["HTML could not be kept: the page is lost or hangs"]
    assert browser.started == 1
    async with served() as url:
        assert (await held(browser, url)).outcome is Outcome.ANSWERED


class Hurt(Tiny):
    """A tiny site during whose answer something happens."""

    def __init__(self, url: str, hurt: Callable[[Page], Awaitable[object]], deadlines: Deadlines = QUICK) -> None:
        super().__init__(url, deadlines)
        self.hurt = hurt

    async def look(self, page: Page) -> Progress:
        progress = await super().look(page)
        if progress.length:
            await self.hurt(page)
        return progress


async def _crash(page: Page) -> None:
    await page.goto("chrome://crash")


async def _hang(page: Page) -> None:
    await page.evaluate("() => { for (;;); }")


async def test_a_page_that_crashes_costs_only_itself(browser: Browser) -> None:
    async with served(events(b"data: half of", then=asyncio.Event())) as url, asyncio.timeout(20):
        one = await hold(Hurt(url, _crash), browser, NOBODY, "what?", BOTH)
    assert one.outcome is Outcome.NETWORK
    assert (one.error_message or "").startswith("the page was lost: ")
    assert "crash" in (one.error_message or "")
    assert one.artifacts.raw_stream == b"data: half of"
    assert browser.started == 1


@pytest.mark.parametrize("hurt", [psutil.Process.kill, psutil.Process.suspend], ids=["killed", "frozen"])
async def test_a_browser_that_dies_is_passed_on(hurt: Callable[[psutil.Process], None]) -> None:
    async def kill(page: Page) -> None:
        assert page.context.browser
        session = await page.context.browser.new_browser_cdp_session()
        (process, *_) = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        hurt(psutil.Process(process["id"]))

    async with served(events(b"data: half of", then=asyncio.Event())) as url, Browser(probe=1) as browser:
        async with asyncio.timeout(20):
            with pytest.raises(BrowserDied):
                await hold(Hurt(url, kill), browser, NOBODY, "what?", BOTH)
        assert (await held(browser, url)).outcome is Outcome.TIMEOUT
        assert browser.started == 2


async def test_dialogs_are_clicked_away_and_told_once(browser: Browser) -> None:
    noisy = PAGE.replace(
        "main.append(text",
        r"alert('Session expired'); confirm('Stay?'); alert('Session expired'); main.append(text",
    )
    async with served(home=page(noisy)) as url:
        one = await held(browser, url)
    assert one.outcome is Outcome.ANSWERED
    assert one.warnings == ["the site opened a dialog: Session expired", "the site opened a dialog: Stay?"]


async def test_no_page_is_too_odd_to_be_kept(browser: Browser) -> None:
    odd = PAGE.replace("</script>", "document.body.append('\\ud800\\0\\u202e')</script>")
    async with served(home=page(odd)) as url:
        one = await held(browser, url)
    assert one.outcome is Outcome.ANSWERED
    (one.artifacts.page_html or "").encode()


async def test_a_page_that_finishes_without_a_stream_is_no_proof_of_an_answer(browser: Browser) -> None:
    local = "<input id=box><button onclick='m.dataset.state=`finished`;m.append(`yes`)'>send</button><main id=m></main>"
    async with served(home=page(local)) as url:
        one = await held(browser, url, deadlines=replace(QUICK, between_tokens=5))
    assert (one.outcome, one.artifacts.raw_stream) == (Outcome.LAYOUT_CHANGED, None)
    assert "its stream came by no way that the adapter knows" in (one.error_message or "")


async def test_a_stream_that_comes_by_another_way_is_kept_but_never_read(browser: Browser) -> None:
    moved = PAGE.replace('fetch("/ask"', 'fetch("/v2/talk"')
    elsewhere = {"v2/talk": events(b"data: forty-two\n\n", END)}
    async with served(home=page(moved), pages=elsewhere) as url:
        one = await hold(Tiny(url, replace(QUICK, between_tokens=5)), browser, NOBODY, "what?")
    assert one.outcome is Outcome.LAYOUT_CHANGED
    assert "its stream came by no way that the adapter knows" in (one.error_message or "")
    assert one.reading
    assert one.reading.stream_finished is None
    kept = one.artifacts
    assert (kept.raw_stream, kept.raw_stream_kind) == (b"data: forty-two\n\n" + END, "sse")
    assert "forty-two" in (kept.page_html or "")
    assert (kept.screenshot or b"").startswith(b"\x89PNG")


class Broken(Tiny):
    """A tiny site whose adapter breaks on what it sees."""

    async def look(self, page: Page) -> Progress:
        if (await super().look(page)).length:
            raise KeyError("data-words-of-the-page")
        return Progress("waiting")


async def test_an_adapter_that_breaks_keeps_what_broke_it(browser: Browser) -> None:
    async with served(events(b"data: half of", then=asyncio.Event())) as url:
        one = await hold(Broken(url), browser, NOBODY, "what?")
    assert (one.outcome, one.error_message) == (Outcome.LAYOUT_CHANGED, "the conversation broke with KeyError")
    assert one.artifacts.raw_stream == b"data: half of"
    assert ">half of</main>" in (one.artifacts.page_html or "")
    assert (one.artifacts.screenshot or b"").startswith(b"\x89PNG")


async def test_what_only_the_live_page_told_is_kept_for_later_readings(browser: Browser) -> None:
    async with served(status(429, "no", retry_after="60")) as url:
        walled = (await held(browser, url)).met
    seen = "the site answered the prompt with HTTP 429"
    assert walled == Met(status=200, url=url, wall=Outcome.RATE_LIMITED, seen=seen, outcome=Outcome.RATE_LIMITED)
    async with served(home=status(403, "<p id=wall>no", cf_mitigated="challenge", content_type="text/html")) as url:
        met = (await held(browser, url)).met
    assert met
    assert (met.status, met.headers) == (403, {"cf-mitigated": "challenge"})


async def test_a_page_that_is_not_finished_when_its_stream_is_has_no_answer(browser: Browser) -> None:
    undone = PAGE.replace('main.dataset.state = "finished"', "0")
    async with served(home=page(undone)) as url:
        one = await held(browser, url)
    assert (one.outcome, one.error_message) == (Outcome.NETWORK, "not whole")


class Telling(Tiny):
    """A tiny site whose page says what is in the way."""

    says = Outcome.BLOCKED

    def read(self, captured: Captured) -> Reading:
        reading = super().read(captured)
        return reading.model_copy(update={"outcome": self.says, "error_message": "the page says so", "finished": False})


@pytest.mark.parametrize(
    ("says", "doing", "outcome"),
    [
        (Outcome.BLOCKED, {"ask": never}, Outcome.BLOCKED),
        (Outcome.LAYOUT_CHANGED, {"home": page("<p>new")}, Outcome.LAYOUT_CHANGED),
        (Outcome.CHALLENGE, {"home": status(503)}, Outcome.CHALLENGE),
        (Outcome.ANSWERED, {"ask": never}, Outcome.TIMEOUT),
        (Outcome.NO_ANSWER, {"ask": never}, Outcome.TIMEOUT),
        (Outcome.LAYOUT_CHANGED, {"ask": never}, Outcome.LAYOUT_CHANGED),
        (Outcome.LAYOUT_CHANGED, {"home": never}, Outcome.TIMEOUT),
        (Outcome.LAYOUT_CHANGED, {"home": status(502)}, Outcome.NETWORK),
        (Outcome.BLOCKED, {"ask": status(429)}, Outcome.RATE_LIMITED),
        (Outcome.ANSWERED, {"home": page("<p id=wall>log in")}, Outcome.LOGIN_WALL),
    ],
)
async def test_the_page_may_explain_a_deadline_but_not_a_wall(
    browser: Browser, says: Outcome, doing: dict[str, Any], outcome: Outcome
) -> None:
    async with served(**doing) as url:
        telling = Telling(url)
        telling.says = says
        one = await hold(telling, browser, NOBODY, "what?")
    assert one.outcome is outcome
