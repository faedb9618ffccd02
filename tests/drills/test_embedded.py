"""A large batch on the embedded Airflow as it comes: every row once, nothing asked twice, nothing left behind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from completions.airflow_api import Airflow
from completions.batch import batch_id_of
from completions.embedded import Embedded, free_port
from completions.leftovers import SCRATCH
from completions.reading import connect
from completions.rehearsal import Rehearsal, normalised
from completions.status import status
from completions.store import open_store
from cost import measured
from processes import command_of
from real_airflow import RealAirflow

PROMPTS = int(os.environ.get("COMPLETIONS_DRILL_PROMPTS", "0"))
"""How many; `COMPLETIONS_DRILL_PROMPTS=1000 .venv/bin/python -m pytest -m drill -s tests/drills/test_embedded.py`."""

pytestmark = [
    pytest.mark.drill,
    pytest.mark.airflow,
    pytest.mark.browser,
    pytest.mark.skipif(not PROMPTS, reason="COMPLETIONS_DRILL_PROMPTS says how many"),
]


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
        env.setenv("COMPLETIONS_STORE", str(store))
        env.setenv("COMPLETIONS_REHEARSAL_URL", rehearsal.url)
        env.setenv("COMPLETIONS_CALLBACK_ALLOW", "127.0.0.1")
        try:
            yield RealAirflow(embedded, Airflow(embedded.up().url), open_store(store), rehearsal, "")
        finally:
            embedded.down()


def _browsers(airflow: RealAirflow) -> list[psutil.Process]:
    return [one for one in airflow.embedded.service.processes() if "--remote-debugging-pipe" in command_of(one)]


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
