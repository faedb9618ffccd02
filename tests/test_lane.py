from __future__ import annotations

from threading import current_thread

import pytest

from completions.lane import WAITING, Lane


def test_everything_is_done_in_turn_and_elsewhere() -> None:
    done: list[str] = []

    def note(number: int) -> None:
        done.append(f"{number} {current_thread().name}")

    with Lane() as lane:
        for number in range(50):
            lane.do(note, number)
    assert done == [f"{number} lane_0" for number in range(50)]


def fail() -> None:
    raise ConnectionError("of the lane")


def fail_and_go_on(later: int) -> None:
    with Lane() as lane:
        lane.do(fail)
        for _ in range(later):
            lane.do(lambda: None)


@pytest.mark.parametrize("later", [0, 3 * WAITING])
def test_what_fails_is_raised_at_the_end_or_before(later: int) -> None:
    with pytest.raises(ConnectionError, match="of the lane"):
        fail_and_go_on(later)
