"""What commands make of the connection `completions_proxy` in the environment."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from typing import Any

import pytest

from completions import here
from completions.embedded import Embedded
from completions.exits import VARIABLE

from .conftest import Completions

GATEWAY: dict[str, Any] = {
    "conn_type": "http",
    "host": "gate.example",
    "port": 7777,
    "login": "user-{country}-{session}",
    "password": "canary-s3cr3t",
    "extra": {"countries": ["DE", "FR"]},
}


def test_a_place_that_exits_serve_needs_no_emulation(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = completions("resolve", "--country", "DE")
    assert (refused.status, "no exits are configured" in refused.err) == (2, True)
    monkeypatch.setenv(VARIABLE, json.dumps(GATEWAY))
    told = completions("resolve", "--country", "DE", "--json")
    assert (told.json["country"], told.json["location_method"]) == ("DE", "proxy")
    drawn = completions("resolve", "--seed", "3", "--json").json
    assert drawn["country"] in ("DE", "FR")
    assert completions("resolve", "--seed", "3", "--json").json == drawn
    elsewhere = completions("resolve", "--country", "US")
    assert (elsewhere.status, elsewhere.out) == (2, "")
    assert "no exit serves it; the exits offer DE, FR" in elsewhere.err


def test_bad_content_is_told_in_one_sentence_without_its_secrets(
    completions: Completions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, json.dumps({**GATEWAY, "login": "user-{contry}"}))
    for command in (["resolve", "--country", "DE"], ["ask", "best guitars"]):
        ended = completions(*command)
        assert (ended.status, ended.out) == (2, "")
        assert "connection completions_proxy, login: {contry} is not known; in braces go country" in ended.err
        assert "canary-s3cr3t" not in ended.err


def test_without_the_variable_the_embedded_airflow_is_asked_if_it_may_know(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def told(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command[5])
        kept = {**GATEWAY, "extra": "***", "extra_dejson": GATEWAY["extra"]}
        return subprocess.CompletedProcess(command, 0, json.dumps([kept]))

    monkeypatch.setattr(subprocess, "run", told)
    assert here.exits() is None
    home = Embedded().home
    home.mkdir(parents=True)
    with closing(sqlite3.connect(home / "airflow.db")) as database, database:
        database.execute("create table connection (conn_id text)")
    assert (here.exits(), asked) == (None, [])
    with closing(sqlite3.connect(home / "airflow.db")) as database, database:
        database.execute("insert into connection values ('completions_proxy')")
    found = here.exits()
    assert found
    assert sorted(found.offer) == ["DE", "FR"]
    assert asked == ["completions_proxy"]
