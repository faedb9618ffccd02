"""Ask the chat sites, keep what they showed, and read it: `load` for pandas, `connect` for DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from completions.frames import load
    from completions.reading import connect

__all__ = ["connect", "load"]


def __getattr__(name: str) -> Any:
    """`load` and `connect` bring pandas, pyarrow and DuckDB: they come when they are asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "connect":
        from completions.reading import connect

        return connect
    from completions.frames import load

    return load
