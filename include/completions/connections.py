"""The operator's Airflow connection `aws_default`, read without Airflow: what the command line reaches AWS with.

It has the form of AIRFLOW_CONN_AWS_DEFAULT, JSON or a URI, and the fields of the Amazon provider
(https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/aws.html). An endpoint in its extra
redirects every AWS service; one under `service_config`, that service alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, BeforeValidator, Field

from completions.errors import ABSENT, Refused, Unreachable

if TYPE_CHECKING:
    from boto3.session import Session

    from completions.store import AwsAccess

AWS: Final = "aws_default"
VARIABLE: Final = f"AIRFLOW_CONN_{AWS.upper()}"
WAIT: Final = 3
"""Seconds that AWS may take to say who we are."""


def _unpacked(given: object) -> object:
    return json.loads(given) if isinstance(given, str) and given else given or {}


class _Extra(BaseModel):
    region_name: str | None = None
    endpoint_url: str | None = None
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    aws_session_token: str | None = None
    profile_name: str | None = None
    role_arn: str | None = None
    assume_role_method: str = "assume_role"
    assume_role_kwargs: dict[str, Any] = Field(default_factory=dict)
    service_config: dict[str, dict[str, Any]] = Field(default_factory=dict)


class AwsConnection(BaseModel):
    """An AWS connection; with nothing set it stands for the ordinary AWS chain."""

    login: str | None = None
    password: str | None = None
    extra: Annotated[_Extra, BeforeValidator(_unpacked)] = Field(default_factory=_Extra)

    @classmethod
    def parse(cls, text: str) -> AwsConnection:
        """The connection that `text` is, as JSON or as a URI. Raises `Refused`, without the text: it holds secrets."""
        try:
            return cls.model_validate(fields_of(text))
        except ValueError:
            way_out = (
                'write it as JSON, {"conn_type": "aws", "login": …}, or as a URI, aws://KEY:SECRET@/?region_name=…'
            )
            raise Refused(f"connection {AWS}", ABSENT, way_out) from None

    def endpoint(self, service: str) -> str | None:
        """Where the connection has `service` (`s3`, `sqs`…) in place of AWS's own; None where it doesn't say."""
        return self._own_endpoint(service) or self.extra.endpoint_url

    def access(self) -> AwsAccess:
        """How to reach S3."""
        from completions.store import AwsAccess

        return AwsAccess(self.session(), self.endpoint("s3"), self.extra.region_name)

    def session(self) -> Session:
        """The session of whom the connection names. Raises `Unreachable` where its profile isn't on this machine."""
        import boto3

        extra = self.extra
        key, secret = (self.login, self.password) if self.login and self.password else (None, None)
        with usable():
            base = boto3.Session(
                key or extra.aws_access_key_id,
                secret or extra.aws_secret_access_key,
                extra.aws_session_token,
                extra.region_name,
                profile_name=extra.profile_name,
            )
        return self._in_role(base, extra.role_arn) if extra.role_arn else base

    def has_credentials(self) -> bool:
        """Whether it leads to credentials on this machine. Raises `Unreachable` where these are only half there."""
        with usable():
            return self.session().get_credentials() is not None

    def identity(self, region: str | None) -> str | None:
        """The ARN of whom the connection names, as AWS says; None when it doesn't say so within `WAIT` seconds."""
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        once = Config(connect_timeout=WAIT, read_timeout=WAIT, retries={"total_max_attempts": 1})
        try:
            sts = self.session().client(
                "sts", region or self.extra.region_name or "us-east-1", endpoint_url=self.endpoint("sts"), config=once
            )
            return str(sts.get_caller_identity()["Arn"])
        except (BotoCoreError, ClientError):
            return None

    def _own_endpoint(self, service: str) -> str | None:
        own: str | None = self.extra.service_config.get(service, {}).get("endpoint_url")
        return own

    def _in_role(self, base: Session, role: str) -> Session:
        """A session in the role, entered anew whenever it runs out."""
        import boto3
        import botocore.session
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

        if self.extra.assume_role_method != "assume_role":
            raise Refused("assume_role_method", self.extra.assume_role_method, "only Airflow can enter a role that way")
        fetcher = AssumeRoleCredentialFetcher(
            partial(base.client, endpoint_url=self._own_endpoint("sts")),
            base.get_credentials(),
            role,
            {"RoleSessionName": f"completions_{AWS}", **self.extra.assume_role_kwargs},
        )
        inside = botocore.session.get_session()
        inside._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        return boto3.Session(botocore_session=inside, region_name=base.region_name)


@contextmanager
def usable() -> Iterator[None]:
    """Turns what the AWS client raises into `Unreachable`, with one sentence."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unreachable(f"AWS cannot be used: {' '.join(str(error).split())}: see the connection {AWS}") from error


def fields_of(text: str) -> Any:
    """The fields of a connection that is written as Airflow's variables are, as JSON or as a URI; else ValueError."""
    return json.loads(text) if text.lstrip().startswith("{") else _from_uri(text)


def _from_uri(uri: str) -> dict[str, Any]:
    parts = urlsplit(uri)
    if not uri.startswith(f"{parts.scheme}://"):
        raise ValueError("not a URI")
    query = dict(parse_qsl(parts.query))
    return {
        "host": unquote(parts.hostname or "") or None,
        "port": parts.port,
        "schema": unquote(parts.path.lstrip("/")) or None,
        "login": unquote(parts.username or "") or None,
        "password": unquote(parts.password or "") or None,
        "extra": query.get("__extra__", query),
    }
