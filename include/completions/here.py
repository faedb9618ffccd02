"""This machine as commands and analysts see it: its settings, its store, its AWS, its exits."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from completions.connections import AwsConnection
    from completions.embedded import Embedded
    from completions.exits import Exits
    from completions.settings import Settings
    from completions.store import Store

_ACCOUNT = re.compile(r"/[0-9]{12}/")


def settings() -> Settings:
    """The settings that the embedded Airflow's tasks run with: the environment's, and where the rehearsal is."""
    from completions.embedded import Embedded

    return Embedded().settings()


def stored(location: str | None = None, patience: timedelta | None = None) -> Store:
    """The store at `location`, else the one that the settings name; a bucket is reached as `aws` says.

    `patience` is how long a bucket may take to answer; None: as long as the client waits by itself.
    """
    from completions.settings import Settings
    from completions.store import open_store

    location = location or Settings.from_env().store
    bucket = location.startswith("s3://")
    return open_store(location, replace(aws().access(), patience=patience) if bucket else None)


def sqs_endpoint(target: object) -> str | None:
    """The SQS that the operator has in place of AWS's; only looked up for a `target` that may be one of its queues."""
    return aws().endpoint("sqs") if isinstance(target, str) and _ACCOUNT.search(target) else None


def aws() -> AwsConnection:
    """The connection `aws_default`: its variable's, else the ordinary AWS chain, else the embedded Airflow's own."""
    from completions.connections import AWS, VARIABLE, AwsConnection
    from completions.embedded import Embedded

    if given := os.environ.get(VARIABLE):
        return AwsConnection.parse(given)
    ordinary = AwsConnection()
    if ordinary.has_credentials():
        return ordinary
    kept = _kept(Embedded(), AWS)
    return AwsConnection.parse(kept) if kept else ordinary


def exits() -> Exits | None:
    """The connection `completions_proxy`: its variable's, else the embedded Airflow's own; None where there is none."""
    from completions.embedded import Embedded
    from completions.exits import PROXY, VARIABLE, Exits

    given = os.environ.get(VARIABLE) or _kept(Embedded(), PROXY)
    return Exits.parse(given) if given else None


def _kept(embedded: Embedded, name: str) -> str | None:
    """The connection that somebody made in the embedded Airflow, as Airflow itself tells it: JSON."""
    database = embedded.home / "airflow.db"
    if not database.exists() or not _mentions(database, name):
        return None
    command = [sys.executable, "-m", "airflow", "connections", "get", name, "-o", "json"]
    told = subprocess.run(command, env=embedded.environment(), capture_output=True, text=True, check=False)
    if told.returncode:
        return None
    (found,) = json.loads(told.stdout)
    return json.dumps({**found, "extra": found["extra_dejson"]})


def _mentions(database: Path, name: str) -> bool:
    """Whether a connection of this name is in there; Airflow takes seconds to say so."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=1)) as opened:
            return bool(opened.execute("select 1 from connection where conn_id = ?", [name]).fetchall())
    except sqlite3.Error:
        return True  # it has the last word
