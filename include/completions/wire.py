"""What the site sends for the conversation, recorded as received.

The record is taken over the Chrome DevTools Protocol (`Network.streamResourceContent`): the page cannot see it, and
what was sent before a connection broke is kept, which `response.body()` would lose.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from completions.sites.base import StreamKind, Wire

KINDS: dict[str, StreamKind] = {
    "text/event-stream": "sse",
    "text/vnd.openai.web-mobile-partial+html": "partial-html",
    "application/vnd.openai.conversation-source+ndjson": "ndjson",
    "application/json": "json",
}
STRAYS = 5_000_000
"""Bytes that are kept of what came by ways that no `wire` names."""


@dataclass
class Exchange:
    """One request and what came back, or one socket and its frames."""

    url: str
    kind: StreamKind | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    head: bytes = b""
    """What had come before the recording of this response began."""
    chunks: list[bytes] = field(default_factory=list)
    closed: bool | None = None
    """True: it ended by itself or the page ended it. False: it was cut or failed. None: it goes on."""
    ends: re.Pattern[bytes] | None = None
    """In the frame of a socket that ends the answer; without it the socket is no proof of an end."""
    handed_by: re.Pattern[bytes] | None = None
    """In a stream that has ended and handed the answer to this socket; until then the socket is not waited for."""

    @property
    def body(self) -> bytes:
        """All that was received so far."""
        return self.head + b"".join(self.chunks)


class Tap:
    """Records the exchanges of a page that match a site's `wire`, and counts every byte the page received.

    What looks like a conversation but matches none is recorded apart (`astray`): no adapter reads it, but where a site
    has changed its ways it is what the adapter can be mended by.
    """

    def __init__(self, wires: Sequence[Wire]) -> None:
        self.wires = wires
        self.exchanges: dict[str, Exchange] = {}
        self.strays: dict[str, Exchange] = {}
        self.stirred = asyncio.Event()
        """Set whenever something came; the one who waits clears it."""
        self._received: Counter[str] = Counter()
        self._bodies: set[asyncio.Task[None]] = set()
        self._stray_bodies: set[asyncio.Task[None]] = set()
        self._stray_bytes = 0

    async def attach(self, page: Page) -> None:
        """Record from now on."""
        session = await page.context.new_cdp_session(page)
        handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "Network.requestWillBeSent": self._sent,
            "Network.responseReceived": partial(self._responded, session),
            "Network.dataReceived": self._data,
            "Network.loadingFinished": self._finished,
            "Network.loadingFailed": self._failed,
            "Network.webSocketCreated": self._socket,
            "Network.webSocketFrameReceived": self._frame,
            "Network.webSocketClosed": self._socket_closed,
        }
        for event, handler in handlers.items():
            session.on(event, handler)
        await session.send("Network.enable")

    @property
    def closed(self) -> bool | None:
        """Whether everything recorded ended by itself (True), something was cut (False), or it goes on (None).

        An exchange goes on until its body is here, which may be later than its end.
        """
        ends = [each.closed for each in self.exchanges.values() if self._tells(each)]
        return None if self._bodies or not ends or None in ends else all(ends)

    async def caught_up(self) -> None:
        """Wait until all that the browser has received of the exchanges is here."""
        while self._bodies:
            await asyncio.wait(self._bodies)

    def _tells(self, exchange: Exchange) -> bool:
        """Whether the end of `exchange` is one of those that the answer ends with."""
        if exchange.kind != "websocket" or not exchange.ends:
            return exchange.kind != "websocket"
        handed = exchange.handed_by
        return handed is None or any(each.closed and handed.search(each.body) for each in self.exchanges.values())

    @property
    def stream(self) -> bytes | None:
        """The bytes of every exchange in order; None when there was none."""
        return b"".join(exchange.body for exchange in self._in_order()) if self.exchanges else None

    @property
    def kind(self) -> StreamKind | None:
        """What the recorded bytes are."""
        return next((exchange.kind for exchange in self._in_order() if exchange.kind), None)

    def _in_order(self) -> list[Exchange]:
        """As they began, but what an answer was handed over to after what handed it over."""
        return sorted(self.exchanges.values(), key=lambda exchange: exchange.handed_by is not None)

    @property
    def astray(self) -> tuple[bytes | None, StreamKind | None]:
        """The bytes of the strays in order, and what the first is; plain answers only where nothing streamed."""
        came = [each for each in self.strays.values() if each.body]
        strays = [each for each in came if each.kind != "json"] or came
        return (b"".join(each.body for each in strays), strays[0].kind) if strays else (None, None)

    @property
    def length(self) -> int:
        """Bytes recorded so far."""
        return sum(len(exchange.head) + sum(map(len, exchange.chunks)) for exchange in self.exchanges.values())

    @property
    def bytes_received(self) -> int:
        """Bytes that the page received, as they came over the network; unpacked of what goes on or was cut."""
        return self._received.total()

    def _sent(self, event: dict[str, Any]) -> None:
        request = event["request"]
        if wire := self._wire(request["method"], request["url"]):
            self.exchanges[event["requestId"]] = Exchange(request["url"], kind=wire.kind)
        elif led := self.exchanges.pop(event["requestId"], None):  # elsewhere: what comes from there is no conversation
            self.exchanges[f"{event['requestId']} led elsewhere"] = led
            led.closed = False
        elif request["method"] == "POST":
            self.strays[event["requestId"]] = Exchange(request["url"])

    def _responded(self, session: CDPSession, event: dict[str, Any]) -> None:
        response = event["response"]
        if not (exchange := self.exchanges.get(event["requestId"])):
            self._strayed(session, event["requestId"], response)
            return
        exchange.status = response["status"]
        exchange.headers = {name.lower(): value for name, value in response["headers"].items()}
        exchange.kind = exchange.kind or KINDS.get(response["mimeType"])
        body = asyncio.ensure_future(_stream(session, event["requestId"], exchange))
        self._bodies.add(body)
        body.add_done_callback(self._begun)

    def _strayed(self, session: CDPSession, request: str, response: dict[str, Any]) -> None:
        """Record what comes if it may be a conversation: a stream, or the answer to something sent."""
        stray, kind = self.strays.pop(request, None), KINDS.get(response["mimeType"])
        if kind is None or (stray is None and kind == "json") or self._stray_bytes > STRAYS:
            return
        self.strays[request] = stray = Exchange(response["url"], kind, response["status"])
        body = asyncio.ensure_future(_stream(session, request, stray))
        self._stray_bodies.add(body)
        body.add_done_callback(self._stray_bodies.discard)

    def _begun(self, body: asyncio.Task[None]) -> None:
        self._bodies.discard(body)
        self.stirred.set()

    def _data(self, event: dict[str, Any]) -> None:
        self._received[event["requestId"]] += event["dataLength"]
        if not event.get("data"):
            return
        if exchange := self.exchanges.get(event["requestId"]):
            exchange.chunks.append(base64.b64decode(event["data"]))
            self.stirred.set()
        elif stray := self.strays.get(event["requestId"]):
            self._keep_stray(stray, base64.b64decode(event["data"]))

    def _keep_stray(self, stray: Exchange, data: bytes) -> None:
        self._stray_bytes += len(data)
        if self._stray_bytes <= STRAYS:
            stray.chunks.append(data)

    def _finished(self, event: dict[str, Any]) -> None:
        self._received[event["requestId"]] = int(event["encodedDataLength"])
        self._close(event, ended=True)

    def _failed(self, event: dict[str, Any]) -> None:
        # a page that has read the end marker often aborts the request itself: that is no cut
        self._close(event, ended=bool(event.get("canceled")))

    def _close(self, event: dict[str, Any], *, ended: bool) -> None:
        if exchange := self.exchanges.get(event["requestId"]):
            exchange.closed = ended
            self.stirred.set()

    def _socket(self, event: dict[str, Any]) -> None:
        if wire := self._wire("WEBSOCKET", event["url"]):
            self.exchanges[event["requestId"]] = Exchange(
                event["url"], kind="websocket", status=101, ends=wire.ends, handed_by=wire.handed_by
            )
        else:
            self.strays[event["requestId"]] = Exchange(event["url"], kind="websocket", status=101)

    def _frame(self, event: dict[str, Any]) -> None:
        payload = event["response"]["payloadData"]
        self._received[event["requestId"]] += len(payload)
        if exchange := self.exchanges.get(event["requestId"]):
            exchange.chunks.append(line := _line(payload))
            exchange.closed = exchange.closed or bool(exchange.ends and exchange.ends.search(line)) or None
            self.stirred.set()
        elif stray := self.strays.get(event["requestId"]):
            self._keep_stray(stray, _line(payload))

    def _socket_closed(self, event: dict[str, Any]) -> None:
        """A socket that closes before the frame that ends the answer was cut."""
        exchange = self.exchanges.get(event["requestId"])
        self._close(event, ended=not (exchange and exchange.ends and not exchange.closed))

    def _wire(self, method: str, url: str) -> Wire | None:
        return next((wire for wire in self.wires if wire.method == method and wire.url.search(url)), None)


async def _stream(session: CDPSession, request: str, exchange: Exchange) -> None:
    """Ask for the body as it comes; what came before this answer is its head."""
    try:
        answer = await session.send("Network.streamResourceContent", {"requestId": request})
        exchange.head = base64.b64decode(answer["bufferedData"])
    except PlaywrightError:
        exchange.head = await _whole(session, request)


async def _whole(session: CDPSession, request: str) -> bytes:
    """The body of a response that had ended before it could be streamed."""
    try:
        answer = await session.send("Network.getResponseBody", {"requestId": request})
    except PlaywrightError:
        return b""
    body: str = answer["body"]
    return base64.b64decode(body) if answer["base64Encoded"] else body.encode()


def _line(payload: str) -> bytes:
    """A frame as one line: JSON frames as they are, others as a JSON string."""
    try:
        json.loads(payload)
    except ValueError:
        payload = json.dumps(payload)
    return payload.replace("\n", " ").encode() + b"\n"
