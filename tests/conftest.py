"""What every test may use: clean settings, a store, a rehearsal, a browser."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_asyncio

from completions.browser import Browser
from completions.rehearsal import Rehearsal
from completions.settings import Settings
from completions.store import Store, open_store

hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the developer has set counts, and nothing that the developer keeps is touched."""
    for name in [name for name in os.environ if name.startswith(("COMPLETIONS_", "AIRFLOW"))]:
        if name != "COMPLETIONS_CAPTURES":
            monkeypatch.delenv(name)
    here = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("COMPLETIONS_HOME", str(here / "airflow"))
    monkeypatch.setenv("COMPLETIONS_STORE", str(here / "store"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store in a folder."""
    return open_store(tmp_path / "store")


@pytest.fixture(scope="session")
def the_rehearsal() -> Iterator[Rehearsal]:
    """One rehearsal for all tests, quick and serving both front ends."""
    with Rehearsal(latency=0.2) as rehearsal:
        yield rehearsal


@pytest.fixture
def rehearsal(the_rehearsal: Rehearsal) -> Rehearsal:
    """The rehearsal, remembering nothing."""
    the_rehearsal.reset()
    return the_rehearsal


@pytest.fixture
def settings(store: Store, rehearsal: Rehearsal) -> Callable[..., Settings]:
    """Makes settings that keep to the test's store and to the rehearsal, with these fields changed."""

    def make(**fields: Any) -> Settings:
        own = {"store": store.uri, "rehearsal_url": rehearsal.url, "conversations": 2}
        return Settings.model_validate(own | fields)

    return make


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One real browser for the tests of a module; they run in the module's event loop."""
    async with Browser() as browser:
        yield browser
