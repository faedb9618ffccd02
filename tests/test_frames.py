from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import completions
from batches import BATCH
from completions.errors import Refused
from completions.health import keep
from completions.manifest import Manifest, manifest_key
from completions.parts import manifests
from completions.reading import SCHEMAS
from completions.store import AwsAccess, Store, StoreError, open_store
from stores import new_bucket
from test_reading import checked, collected

pytest_plugins = ["stores"]

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)


@pytest.fixture(scope="module", params=["folder", "bucket"])
def filled(request: pytest.FixtureRequest, s3: AwsAccess, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three days of batches, and what must not be read; only for reading."""
    store = open_store(tmp_path_factory.mktemp("filled")) if request.param == "folder" else new_bucket(s3)
    collected(store, "monday")
    collected(store, "tuesday", 1, model="gemini", _audit={"name": "guitars", "run": "1", "seed": 1})
    collected(store, "wednesday", 2, model="copilot")
    collected(store, "rehearsed", 1, rehearse=True)
    collected(store, "unfinished", 1)
    store.delete([manifest_key("unfinished")])
    for number, site in enumerate(("chatgpt", "gemini")):
        keep(store, checked(site, number))
    return store


@pytest.mark.parametrize(
    ("arguments", "batches"),
    [
        ({}, ["monday", "tuesday", "wednesday"]),
        ({"since": "2026-11-24"}, ["tuesday", "wednesday"]),
        ({"since": TUESDAY, "until": TUESDAY}, ["tuesday"]),
        ({"until": datetime(2026, 11, 24, 0, 1, tzinfo=UTC)}, ["monday", "tuesday"]),
        ({"since": pd.Timestamp("2026-11-25")}, ["wednesday"]),
        ({"since": "2030-01-01"}, []),
        ({"model": "gemini"}, ["tuesday"]),
        ({"model": ["chatgpt", "copilot"]}, ["monday", "wednesday"]),
        ({"model": "perplexity"}, []),
        ({"audit": "guitars"}, ["tuesday"]),
        ({"audit": "guitars", "model": "chatgpt"}, []),
        ({"audit": "drums"}, []),
        ({"batch": "wednesday"}, ["wednesday"]),
        ({"batch": ["wednesday", "monday"]}, ["monday", "wednesday"]),
        ({"batch": ["wednesday", "monday"], "until": MONDAY}, ["monday"]),
        ({"batch": "unfinished"}, []),
        ({"origin": "rehearsal"}, ["rehearsed"]),
    ],
)
@pytest.mark.parametrize("table", ["completions", "artifacts"])
def test_what_is_asked_for(filled: Store, table: Any, arguments: dict[str, Any], batches: list[str]) -> None:
    frame = completions.load(table, store=filled, **arguments)
    assert frame["batch_id"].tolist() == [each for each in batches for _ in range(2)]
    assert frame["prompt_index"].tolist() == [0, 1] * len(batches)
    assert list(frame.columns) == [*SCHEMAS[table].names, "date"]


@pytest.mark.parametrize(
    ("arguments", "sites"),
    [({}, ["chatgpt", "gemini"]), ({"since": TUESDAY}, ["gemini"]), ({"model": "chatgpt"}, ["chatgpt"])],
)
def test_checks_of_sites(filled: Store, arguments: dict[str, Any], sites: list[str]) -> None:
    assert completions.load("health", store=filled, **arguments)["site"].tolist() == sites


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"table": "answers"}, "table 'answers': give completions, artifacts or health"),
        ({"since": "yesterday"}, "since 'yesterday': give a day, such as 2026-11-23"),
        ({"until": 20261123}, "until 20261123: give a day, such as 2026-11-23"),
        ({"since": WEDNESDAY, "until": MONDAY}, "until '2026-11-23': is before since, which is 2026-11-25"),
        ({"model": "claude"}, "model 'claude': give chatgpt, gemini, perplexity or copilot"),
        ({"model": ["gemini", 1]}, "model 1: give chatgpt, gemini, perplexity or copilot"),
        ({"origin": "both"}, "origin 'both': give live or rehearsal"),
        (
            {"columns": ["promt"]},
            "columns 'promt': completions has no such column; docs/reference/columns.md has them all",
        ),
        ({"batch": "rehearsed"}, "batch 'rehearsed': its origin is another: origin=\"rehearsal\""),
        ({"batch": "friday"}, "batch 'friday': no such batch in {store}; `completions list` shows what is there"),
        ({"batch": "../x"}, "batch '../x': no such batch in {store}; `completions list` shows what is there"),
        (
            {"table": "health", "batch": "monday"},
            "batch ['monday']: health is about sites; it has neither audits nor batches",
        ),
        ({"store": "/no/such"}, "store '/no/such': no such folder"),
        ({"store": "ftp://x"}, "COMPLETIONS_STORE 'ftp://x': give a folder or s3://bucket/prefix"),
    ],
)
def test_an_argument_that_cannot_be(filled: Store, arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        completions.load(**{"store": filled, **arguments})
    assert str(refused.value) == sentence.format(store=filled.uri)


@pytest.mark.parametrize("table", ["completions", "artifacts", "health"])
def test_nothing_has_the_columns_of_something(filled: Store, table: Any, tmp_path: Path) -> None:
    empty = completions.load(table, store=tmp_path)
    full = completions.load(table, store=filled)
    assert len(empty) == 0
    assert len(full) > 0
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)


def test_columns_are_of_arrow_types(filled: Store) -> None:
    frame = completions.load(store=filled, columns=["prompt", "citations", "requested_at", "date"])
    assert {name: str(type_) for name, type_ in frame.drop(columns="citations").dtypes.items()} == {
        "prompt": "string[pyarrow]",
        "requested_at": "timestamp[us, tz=UTC][pyarrow]",
        "date": "date32[day][pyarrow]",
    }
    assert all(isinstance(type_, pd.ArrowDtype) for type_ in frame.dtypes)
    assert frame["citations"].list.len().tolist() == [1, pd.NA] * 3
    assert frame["date"].tolist()[::2] == [MONDAY, TUESDAY, WEDNESDAY]


def test_only_folders_of_the_days_are_looked_into(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    get = Store.get

    def noted(store: Store, key: str) -> bytes | None:
        read.append(key)
        return get(store, key)

    monkeypatch.setattr(Store, "get", noted)
    completions.load(store=filled, since=TUESDAY, until=TUESDAY)
    assert sorted(read) == [manifest_key("tuesday"), manifest_key("unfinished")]


def test_the_store_of_the_settings(monkeypatch: pytest.MonkeyPatch, folder: Store) -> None:
    monkeypatch.setenv("COMPLETIONS_STORE", folder.uri)
    collected(folder)
    assert completions.load()["batch_id"].tolist() == [BATCH] * 2
    assert completions.connect().sql("select count(*) from completions").fetchall() == [(2,)]


def test_a_file_that_is_damaged(folder: Store) -> None:
    manifest = collected(folder)
    Path(manifest.files[0].uri).write_bytes(b"PAR1 no PAR1")
    with pytest.raises(StoreError, match=f"cannot read the dataset in {folder.uri}: ."):
        completions.load(store=folder)


def test_a_file_that_another_generation_has_replaced_meanwhile(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    outdated = iter([True])

    def read(*arguments: Any) -> list[Manifest]:
        found = manifests(*arguments)
        if not next(outdated, False):
            return found
        old = [file.model_copy(update={"key": file.key.replace("-g1-", "-g0-")}) for file in found[0].files]
        return [found[0].model_copy(update={"files": old}), *found[1:]]

    monkeypatch.setattr("completions.frames.manifests", read)
    assert len(completions.load(store=filled)) == 6
    assert not [*outdated]


def test_importing_the_package_imports_nothing_else() -> None:
    program = "import sys, completions; print(*sys.modules); completions.load; print('pandas' in sys.modules)"
    before, after = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [name for name in before.split() if name.startswith("completions")] == ["completions"]
    assert not {"pandas", "pyarrow", "duckdb", "obstore"} & set(before.split())
    assert after == "True"
    with pytest.raises(AttributeError, match="'completions' has no attribute 'lode'"):
        completions.lode  # noqa: B018
