"""One real Airflow for the whole test session, with a home, a store, a rehearsal and an SQS of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from completions.airflow_api import Airflow
from completions.embedded import Embedded, free_port
from completions.rehearsal import Rehearsal
from completions.store import open_store
from real_airflow import PREVIOUS_SECRET, SECRET, RealAirflow


@pytest.fixture(scope="session")
def sqs() -> Iterator[str]:
    """URL of an SQS that lives in this process and is reached over HTTP."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, sqs: str) -> Iterator[RealAirflow]:
    """The Airflow that all tests share."""
    home = tmp_path_factory.mktemp("airflow")
    embedded = Embedded(home=home, port=free_port())
    with Rehearsal(latency=0.2, ui="b") as rehearsal:
        write_audits(home / "audits", rehearsal)
        with pytest.MonkeyPatch.context() as env:
            for name, value in environment(str(home / "store"), rehearsal.url, sqs).items():
                env.setenv(name, value)
            running = embedded.up()
        try:
            yield RealAirflow(embedded, Airflow(running.url), open_store(home / "store"), rehearsal, sqs)
        finally:
            embedded.down()


def write_audits(folder: Path, rehearsal: Rehearsal) -> None:
    """One that is right, one without a schedule, one that costs more than its budget, and one that is none."""
    folder.mkdir()
    right = f"""
rehearse: true
schedule: "0 6 * * 1"
prompts: [Which harp is best?]
models: [chatgpt, gemini]
profiles: [{{language: German}}]
brands: [{{name: Fender}}]
callback: {rehearsal.callback_url("audit")}
"""
    (folder / "harps.yaml").write_text(right, "utf-8")
    dear = right.replace("Which harp is best?", "Which lyre is best?") + "budget: {chats_per_run: 1}\n"
    (folder / "lyres.yaml").write_text(dear.replace("callback/audit", "callback/dear"), "utf-8")
    between = right.replace('schedule: "0 6 * * 1"\n', "").replace("callback/audit", "callback/between")
    (folder / "pipes.yaml").write_text(between.replace("Which harp", "Which pipe"), "utf-8")
    (folder / "broken.yaml").write_text("prompts: [Which lute is best?]\nmodels: [bing]\n", "utf-8")


def environment(store: str, rehearsal: str, sqs: str) -> dict[str, str]:
    """The settings that Airflow is started with."""
    aws = {"region_name": "eu-central-1", "service_config": {"sqs": {"endpoint_url": sqs}}}
    connections = {
        "aws_default": {"conn_type": "aws", "login": "testing", "password": "testing", "extra": aws},
        "completions_webhook": {"conn_type": "http", "password": SECRET, "extra": {"previous": PREVIOUS_SECRET}},
    }
    return {
        "COMPLETIONS_STORE": store,
        "COMPLETIONS_AUDITS": str(Path(store).parent / "audits"),
        "COMPLETIONS_REHEARSAL_URL": rehearsal,
        "COMPLETIONS_CALLBACK_ALLOW": "127.0.0.1",
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection) for name, connection in connections.items()},
    }
