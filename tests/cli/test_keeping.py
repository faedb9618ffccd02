"""`cache`, `tidy`, `store check`, `verify`: keeping the store sound."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import batches
from batches import BATCH, NOW, ask, planned
from completions import cache
from completions.collect import collect
from completions.store import AwsAccess, Store

from .conftest import Completions

pytest_plugins = ["stores"]


@pytest.fixture
def cached(store: Store) -> Store:
    """A store whose cache has an answer of three days ago, and one of yesterday."""
    for prompt, days in (("best guitars", 3), ("best drums", 1)):
        asked = datetime.now(UTC) - timedelta(days=days)
        plan = planned(store, [prompt], batch_id=f"batch-{days}", now=asked)
        cache.keep(store, batches.record(plan, plan.items[0]))
    return store


def test_stats(completions: Completions, cached: Store) -> None:
    ended = completions("cache", "stats")
    assert (ended.status, ended.err) == (0, "")
    head, line = ended.out.splitlines()
    assert head.split() == ["origin", "site", "answers", "MB", "oldest", "newest"]
    assert line.split()[:4] == ["live", "chatgpt", "2", "0.0"]
    [told] = completions("cache", "stats", "--json").json
    assert (told["model"], told["entries"], told["bytes"]) == ("chatgpt", 2, sum(_sizes(cached)))


def _sizes(store: Store) -> list[int]:
    return [found.bytes for found in store.listed("cache")]


def test_purge_tells_first(completions: Completions, cached: Store) -> None:
    told = completions("cache", "purge", "--older-than", "2")
    assert (told.status, told.err) == (0, "nothing was removed; --yes removes them\n")
    assert told.out.splitlines()[1].split()[:3] == ["live", "chatgpt", "1"]
    assert len(cached.keys("cache")) == 2

    done = completions("cache", "purge", "--older-than", "2", "--yes", "--json")
    assert (done.json["done"], [each["entries"] for each in done.json["entries"]]) == (True, [1])
    assert len(cached.keys("cache")) == 1


@pytest.mark.parametrize("arguments", [[], ["--model", "gemini", "--older-than", "0"]])
def test_nothing_to_purge(completions: Completions, cached: Store, arguments: list[str]) -> None:
    ended = completions("cache", "purge", *arguments, "--yes")
    assert (ended.status, ended.out, ended.err) == (0, "", f"nothing in {cached.uri} is that old\n")
    assert len(cached.keys("cache")) == 2


def test_an_unknown_site(completions: Completions, store: Store) -> None:
    ended = completions("cache", "purge", "--model", "bard")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("refused: --model 'bard': give chatgpt or gemini")


def test_an_empty_cache(completions: Completions, store: Store) -> None:
    ended = completions("cache", "stats")
    assert (ended.status, ended.out, ended.err) == (0, "", f"nothing is cached in {store.uri}\n")
    assert completions("cache", "stats", "--json").json == []


def test_a_store_that_is_sound(completions: Completions, store: Store) -> None:
    ended = completions("store", "check")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("ok  write    what is written is read back, ")
    assert [line[:2] for line in lines].count("--") == 1
    assert {each["ok"] for each in completions("store", "check", "--json").json} == {True, None}


def test_a_store_that_cannot_be_used(completions: Completions, s3: AwsAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "aws", "login": "a", "password": "b", "extra": {"endpoint_url": s3.endpoint_url}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    ended = completions("store", "check", "s3://no-such-bucket/x")
    assert (ended.status, ended.err) == (3, "this store cannot be used: see write\n")
    assert ended.out.startswith("!!  write    cannot write s3://no-such-bucket/x/probe/")
    told = completions("store", "check", "s3://no-such-bucket/x", "--json")
    assert (told.status, [each["ok"] for each in told.json]) == (3, [False])
    assert completions("store", "check", "gs://bucket").status == 2
    assert completions("store", "check", "/dev/null").status == 3


def test_tidy_tells_first(completions: Completions, store: Store) -> None:
    left = Path(store.uri, ".unfinished", "elsewhere-1-1-abc")
    left.parent.mkdir()
    left.write_bytes(bytes(200_000))
    os.utime(left, (0, 0))

    told = completions("tidy")
    says = "nothing was touched; --yes moves superseded files to superseded/ and deletes the rest\n"
    assert (told.status, told.out, told.err) == (0, f"half written      0.2 MB  {left}\n", says)
    assert left.exists()
    done = completions("tidy", "--yes", "--json").json
    assert (done["done"], [each["uri"] for each in done["leftovers"]]) == (True, [str(left)])
    assert not left.exists()
    assert completions("tidy").err == f"{store.uri} is tidy\n"


def test_a_batch_that_is_whole_and_one_that_is_not(completions: Completions, store: Store) -> None:
    ask(store, planned(store))
    artifacts = collect(store, BATCH, NOW).files[1]
    ended = completions("verify", BATCH)
    assert (ended.status, ended.err) == (0, "")
    marks = [line.split()[:2] for line in ended.out.splitlines()]
    assert marks == [["ok", what] for what in ("manifest", "completions", "artifacts", "archive", "success", "success")]
    assert completions("verify", BATCH, "--json").json["ok"] is True

    store.delete([artifacts.key])
    ended = completions("verify", BATCH)
    assert (ended.status, ended.err) == (1, "1 of 6 are not as they should be\n")
    assert f"!!  artifacts   {artifacts.uri} is missing\n" in ended.out
    told = completions("verify", BATCH, "--json")
    assert (told.status, told.err, told.json["id"], told.json["ok"]) == (1, "", BATCH, False)
    assert [each["what"] for each in told.json["seen"] if not each["ok"]] == ["artifacts"]


@pytest.mark.parametrize("batch_id", ["none", "../x"])
def test_what_is_no_batch_cannot_be_verified(completions: Completions, store: Store, batch_id: str) -> None:
    ended = completions("verify", batch_id)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"refused: BATCH '{batch_id}': there is no such batch in {store.uri}")


def test_a_store_that_is_not_there_cannot_be_verified(
    completions: Completions, s3: AwsAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {"conn_type": "aws", "login": "a", "password": "b", "extra": {"endpoint_url": s3.endpoint_url}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    monkeypatch.setenv("COMPLETIONS_STORE", "s3://no-such-bucket/x")
    ended = completions("verify", BATCH)
    assert (ended.status, ended.out) == (3, "")
    assert ended.err.endswith("there is no such bucket\n")
