"""DAG files, each read once by a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from completions.settings import PROJECT

Facts = dict[str, Any]
READING = Path(__file__).with_name("reading.py")


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Facts]:
    """What `reading.py` finds in the DAG file of that name."""
    env = {**os.environ, "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")), "COMPLETIONS_CONVERSATIONS": "5"}

    @cache
    def reading(name: str) -> Facts:
        command = [sys.executable, str(READING), str(PROJECT / f"dags/{name}.py")]
        output = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
        facts: Facts = json.loads(output.splitlines()[-1])
        return facts

    return reading
