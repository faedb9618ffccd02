"""`completions audit run`: what it says at the end of a run, and what it refuses before it starts any."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from completions.airflow_api import Airflow
from completions.audit_runs import AuditBatch, AuditRun, begun
from completions.audits import load
from completions.cli.audit_running import _Begun, _print_ended
from completions.cli.out import Failed
from completions.store import Store

from .conftest import Completions

FILE = "prompts: [Which lute is best?]\nmodels: [chatgpt]\nrehearse: true\n"
AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LINK = "http://127.0.0.1:9/dags/audit_lutes/runs/cli__1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of audits, with one in it."""
    folder = tmp_path / "audits"
    folder.mkdir()
    (folder / "lutes.yaml").write_text(FILE, "utf-8")
    monkeypatch.setenv("COMPLETIONS_AUDITS", str(folder))
    return folder


def _record(folder: Path, answered: bool = True, **own: Any) -> AuditRun:
    audit = load(folder / "lutes.yaml")
    run = begun(audit, AT, list(audit.batches("x")), AT)
    ended = AuditBatch(id="b", model="chatgpt", profile="", status="successful" if answered else "failed", count=1)
    return run.model_copy(update={"batches": [ended], "ended_at": AT, "summary": "It rose.", **own})


@pytest.mark.parametrize(
    ("state", "own", "out", "why"),
    [
        ("success", {}, "It rose.\nreport:  ", None),
        ("success", {"summary": None}, "", "its batches were asked, and making its figures failed"),
        ("failed", {"summary": None}, "", "its batches were asked, and making its figures failed"),
        ("failed", {"answered": False}, "It rose.\nreport:  ", "no batch of the run was answered"),
        ("failed", {"refused": "budget.chats_per_run 1: too dear", "summary": None}, "", "1: too dear"),
        ("failed", {"ended_at": None}, "", "the run ended as failed and asked nothing, or not to the end"),
        ("success", None, "", "the run ended as success and asked nothing, or not to the end"),
    ],
)
def test_how_a_run_ended_is_said(
    folder: Path,
    store: Store,
    capsys: pytest.CaptureFixture[str],
    state: str,
    own: dict[str, Any] | None,
    out: str,
    why: str | None,
) -> None:
    told = {"dag_run_id": "cli__1", "run_after": AT.isoformat()}
    run = _Begun(Airflow("http://127.0.0.1:9", "token"), load(folder / "lutes.yaml"), told)
    record = None if own is None else _record(folder, **own)
    if why is None:
        _print_ended(run, state, record, as_json=False)
    else:
        with pytest.raises(Failed, match=why) as failed:
            _print_ended(run, state, record, as_json=False)
        assert LINK in str(failed.value)
    assert capsys.readouterr().out.startswith(out)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("harps", "NAME 'harps': is no file in"),
        ("lutes.yaml", "NAME 'lutes.yaml': is no file in"),  # there is none here, only in the folder of audits
        ("../lutes", "NAME '../lutes': is no file in"),
        ("broken", "broken.yaml, line 1: models[0] 'bing'"),
        ("dear", "a run takes 2 chats (1 prompt x 2 samples x 1 model x 1 profile)"),
        ("quoted", "prompts_file 'quoted.csv': cannot be read: field larger than field limit (131072)"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_started(
    completions: Completions, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, says: str
) -> None:
    (folder / "broken.yaml").write_text(FILE.replace("chatgpt", "bing").split("\n", 1)[1], "utf-8")
    (folder / "dear.yaml").write_text(FILE + "samples: 2\nbudget: {chats_per_run: 1}\n", "utf-8")
    (folder / "quoted.csv").write_text('prompt\n"never closed' + "x" * 140_000, "utf-8")
    (folder / "quoted.yaml").write_text("prompts_file: quoted.csv\nmodels: [chatgpt]\n", "utf-8")
    monkeypatch.setenv("COMPLETIONS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    ended = completions("audit", "run", given)
    assert (ended.status, ended.out) == (2, "")
    assert says in ended.err
    assert not (tmp_path / "home").exists()
