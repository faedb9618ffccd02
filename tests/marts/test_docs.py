"""What the guide says of the marts is what runs, in every tool, on a folder and on S3."""

from __future__ import annotations

from pathlib import Path

import pytest

from completions import marts
from completions.errors import Outcome
from completions.store import AwsAccess, Store, open_store
from stores import new_bucket
from test_read_the_data import BLOCKS, rows, run

from .audited import AUDIT, NOV_2, NOV_9, US, asked

pytest_plugins = ["stores"]

OURS, DUCKDB, PANDAS, POLARS = BLOCKS["The marts of audits"]
HALF = (0.0945, 0.9055)  # the interval of 1 of 2


def fill(store: Store) -> None:
    """A week in which one of two answers names the brand, and one in which the site let nobody in."""
    said = {(0, 0): "A FENDER", (0, 1): "A defender"}
    asked(store, NOV_2, ("chatgpt", US, said), samples=2, rehearse=False)
    asked(store, NOV_9, ("chatgpt", US, dict.fromkeys(said, Outcome.CHALLENGE)), samples=2, rehearse=False)
    marts.refresh(store, AUDIT)


def seen(code: str, store: Store) -> list[tuple[object, ...]]:
    shown = run(code.replace('".completions', f'"{store.uri}'), {})
    return rows(shown if hasattr(shown, "itertuples") or hasattr(shown, "rows") else shown.fetchall())


def check(found: list[tuple[object, ...]]) -> None:
    assert [row[:5] for row in found] == [(NOV_2, "chatgpt", "US", 1, 2), (NOV_9, "chatgpt", "US", 0, 0)]
    assert found[0][5:] == pytest.approx(HALF, abs=1e-4)
    assert not [end for end in found[1][5:] if end == end and end is not None]  # NULL, or pandas' NaN


@pytest.mark.parametrize("code", [OURS, DUCKDB, PANDAS, POLARS], ids=["completions", "DuckDB", "pandas", "Polars"])
def test_a_folder(tmp_path: Path, code: str) -> None:
    store = open_store(tmp_path / "store")
    fill(store)
    check(seen(code, store))


@pytest.mark.parametrize("code", [OURS, POLARS], ids=["completions", "Polars"])
def test_a_bucket(s3: AwsAccess, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    assert s3.endpoint_url
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint_url)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    store = new_bucket(s3)
    fill(store)
    check(seen(code, store))
