"""What the exchanges with `StreamGenerate` tell: the answer, its end, the model, and where Google saw the visitor.

Each frame has the whole text so far; the newest one that calls itself complete is the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from completions.sites.gemini.candidate import COMPLETE, images, listed, progress, read_text
from completions.sites.gemini.failures import FAILURES
from completions.sites.gemini.fields import at, text_at
from completions.sites.gemini.frames import Envelope, exchanges
from completions.sites.gemini.layout import GEM
from completions.sites.sight import Sight, Trouble
from completions.sites.untrusted import load

_CONVERSATION = re.compile(r"c_([0-9a-f]{8,40})")
_KNOWN = ("wrb.fr", "e", "di", "af.httprm")


@dataclass
class Told:
    """What the envelopes of one response told so far."""

    candidate: object = None
    complete: bool = False
    ended: bool = False
    broken: bool = False
    """Whether something was unreadable, or out of its order, since the answer was complete."""
    codes: list[str] = field(default_factory=list)
    conversation: str | None = None
    model: str | None = None
    place: str | None = None
    country: str | None = None

    def take(self, envelope: Envelope) -> None:
        """Go on with `envelope`."""
        name = at(envelope, 0)
        if name == "e":
            self.ended = True
        elif name == "wrb.fr":
            self._content(envelope)
        elif not envelope:
            self.broken = True

    def _content(self, envelope: Envelope) -> None:
        content = at(envelope, 2)
        inner = load(content) if isinstance(content, str) else None
        if isinstance(code := at(envelope, 5, 2, 0, 1, 0), int):
            self.codes.append(str(code))
        if not isinstance(inner, list):
            self.broken = self.broken or isinstance(content, str)
            return
        self.conversation = text_at(inner, 1, 0) or self.conversation
        self.place, self.country = text_at(inner, 5, 0) or self.place, text_at(inner, 8) or self.country
        self.model = text_at(inner, 42) or self.model
        candidate = at(inner, 4, 0)
        if isinstance(candidate, list) and isinstance(at(candidate, 1), list):
            self._candidate(candidate, stored=isinstance(at(inner, 25), str))

    def _candidate(self, candidate: list[object], *, stored: bool) -> None:
        said = progress(candidate)
        complete = said == COMPLETE or (said is None and stored)
        if complete or not self.complete:
            self.candidate, self.complete, self.broken = candidate, complete, self.ended


def read_stream(data: bytes) -> Sight:
    """What the recorded exchanges show; nothing, with a warning, when they are none of this site."""
    told = _told(data)
    if told is None:
        said = data.decode(errors="replace").strip()
        if outcome := FAILURES.of_turn(said):
            return Sight(finished=False, trouble=Trouble(outcome, f"the site sent: {said}"))
        if ")]}'".startswith(said):
            return Sight(finished=False, warnings=["the stream is empty"])
        return Sight(warnings=["the stream is of no kind that this site is known to send"])
    sight = Sight(variant=GEM.name, model=told.model, conversation=_path(told.conversation))
    sight.site_country, sight.site_location = told.country, told.place
    sight.finished = told.complete and told.ended and not told.broken
    if told.codes and not told.complete:
        seen = f"the site ended the stream with its error {' '.join(told.codes)}"
        sight.trouble = Trouble(FAILURES.of_codes(*told.codes), seen, yields=told.candidate is not None)
    if told.candidate is not None:
        sight.body = read_text(told.candidate)
        sight.sources, sight.images = listed(told.candidate), images(told.candidate)
    return sight


def seen_place(data: bytes) -> tuple[str | None, str | None]:
    """Where Google says that the visitor is: place (`Zurich, Switzerland`) and country code (`CH`) of the exit."""
    told = _told(data)
    return (told.place, told.country) if told else (None, None)


def _told(data: bytes) -> Told | None:
    """What the last exchange told that has an answer or an error; None when nothing is of this site."""
    responses = []
    for envelopes in exchanges(data.decode(errors="replace").removeprefix("\ufeff")):
        told = Told()
        for envelope in envelopes:
            told.take(envelope)
        if any(at(envelope, 0) in _KNOWN for envelope in envelopes):
            responses.append(told)
    telling = [told for told in responses if told.candidate is not None or told.codes]
    return next(iter([*telling[::-1], *responses[::-1]]), None)


def _path(conversation: str | None) -> str | None:
    named = _CONVERSATION.fullmatch(conversation or "")
    return f"/app/{named[1]}" if named else None
