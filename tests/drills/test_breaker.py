"""Two workers that share nothing but a bucket meet a site that walls everybody off, and leave it alone together.

The rehearsal is asked as politely as a live site. Pauses are made to be over, not waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bucket_airflow import on_bucket
from completions.batch import batch_id_of
from completions.breaker import LONGEST, PAUSE, Breaker, open_breaker
from completions.cluster import Cluster, lacking
from completions.embedded import free_port
from completions.errors import Outcome
from completions.manners import SEATS, state
from completions.reading import connect
from completions.status import status
from completions.store import Store
from real_airflow import RealAirflow
from test_breaker import run_out

pytestmark = [
    pytest.mark.drill,
    pytest.mark.airflow,
    pytest.mark.browser,
    pytest.mark.skipif(bool(lacking()), reason=f"needs {' and '.join(lacking())}"),
]

AT_ONCE = 3
"""Prompts of a batch, each a task of its own."""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RealAirflow]:
    with on_bucket(Cluster(home=tmp_path / "airflow", port=free_port()), COMPLETIONS_REHEARSE_POLITELY="1") as airflow:
        yield airflow


class Site:
    """The rehearsed site, as the workers find it."""

    def __init__(self, airflow: RealAirflow) -> None:
        self.airflow, self.store, self.asked = airflow, airflow.store.of("rehearsal"), 0

    def batch(self, fault: str = "") -> tuple[dict[str, int], int, str]:
        """Ask a batch; returns its outcomes, how many of its prompts reached the site, and its id."""
        prompts = [f"Which horn is number {self.asked} {number}?{fault}" for number in range(AT_ONCE)]
        run_id = self.airflow.run({"prompts": prompts, "rehearse": True, "expiration": 0})
        body = status(self.airflow.store, batch_id_of(run_id))
        assert body
        before, self.asked = self.asked, len(self.airflow.rehearsal.asked())
        return body["outcomes"], self.asked - before, batch_id_of(run_id)

    @property
    def breaker(self) -> Breaker:
        [found] = state(self.store, "chatgpt")
        return found


def test_a_wall_stops_everybody_and_one_answer_lets_them_in(cluster: RealAirflow) -> None:
    site, wall = Site(cluster), " [fault:challenge]"

    outcomes, reached, _ = site.batch(wall)
    assert (outcomes, site.breaker.state, site.breaker.times) == ({"challenge": AT_ONCE}, "open", 1)
    assert 1 <= reached <= SEATS  # those who had their seats when the first met it

    run_out(site.store)
    assert site.batch(wall)[:2] == ({"challenge": AT_ONCE}, 1)
    assert (site.breaker.times, _pause(site.breaker)) == (2, 2 * PAUSE)

    run_out(site.store)
    outcomes, reached, batch_id = site.batch()
    assert (outcomes, reached, site.breaker) == ({"answered": AT_ONCE}, AT_ONCE, Breaker())
    _assert_one_tried(cluster.store, batch_id)

    open_breaker(site.store, "chatgpt", Outcome.BLOCKED)
    run_out(site.store)
    checked = cluster.run({"rehearse": True, "sites": ["chatgpt"]}, dag="site_health")
    assert (cluster.state(checked, "site_health"), site.breaker) == ("success", Breaker())
    assert {key for key in site.store.keys("manners") if "trial" in key or "seat" in key} == set()


def _pause(found: Breaker) -> timedelta:
    assert found.since
    assert found.until
    assert found.until - found.since <= LONGEST
    return found.until - found.since


def _assert_one_tried(store: Store, batch_id: str) -> None:
    """The first had its answer before any other began, and there were never more than the seats."""
    query = "select started_at, answered_at from completions order by started_at"
    times: list[Any] = connect(store, batch_id).execute(query).fetchall()
    (_, first), *others = times
    assert all(began >= first for began, _ in others)
    for began, _ in times:
        assert sum(other <= began < answered for other, answered in times) <= SEATS
