"""The commands on a store in a bucket that only the connection `aws_default` opens."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import batches
from batches import BATCH, NOW, planned
from completions.collect import collect
from completions.embedded import Embedded
from completions.store import AwsAccess, Store

from .conftest import Completions

pytest_plugins = ["stores"]


@pytest.fixture
def done(bucket: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A bucket with a batch that is done, in an environment without other credentials."""
    batches.ask(bucket, planned(bucket, ["best guitars", "best drums"]))
    collect(bucket, BATCH, NOW + timedelta(minutes=1))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("COMPLETIONS_STORE", bucket.uri)
    return bucket


def _connection(s3: AwsAccess, form: str = "service") -> str:
    extra: dict[str, Any] = {"endpoint_url": s3.endpoint_url}
    if form == "uri":
        return f"aws://testing:testing@/?region_name=us-east-1&endpoint_url={s3.endpoint_url}"
    if form == "service":
        extra = {"service_config": {"s3": extra}}
    return json.dumps({"conn_type": "aws", "login": "testing", "password": "testing", "extra": extra})


@pytest.mark.parametrize("form", ["uri", "json", "service"])
def test_it_is_listed_shown_and_fetched(
    completions: Completions, done: Store, s3: AwsAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", _connection(s3, form))
    assert [body["id"] for body in completions("list", "--json").json] == [BATCH]
    shown = completions("show", BATCH)
    assert shown.status == 0
    assert "best drums 0" in shown.out
    assert completions("get", BATCH, "--out", str(tmp_path / "got")).status == 0
    assert len((tmp_path / "got" / "answers.jsonl").read_text().splitlines()) == 2


@pytest.mark.airflow
def test_a_connection_kept_in_the_embedded_airflow_is_found(
    completions: Completions, done: Store, s3: AwsAccess
) -> None:
    without = completions("list", "--json")
    assert (without.status, without.out) == (3, "")
    assert "no AWS credentials found" in without.err

    env = Embedded().environment()
    for command in (["db", "migrate"], ["connections", "add", "aws_default", "--conn-json", _connection(s3)]):
        subprocess.run([sys.executable, "-m", "airflow", *command], env=env, check=True, capture_output=True)
    assert [body["id"] for body in completions("list", "--json").json] == [BATCH]


def test_a_connection_that_cannot_be_read(
    completions: Completions, done: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "testing:canary")
    ended = completions("list")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("refused: connection aws_default: write it as JSON")
    assert "canary" not in ended.err
