"""This machine as commands and analysts see it: its settings, its store, its AWS."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from completions.connections import AwsConnection
    from completions.embedded import Embedded
    from completions.settings import Settings
    from completions.store import Store

_ACCOUNT = re.compile(r"/[0-9]{12}/")


def settings() -> Settings:
    """The settings that the embedded Airflow's tasks run with: the environment's, and where the rehearsal is."""
    from completions.embedded import Embedded

    return Embedded().settings()


def stored(location: str | None = None) -> Store:
    """The store at `location`, else the one that the settings name; a bucket is reached as `aws` says."""
    from completions.settings import Settings
    from completions.store import open_store

    location = location or Settings.from_env().store
    return open_store(location, aws().access() if location.startswith("s3://") else None)


def sqs_endpoint(target: object) -> str | None:
    """The SQS that the operator has in place of AWS's; only looked up for a `target` that may be one of its queues."""
    return aws().endpoint("sqs") if isinstance(target, str) and _ACCOUNT.search(target) else None


def aws() -> AwsConnection:
    """The connection `aws_default`: its variable's, else the ordinary AWS chain, else the embedded Airflow's own."""
    from completions.connections import VARIABLE, AwsConnection
    from completions.embedded import Embedded

    if given := os.environ.get(VARIABLE):
        return AwsConnection.parse(given)
    ordinary = AwsConnection()
    return ordinary if ordinary.has_credentials() else _kept(Embedded()) or ordinary


def _kept(embedded: Embedded) -> AwsConnection | None:
    """The connection that somebody made in the embedded Airflow, as Airflow itself tells it."""
    from completions.connections import AWS, AwsConnection

    if not (embedded.home / "airflow.db").exists():
        return None
    command = [sys.executable, "-m", "airflow", "connections", "get", AWS, "-o", "json"]
    told = subprocess.run(command, env=embedded.environment(), capture_output=True, text=True, check=False)
    if told.returncode:
        return None
    (found,) = json.loads(told.stdout)
    return AwsConnection.parse(json.dumps({**found, "extra": found["extra_dejson"]}))
