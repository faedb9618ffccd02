"""The operator's connections in Airflow: `aws_default` (S3, SQS), `completions_webhook` (secrets), `completions_proxy`.

An endpoint in the extra of `aws_default` redirects every AWS service. To redirect one, say so per service:
`{"service_config": {"s3": {"endpoint_url": "http://minio:9000"}}}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from completions.settings import Settings

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
    from airflow.sdk import Connection

    from completions.exits import Exits
    from completions.sqs import Client
    from completions.store import Store

AWS = "aws_default"
WEBHOOK = "completions_webhook"

TASKS_WAIT = timedelta(minutes=3)
"""How long a task sits out an S3 that is away: what it holds may not be stored yet, and would be asked again."""
READERS_WAIT = timedelta(seconds=10)
"""How long whoever asks over HTTP waits for such an S3: a thread of the API server waits with them."""


def open_store(patience: timedelta = READERS_WAIT) -> Store:
    """The store that `COMPLETIONS_STORE` names; without the connection, S3 is reached by the ordinary AWS chain.

    The client asks the provider's session for credentials, again and again, so that roles are entered anew in time.
    `patience` is how long S3 may be out of reach; what it has not answered by then may take as long once more.
    Raises `Unreachable` or `Refused` with one sentence where the connection leads nowhere.
    """
    from completions import store

    location = Settings.from_env().store
    if not location.startswith("s3://"):
        return store.open_store(location)
    connection = _connection(AWS)
    if connection and connection.extra_dejson.get("role_arn"):
        return _in_role(location, connection.get_uri(), patience)
    return _bucket(location, patience)


@lru_cache(maxsize=2)
def _in_role(location: str, _connection: str, patience: timedelta) -> Store:
    """Kept while the connection stays as it is: STS is not asked for each request that the API server answers."""
    return _bucket(location, patience)


def _bucket(location: str, patience: timedelta) -> Store:
    from completions import store

    with _understood():
        hook = _aws("s3")
        endpoint = hook.conn_config.get_service_endpoint_url("s3")
        access = store.AwsAccess(hook.get_session(), endpoint, hook.region_name, patience)
    return store.open_store(location, access)


def sqs_client(region: str | None) -> Client:
    """A client for the queues of `region`; None: of the connection's own."""
    client: Client = _client("sqs", region)
    return client


def sqs_endpoint() -> str | None:
    """The SQS that the connection names in place of AWS's own; None where it names none."""
    endpoint: str | None = _aws("sqs").conn_config.get_service_endpoint_url("sqs")
    return endpoint


def aws_identity(region: str | None) -> str | None:
    """The ARN of whom the connection names, as AWS says; None when it doesn't say so soon."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return str(_client("sts", region).get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError):
        return None


def webhook_secrets() -> list[str]:
    """What signs notifications: the connection's password, and `previous` of its extra while secrets are rotated."""
    from airflow.sdk.log import mask_secret

    connection = _connection(WEBHOOK)
    if connection is None:
        return []
    secrets = [secret for secret in (connection.password, connection.extra_dejson.get("previous")) if secret]
    for secret in secrets:
        mask_secret(secret)
    return secrets


def exits() -> Exits | None:
    """Where chats leave the network; None: from this machine's own address. Raises `Refused` naming a bad field."""
    from airflow.sdk.log import mask_secret

    from completions.exits import PROXY, Exits

    connection = _connection(PROXY)
    if connection is None:
        return None
    fields = ("host", "port", "schema", "login", "password")
    found = Exits.of({**{name: getattr(connection, name) for name in fields}, "extra": connection.extra_dejson})
    for secret in found.secrets:
        mask_secret(secret)
    return found


def _client(service: str, region: str | None) -> Any:
    """A client that gives up within a minute, unless the connection has a `config_kwargs` that says otherwise."""
    from botocore.config import Config

    hook = _aws(service, region)
    soon = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 2})
    return hook.get_client_type(config=soon.merge(hook.config))


@contextmanager
def _understood() -> Iterator[None]:
    """Turns what the provider raises where a connection leads nowhere into one sentence; a role is entered at once."""
    from completions.connections import usable
    from completions.errors import ABSENT, Refused

    try:
        with usable():
            yield
    except (KeyError, NotImplementedError) as error:
        way_out = f"its extra lacks, or the provider does not know: {' '.join(str(error).split())}"
        raise Refused(f"connection {AWS}", ABSENT, way_out) from error


def _aws(service: str, region: str | None = None) -> AwsGenericHook[Any]:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

    return AwsGenericHook(aws_conn_id=AWS if _connection(AWS) else None, client_type=service, region_name=region)


def _connection(name: str) -> Connection | None:
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return None
