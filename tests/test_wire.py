"""The record of what the site sends: byte for byte, whatever becomes of the connection."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Page
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket

from completions.browser import Browser
from completions.profile import Profile
from completions.sites.base import Wire
from completions.wire import Tap
from tiny import END, PAGE, Cut, Handler, Tiny, events, served, status

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WORDS = [b"data: Gr\xc3", b"\xbc\xc3\x9fe \xf0\x9f", b"\xa6\x81\n\n", b"data: \xe2\x80\x8f\n\n", END]
"""Cut in the midst of letters, as networks do."""
READ_ALL = "body => fetch('/ask', { method: 'POST', body }).then(response => response.text())"


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with browser.page(Profile(seed=1), 20) as page:
        yield page


async def tapped(page: Page, url: str) -> Tap:
    """A tap on the page, which has gone to `url`."""
    tap = Tap(Tiny.wire)
    await tap.attach(page)
    await page.goto(url)
    return tap


async def until(tap: Tap, seen: Callable[[], object]) -> None:
    """Wait for the tap until what it holds is enough."""
    async with asyncio.timeout(10):
        while not seen():
            await tap.stirred.wait()
            tap.stirred.clear()


def sent_as(media_type: str, *pieces: bytes, encoding: str | None = None) -> Handler:
    async def answer(_: Request) -> Response:
        async def stream() -> AsyncIterator[bytes]:
            for piece in pieces:
                yield piece
                await asyncio.sleep(0.02)

        return StreamingResponse(
            stream(), media_type=media_type, headers={"content-encoding": encoding} if encoding else {}
        )

    return answer


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("text/event-stream; charset=utf-8", "sse"),
        ("text/vnd.openai.web-mobile-partial+html", "partial-html"),
        ("application/vnd.openai.conversation-source+ndjson", "ndjson"),
        ("application/json", "json"),
        ("text/plain", None),
    ],
)
async def test_a_stream_is_recorded_as_sent(page: Page, media_type: str, kind: str | None) -> None:
    async with served(sent_as(media_type, *WORDS)) as url:
        tap = await tapped(page, url)
        await page.evaluate(READ_ALL, "?")
        await until(tap, lambda: tap.closed)
    assert (tap.stream, tap.kind, tap.length) == (b"".join(WORDS), kind, len(b"".join(WORDS)))
    (exchange,) = tap.exchanges.values()
    assert (exchange.status, exchange.url) == (200, f"{url}ask")


@pytest.mark.parametrize("body", [bytes(range(256)) * 40, b"", b"x" * 3_000_000])
async def test_any_bytes_are_recorded(page: Page, body: bytes) -> None:
    pieces = [body[start : start + 50_000] for start in range(0, len(body), 50_000)]
    async with served(events(*pieces)) as url:
        tap = await tapped(page, url)
        await page.evaluate(READ_ALL, "?")
        await until(tap, lambda: tap.closed)
    assert tap.stream == body


async def test_a_compressed_stream_is_recorded_as_the_page_gets_it(page: Page) -> None:
    body = b"data: again and again\n\n" * 500
    async with served(sent_as("text/event-stream", gzip.compress(body), encoding="gzip")) as url:
        tap = await tapped(page, url)
        await page.evaluate(READ_ALL, "?")
        await until(tap, lambda: tap.closed)
    assert tap.stream == body


async def test_what_was_sent_before_the_connection_broke_is_kept(page: Page) -> None:
    hang_up = asyncio.Event()
    async with served(events(*WORDS[:-1], then=hang_up, kind=Cut)) as url:
        tap = await tapped(page, url)
        await page.evaluate(f"body => void ({READ_ALL})(body).catch(() => 0)", "?")
        await until(tap, lambda: tap.length == len(b"".join(WORDS[:-1])))
        hang_up.set()
        await until(tap, lambda: tap.closed is not None)
    assert (tap.stream, tap.closed) == (b"".join(WORDS[:-1]), False)


async def test_a_stream_that_goes_on_is_neither_ended_nor_cut(page: Page) -> None:
    go_on = asyncio.Event()
    async with served(events(*WORDS, then=go_on)) as url:
        tap = await tapped(page, url)
        await page.evaluate(f"body => void ({READ_ALL})(body)", "?")
        await until(tap, lambda: tap.stream == b"".join(WORDS))
        assert tap.closed is None
        go_on.set()
        await until(tap, lambda: tap.closed)


async def test_a_page_that_hangs_up_after_the_end_marker_cuts_nothing(page: Page) -> None:
    async with served(events(*WORDS, then=asyncio.Event())) as url:
        tap = await tapped(page, url)
        await page.evaluate(
            """async () => {
              const control = new AbortController();
              const { body } = await fetch("/ask", { method: "POST", signal: control.signal });
              let text = "";
              for (const reader = body.getReader(); !text.includes("[END]"); )
                text += new TextDecoder().decode((await reader.read()).value);
              control.abort();
            }"""
        )
        await until(tap, lambda: tap.closed is not None)
    assert (tap.stream, tap.closed) == (b"".join(WORDS), True)


async def test_nothing_counts_as_ended_before_its_body_is_here(browser: Browser) -> None:
    async with served(status(200, "body")) as url:
        for _ in range(8):  # the body comes later than its end more often than not
            async with browser.page(Profile(seed=1), 20) as page:
                tap = await tapped(page, url)
                await page.evaluate(f"body => void ({READ_ALL})(body)", "?")
                await until(tap, lambda: tap.closed)  # noqa: B023 - called at once
                assert tap.stream == b"body"


async def test_answers_that_end_before_they_can_be_streamed_are_whole(page: Page) -> None:
    async def echo(request: Request) -> Response:
        return Response(await request.body() * 10)

    bodies = [f"{number:04d}" for number in range(60)]
    async with served(echo) as url:
        tap = await tapped(page, url)
        await page.evaluate(f"bodies => Promise.all(bodies.map({READ_ALL}))", bodies)
        await until(tap, lambda: tap.closed)
    assert sorted(exchange.body for exchange in tap.exchanges.values()) == [body.encode() * 10 for body in bodies]


async def test_exchanges_come_in_the_order_they_were_asked(page: Page) -> None:
    async def echo(request: Request) -> Response:
        return Response(await request.body())

    async with served(echo) as url:
        tap = await tapped(page, url)
        for body in "first ", "second ", "third":
            await page.evaluate(READ_ALL, body)
        await until(tap, lambda: tap.closed)
    assert tap.stream == b"first second third"


async def test_nothing_else_is_recorded(page: Page) -> None:
    async with served(pages={"other": status(200, "not this")}) as url:
        tap = await tapped(page, url)
        await page.evaluate("() => fetch('/other').then(response => response.text())")
        await page.evaluate("() => fetch('/ask').then(response => response.status)")
    assert (tap.exchanges, tap.stream, tap.kind, tap.closed) == ({}, None, None, None)


async def test_a_refusal_is_told_with_its_headers(page: Page) -> None:
    async with served(status(403, "no", CF_Mitigated="challenge")) as url:
        tap = await tapped(page, url)
        await page.evaluate(READ_ALL, "?")
        await until(tap, lambda: tap.closed)
    (exchange,) = tap.exchanges.values()
    assert (exchange.status, exchange.headers["cf-mitigated"], exchange.body) == (403, "challenge", b"no")


async def test_a_request_that_is_led_elsewhere_is_cut_and_what_came_from_there_is_not_its_own(page: Page) -> None:
    async with served(status(302, location="/?sorry")) as url:
        tap = await tapped(page, url)
        assert "main" in await page.evaluate(READ_ALL, "?")
        await until(tap, lambda: tap.closed is not None)
    (exchange,) = tap.exchanges.values()
    assert (tap.closed, exchange.status, exchange.body) == (False, None, b"")


async def test_a_request_that_gets_no_answer_is_cut(page: Page) -> None:
    async def nothing(_: Request) -> Response:
        raise ConnectionError

    async with served() as url:
        tap = await tapped(page, url)
    await page.evaluate(f"body => ({READ_ALL})(body).catch(() => 0)", "?")
    await until(tap, lambda: tap.closed is not None)
    assert (tap.stream, tap.closed) == (b"", False)


async def test_frames_of_a_socket_are_a_line_each(page: Page) -> None:
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text('{"event":"appendText","text":"Größe\\n"}')
        await socket.send_text("not JSON")
        await socket.send_text('{\n  "spread": "out"\n}')
        await socket.send_bytes(b"\x00\xff")
        await socket.close()

    async with served(talk=talk) as url:
        tap = await tapped(page, url)
        await page.evaluate(
            "() => new Promise(done => new WebSocket(`ws://${location.host}/socket`).onclose = () => done())"
        )
        (exchange,) = tap.exchanges.values()
        await until(tap, lambda: exchange.closed)
    assert (exchange.kind, exchange.status, tap.closed) == ("websocket", 101, None)
    assert exchange.body.decode().splitlines() == [
        '{"event":"appendText","text":"Größe\\n"}',
        '"not JSON"',
        '{   "spread": "out" }',
        '"AP8="',
    ]


@pytest.mark.parametrize(
    ("frames", "after_frames", "after_close"),
    [(["words", "done"], True, True), (["words"], None, False), (["done", "words"], True, True)],
)
async def test_a_frame_ends_a_socket_that_has_an_end(
    page: Page, frames: list[str], after_frames: bool | None, after_close: bool
) -> None:
    leave = asyncio.Event()

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        for frame in frames:
            await socket.send_text(frame)
        await leave.wait()
        await socket.close()

    async with served(talk=talk) as url:
        tap = Tap([Wire(re.compile("/socket"), method="WEBSOCKET", ends=re.compile(b"done"))])
        await tap.attach(page)
        await page.goto(url)
        await page.evaluate("() => void (window.socket = new WebSocket(`ws://${location.host}/socket`))")
        await until(tap, lambda: (tap.stream or b"").count(b"\n") == len(frames))
        assert tap.closed is after_frames
        leave.set()
        await page.wait_for_function("() => socket.readyState === WebSocket.CLOSED")
        await until(tap, lambda: tap.closed is not None)
    assert tap.closed is after_close


@pytest.mark.parametrize("kind", [StreamingResponse, Cut])
async def test_every_byte_is_counted(page: Page, kind: type[StreamingResponse]) -> None:
    hang_up = asyncio.Event()
    async with served(
        events(b"x" * 100_000, then=hang_up, kind=kind), pages={"blob": status(200, "y" * 50_000)}
    ) as url:
        tap = await tapped(page, url)
        before = tap.bytes_received
        await page.evaluate("() => fetch('/blob').then(response => response.text())")
        await page.evaluate(f"body => void ({READ_ALL})(body).catch(() => 0)", "?")
        await until(tap, lambda: tap.length == 100_000)
        hang_up.set()
        await until(tap, lambda: tap.closed is not None)
    assert before >= len(PAGE)
    assert 150_000 < tap.bytes_received - before < 152_000
