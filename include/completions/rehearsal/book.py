"""What a rehearsal remembers, in memory only: visits, what was asked, the faults to deal, the callbacks that came."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from completions.rehearsal.changes import STEADY, Change, changed_draft
from completions.rehearsal.draft import Draft
from completions.rehearsal.faults import WALLS, checked, spoilt, tagged
from completions.rehearsal.visitor import Whence, told, whence


@dataclass(frozen=True)
class Settings:
    """How a rehearsal behaves.

    `ui`: the front end that sites with one of that name serve; others, and all where it is `mixed`, serve their usual
    one, and the other to every fourth visitor; none does where it is `usual`. `latency`: seconds from the prompt
    to the end of its answer. `fault`: dealt to everyone. `log`: a file that gets a JSON object a line when a
    prompt is asked, and once more when its answer was sent whole.
    """

    ui: str = "mixed"
    latency: float = 1.0
    fault: str | None = None
    log: Path | None = None


@dataclass
class Visit:
    """One browser that came: which front end it gets, what greets it, and the wall it ran into, if any."""

    number: int
    ui: str
    wall: str | None = None
    consented: bool = False

    @property
    def consent(self) -> bool:
        """Whether the cookie dialog is shown."""
        return self.number % 3 == 0 and not self.consented

    @property
    def upsell(self) -> bool:
        """Whether the offer to log in is shown."""
        return self.number % 5 == 0


@dataclass
class Asking:
    """One prompt as it was asked.

    `n` counts the askings of the same prompt, `completed` says that its answer was sent whole.
    """

    prompt: str
    n: int
    at: str
    ui: str
    fault: str | None
    accept_language: str | None
    user_agent: str | None
    timezone: str | None
    completed: bool = False
    site: str = "chatgpt"
    whence: Whence | None = None
    """Where it came from, as the exit said; None where it came through none."""
    told: dict[str, Any] | None = None
    """What the page saw of the browser."""


@dataclass
class Script:
    """A fault for one prompt: dealt `times` times, or for good where that is None."""

    fault: str
    times: int | None = None


@dataclass(frozen=True)
class Callback:
    """A request that the callback receiver got, byte for byte, and the status it answered."""

    at: str
    headers: dict[str, str]
    body: bytes
    status: int


@dataclass
class Reply:
    """What the callback receiver answers in place of 204, `times` times."""

    status: int
    times: int
    retry_after: str | None = None


@dataclass
class Book:
    """The memory of one rehearsal."""

    settings: Settings
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server stops: whatever hangs on purpose lets go."""
    visits: list[Visit] = field(default_factory=list)
    asked: list[Asking] = field(default_factory=list)
    scripts: dict[str, Script] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    """By site: what is different there."""
    callbacks: defaultdict[str, list[Callback]] = field(default_factory=lambda: defaultdict(list))
    replies: dict[str, Reply] = field(default_factory=dict)
    topics: dict[str, Any] = field(default_factory=dict)
    """Answers that wait for the socket which they were handed over to, by the name that it asks for."""

    def visit(self, cookie: str | None, front_ends: Sequence[str]) -> Visit:
        """The visit that `cookie` tells of, or a new one at a site with these front ends, the usual one first."""
        if cookie and cookie.isdecimal() and 0 < int(cookie) <= len(self.visits):
            return self.visits[int(cookie) - 1]
        number = len(self.visits) + 1
        mixed = front_ends[-1] if number % 4 == 3 and self.settings.ui != "usual" else front_ends[0]
        wall = self.settings.fault if self.settings.fault in WALLS else None
        self.visits.append(Visit(number, self.settings.ui if self.settings.ui in front_ends else mixed, wall))
        return self.visits[-1]

    def ask(
        self, prompt: str, ui: str, timezone: str | None, headers: Mapping[str, str], site: str = "chatgpt"
    ) -> Asking:
        """Write down that `prompt` is asked, and decide how that ends."""
        asking = Asking(
            prompt=prompt,
            n=1 + sum((earlier.prompt, earlier.site) == (prompt, site) for earlier in self.asked),
            at=now(),
            ui=ui,
            fault=self._deal(prompt, site),
            accept_language=headers.get("accept-language"),
            user_agent=headers.get("user-agent"),
            timezone=timezone,
            site=site,
            whence=whence(headers),
            told=told(headers),
        )
        self.asked.append(asking)
        self._log(asking)
        return asking

    def complete(self, asking: Asking) -> None:
        """Write down that the answer was sent whole."""
        asking.completed = True
        self._log(asking)

    def script(self, prompt: str, fault: str, times: int | None = None) -> None:
        """Deal `fault` to the next `times` askings of `prompt` (to all, where None)."""
        self.scripts[prompt] = Script(checked(fault), times)

    def change(self, site: str) -> Change:
        """What is different at `site`."""
        return self.changes.get(site, STEADY)

    def draft(self, asking: Asking) -> Draft:
        """What the site has to say to what was asked, or what takes its place."""
        said = changed_draft(asking.site, asking.prompt, self.change(asking.site), asking.n)
        return spoilt(said, asking.fault)

    def due(self, prompt: str, site: str) -> str | None:
        """The fault that the next asking of `prompt` meets."""
        script = self.scripts.get(prompt)
        if script and script.times != 0:
            return script.fault
        return tagged(prompt) or self.change(site).fault or self.settings.fault

    def reset(self) -> None:
        """Forget everything but the settings."""
        for memory in (self.visits, self.asked, self.scripts, self.changes, self.callbacks, self.replies, self.topics):
            memory.clear()

    def receive(self, name: str, headers: Mapping[str, str], body: bytes) -> Callback:
        """Keep a callback and decide its answer."""
        reply = self.replies.get(name)
        status = 204
        if reply and reply.times > 0:
            reply.times -= 1
            status = reply.status
        self.callbacks[name].append(Callback(now(), dict(headers), body, status))
        return self.callbacks[name][-1]

    def _deal(self, prompt: str, site: str) -> str | None:
        fault, script = self.due(prompt, site), self.scripts.get(prompt)
        if script and script.times:
            script.times -= 1
        return fault

    def _log(self, asking: Asking) -> None:
        if self.settings.log:
            with self.settings.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(asdict(asking), ensure_ascii=False) + "\n")


def now() -> str:
    """The time, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat()
