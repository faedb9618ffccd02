"""What reading audits' files costs whenever Airflow parses them: CPU beside the YAML parser alone, in one run.

`.venv/bin/python bench/audits.py [--files 200]`
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from completions.audits import files, load
from completions.settings import PROJECT


def main() -> None:
    """Measure, and print both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=200)
    count = parser.parse_args().files
    shown = (PROJECT / "include/audits/guitar-shops.yaml").read_text("utf-8")
    text = f'{shown}schedule: "0 6 * * 1"\ntimezone: Europe/Berlin\n'
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            Path(folder, f"audit-{number}.yaml").write_text(text, "utf-8")
        for audit in files(Path(folder))[:1]:
            load(audit)  # what is imported once is not counted
        parsing = _cpu(lambda: [yaml.load(one.read_text("utf-8"), yaml.CSafeLoader) for one in files(Path(folder))])
        reading = _cpu(lambda: [load(one) for one in files(Path(folder))])
        _dags()  # imports Airflow, which its DAG processor has done before
        os.environ["COMPLETIONS_AUDITS"] = folder
        dags = _cpu(_dags)
    print(f"{count} files: YAML alone {parsing:.3f} CPU s, audits {reading:.3f}, as DAGs {dags:.3f}")
    print(f"audits / YAML alone: {reading / parsing:.1f}; DAGs / audits: {dags / reading:.1f}")


def _dags() -> None:
    import runpy

    runpy.run_path(str(PROJECT / "dags/prompt_audits.py"))


def _cpu(does: Callable[[], object]) -> float:
    begin = time.process_time()
    does()
    return time.process_time() - begin


if __name__ == "__main__":
    main()
