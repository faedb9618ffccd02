"""What a process leaves half written when it is killed: named so that the next one can tell, and swept away.

A name begins with a mark of its writer. Whoever runs on the same machine sees whether that process lives; what another
machine left in a shared folder goes when it is a day old, for nobody writes one file for so long.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4
from zlib import crc32

import psutil

DAY = 86400.0
SCRATCH = "completions-scratch-"
"""Beginning of the names of folders among the machine's temporary files."""

_NAME = re.compile(r"(\w+-\d+)-(\d+)-\w+")


def temporary_name() -> str:
    """A name that nobody else takes: machine and process namespace, process, chance."""
    return f"{_here()}-{os.getpid()}-{uuid4().hex}"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for temporary files, removed afterwards; by whoever sweeps, if this process is killed."""
    folder = new_scratch()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_scratch() -> Path:
    """A folder of its own for temporary files; whoever made it removes it."""
    return Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{_here()}-{os.getpid()}-"))


def sweep_scratch() -> None:
    """Remove the folders of dead processes among this machine's temporary files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        if is_dead(folder, folder.name.removeprefix(SCRATCH)):
            shutil.rmtree(folder, ignore_errors=True)


def is_dead(file: Path, name: str | None = None) -> bool:
    """Whether nobody goes on writing `file`, which has a `temporary_name`."""
    named = _NAME.match(name or file.name)
    if named and named[1] == _here() and not psutil.pid_exists(int(named[2])):
        return True
    with suppress(FileNotFoundError):
        return file.stat().st_mtime < time.time() - DAY
    return False


def _here() -> str:
    """This machine and, in containers, their own numbering of processes; short, as sockets have short names."""
    host = f"h{crc32(socket.gethostname().encode()):08x}"
    try:
        return f"{host}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return f"{host}-0"
