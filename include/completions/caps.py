"""How much is kept of one conversation. What is cut says so, in `Artifacts.cut` or in the record's warnings."""

from __future__ import annotations

from typing import Any, Final

from completions.answer import Answer
from completions.record import Artifacts, Record

PAGE_BYTES: Final = 5_000_000
"""Of the page's HTML, and of each of its portions."""
STREAM_BYTES: Final = 10_000_000
"""Of the raw stream; a screenshot or a page copy that is larger is left out, as half of it would be of no use."""
ANSWER_BYTES: Final = 1_000_000
"""Of an answer's text, and of its Markdown."""
MESSAGE_BYTES: Final = 500
"""Of an error message and of a warning: they may quote the page."""
ENTRIES: Final = 500
"""Of each of an answer's lists, such as its citations."""


def capped(record: Record) -> Record:
    """`record` with everything at its cap. What is within its cap is untouched."""
    warnings: list[str] = []
    kept = {
        "answer": _answer(record.answer, warnings) if record.answer else None,
        "artifacts": _artifacts(record.artifacts),
        "error_message": record.error_message and _text(record.error_message, MESSAGE_BYTES),
        "warnings": [_text(warning, MESSAGE_BYTES) for warning in record.warnings[:ENTRIES]] + warnings,
    }
    return record.model_copy(update=kept)


def _artifacts(artifacts: Artifacts) -> Artifacts:
    kept, cut = dict(artifacts), set(artifacts.cut)
    for name, value in artifacts:
        if isinstance(value, str):
            kept[name] = _text(value, PAGE_BYTES)
        elif isinstance(value, bytes) and len(value) > STREAM_BYTES:
            kept[name] = value[:STREAM_BYTES] if name == "raw_stream" else None
        if kept[name] != value:
            cut.add(name)
    return artifacts.model_copy(update=kept | {"cut": sorted(cut)})


def _answer(answer: Answer, warnings: list[str]) -> Answer:
    answer = Answer.model_validate(_printable(answer.model_dump()))
    kept: dict[str, Any] = dict(answer)
    for name, value in answer:
        if isinstance(value, str):
            kept[name], limit = _text(value, ANSWER_BYTES), f"{ANSWER_BYTES} bytes"
        elif isinstance(value, list):
            kept[name], limit = value[:ENTRIES], f"{ENTRIES} entries"
        if kept[name] != value:
            warnings.append(f"{name} was cut at {limit}")
    return answer.model_copy(update=kept)


def _printable(value: Any) -> Any:
    """`value` without what no file can hold, however deep it sits."""
    if isinstance(value, str):
        return _text(value, len(value) * 4)
    if isinstance(value, dict):
        return {name: _printable(each) for name, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, list) else value


def _text(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, without half a character at the end.

    A lone surrogate, which a page's script may leave behind and no file can hold, becomes `?`.
    """
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
