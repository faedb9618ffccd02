"""The script itself: its help, its exit statuses, and that nothing heavy is loaded to say no."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from completions.cli import demo
from completions.rehearsal.faults import NAMES
from completions.rehearsal.sites import STAND_INS, front_ends

from .conftest import Completions

SCRIPT = Path(sys.executable).with_name("completions")
COMMANDS = ["up", "down", "rehearse", "run", "show", "list", "get", "ask", "parse", "resolve", "devices", "languages"]
COMMANDS += ["check-callback", "demo"]
ENDS = {end for name in STAND_INS for end in front_ends(name)}


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
        ("--ui", "c", f"refused: --ui 'c': give {', '.join(sorted(ENDS))}"),
        ("--fault", "boredom", f"refused: --fault 'boredom': give one of {', '.join(sorted(NAMES))}"),
        ("--site", "bing", "refused: --site 'bing': give one of chatgpt, gemini, perplexity, copilot"),
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


def test_rehearse_serves_one_site_alone() -> None:
    with subprocess.Popen([SCRIPT, "rehearse", "--site", "gemini"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        root = process.stdout.readline().removeprefix("rehearsal: ").strip()
        name, _, gemini = process.stdout.readline().strip().partition(": ")
        host = {"Host": gemini.split("/")[2]}
        found = [httpx.get(f"{root}/app", headers=headers, trust_env=False).status_code for headers in ({}, host)]
        process.terminate()
    assert (name, found) == ("gemini", [404, 200])


@pytest.mark.airflow
def test_up_starts_airflow_and_the_rehearsal_and_down_stops_both(completions: Completions) -> None:
    try:
        up = completions("up", "--json")
        assert up.status == 0
        assert up.json.keys() == {"url", "started_at", "pids", "rehearsal"}
        assert httpx.get(f"{up.json['rehearsal']}/_rehearsal/health", trust_env=False).is_success
        again = completions("up")
        assert (again.status, again.err) == (0, "")
        assert up.json["url"] in again.out
        assert up.json["rehearsal"] in again.out
    finally:
        assert completions("down").out == "stopped\n"
    with pytest.raises(httpx.ConnectError):
        httpx.get(up.json["rehearsal"], trust_env=False)


def test_the_version_is_told(completions: Completions) -> None:
    ended = completions("--version")
    assert (ended.status, ended.out) == (0, f"batch-completions {version('batch-completions')}\n")


READING = [
    ["list"],
    ["show", "nonsense"],
    ["resolve", "--country", "DE", "--rehearse"],
    ["devices"],
    ["check-callback", "https://93.184.216.34/done"],
    ["run", "/no/such.json"],
    ["ask", " "],
]


@pytest.mark.parametrize("arguments", READING, ids=[command for command, *_ in READING])
def test_what_only_reads_makes_no_home(completions: Completions, arguments: list[str]) -> None:
    assert completions(*arguments).status in (0, 2)
    assert not Path(os.environ["COMPLETIONS_HOME"]).exists()


@pytest.mark.parametrize("arguments", [["up"], ["down"], ["demo"], ["ask", "x", "--rehearse"]])
def test_a_home_that_cannot_be_written(
    completions: Completions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    home = tmp_path / "file" / "airflow"
    home.parent.write_text("not a folder")
    monkeypatch.setenv("COMPLETIONS_HOME", str(home))
    ended = completions(*arguments)
    assert (ended.status, ended.out) == (3, "")
    assert ended.err == f"COMPLETIONS_HOME {home} cannot be written to (Not a directory)\n"


def test_a_receiver_that_is_gone_ends_no_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PATIENCE", 0.1)
    assert demo._delivered("http://127.0.0.1:9/", "any") == "nothing came within 0.1 s; the task notify says why"


def test_down_has_nothing_to_stop(completions: Completions) -> None:
    assert completions("down").out == "nothing was running\n"
