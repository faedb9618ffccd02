"""What commands print: data to stdout, words about it to stderr."""

from __future__ import annotations

from typing import Any

from rich.console import Console

FAILED, REFUSED, UNREACHABLE = 1, 2, 3

terminal = Console(stderr=True, highlight=False)
"""For progress and messages; stdout stays clean for data."""


class Failed(Exception):
    """The command ran, and what it was to do failed; the message says it where that was not said before."""


def say(message: str) -> None:
    """Print a sentence to stderr, unstyled and unbroken."""
    terminal.print(message, markup=False, soft_wrap=True)


def print_json(document: Any) -> None:
    """Print the one JSON document of a command; moments are ISO 8601, what is no number null."""
    from pydantic_core import to_json

    print(to_json(document, indent=2, inf_nan_mode="null").decode())
