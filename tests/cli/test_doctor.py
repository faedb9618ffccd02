"""`doctor`: what a batch needs, each thing by itself."""

from __future__ import annotations

import pytest

from completions.breaker import open_breaker
from completions.errors import Outcome
from completions.health import keep
from completions.rehearsal import Rehearsal
from completions.sites import NAMES
from completions.store import Store

from .conftest import Completions
from .test_checking import CHANGED


def test_what_is_missing_says_what_to_do(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLETIONS_BROWSER", "/no/such/browser")
    monkeypatch.setenv("COMPLETIONS_STORE", "/proc/store")
    ended = completions("doctor", "--json")
    assert (ended.status, ended.err) == (3, "nothing can be asked: see to browser and store\n")
    found = {finding["check"]: finding for finding in ended.json}
    assert [found[check]["ok"] for check in ("browser", "store", "airflow", "aws_default")] == [
        False,
        False,
        None,
        None,
    ]
    assert "COMPLETIONS_BROWSER" in found["browser"]["do"]
    assert "COMPLETIONS_STORE" in found["store"]["do"]
    assert all(finding["do"] for finding in ended.json if finding["ok"] is False)


@pytest.mark.browser
def test_what_is_there_is_told_a_line_each(
    completions: Completions, store: Store, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_COMPLETIONS_WEBHOOK", "http://:secret@")
    for name in NAMES:
        monkeypatch.setenv(f"COMPLETIONS_SITE_URL_{name.upper()}", f"{rehearsal.url}/")
    keep(store, CHANGED)
    open_breaker(store, "gemini", Outcome.CHALLENGE)
    before = store.keys("health")
    ended = completions("doctor", "--live")
    assert (ended.status, ended.err) == (0, "")
    marks = {line[4:25].strip(): (line[:2], line[25:]) for line in ended.out.splitlines()}
    assert [marks[check][0] for check in ("browser", "store", "completions_webhook")] == ["ok"] * 3
    assert marks["airflow"] == ("--", "the embedded Airflow does not run: `completions up` starts it, `run` too")
    assert marks["health of chatgpt"][0] == "!!"
    assert "field citations (2026-11-23 12:00 UTC): mend the adapter, then" in marks["health of chatgpt"][1]
    assert marks["manners of gemini"][0] == "--"
    assert marks["manners of gemini"][1].startswith(
        "challenge from this machine's address, 1 in a row: left alone until "
    )
    assert {marks[name] for name in NAMES} == {("ok", f"{rehearsal.url}/ answers with HTTP 200")}
    assert "secret" not in ended.out
    assert store.keys("doctor") == set()
    assert store.keys("health") == before


def test_a_site_that_does_not_answer_is_told(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLETIONS_BROWSER", "/no/such/browser")
    for name in NAMES:
        monkeypatch.setenv(f"COMPLETIONS_SITE_URL_{name.upper()}", "http://127.0.0.1:1/")
    found = {finding["check"]: finding for finding in completions("doctor", "--live", "--json").json}
    for name in NAMES:
        assert (found[name]["ok"], found[name]["essential"]) == (False, False)
        assert "http://127.0.0.1:1/ cannot be reached" in found[name]["seen"]
