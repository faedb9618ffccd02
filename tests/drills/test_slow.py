"""What is stuck or slow costs its own deadline, and nobody else waits: one busy Airflow, four kinds of trouble at once.

A browser is frozen, a stream stalls as the last of its shard, an exit never answers, a store takes half a minute;
beside them a batch passes by. `COMPLETIONS_DRILL_SLOW=FILE` has what it cost written down as Markdown.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import psutil
import pyarrow.parquet as pq
import pytest
from obstore.fsspec import FsspecStore
from obstore.store import S3Store

from bucket_airflow import on_bucket, own_s3
from completions.batch import batch_id_of
from completions.embedded import Embedded, free_port
from completions.exits import VARIABLE
from completions.manifest import Manifest, load_manifest
from completions.plan import load_plan
from completions.readiness import POOL
from completions.reading import connect
from completions.rehearsal import Asking, normalised
from completions.rehearsal.exits import RehearsedExits
from completions.status import status
from completions.store import Store
from gated_s3 import Gate, gated
from processes import command_of
from real_airflow import RealAirflow

pytestmark = [pytest.mark.drill, pytest.mark.airflow, pytest.mark.browser]

REPORT = os.environ.get("COMPLETIONS_DRILL_SLOW")
TASKS = 7
"""How many may ask at once; all the batches have thirteen."""
LATE = 31.0
"""Seconds that the store takes, for some requests of one batch."""
STALLS = "Which lute is number 8?"
"""The last prompt of the first shard."""


def _batch(thing: str, count: int, together: int, **fields: Any) -> dict[str, Any]:
    prompts = [f"Which {thing} is number {number}?" for number in range(count)]
    fields = {"rehearse": True, "expiration": 0, "country": "GB", **fields}  # all of them through an exit
    return {"prompts": prompts, "prompts_per_task": together, **fields}


FROZEN = _batch("drum", 16, 8)
STALLED = _batch("lute", 16, 2)
EXIT = _batch("horn", 1, 1, country="DE")
STORE = _batch("harp", 4, 4)
PASSING = _batch("flute", 3, 3)


@dataclass(frozen=True)
class Busy:
    """What came of it; `runs` by the batch's trouble."""

    airflow: RealAirflow
    gate: Gate
    gateway: RehearsedExits
    runs: dict[str, str]
    frozen_at: datetime

    def rows(self, name: str) -> list[tuple[str, str, int]]:
        """Prompt, outcome and attempts, in the order of the batch."""
        query = "select prompt, outcome, attempts from completions order by prompt_index"
        found: list[tuple[str, str, int]] = (
            connect(self.airflow.store, batch_id_of(self.runs[name])).execute(query).fetchall()
        )
        return found

    def asked(self, prompts: list[str]) -> list[Asking]:
        return [asking for asking in self.airflow.rehearsal.asked() if asking.prompt in prompts]

    def tasks(self, name: str, task: str = "ask") -> list[tuple[datetime, datetime]]:
        """Begin and end of each."""
        found = [one for one in self.airflow.instances(self.runs[name]) if one["task_id"] == task]
        return [(_moment(one["start_date"]), _moment(one["end_date"])) for one in found]

    def hung(self) -> list[str]:
        """The sessions of the exit that never answers at first."""
        return [session.session for session in self.gateway.sessions() if session.country == "DE"]

    def shard(self, name: str, number: int) -> list[str]:
        """The prompts of one task, in the order that they are asked."""
        plan = load_plan(self.airflow.store.of("rehearsal"), batch_id_of(self.runs[name]))
        assert plan
        return [plan.config.prompts[item.index] for item in plan.shard(number)]

    def again_at(self, prompt: str) -> datetime:
        """When it was asked for the second time."""
        return _moment(self.asked([prompt])[1].at)

    def ended(self, name: str) -> datetime:
        """When the dataset stood."""
        return self.tasks(name, "collect")[0][1]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    """Every trouble begins, the other batch passes by, all of them end."""
    embedded = Embedded(home=tmp_path_factory.mktemp("slow") / "airflow", port=free_port())
    with RehearsedExits() as gateway, own_s3() as s3, gated(s3) as gate:
        settings = {VARIABLE: gateway.variable, "AIRFLOW__CORE__PARALLELISM": "16"}
        with on_bucket(embedded, latency=1, s3=gate.access, **settings) as airflow:
            room = {"pool": POOL, "slots": 4 * TASKS, "include_deferred": False}
            airflow.api.request("PATCH", f"/pools/{POOL}", json=room, update_mask="slots")
            busy = _go_through(airflow, gate, gateway)
            if REPORT:
                Path(REPORT).write_text(_costs(busy), "utf-8")
            yield busy


def _go_through(airflow: RealAirflow, gate: Gate, gateway: RehearsedExits) -> Busy:
    rehearsal = airflow.rehearsal
    rehearsal.script(STALLS, "stalled_stream", times=1)
    gateway.script("hangs", country="DE", times=1)
    runs = {"frozen": airflow.start(FROZEN)}
    airflow.until(lambda: sum(asking.completed for asking in rehearsal.asked()) >= 3 and len(_browsers(airflow)) == 2)
    _browsers(airflow)[0].suspend()
    busy = Busy(airflow, gate, gateway, runs, datetime.now(UTC))
    runs["store"] = airflow.start(STORE)
    for step in (r"answers/\d", r"manifest\.json$"):
        gate.slow(rf"^PUT .*{batch_id_of(runs['store'])}/{step}", LATE)
    runs["exit"] = airflow.start(EXIT)
    runs["stalled"] = airflow.start(STALLED)
    airflow.until(lambda: bool(gate.slowed and busy.hung() and busy.asked([STALLS])))
    runs["passing"] = airflow.run(PASSING)
    for run_id in runs.values():
        airflow.wait(run_id)
    return busy


def _costs(busy: Busy) -> str:
    """What each trouble cost, in seconds, as Markdown."""
    begun, ended = busy.tasks("store", "collect")[0]
    costs = {
        "a browser, frozen": busy.again_at(_asked_again(busy, FROZEN)[0]) - busy.frozen_at,
        "a stream, stalled": busy.again_at(STALLS) - _moment(busy.asked([STALLS])[0].at),
        "an exit that never answers": _moment(busy.asked(EXIT["prompts"])[0].at) - busy.tasks("exit")[0][0],
        f"a store that takes {LATE:.0f} s": ended - begun,
    }
    lines = [f"| {what} | {cost.total_seconds():.0f} |" for what, cost in costs.items()]
    return "\n".join(["| what | seconds |", "| --- | --- |", *lines]) + "\n"


def _browsers(airflow: RealAirflow) -> list[psutil.Process]:
    """The main process of each."""
    ours = airflow.embedded.service.processes()
    found = [one for one in ours if "--remote-debugging-pipe" in command_of(one)]
    return [one for one in found if command_of(one)[0].endswith("shell") and one.parent() not in found]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _assert_answered(busy: Busy, name: str, conf: dict[str, Any], again: dict[str, int]) -> None:
    """Every prompt has its answer in one row, at the first attempt except where `again` says how many it took."""
    assert busy.airflow.state(busy.runs[name]) == "success"
    assert busy.rows(name) == [(prompt, "answered", again.get(prompt, 1)) for prompt in conf["prompts"]]


def test_a_batch_that_passes_by_waits_for_none_of_them(busy: Busy) -> None:
    _assert_answered(busy, "passing", PASSING, {})
    assert busy.ended("passing") < busy.ended("store")


def test_a_frozen_browser_is_replaced_and_costs_its_own_chats(busy: Busy) -> None:
    _assert_answered(busy, "frozen", FROZEN, {})
    died = ["died and was replaced" in busy.airflow.log(busy.runs["frozen"], "ask", shard) for shard in range(2)]
    assert sorted(died) == [False, True]
    again = _asked_again(busy, FROZEN)
    assert 0 < len(again) <= 4
    assert set(again) <= set(busy.shard("frozen", died.index(True)))
    others = busy.asked(busy.shard("frozen", died.index(False)))
    assert [one for one in others if busy.frozen_at < _moment(one.at) < busy.again_at(again[0])]


def test_a_stalled_stream_is_asked_anew_while_freed_slots_go_to_the_rest(busy: Busy) -> None:
    """The last prompt of a shard keeps it for a minute; what waited for a slot is through before that."""
    _assert_answered(busy, "stalled", STALLED, {STALLS: 2})
    assert _asked_again(busy, STALLED) == [STALLS]
    assert busy.shard("stalled", 0)[-1] == STALLS
    slow, *others = busy.tasks("stalled")
    assert slow[1] > busy.again_at(STALLS)
    freed = min(end for _, end in others)
    waited = [end for begin, end in others if begin > freed]
    assert len(waited) >= 2
    assert min(waited) < busy.again_at(STALLS)


def test_an_exit_that_hangs_costs_its_deadline_and_the_next_one_answers(busy: Busy) -> None:
    _assert_answered(busy, "exit", EXIT, {EXIT["prompts"][0]: 2})
    assert len(busy.hung()) == 2
    assert len(busy.asked(EXIT["prompts"])) == 1  # it never came to the site before


def test_a_store_that_takes_half_a_minute_is_waited_for(busy: Busy) -> None:
    _assert_answered(busy, "store", STORE, {})
    assert _asked_again(busy, STORE) == []
    assert len(busy.gate.slowed) == 2
    tried = busy.airflow.instances(busy.runs["store"])
    assert {task["try_number"] for task in tried if task["state"] == "success"} == {1}


def _asked_again(busy: Busy, conf: dict[str, Any]) -> list[str]:
    asked = Counter(asking.prompt for asking in busy.asked(conf["prompts"]))
    return [prompt for prompt in conf["prompts"] if asked[prompt] > 1]


def test_what_is_in_the_bucket_is_read_by_duckdb_pandas_and_pyarrow(busy: Busy) -> None:
    batch_id, store = batch_id_of(busy.runs["stalled"]), busy.airflow.store
    body, manifest = status(store, batch_id), load_manifest(store.of("rehearsal"), batch_id)
    assert body
    assert isinstance(manifest, Manifest)
    assert (body["outcomes"], body["url"][:7]) == ({"answered": 16}, "http://")
    light = next(file.uri for file in manifest.files if file.table == "completions")
    files = _files(store)
    with files.open(light.removeprefix("s3://")) as file:
        assert pq.read_table(file).num_rows == 16
    with files.open(light.removeprefix("s3://")) as file:
        texts = pd.read_parquet(file).set_index("prompt")["answer_text"]
    shown = {prompt: normalised(busy.airflow.rehearsal.truth(prompt, "b").text) for prompt in STALLED["prompts"]}
    assert {prompt: normalised(text) for prompt, text in texts.items()} == shown
    connection = duckdb.connect()
    connection.register_filesystem(files)
    assert connection.execute(f"select count(*) from read_parquet('{light}')").fetchone() == (16,)


def _files(store: Store) -> FsspecStore:
    """The bucket as other libraries see it."""
    inner = store.inner
    assert isinstance(inner, S3Store)
    return FsspecStore(
        "s3",
        config=inner.config,
        client_options=inner.client_options,
        credential_provider=inner.credential_provider,
    )
