"""Stores to test against: a folder, and S3 over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from completions.store import AwsAccess, Store, open_store


@pytest.fixture(scope="session")
def s3() -> Iterator[AwsAccess]:
    """Access to an S3 that lives in this process and is reached over HTTP."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield AwsAccess(boto3.Session("testing", "testing", region_name="us-east-1"), f"http://{host}:{port}")
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Store:
    """A store in a folder."""
    return open_store(tmp_path / "store")


@pytest.fixture
def bucket(s3: AwsAccess) -> Store:
    """A store in a bucket of its own."""
    return new_bucket(s3)


def new_bucket(s3: AwsAccess) -> Store:
    """An empty store in a bucket that is new."""
    assert s3.session
    name = f"bucket-{uuid4().hex}"
    s3.session.client("s3", endpoint_url=s3.endpoint_url).create_bucket(Bucket=name)
    return open_store(f"s3://{name}/some/prefix", s3)


@pytest.fixture(params=["folder", "bucket"])
def any_store(request: pytest.FixtureRequest) -> Store:
    """A folder, then S3."""
    store: Store = request.getfixturevalue(request.param)
    return store
