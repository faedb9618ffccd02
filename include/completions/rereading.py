"""One record read again: its kept bytes, as an adapter understands them today.

What was observed when it was asked stays; outcome and answer are derived anew. A reading is only replaced by one that
knows more: where bytes were cut or not kept, or where today's adapter no longer knows the page, the old one stays and
the record says so.
"""

from __future__ import annotations

from completions.answer import Reading
from completions.caps import capped
from completions.conversation import verdict
from completions.errors import OBSERVED, Outcome, Wall
from completions.record import Met, Record
from completions.sites.base import Captured, Site

NOT_AGAIN = "not read again: "
"""Begins the warning of a record that keeps its old reading."""
_BYTES = {"page_html": "page", "raw_stream": "stream"}


def read_again(adapter: Site, record: Record) -> Record:
    """The record as `adapter` reads its bytes; with its old reading and a warning where they do not tell more."""
    if lacking := _lacking(record):
        return _noted(record, lacking)
    kept, met = record.artifacts, record.met or _met(record)
    reading = adapter.read(
        Captured(html=kept.page_html, stream=kept.raw_stream, status=met.status, headers=met.headers, url=met.url)
    )
    outcome, message = _verdict(met, reading)
    if outcome is Outcome.LAYOUT_CHANGED and record.outcome is not Outcome.LAYOUT_CHANGED:
        return _noted(record, f"version {adapter.version} of the adapter does not know its page or stream")
    portions = reading.portions.model_dump()
    artifacts = kept.model_copy(update={**portions, "cut": [name for name in kept.cut if name not in portions]})
    read = {
        "outcome": outcome,
        "error_message": message,
        "warnings": _warnings(met, reading, outcome),
        "login_state": "logged_out" if reading.ui_variant else None,
        "ui_variant": reading.ui_variant,
        "adapter_version": adapter.version,
        "met": met,
        "answer": reading.answer if outcome is Outcome.ANSWERED else None,
        "artifacts": artifacts,
    }
    return capped(record.model_copy(update=read))


def _verdict(met: Met, reading: Reading) -> tuple[Outcome, str | None]:
    """As the live conversation judged, but that an answer which page and stream both prove is one after all.

    One that somebody from elsewhere got stays none.
    """
    elsewhere = met.wall is Outcome.WRONG_PLACE
    if reading.outcome is Outcome.ANSWERED and reading.page_finished and reading.stream_finished and not elsewhere:
        return Outcome.ANSWERED, None
    return verdict(Wall(met.wall, met.seen or "") if met.wall else None, reading, loaded=True)


def _warnings(met: Met, reading: Reading, outcome: Outcome) -> list[str]:
    since = [] if outcome is met.outcome else [f"read again later; when it was asked it ended as {met.outcome}"]
    return list(dict.fromkeys([*met.warnings, *reading.warnings, *since]))


def _lacking(record: Record) -> str | None:
    """Why the bytes cannot be read again; None when they can."""
    kept = record.artifacts
    if cut := [what for name, what in _BYTES.items() if name in kept.cut]:
        return f"its {' and '.join(cut)} {'was' if len(cut) == 1 else 'were'} cut"
    if kept.page_html is None:
        return "its page was not kept"
    if kept.raw_stream is None and record.outcome is Outcome.ANSWERED:
        return "its stream was not kept"
    return None


def _noted(record: Record, why: str) -> Record:
    others = [warning for warning in record.warnings if not warning.startswith(NOT_AGAIN)]
    return record.model_copy(update={"warnings": [*others, f"{NOT_AGAIN}{why}"]})


def _met(record: Record) -> Met:
    """What is left of it in a record that was made before conversations kept it: any wall counts as met live."""
    walled = record.outcome not in OBSERVED
    return Met(
        wall=record.outcome if walled else None,
        seen=record.error_message if walled else None,
        warnings=[warning for warning in record.warnings if not warning.startswith(NOT_AGAIN)],
        outcome=record.outcome,
    )
