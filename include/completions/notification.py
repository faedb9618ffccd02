"""What is told of whom, and the account of it: every attempt to deliver it, and when the next is due.

A batch's is `batches/<batch_id>/notifications-g<generation>.json`, that of an audit's run
`audits/<name>/<run>/notification.json`, written after each attempt. Attempts come in rounds: one of as many as
`delivery.WAITS` has, and another each time that somebody has the notification sent again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from completions.delivery import PATIENCE_SECONDS, Delivery, wait_before_next
from completions.record import batch_key
from completions.store import Store

SHOWN = 20
"""So many of the latest attempts are told in a batch's status."""

State = Literal["delivered", "retrying", "failed"]


def _now() -> datetime:
    return datetime.now(UTC)


class Notification(BaseModel):
    """What was done to deliver a notification, oldest attempt first."""

    model_config = ConfigDict(frozen=True)

    id: str
    """The `webhook-id`, the same for every attempt."""
    tried: int = 0
    """Attempts made in this round."""
    attempts: tuple[Delivery, ...] = ()
    next_attempt_at: AwareDatetime | None
    """None once it is delivered or given up."""

    @property
    def state(self) -> State:
        """How the notification stands."""
        if self.next_attempt_at:
            return "retrying"
        return "delivered" if self.attempts and self.attempts[-1].delivered else "failed"

    @property
    def reason(self) -> str:
        """How the last attempt ended."""
        return self.attempts[-1].reason if self.attempts else "nothing was sent yet"

    def again(self, now: datetime) -> Notification:
        """The account when another round begins."""
        return self.model_copy(update={"tried": 0, "next_attempt_at": now})

    def after(self, attempt: Delivery) -> Notification:
        """The account when one more attempt was made."""
        tried = self.tried + 1
        wait = None if attempt.final else wait_before_next(tried, attempt.retry_after, self.id)
        due = None if wait is None else attempt.attempted_at + timedelta(seconds=attempt.seconds + wait)
        return self.model_copy(update={"tried": tried, "attempts": (*self.attempts, attempt), "next_attempt_at": due})


@dataclass(frozen=True)
class Event:
    """Something that is over, and whom it is told to."""

    about: str
    """What it is of, in a word: the group of messages in a FIFO queue."""
    key: str
    """Of the account."""
    id: str
    """The `webhook-id`: the same each time that this is told."""
    message: dict[str, Any]
    target: str
    conf: dict[str, Any]
    """By which a later run finds it again."""


def load(part: Store, key: str) -> Notification | None:
    """The account at `key`; None before its first attempt, or where it can't be read."""
    body = part.get(key)
    try:
        return Notification.model_validate_json(body) if body else None
    except ValidationError:
        return None


def keep(part: Store, key: str, account: Notification) -> None:
    """Write the account, in place of the one that stands."""
    part.put(key, account.model_dump_json().encode())


def pursue(
    account: Notification,
    attempt: Callable[[], Delivery],
    note: Callable[[Notification], None],
    *,
    now: Callable[[], datetime] = _now,
    sleep: Callable[[float], None] = time.sleep,
) -> Notification:
    """Make every attempt that is due or will be in a moment, and `note` the account after each; returns the last."""
    while account.next_attempt_at:
        wait = (account.next_attempt_at - now()).total_seconds()
        if wait > PATIENCE_SECONDS:
            break
        if wait > 0:
            sleep(wait)
        account = account.after(attempt())
        note(account)
    return account


def shown(part: Store, batch_id: str, generation: int) -> dict[str, Any] | None:
    """The field `notification` of a batch's status; times in UTC, `seconds` is how long the attempt took."""
    account = load(part, notification_key(batch_id, generation))
    if account is None:
        return None
    return {
        "id": account.id,
        "state": account.state,
        "next_attempt_at": iso(account.next_attempt_at),
        "attempts": [_shown(attempt) for attempt in account.attempts[-SHOWN:]],
    }


def _shown(attempt: Delivery) -> dict[str, Any]:
    return {
        "at": iso(attempt.attempted_at),
        "delivered": attempt.delivered,
        "status_code": attempt.status_code,
        "seconds": round(attempt.seconds, 3),
        "reason": attempt.reason,
    }


def iso(at: datetime | None) -> str | None:
    """A moment as JSON tells it: ISO 8601 in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def notification_key(batch_id: str, generation: int) -> str:
    """Key of the account of a batch's notification."""
    return batch_key(batch_id, f"notifications-g{generation}.json")
