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
    "waits": None if store.is_local else [
        store.inner.client_options["timeout"], str(store.inner.retry_config["retry_timeout"])
    ],
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
    assert found["waits"] == ["10s", "0:00:10"]  # a thread of the API server does


def test_signing_secrets_are_the_current_and_the_previous_one_and_never_shown(tmp_path: Path) -> None:
    webhook = {"conn_type": "http", "password": SECRETS[0], "extra": {"previous": SECRETS[1]}}
    found = _look(tmp_path, str(tmp_path / "store"), {"completions_webhook": webhook}, AWS_DEFAULT_REGION="eu-west-1")
    assert found["secrets"] == SECRETS
    assert found["shown"] == ["***", "***"]


ROLE = "arn:aws:iam::123456789012:role/completions"
ENTER = """
import json, sys
from datetime import timedelta
from botocore.client import BaseClient
from completions import store
from completions.errors import Refused, Unreachable
from completions_airflow.connections import open_store, sqs_client

asked, real = [], BaseClient._make_api_call
BaseClient._make_api_call = lambda self, name, given: asked.append(name) or real(self, name, given)
store._CREDENTIALS_STAND = timedelta(seconds=float(sys.argv[1]))
try:
    for number in range(5):
        opened = open_store()
        opened.put(f"seen-{number}", b"1")
    print(json.dumps({
        "asked": asked,
        "same": opened is open_store(),
        "s3": opened.inner.credential_provider()["token"] is not None,
        "sqs": sqs_client(None)._request_signer._credentials.get_frozen_credentials().token is not None,
    }))
except (Refused, Unreachable) as error:
    print(json.dumps({"told": str(error)}))
"""


def _enter(home: Path, store: str, extra: dict[str, Any], *, stand: str = "60", **env: str) -> dict[str, Any]:
    keys = {} if "profile_name" in extra or "AWS_ROLE_ARN" in env else KEYS
    connection = {"conn_type": "aws", **keys, "extra": {"region_name": "us-east-1", **extra}}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AIRFLOW"))}
    given = {"AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection), "AIRFLOW_HOME": str(home), "COMPLETIONS_STORE": store}
    command = [sys.executable, "-c", ENTER, stand]
    told = {**inherited, "AWS_EC2_METADATA_DISABLED": "true", **given, **env}
    output = subprocess.run(command, env=told, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def _endpoints(s3: AwsAccess) -> dict[str, Any]:
    return {"endpoint_url": s3.endpoint_url, "service_config": {"sts": {"endpoint_url": s3.endpoint_url}}}


@pytest.mark.parametrize(
    ("life", "stand", "entered"),
    [
        (3600, 0, 1),  # an hour's credentials are good for many requests
        (900, 0, 6),  # those that run out within 15 minutes are had anew whenever the client asks: once, then 5 times
        (900, 60, 2),  # and it asks once a minute
    ],
)
def test_a_role_is_entered_by_the_providers_session_and_anew_before_it_runs_out(
    tmp_path: Path, s3: AwsAccess, bucket: str, life: int, stand: float, entered: int
) -> None:
    extra = {**_endpoints(s3), "role_arn": ROLE, "assume_role_kwargs": {"DurationSeconds": life}}
    found = _enter(tmp_path, f"s3://{bucket}", extra, stand=str(stand))
    assert found["asked"][:entered] == ["AssumeRole"] * entered
    assert (found["s3"], found["sqs"], found["same"]) == (True, True, True)


def test_a_web_identity_is_taken_as_the_environment_names_it(tmp_path: Path, s3: AwsAccess, bucket: str) -> None:
    (tmp_path / "token").write_text("a.web.identity")
    named = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    found = _enter(
        tmp_path,
        f"s3://{bucket}",
        {"endpoint_url": s3.endpoint_url},
        **named,
        AWS_ENDPOINT_URL_STS=str(s3.endpoint_url),
    )
    assert (found["asked"][0], found["s3"], found["sqs"]) == ("AssumeRoleWithWebIdentity", True, True)


def test_a_profile_is_taken_from_this_machine(tmp_path: Path, s3: AwsAccess, bucket: str) -> None:
    (tmp_path / "credentials").write_text(
        "[ours]\naws_access_key_id = testing\naws_secret_access_key = testing\naws_session_token = of-ours\n"
    )
    extra = {"endpoint_url": s3.endpoint_url, "profile_name": "ours"}
    found = _enter(tmp_path, f"s3://{bucket}", extra, AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "credentials"))
    assert (found["asked"], found["s3"], found["sqs"]) == ([], True, True)


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"profile_name": "nope"}, "AWS cannot be used: The config profile (nope) could not be found"),
        (
            {"role_arn": "no role"},
            "AWS cannot be used: Parameter validation failed: Invalid length for parameter RoleArn",
        ),
        ({"role_arn": ROLE, "assume_role_method": "assume_role_with_saml"}, "connection aws_default: its extra lacks"),
        ({"role_arn": ROLE, "assume_role_method": "by magic"}, "connection aws_default: its extra lacks"),
    ],
)
def test_credentials_that_cannot_be_had_are_one_sentence(
    tmp_path: Path, s3: AwsAccess, bucket: str, extra: dict[str, Any], told: str
) -> None:
    found = _enter(tmp_path, f"s3://{bucket}", {**_endpoints(s3), **extra})
    assert found["told"].startswith(told)
    assert "\n" not in found["told"]


def test_a_token_that_sts_refuses_is_one_sentence(tmp_path: Path, s3: AwsAccess, bucket: str) -> None:
    (tmp_path / "token").write_text("")
    named = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    found = _enter(tmp_path, f"s3://{bucket}", {"endpoint_url": s3.endpoint_url}, **named)
    assert found["told"].startswith(
        f"cannot write s3://{bucket}/seen-0: no AWS credentials: Parameter validation failed"
    )
    assert found["told"].endswith("see the connection aws_default")


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
