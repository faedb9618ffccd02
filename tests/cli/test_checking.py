"""`health`: a check of the adapters here and now."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from completions.canary import CANARY
from completions.errors import Outcome
from completions.health import Health, keep
from completions.rehearsal import Rehearsal
from completions.sites import NAMES, drive
from completions.store import Store

from .conftest import Completions

CHANGED = Health(
    site="chatgpt",
    origin="live",
    checked_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    healthy=False,
    outcome=Outcome.ANSWERED,
    failed=["field citations"],
    tries=2,
    adapter_version="1",
)


@pytest.fixture
def rehearsed(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """The rehearsal that the commands use."""
    monkeypatch.setenv("COMPLETIONS_REHEARSAL_URL", rehearsal.url)
    return rehearsal


@pytest.mark.browser
def test_health_checks_every_site(completions: Completions, store: Store, rehearsed: Rehearsal) -> None:
    ended = completions("health", "--rehearse", "--json")
    assert (ended.status, ended.err) == (0, "")
    assert [(row["site"], row["healthy"], row["outcome"]) for row in ended.json] == [
        (name, True, "answered") for name in NAMES
    ]
    assert len(store.keys("rehearsal/datasets/health")) == len(NAMES)


@pytest.mark.browser
def test_health_tells_people_what_failed(
    completions: Completions, store: Store, rehearsed: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "PATIENCE", 0.3)
    rehearsed.script(CANARY, "layout_changed")
    ended = completions("health", "--site", "chatgpt", "--rehearse")
    assert ended.status == 1
    title, row, evidence = ended.out.splitlines()
    assert title.split() == ["site", "healthy", "front", "end", "seconds", "what", "failed"]
    assert row.split()[:4] == ["chatgpt", "no", "-", "-"]
    assert "layout_changed: neither page nor stream is of a kind that this adapter knows" in row
    assert "unless they are forced" in ended.err
    kept = Path(evidence.removeprefix("page, stream and screenshot of chatgpt: "))
    assert kept.parent == Path(store.uri, "rehearsal/health/evidence")
    assert "<html" in (kept / "page.html").read_text()
    assert (kept / "screenshot.png").read_bytes().startswith(b"\x89PNG")
    assert store.keys("health") == store.keys("datasets") == set()


def test_an_unknown_site_is_refused(completions: Completions) -> None:
    ended = completions("health", "--site", "altavista")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"refused: --site 'altavista': give {' or '.join(NAMES)}\n"


def test_a_batch_for_a_changed_site_is_refused_before_anything_starts(completions: Completions, store: Store) -> None:
    keep(store, CHANGED)
    request = json.dumps({"prompts": ["x"]})
    ended = completions("run", "-", stdin=request)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("refused: model 'chatgpt': is marked unhealthy since its check of 2026-11-23 12:00 UTC")
    assert store.folders("batches") == []
