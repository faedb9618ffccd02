"""What docs/api.md prints is what runs: every block, in its order, against a real Airflow."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from completions.settings import PROJECT
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = [
    pytest.mark.airflow,
    pytest.mark.browser,
    pytest.mark.drill,
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the docs use curl and jq"),
]

GUIDE = (PROJECT / "docs" / "api.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
END = "--- end of a block ---"
RUN = {"sh": "{}", "python": f"{sys.executable} - <<'PYTHON'\n{{}}PYTHON"}


@pytest.fixture(scope="module")
def shown(airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block that runs printed; one shell runs them all, as a reader's does."""
    script = "set -euo pipefail\n"
    script += "".join(f"{RUN[kind].format(text)}\necho '{END}'\n" for kind, text in BLOCKS if kind in RUN)
    env = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COMPLETIONS_HOME": str(airflow.embedded.home),
        "COMPLETIONS_STORE": airflow.store.uri,
    }
    done = subprocess.run(
        ["bash"],
        input=script.replace("http://127.0.0.1:8080", airflow.api.url),
        env=env,
        cwd=tmp_path_factory.mktemp("reader"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.count(END)) == (0, sum(kind in RUN for kind, _ in BLOCKS)), done
    return done.stdout.split(f"{END}\n")


def _shown(shown: list[str], holds: str) -> str:
    """What the block that has these words printed."""
    [found] = [
        said for said, (_, text) in zip(shown, [b for b in BLOCKS if b[0] in RUN], strict=False) if holds in text
    ]
    return found


def _printed(holds: str) -> Any:
    """The answer that the guide shows, of which these words are a part."""
    [found] = [json.loads(text) for kind, text in BLOCKS if kind == "json" and holds in text]
    return found


def test_every_block_is_run_or_shows_an_answer() -> None:
    assert {kind for kind, _ in BLOCKS} == {"sh", "python", "json"}


def test_the_token_is_listed(shown: list[str]) -> None:
    [line] = [line for line in _shown(shown, "token list").splitlines() if line.startswith("my-program")]
    assert line.split()[-1] == "valid"


def test_the_status_has_the_fields_that_are_printed(shown: list[str]) -> None:
    [seen] = [json.loads(said) for said in shown if '"outcomes"' in said]
    printed = _printed('"outcomes"')
    assert (list(seen), seen["count"]) == (list(printed), printed["count"])


def test_the_answers_are_fetched(shown: list[str]) -> None:
    query, outcome, text = _shown(shown, "fields=query").split("\n", 2)
    assert (query, outcome, bool(text.strip())) == ("Who makes good amps?", "answered", True)
    archived = _shown(shown, "zipfile").splitlines()
    assert archived == ["0\tanswered\tWho makes good amps?", "1\tanswered\tWhere can I buy a guitar?"]


def test_what_is_sent_twice_is_taken_once(airflow: RealAirflow, shown: list[str]) -> None:
    first, second = _shown(shown, "Idempotency-Key").splitlines()
    assert first == second
    *listed, portland = _shown(shown, "batches/list").splitlines()
    assert (len(listed), portland) == (2, "OR")
    newest = httpx.get(f"{airflow.api.url}/ai/batches/list?limit=100", timeout=60, trust_env=False).json()["batches"]
    ids = [batch["id"] for batch in newest]  # others may have been submitted meanwhile
    assert {first, *(line.split("\t")[0] for line in listed)} <= set(ids)


def test_what_is_stopped_is_asked_again(shown: list[str]) -> None:
    cancelled, retried = _shown(shown, "-X DELETE").splitlines()
    assert (cancelled, json.loads(retried)["run_id"][:7]) == ("true", "retry__")


def test_python_ends_as_the_shell_does(shown: list[str]) -> None:
    assert _shown(shown, "client_ref") == "successful {'answered': 1}\n"
    assert _shown(shown, "airflow_client") == "success\n{'answered': 1}\n"


def test_an_error_is_as_printed(shown: list[str]) -> None:
    assert json.loads(_shown(shown, "contry")) == _printed("contry")
