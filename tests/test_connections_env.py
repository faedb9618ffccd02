"""The connection `aws_default` as the command line reads it, and whom and what it leads to."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from completions.connections import AwsConnection
from completions.errors import Refused, Unreachable
from completions.store import AwsAccess, open_store

pytest_plugins = ["stores"]

KEYS = {"conn_type": "aws", "login": "testing", "password": "testing"}
S3, SQS, ALL = "http://127.0.0.1:9", "http://127.0.0.1:8", "http://127.0.0.1:7"
EACH = {"s3": {"endpoint_url": S3}, "sqs": {"endpoint_url": SQS}}


@pytest.fixture(autouse=True)
def _no_other_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is all there is."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


def _json(**extra: Any) -> str:
    return json.dumps({**KEYS, "extra": extra})


@pytest.mark.parametrize(
    ("text", "region", "s3", "sqs"),
    [
        (json.dumps(KEYS), None, None, None),
        (_json(region_name="eu-west-1"), "eu-west-1", None, None),
        (_json(endpoint_url=ALL), None, ALL, ALL),
        (_json(service_config=EACH), None, S3, SQS),
        (_json(endpoint_url=ALL, service_config={"s3": {"endpoint_url": S3}}), None, S3, ALL),
        (json.dumps({**KEYS, "extra": json.dumps({"endpoint_url": ALL})}), None, ALL, ALL),
        (json.dumps({**KEYS, "extra": None}), None, None, None),
        (json.dumps({**KEYS, "extra": ""}), None, None, None),
        ("aws://testing:testing@/?region_name=eu-west-1", "eu-west-1", None, None),
        (f"aws://testing:testing@/?endpoint_url={quote(ALL, safe='')}", None, ALL, ALL),
        (f"aws://testing:testing@/?__extra__={quote(json.dumps({'service_config': EACH}))}", None, S3, SQS),
    ],
)
def test_where_it_leads(text: str, region: str | None, s3: str | None, sqs: str | None) -> None:
    connection = AwsConnection.parse(text)
    access = connection.access()
    assert (access.region, access.endpoint_url, connection.endpoint("sqs")) == (region, s3, sqs)
    assert access.session
    assert access.session.region_name == region
    assert access.session.get_credentials().access_key == "testing"


@pytest.mark.parametrize(
    ("text", "key", "secret", "token"),
    [
        (json.dumps({"login": "k", "password": "s/+ %"}), "k", "s/+ %", None),
        ("aws://k:s%2F%2B%20%25@/", "k", "s/+ %", None),
        ("aws://k:s%2F%2B%20%25@", "k", "s/+ %", None),
        (json.dumps({"extra": {"aws_access_key_id": "k", "aws_secret_access_key": "s"}}), "k", "s", None),
        (json.dumps({**KEYS, "extra": {"aws_session_token": "t"}}), "testing", "testing", "t"),
    ],
)
def test_whom_it_names(text: str, key: str, secret: str, token: str | None) -> None:
    found = AwsConnection.parse(text).session().get_credentials()
    assert (found.access_key, found.secret_key, found.token) == (key, secret, token)


def test_without_keys_it_is_the_ordinary_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert AwsConnection.parse("aws://").session().get_credentials() is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    assert AwsConnection.parse("aws://").session().get_credentials().access_key == "mine"


@pytest.mark.parametrize(
    "text",
    ["canary", "{canary", '{"login": ["canary"]}', '{"extra": "canary"}', '{"extra": ["canary"]}', "aws://[canary"],
)
def test_what_is_no_connection_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(Refused, match="connection aws_default: write it as JSON") as refused:
        AwsConnection.parse(text)
    assert "canary" not in str(refused.value)


def test_a_profile_that_is_not_there() -> None:
    with pytest.raises(Unreachable, match="nobody"):
        AwsConnection.parse(_json(profile_name="nobody")).access()


def test_credentials_that_are_only_half_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not AwsConnection().has_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    with pytest.raises(Unreachable, match="Partial credentials"):
        AwsConnection().has_credentials()


def test_aws_says_who_it_is(s3: AwsAccess) -> None:
    connection = AwsConnection.parse(_json(endpoint_url=s3.endpoint_url))
    assert connection.identity("eu-west-1") == connection.identity(None) == "arn:aws:sts::123456789012:user/moto"
    assert AwsConnection.parse(_json(endpoint_url=S3)).identity(None) is None
    assert AwsConnection().identity("eu-west-1") is None


def test_a_role_is_entered(s3: AwsAccess) -> None:
    role = "arn:aws:iam::123456789012:role/asker"
    services = {name: {"endpoint_url": s3.endpoint_url} for name in ("s3", "sts")}
    connection = AwsConnection.parse(_json(role_arn=role, region_name="us-east-1", service_config=services))
    assert connection.identity(None) == "arn:aws:sts::123456789012:assumed-role/asker/completions_aws_default"

    assert s3.session
    bucket = f"bucket-{uuid4().hex}"
    s3.session.client("s3", endpoint_url=s3.endpoint_url).create_bucket(Bucket=bucket)
    store = open_store(f"s3://{bucket}", connection.access())
    store.put("seen", b"1")
    assert store.get("seen") == b"1"


def test_other_ways_into_a_role_are_airflows_alone() -> None:
    text = _json(role_arn="arn:aws:iam::123456789012:role/asker", assume_role_method="assume_role_with_saml")
    with pytest.raises(Refused, match="assume_role_method 'assume_role_with_saml': only Airflow"):
        AwsConnection.parse(text).access()
