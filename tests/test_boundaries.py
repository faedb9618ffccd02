"""The package runs without Airflow, and what Airflow reads often imports little."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from completions.settings import PROJECT

FILES = sorted((PROJECT / "include/completions").rglob("*.py"))
HEAVY = {"babel", "boto3", "duckdb", "fastapi", "lxml", "obstore", "pandas", "playwright", "pyarrow"}

IMPORT_ALL = """
import importlib, pkgutil, sys, completions
for module in pkgutil.walk_packages(completions.__path__, "completions."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*(name for name in sys.modules if name.partition(".")[0] in ("airflow", "completions_airflow")))
"""

LOAD_PLUGINS = """
import sys
from airflow.plugins_manager import get_plugin_info
print(*(plugin["name"] for plugin in get_plugin_info()))
print(*sys.modules)
"""


def _imported(file: Path) -> set[str]:
    """Every package that the file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(str(node.module).partition(".")[0])
    return names


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PROJECT / "include")))
def test_no_file_of_the_package_imports_airflow(file: Path) -> None:
    assert _imported(file).isdisjoint({"airflow", "completions_airflow"})


def test_nothing_that_the_package_imports_brings_airflow_in() -> None:
    output = subprocess.run([sys.executable, "-c", IMPORT_ALL], check=True, capture_output=True, text=True).stdout
    assert output.split() == []


def test_loading_the_plugins_imports_nothing_heavy(tmp_path: Path) -> None:
    env = os.environ | {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins")}
    command = [sys.executable, "-c", LOAD_PLUGINS]
    output = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    plugins, modules = output.splitlines()[-2:]
    assert "completions" in plugins.split()
    assert "completions_plugin" in modules.split()
    assert HEAVY & set(modules.split()) == set()
