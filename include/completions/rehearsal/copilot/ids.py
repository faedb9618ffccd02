"""Ids as Copilot makes them."""

from __future__ import annotations

import secrets
import string

_LETTERS = string.ascii_letters + string.digits


def short_id() -> str:
    """21 letters and digits, as conversations and messages have them."""
    return "".join(secrets.choice(_LETTERS) for _ in range(21))
