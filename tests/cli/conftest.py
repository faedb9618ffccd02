"""The command line, run in this process as its script runs it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from completions.cli import app
from completions.store import Store, open_store


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status, and what it said where."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Completions = Callable[..., Ended]


@pytest.fixture
def completions(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Completions:
    """Runs `completions …`, with `stdin` as its standard input."""

    def run(*arguments: str, stdin: str = "") -> Ended:
        monkeypatch.setattr(sys, "argv", ["completions", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_:
            app()
        assert isinstance(exit_.value.code, int)
        return Ended(exit_.value.code, *capfd.readouterr())

    return run


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store that the commands use."""
    monkeypatch.setenv("COMPLETIONS_STORE", str(tmp_path / "store"))
    return open_store(tmp_path / "store")
