from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from completions import marts
from completions.errors import Outcome
from completions.store import Store, open_store

from .audited import AUDIT, DE, HARP, LUTE, NOV_2, NOV_9, NOV_16, US, Answers, ads, answer, asked, cards, searches

TIMEOUT, BLOCKED, REFUSED = Outcome.TIMEOUT, Outcome.BLOCKED, Outcome.REFUSED
PROMPTS = (LUTE, HARP)


def three_weeks(store: Store) -> None:
    """What the tests of the figures count by hand.

    2 November: chatgpt is asked two prompts three times, as the US and as Germany; gemini one prompt twice.
    9 November: chatgpt lets nobody in. 16 November: it answers the US again, another version by another front end.
    """
    old, new = {"ui_variant": "a", "location_match": "exact"}, {"ui_variant": "b", "location_match": "exact"}
    best = answer(
        "Fender, nay: Gibson Fender",
        *("fender.com/a", "x.example/1"),
        more=["x.example/2"],
        listed=["y.example/9", "x.example/1"],
        fan_out_queries=searches("best lute shops"),
        products=cards("Fender X", "Lyre"),
        ads=ads(2),
    )
    reviewed = answer(
        "Gibson",
        *("x.example/1", "shop.fender.com/c"),
        fan_out_queries=searches("lute reviews", "best lute"),
        products=cards("Fender X"),
        ads=[],
    )
    us: Answers = {
        (0, 0): (best, {**old, "latency_ms": 4000}),
        (0, 1): (reviewed, old),
        (0, 2): (answer("neither", listed=["gibson.com/z"], fan_out_queries=[], products=[]), old),
        (1, 0): REFUSED,
        (1, 1): TIMEOUT,
        (1, 2): (answer("Gibson, Fender..", "gibson.com/b", "fender.com/a"), old),
    }
    de: Answers = {(0, 0): "Gibson", (0, 1): TIMEOUT, (0, 2): "Fender", (1, 0): "Fender", (1, 1): "x", (1, 2): REFUSED}
    gemini: Answers = {(0, 0): "who knows", (0, 1): "nobody"}
    three: dict[str, Any] = {"prompts": PROMPTS, "samples": 3}
    asked(store, NOV_2, ("chatgpt", US, us), ("chatgpt", DE, de), ("gemini", US, gemini), **three)
    asked(store, NOV_9, ("chatgpt", US, {(index, sample): BLOCKED for index in (0, 1) for sample in range(3)}), **three)
    after: Answers = {
        (0, 0): (answer("Gibson", "x.example/1", model_version="next"), new),
        (0, 1): (answer("Gibson", "x.example/1", "z.example/1", model_version="next"), new),
        (1, 0): (answer("Fender", model_version="next"), {**new, "location_match": "mismatch"}),
    }
    asked(store, NOV_16, ("chatgpt", US, after), **three)


@pytest.fixture(scope="session")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three weeks of an audit, refreshed."""
    store = open_store(tmp_path_factory.mktemp("weeks"))
    three_weeks(store)
    marts.refresh(store, AUDIT, origin="rehearsal")
    return store


@pytest.fixture
def duck(weeks: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    with marts.connect(weeks, AUDIT, "rehearsal") as connection:
        yield connection


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")
