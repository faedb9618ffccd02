"""A real browser, and a fresh page of it for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from completions.rehearsal import Rehearsal

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One real browser for the tests of a module."""
    with sync_playwright() as playwright:
        shell = shutil.which("chromium-headless-shell")
        browser = playwright.chromium.launch(executable_path=shell, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def ui() -> str:
    """The front end that is served; modules say which they mean."""
    return "mixed"


@pytest.fixture(scope="module")
def serving(ui: str) -> Iterator[Rehearsal]:
    """One rehearsal for the tests of a module."""
    with Rehearsal(ui=ui, latency=0.4) as rehearsal:
        yield rehearsal


@pytest.fixture
def rehearsal(serving: Rehearsal) -> Rehearsal:
    """It, having forgotten everybody."""
    serving.reset()
    return serving


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh context; a script error on it fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE", timezone_id="Europe/Berlin")
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []
