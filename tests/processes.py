"""The processes that a test has started, to hurt them and to see them gone."""

from __future__ import annotations

from contextlib import suppress

import psutil


def ours() -> set[psutil.Process]:
    """Every process that this one started and that lives."""
    return {process for process in psutil.Process().children(recursive=True) if command_of(process)}


def command_of(process: psutil.Process) -> list[str]:
    """The command line of a process; nothing once it has ended."""
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def gone(processes: set[psutil.Process]) -> bool:
    """Whether all of them ended, or do so soon."""
    return not psutil.wait_procs(processes, timeout=5)[1]


def driver_of(started: set[psutil.Process]) -> psutil.Process:
    """Playwright's driver among these processes."""
    (driver,) = [process for process in started if "run-driver" in command_of(process)]
    return driver


def browser_of(started: set[psutil.Process]) -> psutil.Process:
    """The browser's main process among these."""
    (browser,) = [child for child in driver_of(started).children() if child in started]
    return browser
