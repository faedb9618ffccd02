"""The script itself: its help, its exit statuses, and that nothing heavy is loaded to say no."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from .conftest import Completions

SCRIPT = Path(sys.executable).with_name("completions")
COMMANDS = ["up", "down", "rehearse", "run", "show", "list", "get", "ask", "parse", "resolve", "devices", "languages"]
COMMANDS += ["check-callback", "demo"]


def test_the_script_is_installed() -> None:
    ended = subprocess.run([SCRIPT, "devices", "pixel 7", "--json"], capture_output=True, text=True, check=True)
    assert (ended.stdout.splitlines()[1], ended.stderr) == ('  "Pixel 7",', "")


def test_the_script_ends_as_it_says() -> None:
    refused = subprocess.run([SCRIPT, "show", "nonsense", "--json"], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("refused: BATCH 'nonsense': no such batch")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(completions: Completions, command: str) -> None:
    assert f" {command} " in completions("--help").out
    ended = completions(command, "--help")
    assert (ended.status, ended.err) == (0, "")
    assert f"completions {command}" in ended.out


@pytest.mark.parametrize("arguments", [["nonsense"], ["show"], ["list", "--limit", "0"], ["ask", "x", "--no-such"]])
def test_wrong_usage_is_refused(completions: Completions, arguments: list[str]) -> None:
    ended = completions(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert "Usage: " in ended.err


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'airflow', 'playwright', 'pyarrow', 'duckdb', 'boto3', 'pandas'}"
    loaded = "{name.partition('.')[0] for name in sys.modules}"
    code = f"import sys; from completions.cli import app; print({heavy} & {loaded})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--ui", "c", "refused: --ui 'c': give a, b or mixed"),
        ("--fault", "boredom", "refused: --fault 'boredom': give one of blocked, challenge, "),
    ],
)
def test_rehearse_refuses_what_it_does_not_know(
    completions: Completions, option: str, value: str, sentence: str
) -> None:
    ended = completions("rehearse", option, value)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(sentence)


def test_rehearse_serves_until_it_is_interrupted() -> None:
    with subprocess.Popen([SCRIPT, "rehearse", "--ui", "a"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().removeprefix("rehearsal: ").strip()
        health = httpx.get(f"{url}/_rehearsal/health", trust_env=False).json()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert (health["status"], health["ui"]) == ("ok", "a")


def test_down_has_nothing_to_stop(completions: Completions) -> None:
    assert completions("down").out == "nothing was running\n"
