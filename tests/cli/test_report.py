"""`completions report`: one file, of an audit's run or of a batch."""

from __future__ import annotations

from pathlib import Path

import pytest

from completions.rehearsal import weeks
from completions.store import Store

from .conftest import Completions


@pytest.fixture
def rehearsed(completions: Completions, store: Store) -> list[str]:
    """Three weeks of an audit of twenty askings a week and site; the names of the runs."""
    size = ("--by-heart", "--prompts", "4", "--samples", "6", "--profiles", "1", "--weeks", "3", "--json")
    return [one["run"] for one in completions("audit", "rehearse", *size).json]


def test_a_run_is_written_and_what_changed_is_told(
    completions: Completions, rehearsed: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "weeks.html"
    told = completions("report", "six-weeks", "--rehearsed", "--out", str(file), "--json").json
    summary = told["summary"]
    assert (told["report"], summary["run"], summary["before"]) == (str(file), rehearsed[2], rehearsed[1])
    certain = [(one["kind"], one["model"], one["subject"]) for one in summary["findings"] if one["certain"]]
    assert certain == [("gone", "chatgpt", weeks.DROPPED)]
    page = file.read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "http://" not in page.split("<main>")[0]
    first = completions("report", "six-weeks", "--rehearsed", "--run", rehearsed[0], "--out", str(file))
    assert "first run" in file.read_text("utf-8")
    assert first.status == 0


def test_a_batch_is_written_with_the_brands_of_its_audit_or_with_others(
    completions: Completions, rehearsed: list[str], store: Store, tmp_path: Path
) -> None:
    batch, file, audit = store.of("rehearsal").folders("batches")[0], tmp_path / "b.html", tmp_path / "own.yaml"
    completions("report", batch, "--out", str(file), "--airflow", "https://airflow.example.com")
    assert "Fender" in file.read_text("utf-8")
    assert f'href="https://airflow.example.com/ai/pages/batches/{batch}/answers/0/0"' in file.read_text("utf-8")
    audit.write_text("prompts: [a]\nbrands: [{name: Ibanez, own: true}]\n", "utf-8")
    completions("report", batch, "--out", str(file), "--brands", str(audit))
    page = file.read_text("utf-8")
    assert '<dd dir="auto">Ibanez</dd>' in page
    assert "Fender</th>" not in page


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("nobody",), "audit 'nobody': has no live run on record"),
        (("six-weeks", "--rehearsed", "--run", "2020-01-01T000000Z"), "there is none of six-weeks; the last is"),
        (
            ("six-weeks", "--rehearsed", "--out", "/no/such/folder/x.html"),
            "--out '/no/such/folder/x.html': cannot be written",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    completions: Completions, rehearsed: list[str], given: tuple[str, ...], told: str
) -> None:
    refused = completions("report", *given)
    assert refused.status == 2
    assert told in refused.err
