"""`completions audit …`: files checked and previewed before they cost anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import Completions, Ended

AUDIT = """
prompts: [Which lute is best?]
models: [chatgpt, copilot]
profiles: [{language: German, device: iPhone 15}]
samples: 2
schedule: "0 6 * * 1"
timezone: Europe/Berlin
rehearse: true
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "lutes.yaml"
    file.write_text(AUDIT, "utf-8")
    return file


def test_a_preview_tells_what_it_takes_and_when(completions: Completions, file: Path) -> None:
    done = completions("audit", "preview", str(file))
    head, *lines = done.out.splitlines()
    assert done.status == 0
    assert head == "lutes: 4 chats a run (1 prompt x 2 samples x 2 models x 1 profile), budget none"
    assert [line.split()[0] for line in lines] == ["runs", "runs", "runs", "chatgpt", "copilot"]
    assert all(line.split()[2] == "06:00" for line in lines[:3])
    assert lines[4].endswith("German, iPhone 15")
    told = completions("audit", "preview", str(file), "--json").json
    assert (told["chats"], len(told["batches"]), len(told["next_runs"])) == (4, 2, 3)


def test_what_a_run_would_be_refused_for_is_told_now(completions: Completions, file: Path) -> None:
    reckoning = "lutes.yaml: 4 chats a run (1 prompt x 2 samples x 2 models x 1 profile)\n"
    assert completions("audit", "validate", str(file)) == Ended(0, reckoning, "")
    file.write_text(AUDIT.replace("German", "Nonsense"), "utf-8")
    done = completions("audit", "validate", str(file))
    assert done.status == 2
    assert re.search(r"refused: lutes.yaml, line \d+: profiles\[0\].language 'Nonsense': ", done.err)


def test_every_mistake_is_told_at_once_with_its_line(completions: Completions, file: Path) -> None:
    file.write_text("prompts: [a]\nsampels: 3\nprofiles:\n  - {language: English}\n  - {language: Englsh}\n", "utf-8")
    first, second = completions("audit", "validate", str(file)).err.splitlines()
    assert first.endswith("lutes.yaml, line 2: sampels: is not a field of it; did you mean samples?")
    assert "lutes.yaml, line 5: profiles[1].language 'Englsh': " in second


def test_a_preview_takes_a_name_too(completions: Completions, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLETIONS_AUDITS", str(file.parent))
    assert completions("audit", "preview", "lutes") == completions("audit", "preview", str(file))
    nothing = completions("audit", "preview", "lyres")
    assert (nothing.status, nothing.err.startswith("refused: NAME 'lyres': is no audit in ")) == (2, True)
    gone = completions("audit", "preview", "lyres.yaml")
    assert (gone.status, gone.err) == (2, "refused: lyres.yaml: cannot be read: no such file or directory\n")


def test_a_callback_is_checked_as_a_batchs_is(
    completions: Completions, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(f"{AUDIT}callback: http://10.0.0.1/canary\n", "utf-8")
    done = completions("audit", "validate", str(file))
    assert done.status == 2
    assert re.search(r"refused: lutes.yaml, line \d+: callback ", done.err)
    assert "canary" not in done.err
    monkeypatch.setenv("COMPLETIONS_CALLBACK_ALLOW", "10.0.0.1")
    assert completions("audit", "validate", str(file)).status == 0
