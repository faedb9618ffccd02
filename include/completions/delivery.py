"""One attempt to deliver a notification, over whatever transport, and when the next one is due."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final

WAITS: Final = (0.0, 5.0, 30.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
"""Seconds to wait before each attempt: three quick ones, then six that spread over 27 and a half hours."""

PATIENCE_SECONDS: Final = 60.0
"""The longest wait that is sat out by a running task; a longer one holds no slot of a worker."""

JITTER: Final = 0.2
"""The part of a longer wait by which it may be shorter or longer, so that receivers are not all tried at once."""

LONGEST_SECONDS: Final = 86_400.0
"""The longest `Retry-After` that is waited for."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one attempt ended. `final`: delivered, or refused in such a way that another attempt would be useless."""

    delivered: bool
    final: bool
    status_code: int | None
    retry_after: float | None
    """Seconds for which the receiver asks to be left alone."""
    reason: str
    """For people; free of paths, query strings and secrets."""
    attempted_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt under way, from `at`; `ended` makes its record."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)

    def ended(
        self,
        reason: str,
        *,
        delivered: bool = False,
        final: bool = False,
        status_code: int | None = None,
        retry_after: float | None = None,
    ) -> Delivery:
        """The record of this attempt, which took until now."""
        seconds = time.monotonic() - self.started
        return Delivery(delivered, delivered or final, status_code, retry_after, reason, self.at, seconds)


def wait_before_next(tried: int, retry_after: float | None, seed: str) -> float | None:
    """Seconds from the end of the attempt number `tried` to the next; None where there is none any more.

    `retry_after` is what the receiver asked for, and only makes a wait longer; `seed` settles the jitter.
    """
    if tried >= len(WAITS):
        return None
    wait = WAITS[tried]
    if wait > PATIENCE_SECONDS:
        wait *= 1 + Random(f"{seed}/{tried}").uniform(-JITTER, JITTER)
    return max(wait, min(retry_after or 0.0, LONGEST_SECONDS))
