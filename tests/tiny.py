"""The smallest chat site there is, and its adapter: for what needs a server or deadlines of the test's own making."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType

import uvicorn
from playwright.async_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Send
from starlette.websockets import WebSocket

from completions.answer import Answer, Reading
from completions.errors import Outcome, Wall
from completions.sites.base import Captured, Deadlines, Progress, Wire

QUICK = Deadlines(
    context=10,
    load=2,
    ready=2,
    submit=2,
    first_token=1,
    between_tokens=1.5,
    answer=6,
    settle=0.5,
    look=1.5,
    read=3,
)
"""Seconds; short, yet long enough for a busy machine to do what is quick."""

END = b"data: [END]\n\n"

PAGE = """<!doctype html><title>tiny</title><input id=box><button onclick="ask()">send</button><main></main><script>
const main = document.querySelector("main");
async function ask() {
  main.dataset.state = "busy";
  try {
    const response = await fetch("/ask", { method: "POST", body: document.querySelector("#box").value });
    const decoder = new TextDecoder();
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      const text = decoder.decode(value, { stream: true });
      main.append(text.replaceAll("data: ", "").replaceAll("[END]", "").trim());
    }
  } catch {}
  main.dataset.state = "finished";
}
</script>"""

Handler = Callable[[Request], Awaitable[Response]]


class Tiny:
    """Its page has a box, a button and a place for the answer; an answer is whole when `[END]` was sent."""

    name = "tiny"
    version = "0"
    wire: tuple[Wire, ...] = (Wire(re.compile("/ask")), Wire(re.compile("/socket"), method="WEBSOCKET"))
    shows: Mapping[str, str] = {}
    trace: str | None = None

    def __init__(self, url: str, deadlines: Deadlines = QUICK) -> None:
        self.url = url
        self.deadlines = deadlines

    def address(self, display: str | None) -> str:
        return self.url

    async def ready(self, page: Page) -> None:
        await page.wait_for_selector("#box, #wall", timeout=0)
        if await page.query_selector("#wall"):
            raise Wall(Outcome.LOGIN_WALL, "a wall")

    async def submit(self, page: Page, prompt: str) -> None:
        await page.fill("#box", prompt, timeout=0)
        await page.click("button", timeout=0)

    async def look(self, page: Page) -> Progress:
        state, length = await page.evaluate(
            "(main => [main?.dataset.state, main?.textContent.length])(document.querySelector('main'))"
        )
        states: dict[str, Progress] = {"finished": Progress("finished", length), "walled": Progress("walled", length)}
        return states.get(state, Progress("streaming" if length else "waiting", length or 0))

    async def unfold(self, page: Page) -> dict[str, list[str]]:
        return {}

    def read(self, captured: Captured) -> Reading:
        text = re.search("<main[^>]*>([^<]*)</main>", captured.html or "")
        shown = text[1] if text else ""
        page_finished = None if captured.html is None else 'data-state="finished"' in captured.html
        stream_finished = None if captured.stream is None else captured.stream.endswith(END)
        finished = page_finished is not False and stream_finished is not False
        return Reading(
            page_finished=page_finished,
            stream_finished=stream_finished,
            finished=finished,
            outcome=Outcome.ANSWERED if finished else Outcome.NETWORK,
            error_message=None if finished else "not whole",
            answer=Answer(answer_text=shown, answer_markdown=shown) if finished else None,
        )


class Cut(StreamingResponse):
    """A stream whose connection is dropped where its end should come."""

    async def stream_response(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self.body_iterator:
            await send({"type": "http.response.body", "body": piece, "more_body": True})


def events(
    *pieces: bytes, then: asyncio.Event | None = None, kind: type[StreamingResponse] = StreamingResponse
) -> Handler:
    """Answers with these pieces as server-sent events, and after that waits for `then` if there is one."""

    async def answer(request: Request) -> Response:
        await request.body()
        return kind(_pieces(pieces, then), media_type="text/event-stream")

    return answer


def status(code: int, body: str = "", **headers: str) -> Handler:
    """Answers with a status."""

    async def answer(_: Request) -> Response:
        return Response(body, code, {name.replace("_", "-"): value for name, value in headers.items()})

    return answer


async def home(_: Request) -> Response:
    """The chat's page."""
    return HTMLResponse(PAGE)


@asynccontextmanager
async def served(
    ask: Handler | None = None,
    *,
    home: Handler = home,
    talk: Callable[[WebSocket], Awaitable[None]] | None = None,
    pages: Mapping[str, Handler] = MappingProxyType({}),
) -> AsyncIterator[str]:
    """The URL of a tiny site on a free port of 127.0.0.1: its page, `POST /ask`, `/socket`, and further pages."""
    routes: list[BaseRoute] = [Route("/", home), *(_page(name, page) for name, page in pages.items())]
    routes += [Route("/ask", ask or events(b"data: yes\n\n", END), methods=["POST"])]
    routes += [WebSocketRoute("/socket", talk)] if talk else []
    async with serving(routes) as url:
        yield url


@asynccontextmanager
async def serving(routes: Sequence[BaseRoute]) -> AsyncIterator[str]:
    """The URL of a server of these routes on a free port of 127.0.0.1."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=routes),
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=0,
        ws="websockets-sansio",
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await task
        listening.close()


def _page(name: str, page: Handler) -> Route:
    return Route(f"/{name}", page, methods=["GET", "POST"])


async def _pieces(pieces: tuple[bytes, ...], then: asyncio.Event | None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)
    if then:
        await then.wait()
