"""The rehearsal as an application, as a server for tests, and as a process of its own. Loopback only."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Collection
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from completions.rehearsal import control
from completions.rehearsal.book import Asking, Book, Callback, Reply, Settings
from completions.rehearsal.changes import STEADY, Change
from completions.rehearsal.faults import checked
from completions.rehearsal.sites import known, routes, shown
from completions.rehearsal.truth import Truth
from completions.sites import rehearsed


def build(settings: Settings, sites: Collection[str] = ()) -> Starlette:
    """The application: `sites` (all, where none is named), and the control routes under `/_rehearsal`.

    ValueError for an unknown fault.
    """
    if settings.fault:
        checked(settings.fault)
    app = Starlette(routes=[Mount("/_rehearsal", routes=control.ROUTES), control.TRACE, *routes(sites)])
    app.state.book = Book(settings)
    return app


class Rehearsal:
    """Serves the stand-ins from a thread, on a free port of 127.0.0.1 unless `port` names one.

    with Rehearsal(latency=0.2, ui="b") as rehearsal:
        ask(rehearsal.url, "best guitars")
        assert [asking.prompt for asking in rehearsal.asked()] == ["best guitars"]
    """

    def __init__(
        self,
        *,
        ui: str = "mixed",
        latency: float = 1.0,
        fault: str | None = None,
        log: Path | None = None,
        port: int = 0,
        sites: Collection[str] = (),
    ) -> None:
        app = build(Settings(ui, latency, fault, log), sites)
        self._book: Book = app.state.book
        # Listening from the first moment: whoever connects early waits, nobody is refused.
        self._socket = socket.create_server(("127.0.0.1", port), backlog=512)
        # No logging set-up of uvicorn's own: this may run in a process that has one.
        config = uvicorn.Config(
            app, ws="websockets-sansio", lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
        logging.getLogger("uvicorn.error").addFilter(_not_on_purpose)
        self._server = _Server(config, self._book.closing)
        self._thread = Thread(target=self._server.run, args=([self._socket],), name="rehearsal", daemon=True)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()

    def asked(self) -> list[Asking]:
        """Every prompt in the order it was asked."""
        return list(self._book.asked)

    def address(self, site: str) -> str:
        """Where the chat of the stand-in for `site` starts."""
        return rehearsed(site, self.url)

    def truth(self, prompt: str, ui: str | None = None, site: str = "chatgpt", n: int = 1) -> Truth:
        """What is shown at asking `n` of `prompt`, as far as front end `ui` shows it (else that which shows most)."""
        return shown(prompt, site, ui, self._book.change(site), n)

    def change(self, site: str, change: Change = STEADY) -> None:
        """Let `site` be different from now on; without a change, as ever."""
        self._book.changes[known(site)] = change

    def script(self, prompt: str, fault: str, times: int | None = None) -> None:
        """Deal `fault` to the next `times` askings of `prompt` (to all, where None), then answer."""
        self._book.script(prompt, fault, times)

    def callback_url(self, name: str) -> str:
        """Address of the receiver called `name`."""
        return f"{self.url}/_rehearsal/callback/{name}"

    def callbacks(self, name: str) -> list[Callback]:
        """What the receiver called `name` got, oldest first."""
        return list(self._book.callbacks[name])

    def script_callback(self, name: str, status: int, times: int = 1, retry_after: str | None = None) -> None:
        """Let the receiver called `name` answer `status` to the next `times` callbacks in place of 204."""
        self._book.replies[name] = Reply(status, times, retry_after)

    def reset(self) -> None:
        """Forget everything that was asked, scripted and received."""
        self._book.reset()


def serve(rehearsal: Rehearsal, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is given the URL once the rehearsal takes connections."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with rehearsal:
        ready(rehearsal.url)
        stop.wait()


class _Server(uvicorn.Server):
    """Tells whatever hangs on purpose that it is over, before it waits for it."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go, then stop."""
        self._closing.set()
        await super().shutdown(sockets)


def _not_on_purpose(record: logging.LogRecord) -> bool:
    """Keep uvicorn from calling a connection that a fault dropped an error."""
    return "without completing response" not in record.getMessage()
