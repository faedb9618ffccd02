"""`token create`, `list`, `revoke`, with the tokens used at the API of a real Airflow."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from completions.tokens import PATTERN
from real_airflow import RealAirflow

from .conftest import Completions

pytest_plugins = ["embedded_airflow"]

ADMIN = ("--user", "admin")
AWS_USERS = "airflow.providers.amazon.aws.auth_manager.aws_auth_manager.AwsAuthManager"


@pytest.fixture
def embedded(airflow: RealAirflow, monkeypatch: pytest.MonkeyPatch) -> RealAirflow:
    """The Airflow whose tokens the commands are about."""
    monkeypatch.setenv("COMPLETIONS_HOME", str(airflow.embedded.home))
    return airflow


def _opens(airflow: RealAirflow, token: str) -> int:
    return httpx.get(f"{airflow.api.url}/ai/docs", headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.airflow
def test_a_token_is_shown_once_listed_without_itself_and_ended(embedded: RealAirflow, completions: Completions) -> None:
    made = completions("token", "create", "--name", "dashboard", *ADMIN)
    token = made.out.strip()
    assert re.fullmatch(PATTERN, token)
    assert (made.status, made.err.count("not shown again"), token in made.err) == (0, 1, False)
    assert _opens(embedded, token) == 200

    listed = completions("token", "list")
    assert listed.status == 0
    [line] = [line for line in listed.out.splitlines() if line.startswith("dashboard")]
    assert (line.split()[1], line.split()[-1]) == ("admin", "valid")
    [told] = [one for one in completions("token", "list", "--json").json if one["name"] == "dashboard"]
    assert (datetime.fromisoformat(told["expires"]) - datetime.fromisoformat(told["created"])).days == 90
    assert token[10:40] not in listed.out

    again = completions("token", "create", "--name", "dashboard", *ADMIN)
    assert (again.status, again.out) == (2, "")
    assert again.err == "refused: --name 'dashboard': is taken; revoke that token first, or give another name\n"
    assert completions("token", "revoke", "dashboard").err == "dashboard is revoked\n"
    assert _opens(embedded, token) == 403
    gone = completions("token", "revoke", "dashboard")
    assert (gone.status, gone.err.split(";")[0]) == (2, "refused: NAME 'dashboard': there is no such token")


@pytest.mark.airflow
def test_it_is_kept_hashed_and_hidden(embedded: RealAirflow, completions: Completions) -> None:
    made = completions("token", "create", "--name", "hidden", *ADMIN, "--expires", "never", "--json").json
    assert made == {"token": made["token"], "name": "hidden", "user": "admin", "expires": None}
    secret = made["token"][-38:-6]
    with closing(sqlite3.connect(embedded.embedded.home / "airflow.db")) as database:
        [kept] = database.execute("select val, is_encrypted from variable where key = 'completions_token_hidden'")
        assert kept[1]
        assert secret not in "".join(database.iterdump())
    shown = json.loads(embedded.api.request("GET", "/variables/completions_token_hidden")["value"])
    assert (shown["user"], shown["mac"]) == ("***", "***")
    for file in (embedded.embedded.home / "logs").rglob("*.log"):
        assert secret not in file.read_text("utf-8", "replace")


@pytest.mark.airflow
def test_one_of_many_who_take_a_name_gets_it(embedded: RealAirflow) -> None:
    command = [sys.executable, "-m", "completions_airflow.tokens"]
    env, wish = embedded.embedded.environment(), json.dumps(["create", "raced", "admin", "1h"])

    def create(_: int) -> dict[str, Any]:
        told = subprocess.run(command, env=env, input=wish, capture_output=True, text=True, check=True)
        made: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
        return made

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(create, range(3)))
    [won] = [result["done"] for result in results if "done" in result]
    assert [result["refused"][2].split(";")[0] for result in results if "refused" in result] == ["is taken"] * 2
    assert _opens(embedded, won["token"]) == 200


@pytest.mark.airflow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "Über", *ADMIN], "--name 'Über': give 1 to 40 small letters, digits and hyphens"),
        (["--name", "x", "--user", "ann"], "--user 'ann': is no user of this Airflow; give admin"),
        (["--name", "x", *ADMIN, "--expires", "soon"], "--expires 'soon': give days (90d), hours (12h)"),
        (["--name", "x", *ADMIN, "--expires", "2020-01-01"], "--expires '2020-01-01': give a moment that is to come"),
    ],
)
def test_what_is_refused(embedded: RealAirflow, completions: Completions, arguments: list[str], said: str) -> None:
    ended = completions("token", "create", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"refused: {said}")
    assert "x" not in {one["name"] for one in completions("token", "list", "--json").json}


def test_without_an_airflow_it_says_how_to_get_one(completions: Completions) -> None:
    ended = completions("token", "list")
    assert (ended.status, ended.out) == (3, "")
    assert ended.err.startswith("there is no Airflow yet: start the embedded one with `completions up`, or set AIRFLOW")


@pytest.mark.airflow
def test_an_airflow_of_ones_own_is_asked_where_the_environment_names_one(
    airflow: RealAirflow, completions: Completions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container of it: the home of the embedded one, in the settings here, does not exist."""
    for name, value in airflow.embedded.environment().items():
        if name.startswith("AIRFLOW"):
            monkeypatch.setenv(name, value)
    made = completions("token", "create", "--name", "own", *ADMIN, "--json")
    assert (made.status, _opens(airflow, made.json["token"])) == (0, 200)
    assert not Path(os.environ["COMPLETIONS_HOME"]).exists()
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", AWS_USERS)
    elsewhere = completions("token", "create", "--name", "aws", *ADMIN)
    assert (elsewhere.status, elsewhere.out) == (3, "")
    assert elsewhere.err.startswith("AwsAuthManager keeps no users in Airflow whose permissions a token could have: ")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "sqlite:////nonexistent/airflow.db")
    broken = completions("token", "list")
    assert (broken.status, broken.out) == (3, "")
    assert broken.err.startswith("Airflow's database cannot be used: ")
