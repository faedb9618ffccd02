"""A real S3 behind a gate that can hold one request until it is let go, or some for a while: to strike just then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock

from completions.store import AwsAccess
from poor_s3 import poor

WAIT = 300
"""Seconds after which a request that was held goes on by itself."""


@dataclass
class Slow:
    """Requests that are handed on only after a while."""

    request: re.Pattern[str]
    seconds: float
    times: int


@dataclass
class Gate:
    """What the gate does to the requests, each `METHOD /path`."""

    access: AwsAccess = field(default_factory=AwsAccess)
    """To the S3, by way of the gate."""
    reached: Event = field(default_factory=Event)
    """Set when the request that is to be held is there."""
    slowed: list[str] = field(default_factory=list)
    """The requests that came late."""
    _open: Event = field(default_factory=Event)
    _held: re.Pattern[str] | None = None
    _slow: list[Slow] = field(default_factory=list)
    _turn: Lock = field(default_factory=Lock)

    def hold(self, request: str) -> None:
        """Hold the next request that matches."""
        self.reached.clear()
        self._open.clear()
        self._held = re.compile(request)

    def release(self) -> None:
        """Let go what is held, and hold nothing more."""
        self._held = None
        self._open.set()

    def slow(self, request: str, seconds: float, times: int = 1) -> None:
        """Hand on the next so many requests that match only after these seconds."""
        self._slow.append(Slow(re.compile(request), seconds, times))

    def judge(self, method: str, path: str) -> bool:
        """Wait as long as this request must; every request is handed on."""
        request = f"{method} {path}"
        if self._is_held(request):
            self.reached.set()
            self._open.wait(WAIT)
        elif seconds := self._delay(request):
            Event().wait(seconds)
        return True

    def _is_held(self, request: str) -> bool:
        with self._turn:
            held = self._held is not None and self._held.search(request) is not None
            self._held = None if held else self._held
            return held

    def _delay(self, request: str) -> float:
        with self._turn:
            for slow in self._slow:
                if slow.times and slow.request.search(request):
                    slow.times -= 1
                    self.slowed.append(request)
                    return slow.seconds
            return 0


@contextmanager
def gated(s3: AwsAccess) -> Iterator[Gate]:
    """A gate in front of an S3. Where that is gone, whoever comes is left without an answer."""
    gate = Gate()
    with poor(s3, gate.judge) as gate.access:
        try:
            yield gate
        finally:
            gate.release()
