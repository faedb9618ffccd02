"""A saved stream: what kind of bytes it is, told by the bytes themselves, and its reading."""

from __future__ import annotations

from completions.sites.perplexity.early import modernise
from completions.sites.perplexity.entry import country, read_entry
from completions.sites.perplexity.events import Entry, Reader
from completions.sites.perplexity.failures import FAILURES
from completions.sites.sight import Sight, Trouble
from completions.sites.untrusted import load, string


def read_stream(data: bytes) -> Sight:
    """What the recorded exchanges show of the last prompt; nothing, with a warning, when they are none of ours."""
    text = _decoded(data)
    if entries := _entries(text):
        sight = read_entry(entries[-1])
        sight.site_country = country(entries[-1])
        return sight
    said = _refusal(text)
    if said and (outcome := FAILURES.of_turn(said)):
        return Sight(finished=False, trouble=Trouble(outcome, f"the site sent: {said}"))
    if not said:
        return Sight(finished=False, warnings=["the stream is empty"])
    return Sight(warnings=["the stream is of no kind that this site is known to send"])


def seen_country(data: bytes) -> str | None:
    """Where the site says that the visitor is, as ISO 3166-1 alpha-2; None while or where it does not say."""
    entries = _entries(_decoded(data))
    return country(entries[-1]) if entries else None


def _decoded(data: bytes) -> str:
    return data.decode(errors="replace").removeprefix("\ufeff")


def _entries(text: str) -> list[Entry]:
    reader = Reader()
    reader.read(text)
    for entry in reader.entries:
        modernise(entry)
    return reader.entries


def _refusal(text: str) -> str:
    """What the server says in words, plain or in an object, in place of a stream."""
    whole = load(text) if text.lstrip().startswith("{") else None
    named = (string(whole, key) or string(whole, key, "message") for key in ("error", "detail", "message"))
    return next(filter(None, named), None) or text.strip()
