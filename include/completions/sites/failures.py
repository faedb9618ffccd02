"""What a site says in place of an answer, and what each of it means for the asker."""

from __future__ import annotations

import re
from collections.abc import Mapping

from completions.errors import Outcome

LONGEST = 400
"""Characters; a longer turn is an answer, whatever it begins with."""

_STATUSES = {
    401: Outcome.LOGIN_WALL,
    403: Outcome.BLOCKED,
    429: Outcome.RATE_LIMITED,
    451: Outcome.UNAVAILABLE_HERE,
    503: Outcome.BLOCKED,
}


class Failures:
    """The failures of one site, by its own words and codes.

    `sentences`: how its error turns begin, as patterns that JavaScript takes too, in English unless the facts give
    more; elsewhere the page's attributes must do. `codes`: what failures call themselves in statuses, reasons and
    gates; where several are named, the first decides.
    """

    def __init__(self, sentences: Mapping[Outcome, str], codes: Mapping[Outcome, str]) -> None:
        self.beginning = rf"^\W*(?:{'|'.join(sentences.values())})(?!\w)" if sentences else "(?!)"
        """Any of the sentences, as a pattern that JavaScript takes too."""
        self._sentences = {
            what: re.compile(rf"\W*(?:{words})(?!\w)", re.IGNORECASE) for what, words in sentences.items()
        }
        self._codes = {what: re.compile(words, re.IGNORECASE) for what, words in codes.items()}

    def of_turn(self, text: str) -> Outcome | None:
        """What a turn that is one of the site's own error messages means; None for anything that may be an answer."""
        if len(text) > LONGEST:
            return None
        return next((outcome for outcome, beginning in self._sentences.items() if beginning.match(text)), None)

    def of_codes(self, *codes: str | None) -> Outcome:
        """What a failure means that names itself by status, reason, gate or a sentence."""
        named = " ".join(filter(None, codes))
        by_name = next((outcome for outcome, words in self._codes.items() if words.search(named)), None)
        spoken = next(filter(None, map(self.of_turn, filter(None, codes))), None)
        return by_name or spoken or Outcome.NETWORK


def of_status(status: int | None) -> Outcome | None:
    """What the HTTP status of the page means; None for a page that came."""
    if status is None or status < 400:
        return None
    return _STATUSES.get(status, Outcome.NETWORK)
