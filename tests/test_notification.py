"""When attempts are made, by a clock that nobody waits for, and the account that is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise, repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from batches import BATCH
from completions.delivery import JITTER, WAITS, Delivery, wait_before_next
from completions.notification import SHOWN, Notification, keep, load, notification_key, pursue, shown
from completions.notify import webhook_headers
from completions.record import batch_key
from completions.store import Store
from receivers import BODY, NOW, SECRETS, Answer, Receiver, listening, raw, reset, status

pytest_plugins = ["stores"]

HOUR = 3600.0


@dataclass
class Clock:
    """Time that passes where it is waited for: asleep in a task, or between two tasks."""

    at: datetime = NOW
    waits: list[float] = field(default_factory=lambda: [0.0])
    """Before each attempt; the first is made at once."""
    slept: list[float] = field(default_factory=list)
    """Those that a task sat out."""

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.until(self.at + timedelta(seconds=seconds))

    def until(self, due: datetime) -> None:
        self.waits.append((due - self.at).total_seconds())
        self.at = due


def ended(at: datetime, **how: Any) -> Delivery:
    given = {"delivered": False, "final": False, "status_code": 503, "retry_after": None, "reason": "", **how}
    return Delivery(**given, attempted_at=at, seconds=0.0)


def told(attempt: Callable[[], Delivery], clock: Clock, account: Notification | None = None) -> Notification:
    """Follow a notification to its end, as notify and the runs after it do: each comes back when it is due."""
    account = account or Notification(id="msg_1", next_attempt_at=clock.now())
    noted: list[Notification] = []
    while account.next_attempt_at:
        before = len(account.attempts)
        account = pursue(account, attempt, noted.append, now=clock.now, sleep=clock.sleep)
        assert account == noted[-1]
        assert len(account.attempts) > before, "it is only looked at when it is due"
        if account.next_attempt_at:
            clock.until(account.next_attempt_at)
    assert [each.tried for each in noted] == list(range(1, len(noted) + 1))
    return account


def dealing(clock: Clock, answers: Iterable[dict[str, Any]]) -> Callable[[], Delivery]:
    coming = iter(answers)
    return lambda: ended(clock.now(), **next(coming))


DOWN: dict[str, Any] = {}
TAKEN = {"delivered": True, "final": True, "status_code": 200}
GONE = {"final": True, "status_code": 410}


def about(expected: list[float]) -> Any:
    """The waits, the longer ones give or take the jitter."""
    return [seconds if seconds <= 60 else pytest.approx(seconds, rel=JITTER) for seconds in expected]


@pytest.mark.parametrize("failures", range(len(WAITS) + 1))
def test_a_receiver_that_fails_so_many_times(failures: int) -> None:
    clock = Clock()
    account = told(dealing(clock, chain(repeat(DOWN, failures), repeat(TAKEN))), clock)
    made = min(failures + 1, len(WAITS))
    assert clock.waits == about([0, 5, 30, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR][:made])
    assert clock.slept == [5, 30][: made - 1], "what is longer holds no slot"
    assert account.state == ("delivered" if failures < len(WAITS) else "failed")
    assert account.next_attempt_at is None


def test_the_longer_waits_differ_from_one_notification_to_another_and_not_from_one_look_to_the_next() -> None:
    waits = [wait_before_next(4, None, f"msg_{number}") for number in range(100)]
    assert len(set(waits)) == 100
    assert waits == [wait_before_next(4, None, f"msg_{number}") for number in range(100)]


ASKED = [
    # what the receiver says, the waits
    ([{"retry_after": 12}, DOWN, TAKEN], [0, 12, 30]),
    ([{"retry_after": 60}, TAKEN], [0, 60]),
    ([{"retry_after": 61}, TAKEN], [0, 61]),
    ([{"retry_after": 1}, TAKEN], [0, 5]),
    ([DOWN, {"retry_after": 3 * HOUR}, TAKEN], [0, 5, 3 * HOUR]),
    ([DOWN, DOWN, DOWN, {"retry_after": 10}, TAKEN], [0, 5, 30, 300, 1800]),
    ([{"retry_after": 365 * 24 * HOUR}, TAKEN], [0, 24 * HOUR]),
    ([{"retry_after": 12, **GONE}], [0]),
    ([TAKEN], [0]),
    ([GONE], [0]),
    ([DOWN, DOWN, DOWN, DOWN, GONE], [0, 5, 30, 300, 1800]),
]


@pytest.mark.parametrize(("answers", "waits"), ASKED)
def test_the_receiver_is_left_alone_for_as_long_as_it_asks(answers: list[dict[str, Any]], waits: list[float]) -> None:
    clock = Clock()
    account = told(dealing(clock, answers), clock)
    assert clock.waits == about(waits)
    assert account.state == ("delivered" if answers[-1] == TAKEN else "failed")


@given(st.lists(st.none() | st.floats(0, 1e9), min_size=9, max_size=9))
def test_whatever_is_asked_the_attempts_come_to_an_end(asked: list[float | None]) -> None:
    clock = Clock()
    account = told(dealing(clock, [{"retry_after": seconds} for seconds in asked]), clock)
    assert (account.state, len(account.attempts)) == ("failed", len(WAITS))
    assert clock.at - NOW <= timedelta(days=9)
    assert all(later.attempted_at > earlier.attempted_at for earlier, later in pairwise(account.attempts))


@pytest.mark.parametrize("failures", range(8))
@pytest.mark.parametrize("failing", [status(503), raw(b""), reset], ids=["503", "closes", "resets"])
def test_over_http_every_attempt_has_the_same_id_and_body_and_a_signature_of_its_own(
    failures: int, failing: Answer
) -> None:
    clock = Clock()
    with listening(Receiver()) as receiver:
        answers = chain(repeat(failing, failures), repeat(status(204)))
        receiver.answer = lambda handler: next(answers)(handler)  # noqa: PLW0108 - another one each time
        account = told(lambda: shifted(receiver.deliver(secrets=SECRETS), clock), clock)
    assert [attempt.delivered for attempt in account.attempts] == [False] * failures + [True]
    assert {headers["webhook-id"] for _, headers, _ in receiver.received} == {"msg_1"}
    assert {body for _, _, body in receiver.received} == {BODY}
    assert len(receiver.received) == failures + 1
    for _, headers, body in receiver.received:
        for secret in SECRETS:
            Webhook(secret).verify(body, headers)


def shifted(attempt: Delivery, clock: Clock) -> Delivery:
    """A real attempt, as if it had been made at the clock's time."""
    return ended(clock.now(), **{name: getattr(attempt, name) for name in ("delivered", "final", "retry_after")})


def test_the_timestamp_is_the_attempts_own() -> None:
    later = NOW + timedelta(hours=5)
    first, second = (webhook_headers("msg_1", BODY, SECRETS, at) for at in (NOW, later))
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 5 * HOUR
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-signature"] != second["webhook-signature"]


def test_sent_again_is_another_round_of_the_same_account(any_store: Store) -> None:
    clock = Clock()
    given_up = told(dealing(clock, repeat(DOWN)), clock)
    keep(any_store, notification_key(BATCH, 1), given_up)
    kept = load(any_store, notification_key(BATCH, 1))
    assert kept == given_up
    clock = Clock(clock.at + timedelta(days=1))
    account = told(dealing(clock, [DOWN, TAKEN]), clock, kept.again(clock.now()))
    assert (account.id, account.state, len(account.attempts)) == ("msg_1", "delivered", len(WAITS) + 2)
    assert clock.waits == [0, 5]


def test_what_a_status_tells(any_store: Store) -> None:
    assert shown(any_store, BATCH, 1) is None
    attempt = ended(datetime(2026, 11, 23, 13, 0, 0, 500_000, UTC), reason="https://x.example answered 503")
    account = Notification(id="msg_1", next_attempt_at=NOW).after(attempt)
    keep(any_store, notification_key(BATCH, 1), account)
    assert shown(any_store, BATCH, 1) == {
        "id": "msg_1",
        "state": "retrying",
        "next_attempt_at": "2026-11-23T13:00:05Z",
        "attempts": [
            {
                "at": "2026-11-23T13:00:00Z",
                "delivered": False,
                "status_code": 503,
                "seconds": 0.0,
                "reason": "https://x.example answered 503",
            }
        ],
    }
    assert shown(any_store, BATCH, 2) is None
    keep(any_store, notification_key(BATCH, 1), account.model_copy(update={"attempts": (attempt,) * 100}))
    assert len((shown(any_store, BATCH, 1) or {})["attempts"]) == SHOWN


@pytest.mark.parametrize("body", [b"[]", b"{}", b"\xff", b'{"id": 1}'])
def test_an_account_that_cannot_be_read_is_none(folder: Store, body: bytes) -> None:
    folder.put(batch_key(BATCH, "notifications-g1.json"), body)
    assert load(folder, notification_key(BATCH, 1)) is None
