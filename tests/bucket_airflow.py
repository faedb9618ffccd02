"""An Airflow of a test's own whose store is a bucket, reached over HTTP with the connection's credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto.server import ThreadedMotoServer

from completions.airflow_api import Airflow
from completions.embedded import Embedded
from completions.rehearsal import Rehearsal
from completions.store import AwsAccess, open_store
from real_airflow import RealAirflow

STORE = "s3://answers/of/ours"


@contextmanager
def on_bucket(embedded: Embedded, *, latency: float = 0.2, **settings: str) -> Iterator[RealAirflow]:
    """Start it, with `settings` in its environment and a rehearsal of this latency (s), and stop it in the end."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    session.client("s3", endpoint_url=endpoint).create_bucket(Bucket="answers")
    with Rehearsal(latency=latency, ui="b") as rehearsal, pytest.MonkeyPatch.context() as env:
        for name, value in {**_environment(endpoint, rehearsal.url), **settings}.items():
            env.setenv(name, value)
        try:
            running = embedded.up()
            store = open_store(STORE, AwsAccess(session, endpoint))
            yield RealAirflow(embedded, Airflow(running.url), store, rehearsal, endpoint)
        finally:
            embedded.down()
            server.stop()


def _environment(endpoint: str, rehearsal: str) -> dict[str, str]:
    extra = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": extra}
    return {
        "COMPLETIONS_STORE": STORE,
        "COMPLETIONS_REHEARSAL_URL": rehearsal,
        "COMPLETIONS_CALLBACK_ALLOW": "127.0.0.1",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
    }
