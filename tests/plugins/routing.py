"""Which routes the app has, told by a process of its own: Airflow sets up much when it is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from completions.settings import PROJECT


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every route of the app, with the permission that it asks for."""
    script = Path(__file__).with_name("routes.py")
    env = os.environ | {"PYTHONPATH": str(PROJECT / "plugins"), "AIRFLOW_HOME": str(tmp_path_factory.mktemp("routes"))}
    told = subprocess.run([sys.executable, str(script)], env=env, check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(told.stdout.splitlines()[-1])
    return found
