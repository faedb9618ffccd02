"""What is taken from the operator's connections, read in a process of its own as Airflow reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from completions.store import AwsAccess

pytest_plugins = ["stores"]

SECRETS = ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
KEYS = {"login": "testing", "password": "testing"}
LOOK = """
import json
from airflow.sdk._shared.secrets_masker import redact
from completions_airflow.connections import aws_identity, open_store, sqs_client, sqs_endpoint, webhook_secrets

store, client, secrets = open_store(), sqs_client("eu-west-3"), webhook_secrets()
store.put("seen", b"1")
print(json.dumps({
    "uri": store.uri,
    "endpoint": sqs_endpoint(),
    "client": [client.meta.endpoint_url, client.meta.region_name],
    "patience": [client.meta.config.connect_timeout, client.meta.config.read_timeout],
    "identity": aws_identity("eu-west-3") if sqs_endpoint() else None,
    "own region": sqs_client(None).meta.region_name,
    "secrets": secrets,
    "shown": [redact(secret) for secret in secrets],
}))
"""


def _look(home: Path, store: str, connections: dict[str, Any], **env: str) -> dict[str, Any]:
    given = {f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection) for name, connection in connections.items()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AIRFLOW"))}
    env = {**inherited, **given, **env, "AIRFLOW_HOME": str(home), "COMPLETIONS_STORE": store}
    command = [sys.executable, "-c", LOOK]
    output = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


@pytest.fixture
def bucket(s3: AwsAccess) -> str:
    """An empty bucket."""
    assert s3.session
    name = f"bucket-{uuid4().hex}"
    s3.session.client("s3", endpoint_url=s3.endpoint_url).create_bucket(Bucket=name)
    return name


def test_an_endpoint_for_s3_alone_leaves_sqs_where_it_is(tmp_path: Path, s3: AwsAccess, bucket: str) -> None:
    extra = {"region_name": "eu-central-1", "service_config": {"s3": {"endpoint_url": s3.endpoint_url}}}
    aws = {"conn_type": "aws", **KEYS, "extra": extra}
    found = _look(tmp_path, f"s3://{bucket}/here", {"aws_default": aws})
    assert found["uri"] == f"s3://{bucket}/here"
    assert found["endpoint"] is None
    assert found["client"] == ["https://sqs.eu-west-3.amazonaws.com", "eu-west-3"]
    assert found["own region"] == "eu-central-1"
    assert s3.session
    objects = s3.session.client("s3", endpoint_url=s3.endpoint_url).list_objects_v2(Bucket=bucket)["Contents"]
    assert [one["Key"] for one in objects] == ["here/seen"]


def test_one_endpoint_for_all_redirects_both(tmp_path: Path, s3: AwsAccess, bucket: str) -> None:
    aws = {"conn_type": "aws", **KEYS, "extra": {"endpoint_url": s3.endpoint_url, "region_name": "us-east-1"}}
    found = _look(tmp_path, f"s3://{bucket}", {"aws_default": aws})
    assert found["endpoint"] == s3.endpoint_url
    assert found["client"] == [s3.endpoint_url, "eu-west-3"]
    assert found["identity"] == "arn:aws:sts::123456789012:user/moto"


@pytest.mark.parametrize(("extra", "patience"), [({}, [5, 15]), ({"config_kwargs": {"read_timeout": 40}}, [5, 40])])
def test_a_queue_is_not_waited_for_longer_than_the_connection_says(
    tmp_path: Path, extra: dict[str, Any], patience: list[int]
) -> None:
    aws = {"conn_type": "aws", **KEYS, "extra": {"region_name": "eu-central-1", **extra}}
    assert _look(tmp_path, str(tmp_path / "store"), {"aws_default": aws})["patience"] == patience


def test_without_a_connection_the_ordinary_chain_is_used(tmp_path: Path, s3: AwsAccess, bucket: str) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    found = _look(tmp_path, f"s3://{bucket}", {}, **keys, AWS_ENDPOINT_URL_S3=str(s3.endpoint_url))
    assert found["endpoint"] is None
    assert found["secrets"] == []


def test_signing_secrets_are_the_current_and_the_previous_one_and_never_shown(tmp_path: Path) -> None:
    webhook = {"conn_type": "http", "password": SECRETS[0], "extra": {"previous": SECRETS[1]}}
    found = _look(tmp_path, str(tmp_path / "store"), {"completions_webhook": webhook}, AWS_DEFAULT_REGION="eu-west-1")
    assert found["secrets"] == SECRETS
    assert found["shown"] == ["***", "***"]


EXITS = """
import json
from airflow.sdk._shared.secrets_masker import redact
from completions.errors import Refused
from completions.profile import Profile
from completions_airflow.connections import exits

try:
    found = exits()
except Refused as refused:
    print(json.dumps({"refused": str(refused)}))
else:
    out = found and found.out(Profile(seed=1, country="DE", city="Munich", location_method="proxy"))
    print(json.dumps(found and {
        "offer": sorted(found.offer),
        "proxy": [out.server, out.username[:13], out.password],
        "shown": redact(f"{out.password} and {found.gateways[1].password}"),
    }))
"""


def _exits(home: Path, connection: dict[str, Any] | None) -> Any:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AIRFLOW"))}
    given = {"AIRFLOW_CONN_COMPLETIONS_PROXY": json.dumps(connection)} if connection else {}
    env = {**inherited, **given, "AIRFLOW_HOME": str(home)}
    command = [sys.executable, "-c", EXITS]
    output = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    return json.loads(output.splitlines()[-1])


def test_exits_are_the_connections_and_their_passwords_never_shown(tmp_path: Path) -> None:
    second = {"host": "b.example", "port": 2, "password": "pw-of-the-second", "countries": ["FR"]}
    proxy: dict[str, Any] = {
        "conn_type": "http",
        "host": "a.example",
        "port": 1,
        "login": "me-{country}-{city}-{session}",
        "password": "pw-of-the-first",
        "extra": {"countries": ["DE"], "gateways": [second]},
    }
    found = _exits(tmp_path, proxy)
    assert (found["offer"], found["shown"]) == (["DE", "FR"], "*** and ***")
    assert found["proxy"] == ["http://a.example:1", "me-DE-munich-", "pw-of-the-first"]


def test_no_connection_is_no_exit_and_a_bad_one_says_which_field(tmp_path: Path) -> None:
    assert _exits(tmp_path, None) is None
    refused = _exits(tmp_path, {"conn_type": "http", "host": "a.example", "login": "me", "password": "pw-canary"})
    told = "connection completions_proxy, port: give the gateway's port, a number from 1 to 65535"
    assert refused == {"refused": told}
