"""The embedded Airflow as an operator has it: a large batch, a home that is lost, a database of an earlier Airflow."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest

from completions.airflow_api import Airflow
from completions.batch import batch_id_of
from completions.embedded import Embedded, free_port
from completions.leftovers import SCRATCH
from completions.manifest import load_manifest
from completions.reading import connect
from completions.rehearsal import Rehearsal, normalised
from completions.status import status
from completions.store import open_store
from cost import measured
from processes import command_of
from real_airflow import RealAirflow

PROMPTS = int(os.environ.get("COMPLETIONS_DRILL_PROMPTS", "0"))
"""How many; `COMPLETIONS_DRILL_PROMPTS=1000 .venv/bin/python -m pytest -m drill -s tests/drills/test_embedded.py`."""

SCRIPT = Path(sys.executable).with_name("completions")
EARLIER = "3.1.0"
"""An Airflow whose database this one can go back to."""

pytestmark = [pytest.mark.drill, pytest.mark.airflow, pytest.mark.browser]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where everything temporary is."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


@pytest.fixture
def airflow(tmp_path: Path, scratch: Path) -> Iterator[RealAirflow]:
    """One of the test's own, with answers that take a second."""
    store, embedded = tmp_path / "store", Embedded(home=tmp_path / "airflow", port=free_port())
    with Rehearsal(latency=1, ui="b") as rehearsal, pytest.MonkeyPatch.context() as env:
        env.setenv("TMPDIR", str(scratch))
        env.setenv("COMPLETIONS_HOME", str(embedded.home))
        env.setenv("COMPLETIONS_STORE", str(store))
        env.setenv("COMPLETIONS_REHEARSAL_URL", rehearsal.url)
        env.setenv("COMPLETIONS_CALLBACK_ALLOW", "127.0.0.1")
        try:
            yield RealAirflow(embedded, Airflow(embedded.up().url), open_store(store), rehearsal, "")
        finally:
            embedded.down()


def _browsers(airflow: RealAirflow) -> list[psutil.Process]:
    return [one for one in airflow.embedded.service.processes() if "--remote-debugging-pipe" in command_of(one)]


@pytest.mark.skipif(not PROMPTS, reason="COMPLETIONS_DRILL_PROMPTS says how many prompts")
def test_a_large_batch_on_the_embedded_airflow(airflow: RealAirflow, scratch: Path) -> None:
    prompts = [f"Which guitar is number {number}?" for number in range(PROMPTS)]
    callback = airflow.rehearsal.callback_url("large")
    with measured(airflow.embedded.service.processes) as cost:
        run_id = airflow.run({"prompts": prompts, "rehearse": True, "expiration": 0, "callback": callback})
    asked = Counter(asking.prompt for asking in airflow.rehearsal.asked())
    again = sum(asked.values()) - len(asked)
    body = status(airflow.store, batch_id_of(run_id))
    assert body
    print(
        f"\n{PROMPTS} prompts of 1 s: {cost.wall:.0f} s, {cost.cpu / PROMPTS:.2f} CPU s a chat, "
        f"at most {cost.peak:.0f} MB; {body['outcomes']}, asked again {again}"
    )

    assert (airflow.state(run_id), body["outcomes"], again) == ("success", {"answered": PROMPTS}, 0)
    assert sorted(asked) == sorted(prompts)
    query = "select prompt_index, prompt, answer_text from completions order by prompt_index"
    rows = connect(airflow.store, batch_id_of(run_id)).execute(query).fetchall()
    assert [(index, prompt) for index, prompt, _ in rows] == list(enumerate(prompts))
    shown = (airflow.rehearsal.truth(prompt, "b").text for prompt in prompts)
    assert all(normalised(text or "") == normalised(truth) for (*_, text), truth in zip(rows, shown, strict=True))
    assert len(airflow.rehearsal.callbacks("large")) == 1
    assert _browsers(airflow) == []
    assert [entry.name for entry in scratch.iterdir() if entry.name.startswith(SCRATCH)] == []


def _said(*arguments: str) -> str:
    """What a command says that ends well."""
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=True).stdout


def _outcomes(batch_id: str) -> dict[str, int]:
    outcomes: dict[str, int] = json.loads(_said("show", batch_id, "--json"))["outcomes"]
    return outcomes


def _walled(airflow: RealAirflow) -> str:
    """Run a batch of which one prompt met a wall; returns its id."""
    airflow.rehearsal.script("Which lute is best?", "challenge", 1)
    prompts = ["Which lute is best?", "Which harp is best?"]
    return batch_id_of(airflow.run({"prompts": prompts, "rehearse": True, "expiration": 0}))


def test_a_store_outlives_the_home_of_its_airflow(airflow: RealAirflow) -> None:
    batch_id, cut_off = _walled(airflow), ["Which drum is best?", "Which flute is best?", "Which horn is best?"]
    airflow.rehearsal.script(cut_off[0], "stalled_stream", 1)
    run_id = airflow.start({"prompts": cut_off, "rehearse": True, "expiration": 0})
    airflow.until(lambda: (status(airflow.store, batch_id_of(run_id)) or {}).get("outcomes") == {"answered": 2})
    airflow.embedded.down()
    shutil.rmtree(airflow.embedded.home)
    listed = {body["id"]: body["status"] for body in json.loads(_said("list", "--json"))}
    assert (len(listed), listed[batch_id]) == (2, "successful")
    assert listed[batch_id_of(run_id)] in ("retrieving", "archiving")  # the latter where its last answer came meanwhile
    assert _outcomes(batch_id) == {"answered": 1, "challenge": 1}
    _said("verify", batch_id)

    _said("retry", batch_id)  # starts an Airflow that never heard of it
    running = airflow.embedded.status()
    assert running
    restored = replace(airflow, api=Airflow(running.url))
    restored.wait(f"retry__{batch_id}__g2")
    part = airflow.store.of("rehearsal")
    manifest = load_manifest(part, batch_id)
    assert manifest
    part.delete([file.key for file in manifest.files])  # as if the copy had been taken before they were there
    for cut in listed:
        restored.run({"batch_id": cut})
    assert (_outcomes(batch_id), _outcomes(batch_id_of(run_id))) == ({"answered": 2}, {"answered": len(cut_off)})
    for whole in listed:
        _said("verify", whole)
    asked = Counter(asking.prompt for asking in airflow.rehearsal.asked())
    assert asked.pop(cut_off[0]) >= 2, "the one that stalled; a busy machine may see to that before its end"
    assert asked == {"Which lute is best?": 2, "Which harp is best?": 1, **dict.fromkeys(cut_off[1:], 1)}


@pytest.mark.whole
def test_the_database_of_an_earlier_airflow_is_taken_over(airflow: RealAirflow) -> None:
    batch_id = _walled(airflow)
    airflow.embedded.down()
    env = airflow.embedded.environment()
    back = [sys.executable, "-m", "airflow", "db", "downgrade", "--to-version", EARLIER, "--yes"]
    airflow.embedded.service.run("downgrade", back, env, 120)
    stamp = airflow.embedded.home / "migrated"
    stamp.write_text(stamp.read_text("utf-8").replace(version("apache-airflow-core"), EARLIER), "utf-8")
    told: list[str] = []
    api = Airflow(airflow.embedded.up(told.append).url)

    assert "preparing the database of the embedded Airflow" in told
    runs = api.request("GET", "/dags/batch_completions/dagRuns")["dag_runs"]
    assert [(run["state"], batch_id_of(run["dag_run_id"])) for run in runs] == [("success", batch_id)]
    _said("retry", batch_id)
    assert _outcomes(batch_id) == {"answered": 2}
