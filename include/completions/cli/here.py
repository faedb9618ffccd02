"""This machine as the commands see it: its settings and its store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from completions.settings import Settings
    from completions.store import Store


def settings() -> Settings:
    """The settings that the embedded Airflow's tasks run with: the environment's, and where the rehearsal is."""
    from completions.embedded import Embedded

    return Embedded().settings()


def stored() -> Store:
    """The store that the settings name."""
    from completions.store import open_store

    return open_store(settings().store)
