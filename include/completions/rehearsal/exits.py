"""A gateway of exits: a forward proxy on loopback that comes out wherever its login says, or makes believe to.

It asks for credentials first (407) and tells the stand-ins, in a header, where its visitors seem to come from. Nothing
but this machine can be reached through it. An exit can be told to lie, to be slow, to hang, to die, or to refuse.
"""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex
from threading import Event, Thread
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from completions.rehearsal.visitor import EXIT, Whence

Behaviour = Literal["lies", "slow", "hangs", "dies", "breaks", "refuses"]
"""`lies` comes out in another country, `dies` drops every connection, `breaks` those that ask something (POST, a
socket), `refuses` says that it has no exit there (502), `slow` is late by some seconds, `hangs` never answers."""

LOGIN = "rehearsal-country-{country|lower}[-subdivision-{subdivision|lower}][-city-{city}]-session-{session}"
ELSEWHERE = "IN"
"""Where an exit that lies comes out ..."""
NEXT = "BR"
"""... unless that is where it was asked to."""

_ASKED = re.compile(
    r"rehearsal-country-(?P<country>[a-z]{2})(?:-subdivision-(?P<subdivision>\w+))?(?:-city-(?P<city>\w+))?"
    r"-session-(?P<session>\w+)"
)
_LOOPBACK = re.compile(r"127\.[\d.]+|localhost|.+\.localhost|\[?::1\]?")
_HEAD = 64 * 1024
_HOP = re.compile(rb"^(?:proxy-[\w-]+|connection|keep-alive):", re.IGNORECASE)


@dataclass
class Script:
    """How the exits of a place behave, the next `times` sessions of it; for good where that is None."""

    behaviour: Behaviour
    country: str | None
    city: str | None
    times: int | None
    sessions: set[str] = field(default_factory=set)

    def fits(self, asked: Whence) -> bool:
        """Whether this session is one that behaves so."""
        here = self.country in (None, asked.country) and self.city in (None, asked.city)
        if here and (self.times is None or asked.session in self.sessions or len(self.sessions) < self.times):
            self.sessions.add(asked.session)
            return True
        return False


@dataclass(frozen=True)
class Passed:
    """A request that came by: who asked for which exit, and to where; None where the credentials were not right."""

    asked: Whence | None
    target: str


class RehearsedExits:
    """Serves the gateway from a thread, on a free port of 127.0.0.1 unless `port` names one.

    with RehearsedExits() as exits:
        environ["AIRFLOW_CONN_COMPLETIONS_PROXY"] = exits.variable
    """

    def __init__(self, *, password: str | None = None, port: int = 0, delay: float = 1.0) -> None:
        """`delay`: seconds by which a slow exit is late."""
        self.password, self.delay = password or f"rehearsed-{token_hex(8)}", delay
        self.passed: list[Passed] = []
        self._scripts: list[Script] = []
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._ready = Event()
        self._thread = Thread(target=self._run, name="exits", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self._port

    def connection(self, **changes: Any) -> dict[str, Any]:
        """The fields of the connection `completions_proxy` that lead here."""
        own = {"conn_type": "http", "host": "127.0.0.1", "port": self.port, "login": LOGIN, "password": self.password}
        return own | changes

    @property
    def variable(self) -> str:
        """That connection as the environment has it."""
        return json.dumps(self.connection())

    def script(
        self, behaviour: Behaviour, *, country: str | None = None, city: str | None = None, times: int | None = None
    ) -> None:
        """Let exits in this place behave so; `city` as the login writes it."""
        self._scripts.append(Script(behaviour, country, city, times))

    def sessions(self) -> list[Whence]:
        """Every session that was let in, in the order that they came."""
        return list(dict.fromkeys(one.asked for one in list(self.passed) if one.asked))

    def reset(self) -> None:
        """Forget what came by and how exits behave."""
        self.passed.clear()
        self._scripts.clear()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._closing = asyncio.Event()
        server = await asyncio.start_server(self._meet, "127.0.0.1", self._port, limit=_HEAD, backlog=256)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._closing.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            await _Visit(self, reader, writer).serve()
        with suppress(OSError):
            writer.close()

    def _behaviour(self, asked: Whence) -> Behaviour | None:
        return next((script.behaviour for script in reversed(self._scripts) if script.fits(asked)), None)

    def _let_in(self, header: bytes | None) -> Whence | None:
        """Which exit the credentials ask for; None where they are not right."""
        scheme, _, coded = (header or b"").partition(b" ")
        login, _, password = _decoded(coded).partition(":")
        asked = _ASKED.fullmatch(login)
        if scheme.lower() != b"basic" or asked is None or password != self.password:
            return None
        country, subdivision, city, session = (part or "" for part in asked.groups())
        return Whence(country.upper(), subdivision.upper(), city, session)


class _Visit:
    """One connection of a browser to the gateway: one request, or one tunnel."""

    def __init__(self, exits: RehearsedExits, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.exits, self.reader, self.writer = exits, reader, writer

    async def serve(self) -> None:
        """See it through."""
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).rstrip(b"\r\n").split(b"\r\n")
        method, target, _ = first.split(b" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        asked = self.exits._let_in(headers.get(b"proxy-authorization"))
        self.exits.passed.append(Passed(asked, target.decode(errors="replace")))
        if asked is None:
            await self._say(407, "Proxy Authentication Required", b'Proxy-Authenticate: Basic realm="rehearsal"\r\n')
        elif not (address := _address(method, target)):
            await self._say(403, "Nothing but this machine can be reached")
        elif (seen := await self._behave(asked, method)) is not None:
            head = b"\r\n".join([first, *(line for line in lines if not _HOP.match(line))])
            await self._pass(method, head, seen, address, int(headers.get(b"content-length", 0)))

    async def _behave(self, asked: Whence, method: bytes) -> Whence | None:
        """Where the exit really is; None where it does not let anybody out."""
        match self.exits._behaviour(asked):
            case "lies":
                return Whence(NEXT if asked.country == ELSEWHERE else ELSEWHERE, "", "", asked.session)
            case "slow":
                await asyncio.sleep(self.exits.delay)
            case "hangs":
                await self.reader.read()  # until whoever came has gone
                return None
            case "refuses":
                await self._say(502, "No exit there")
                return None
            case "dies":
                return None
            case "breaks" if method != b"GET":
                return None
        return asked

    async def _pass(self, method: bytes, head: bytes, seen: Whence, address: tuple[str, int], body: int) -> None:
        reader, writer = await asyncio.open_connection(*address)
        try:
            told = f"{EXIT}: {seen.header}".encode()
            if method == b"CONNECT":
                self.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await self._tunnel(writer, told)
            else:
                first, _, rest = head.partition(b"\r\n")
                parts = first.split(b" ", 2)
                parts[1] = b"/" + parts[1].split(b"/", 3)[3] if parts[1].count(b"/") > 2 else b"/"
                writer.write(b"\r\n".join([b" ".join(parts), told, b"Connection: close", rest]) + b"\r\n\r\n")
                writer.write(await self.reader.readexactly(body))
            await _first_of(_copy(reader, self.writer), _copy(self.reader, writer))
        finally:
            writer.close()

    async def _tunnel(self, writer: asyncio.StreamWriter, told: bytes) -> None:
        """What is spoken in the clear through a tunnel, as a socket's first words are, is told the place too."""
        begun = await self.reader.read(_HEAD)
        if re.match(rb"[A-Z]+ \S+ HTTP/1", begun):
            begun = begun.replace(b"\r\n", b"\r\n" + told + b"\r\n", 1)
        writer.write(begun)

    async def _say(self, status: int, reason: str, headers: bytes = b"") -> None:
        body = reason.encode()
        head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n".encode()
        self.writer.write(head + headers + b"Connection: close\r\n\r\n" + body)
        await self.writer.drain()


def _address(method: bytes, target: bytes) -> tuple[str, int] | None:
    """Where the request is to go, if that is on this machine."""
    parts = urlsplit(f"//{target.decode()}" if method == b"CONNECT" else target.decode())
    if not _LOOPBACK.fullmatch(parts.hostname or ""):
        return None
    return "127.0.0.1", parts.port or 80


def _decoded(coded: bytes) -> str:
    try:
        return b64decode(coded).decode()
    except ValueError:
        return ""


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_HEAD):
            writer.write(piece)
            await writer.drain()


async def _first_of(*copies: Any) -> None:
    """Until one side is done: the other is then of no use."""
    tasks = [asyncio.ensure_future(copy) for copy in copies]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
