"""An Airflow of a test's own whose store is a bucket, reached over HTTP with the connection's credentials."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

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
def on_bucket(
    embedded: Embedded, *, latency: float = 0.2, endpoint: str | None = None, **settings: str
) -> Iterator[RealAirflow]:
    """Start it, with `settings` in its environment and a rehearsal of this latency (s), and stop it in the end.

    The bucket is made at the S3 of `endpoint`, else at one of its own.
    """
    with nullcontext(endpoint) if endpoint else own_s3() as url, _started(embedded, url, latency, settings) as airflow:
        yield airflow


@contextmanager
def own_s3() -> Iterator[str]:
    """URL of an S3 that lives in this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@contextmanager
def _started(embedded: Embedded, endpoint: str, latency: float, settings: dict[str, str]) -> Iterator[RealAirflow]:
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


def _environment(endpoint: str, rehearsal: str) -> dict[str, str]:
    extra = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": extra}
    return {
        "COMPLETIONS_STORE": STORE,
        "COMPLETIONS_REHEARSAL_URL": rehearsal,
        "COMPLETIONS_CALLBACK_ALLOW": "127.0.0.1",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
    }
