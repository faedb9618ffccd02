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
    embedded: Embedded, *, latency: float = 0.2, s3: AwsAccess | None = None, **settings: str
) -> Iterator[RealAirflow]:
    """Start it, with `settings` in its environment and a rehearsal of this latency (s), and stop it in the end.

    The bucket is made at the given S3, else at one of its own.
    """
    with nullcontext(s3) if s3 else own_s3() as access, _started(embedded, access, latency, settings) as airflow:
        yield airflow


@contextmanager
def own_s3() -> Iterator[AwsAccess]:
    """Access to an S3 that lives in this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    yield AwsAccess(session, "http://{}:{}".format(*server.get_host_and_port()))
    server.stop()


@contextmanager
def _started(embedded: Embedded, s3: AwsAccess, latency: float, settings: dict[str, str]) -> Iterator[RealAirflow]:
    assert s3.session
    s3.session.client("s3", endpoint_url=s3.endpoint_url).create_bucket(Bucket="answers")
    with Rehearsal(latency=latency, ui="b") as rehearsal, pytest.MonkeyPatch.context() as env:
        for name, value in {**_environment(s3, rehearsal.url), **settings}.items():
            env.setenv(name, value)
        try:
            running = embedded.up()
            yield RealAirflow(embedded, Airflow(running.url), open_store(STORE, s3), rehearsal, str(s3.endpoint_url))
        finally:
            embedded.down()


def _environment(s3: AwsAccess, rehearsal: str) -> dict[str, str]:
    assert s3.session
    keys = s3.session.get_credentials()
    extra = {"endpoint_url": s3.endpoint_url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": keys.access_key, "password": keys.secret_key, "extra": extra}
    return {
        "COMPLETIONS_STORE": STORE,
        "COMPLETIONS_REHEARSAL_URL": rehearsal,
        "COMPLETIONS_CALLBACK_ALLOW": "127.0.0.1",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
    }
