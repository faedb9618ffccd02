"""The events of Copilot's socket, and their reading."""

from __future__ import annotations

from completions.sites.sight import Sight


def read_stream(data: bytes) -> Sight:
    """What the recorded events show."""
    return Sight(finished=b'"done"' in data, warnings=[] if data else ["the stream is empty"])
