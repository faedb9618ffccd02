"""A real Chromium that looks at the pages as people do: in the frame that Airflow's UI shows them in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Frame, Page, sync_playwright

from completions.browser import ARGS, program_of

PLUGIN = "/plugin/batches"
"""Where Airflow's UI shows what is below `/`, beside it in its address."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a module."""
    with sync_playwright() as driver:
        program = program_of("shell", driver.chromium.executable_path)
        browser = driver.chromium.launch(executable_path=program, args=list(ARGS))
        yield browser
        browser.close()


def framed(page: Page, airflow: str, path: str) -> Frame:
    """The frame of the page at `path` (from `/ai`), once it is there; `airflow` is where its UI is."""
    page.goto(f"{airflow}{PLUGIN}{path}")
    frame = page.wait_for_selector("iframe", timeout=60_000)
    assert frame
    found = frame.content_frame()
    assert found
    found.wait_for_selector("main", timeout=60_000)
    return found
