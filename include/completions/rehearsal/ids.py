"""Ids as the sites make them."""

from __future__ import annotations

from uuid import uuid4


def conversation_id() -> str:
    """An id like a UUID, but for its third group: no version 4, as seen on live pages."""
    return "-".join(group if place != 2 else "83ea" for place, group in enumerate(str(uuid4()).split("-")))
