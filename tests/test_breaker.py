"""What a wall leaves behind, wall after wall."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.breaker import LONGEST, PAUSE, Breaker, breaker, close_breaker, open_breaker
from completions.errors import STOP, Outcome
from completions.manners import state
from completions.store import Store

pytest_plugins = ["stores"]

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def run_out(store: Store, model: str = "chatgpt", way: str | None = None) -> None:
    """Have the pause that was made be over."""
    key = f"manners/{model}/pause{f'-{way}' if way else ''}.json"
    mark = json.loads(store.get(key) or b"")
    store.put(key, json.dumps({**mark, "until": (datetime.now(UTC) - MINUTE).isoformat()}).encode())


@pytest.mark.parametrize(
    ("times", "minutes"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, 120), (6, 120), (1000, 120)], ids=str
)
def test_the_pause_doubles_up_to_a_limit(times: int, minutes: int) -> None:
    before = Breaker(None, Outcome.BLOCKED, NOON, NOON, times - 1) if times > 1 else Breaker()
    after = before.walled(Outcome.CHALLENGE, NOON)
    assert after == Breaker(None, Outcome.CHALLENGE, NOON, NOON + minutes * MINUTE, times)


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(STOP)), st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=3))),
        min_size=1,
    )
)
def test_whatever_comes_when_it_counts_walls_met_after_a_pause(walls: list[tuple[Outcome, timedelta]]) -> None:
    found, now = Breaker("exit-1-DE"), NOON
    for outcome, later in walls:
        now += later
        before = found
        found = before.walled(outcome, now)
        assert found.until
        assert found.since
        assert (found.way, found.at(now)) == ("exit-1-DE", "open")
        assert PAUSE <= found.until - found.since <= LONGEST
        assert (found.at(found.until - timedelta.resolution), found.at(found.until)) == ("open", "half-open")
        if before.at(now) == "open":
            assert found == before
        else:
            assert (found.times, found.outcome, found.since) == (before.times + 1, outcome, now)


def test_a_store_keeps_one_for_each_site_and_way(any_store: Store) -> None:
    assert state(any_store, "gemini") == [Breaker()]
    walled = open_breaker(any_store, "gemini", Outcome.CHALLENGE, "exit-1-DE")
    assert state(any_store, "gemini") == [Breaker(), walled]
    assert state(any_store, "chatgpt") == [Breaker()]
    here = open_breaker(any_store, "gemini", Outcome.BLOCKED)
    assert open_breaker(any_store, "gemini", Outcome.RATE_LIMITED) == here
    assert [(each.way, each.state, each.outcome, each.times) for each in state(any_store, "gemini")] == [
        (None, "open", "blocked", 1),
        ("exit-1-DE", "open", "challenge", 1),
    ]
    close_breaker(any_store, "gemini")  # an answer to one who was on the way
    assert state(any_store, "gemini") == [here, walled]
    run_out(any_store, "gemini")
    close_breaker(any_store, "gemini")
    assert state(any_store, "gemini") == [Breaker(), walled]


def test_the_next_wall_after_a_pause_is_the_second(store: Store) -> None:
    open_breaker(store, "chatgpt", Outcome.CHALLENGE)
    run_out(store)
    assert breaker(store, "chatgpt").state == "half-open"
    again = open_breaker(store, "chatgpt", Outcome.BLOCKED)
    assert (again.state, again.times) == ("open", 2)
    assert breaker(store, "chatgpt") == again


def test_a_pause_of_the_first_version_is_one(store: Store) -> None:
    until = datetime.now(UTC) + MINUTE
    store.put("manners/copilot/pause.json", json.dumps({"outcome": "blocked", "until": until.isoformat()}).encode())
    assert state(store, "copilot") == [Breaker(None, Outcome.BLOCKED, None, until, 1)]
