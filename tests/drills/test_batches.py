"""Whole batches on a real Airflow: many prompts, a browser killed under them, every fault at once, S3 as the store."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import boto3
import duckdb
import pandas as pd
import psutil
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer
from obstore.fsspec import FsspecStore
from obstore.store import S3Store

from completions.airflow_api import Airflow
from completions.batch import batch_id_of
from completions.embedded import Embedded, free_port
from completions.manifest import Manifest, load_manifest
from completions.reading import connect
from completions.rehearsal import FAULTS, Rehearsal, normalised
from completions.service import Service
from completions.status import status
from completions.store import AwsAccess, Store, open_store
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = [pytest.mark.drill, pytest.mark.airflow, pytest.mark.browser]

Row = tuple[int, str, str, str | None, list[str] | None]
ROWS = """
    select prompt_index, prompt, outcome, answer_text, list_transform(citations, lambda one: one.url_canonical)
    from completions order by prompt_index, sample_index
"""


def _rows(store: Store, batch_id: str) -> list[Row]:
    rows: list[Row] = connect(store, batch_id).execute(ROWS).fetchall()
    return rows


def _assert_whole(rows: list[Row], prompts: list[str], rehearsal: Rehearsal) -> None:
    """Every prompt has one row, and the row holds what was shown for it."""
    assert [(index, prompt) for index, prompt, *_ in rows] == list(enumerate(prompts))
    for _, prompt, outcome, text, cited in rows:
        truth = rehearsal.truth(prompt, "b")
        assert (outcome, normalised(text or "")) == ("answered", normalised(truth.text))
        assert cited == [citation.url for citation in truth.citations]


def _browsers(airflow: RealAirflow) -> list[psutil.Process]:
    """The browsers of the asking tasks: neither the shell script that starts one, nor its own children."""
    found = []
    for process in Service(airflow.embedded.home, "embedded").processes():
        with suppress(psutil.Error):  # it may end while it is looked at
            program, *options = process.cmdline() or [""]
            if "--remote-debugging-pipe" in options and not program.endswith("/sh"):
                found.append(process)
    return [process for process in found if process.parent() not in found]


def _when(condition: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
    """Do `then` as soon as `condition` holds, beside what the test does meanwhile."""
    tick = threading.Event()

    def watch() -> None:
        while not condition():
            tick.wait(0.05)
        then()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_a_browser_killed_under_sixty_prompts_costs_no_row_and_no_second_asking(airflow: RealAirflow) -> None:
    airflow.rehearsal.reset()
    prompts = [f"Which guitar is number {number}?" for number in range(60)]
    killed: list[int] = []

    def completed() -> set[str]:
        return {asking.prompt for asking in airflow.rehearsal.asked() if asking.completed}

    def kill() -> None:
        browser = _browsers(airflow)[0]
        browser.kill()
        killed.append(browser.pid)

    killer = _when(lambda: len(completed()) >= 10, kill)
    run_id = airflow.run({"prompts": prompts, "rehearse": True, "expiration": 0})
    killer.join(1)

    assert killed
    assert airflow.state(run_id) == "success"
    assert airflow.tasks(run_id)["ask"] == ["success"] * 3
    _assert_whole(_rows(airflow.store, batch_id_of(run_id)), prompts, airflow.rehearsal)
    asked = Counter(asking.prompt for asking in airflow.rehearsal.asked())
    # Only the chats that the killed browser held, at most four, may be asked again.
    assert sorted(asked) == sorted(prompts)
    assert sum(asked.values()) - len(prompts) <= 4


def test_a_small_batch_gets_a_task_and_a_browser_for_each_prompt(airflow: RealAirflow) -> None:
    prompts = [f"Which amplifier is number {number}?" for number in range(12)]
    run_id = airflow.run({"prompts": prompts, "rehearse": True, "expiration": 0})
    assert airflow.tasks(run_id)["ask"] == ["success"] * 12
    _assert_whole(_rows(airflow.store, batch_id_of(run_id)), prompts, airflow.rehearsal)


def test_every_fault_ends_in_its_outcome_and_no_wall_text_is_an_answer(airflow: RealAirflow) -> None:
    faults = sorted(set(FAULTS) - {"slow_load"})  # dealt before there is a prompt
    prompts = [f"Which pick is best? [fault:{fault}]" for fault in faults]
    callback = airflow.rehearsal.callback_url("faults")
    run_id = airflow.run({"prompts": prompts, "rehearse": True, "expiration": 0, "callback": callback})
    batch_id = batch_id_of(run_id)

    rows = _rows(airflow.store, batch_id)
    assert {prompt: outcome for _, prompt, outcome, *_ in rows} == {
        prompt: FAULTS[fault] for prompt, fault in zip(prompts, faults, strict=True)
    }
    answered = [(prompt, text) for _, prompt, outcome, text, _ in rows if outcome == "answered"]
    assert all(text is None for _, _, outcome, text, _ in rows if outcome != "answered")
    for prompt, text in answered:
        assert normalised(text or "") == normalised(airflow.rehearsal.truth(prompt, "b").text)

    body = status(airflow.store, batch_id)
    assert body
    assert airflow.state(run_id) == "success"
    assert (body["status"], body["successful"], body["failed"]) == (
        "successful",
        len(answered),
        len(rows) - len(answered),
    )
    [told] = airflow.rehearsal.callbacks("faults")
    assert b'"batch.successful"' in told.body


def test_a_batch_without_an_answer_fails_in_run_status_and_callback_alike(airflow: RealAirflow) -> None:
    callback = airflow.rehearsal.callback_url("walls")
    conf = {"prompts": ["a [fault:challenge]", "b [fault:login_wall]"], "rehearse": True, "callback": callback}
    run_id = airflow.run(conf)
    body = status(airflow.store, batch_id_of(run_id))
    assert body
    assert (airflow.state(run_id), body["status"]) == ("failed", "failed")
    assert body["outcomes"] == {"challenge": 1, "login_wall": 1}
    [told] = airflow.rehearsal.callbacks("walls")
    assert b'"batch.failed"' in told.body


@pytest.fixture
def on_s3(tmp_path: Path) -> Iterator[RealAirflow]:
    """An Airflow of its own whose store is a bucket, reached over HTTP with the connection's credentials."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    session.client("s3", endpoint_url=endpoint).create_bucket(Bucket="answers")
    embedded = Embedded(home=tmp_path / "airflow", port=free_port())
    with Rehearsal(latency=0.2, ui="b") as rehearsal, pytest.MonkeyPatch.context() as env:
        env.setenv("COMPLETIONS_STORE", "s3://answers/of/ours")
        env.setenv("COMPLETIONS_REHEARSAL_URL", rehearsal.url)
        extra = {"endpoint_url": endpoint}
        connection = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": extra}
        env.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
        try:
            running = embedded.up()
            store = open_store("s3://answers/of/ours", AwsAccess(session, endpoint))
            yield RealAirflow(embedded, Airflow(running.url), store, rehearsal, endpoint)
        finally:
            embedded.down()
            server.stop()


def test_the_same_on_s3_read_by_duckdb_pandas_and_pyarrow(on_s3: RealAirflow) -> None:
    prompts = [f"Which string is number {number}?" for number in range(20)]
    run_id = on_s3.run({"prompts": prompts, "rehearse": True})
    batch_id = batch_id_of(run_id)
    body = status(on_s3.store, batch_id)
    assert body
    assert (body["status"], body["outcomes"]) == ("successful", {"answered": 20})
    assert body["url"].startswith("http://")
    _assert_whole(_rows(on_s3.store, batch_id), prompts, on_s3.rehearsal)

    manifest = load_manifest(on_s3.store.of("rehearsal"), batch_id)
    assert isinstance(manifest, Manifest)
    light = next(file.uri for file in manifest.files if file.table == "completions")
    inner = on_s3.store.inner
    assert isinstance(inner, S3Store)
    files = FsspecStore(
        "s3",
        config=inner.config,
        client_options=inner.client_options,
        credential_provider=inner.credential_provider,
    )
    with files.open(light.removeprefix("s3://")) as file:
        assert pq.read_table(file).num_rows == 20
    with files.open(light.removeprefix("s3://")) as file:
        assert len(pd.read_parquet(file)) == 20
    connection = duckdb.connect()
    connection.register_filesystem(files)
    assert connection.execute(f"select count(*) from read_parquet('{light}')").fetchone() == (20,)
