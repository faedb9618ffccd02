"""scripts/setup.sh on machines where this or that is missing: real shell, stand-ins for the programs that it calls."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from completions.settings import PROJECT

REAL = ["cat", "chmod", "cksum", "cp", "dirname", "env", "find", "flock", "head", "mkdir", "rm", "sed", "sh", "tail"]
BROWSER = "chromium-headless-shell"

# What a stand-in does after it has noted how it was called; $BIN is the folder of the stand-ins.
STAND_INS = {
    "id": "echo $USER_ID",
    "uv": """
        [ "$1" = sync ] || exit 0
        mkdir -p .venv/bin
        printf '#!/bin/sh\\necho Python 3.12.1' >.venv/bin/python
        printf '#!/bin/sh\\n[ "$1" != install ] && [ -e "$LIBATOMIC" ]' >.venv/bin/playwright
        chmod +x .venv/bin/*""",
    "python3": """
        case "$*" in
        *ensurepip*) [ -e "$BIN/venv" ] ;;
        *'-m venv'*) mkdir -p .tools/uv/bin && cp "$BIN/later/pip" .tools/uv/bin/python ;;
        esac""",
    "pip": 'cp "$BIN/later/uv" .tools/uv/bin/uv',
    "apt-get": """
        case "$*" in
        *python3-venv*) echo >"$BIN/venv" ;;
        *libatomic1*) echo >"$LIBATOMIC" ;;
        *chromium*) cp "$BIN/later/chromium-headless-shell" "$BIN" ;;
        esac""",
    BROWSER: "echo Chromium",
}


@dataclass(frozen=True)
class Machine:
    """A project to set up and the only programs that are there."""

    project: Path
    bin: Path

    def run(self, user: int, **settings: str) -> tuple[int, str, list[str]]:
        """Exit status, what was said, and the calls that changed or installed something."""
        calls = self.bin / "calls"
        calls.write_text("")
        env = {"PATH": str(self.bin), "BIN": str(self.bin), "LIBATOMIC": str(self.bin / "libatomic"), **settings}
        command = ["sh", str(self.project / "scripts/setup.sh")]
        env["USER_ID"] = str(user)
        done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)
        noted = calls.read_text().splitlines()
        return (
            done.returncode,
            done.stderr + done.stdout,
            [call for call in noted if "install" in call or "sync" in call],
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "a project", tmp_path / "bin")
    (machine.project / "scripts").mkdir(parents=True)
    (machine.bin / "later").mkdir(parents=True)
    shutil.copy(PROJECT / "scripts/setup.sh", machine.project / "scripts")
    for file in ("uv.lock", "pyproject.toml"):
        (machine.project / file).touch()
    for program in REAL:
        found = shutil.which(program)
        assert found, program
        (machine.bin / program).symlink_to(found)
    for name, does in STAND_INS.items():
        (machine.bin / "later" / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"$BIN/calls"\n{does}\n')
        (machine.bin / "later" / name).chmod(0o755)
    return machine


def give(machine: Machine, *there: str) -> None:
    """Put what is there in its place: stand-ins, `venv` or `libatomic`."""
    for name in ("id", *there):
        if name in STAND_INS:
            shutil.copy(machine.bin / "later" / name, machine.bin)
        else:
            (machine.bin / name).touch()


SYNC = "uv sync --frozen --all-extras --compile-bytecode --quiet"
UV = "pip -m pip install --quiet --disable-pip-version-check uv"


@pytest.mark.parametrize(
    ("there", "user", "installed"),
    [
        (["uv", "libatomic", BROWSER], 1000, [SYNC]),
        (["python3", "venv", "libatomic", BROWSER], 1000, [UV, SYNC]),
        (["python3", "apt-get", "libatomic", BROWSER], 0, ["python3-venv", UV, SYNC]),
        (["uv", "apt-get", BROWSER], 0, [SYNC, "libatomic1"]),
        (["uv", "apt-get", "libatomic"], 0, [SYNC, "chromium-headless-shell chromium"]),
        (["python3", "apt-get"], 0, ["python3-venv", UV, SYNC, "libatomic1", "chromium-headless-shell chromium"]),
    ],
)
def test_it_installs_what_is_missing_and_then_nothing(
    machine: Machine, there: list[str], user: int, installed: list[str]
) -> None:
    give(machine, *there)
    status, said, calls = machine.run(user)
    assert (status, len(calls)) == (0, len(installed)), said
    assert all(call.endswith(expected) for call, expected in zip(calls, installed, strict=True)), calls
    assert machine.run(user) == (0, "", [])

    (machine.project / "uv.lock").write_text("another version")
    assert machine.run(user)[2] == [SYNC]


@pytest.mark.parametrize(
    ("there", "way_out"),
    [
        ([], "there is no python3: install Python 3.11, 3.12 or 3.13"),
        (["python3"], "run 'apt-get install python3-venv' as root, or install uv"),
        (["uv", BROWSER], "run 'apt-get install libatomic1' as root"),
        (["uv", "libatomic"], "run 'apt-get install chromium-headless-shell' as root, or set COMPLETIONS_BROWSER"),
    ],
)
def test_where_it_may_not_install_it_says_what_to_do(machine: Machine, there: list[str], way_out: str) -> None:
    give(machine, *there)
    status, said, _ = machine.run(user=1000)
    assert status == 1
    assert way_out in said
    assert "then run this again" in said.replace("\n", " ")


def test_a_browser_of_ones_own_needs_none_installed(machine: Machine) -> None:
    give(machine, "uv", "libatomic")
    assert machine.run(user=1000, COMPLETIONS_BROWSER="ws://browsers:3000")[0] == 0
