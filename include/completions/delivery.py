"""One attempt to deliver a notification, over whatever transport, and the quick tries made of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

QUICK_TRIES: Final = (0.0, 5.0, 30.0)
"""Seconds to wait before each of the tries made within the run."""

PATIENCE_SECONDS: Final = 60.0
"""The longest `Retry-After` that the quick tries wait for; a longer one ends them."""


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


def deliver_quickly(
    attempt: Callable[[], Delivery],
    *,
    delays: Sequence[float] = QUICK_TRIES,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Delivery]:
    """Make up to `len(delays)` attempts, waiting before each; stop at a final one, or at a long `Retry-After`.

    Returns every attempt made. Where the last one is not final, delivery is worth taking up again later.
    """
    attempts: list[Delivery] = []
    for delay in delays:
        wait = max(delay, attempts[-1].retry_after or 0.0) if attempts else delay
        if wait > PATIENCE_SECONDS:
            break
        sleep(wait)
        attempts.append(attempt())
        if attempts[-1].final:
            break
    return attempts
