"""What the site says in place of an answer, and what each of it means for the asker."""

from __future__ import annotations

import re

from completions.errors import Outcome

LONGEST = 400
"""Characters; a longer turn is an answer, whatever it begins with."""

_SENTENCES = {
    Outcome.RATE_LIMITED: r"too many (?:concurrent )?requests|you(?:'|’)ve (?:reached|hit) (?:our|the) .{0,40}limit"
    r"|files, images, and data analysis are unavailable until",
    Outcome.BLOCKED: r"our systems have detected unusual activity|unusual activity has been detected"
    r"|chat verification (?:could not be completed|required)",
    Outcome.LOGIN_WALL: r"(?:please )?(?:log|sign) in to continue",
    Outcome.UNAVAILABLE_HERE: r"country, region, or territory not supported"
    r"|.{0,80}(?:services?|chatgpt) (?:is|are) not available in your (?:country|region)",
    Outcome.NETWORK: r"something went wrong|there was an error generating a response|network error"
    r"|hmm\W{0,3}\s*something seems to have gone wrong",
}
"""How the site's own error turns begin, in English; elsewhere the page's attributes must do."""
BEGINNING = rf"^\W*(?:{'|'.join(_SENTENCES.values())})\b"
"""Any of them, as a pattern that JavaScript takes too."""
_BEGINNINGS = {outcome: re.compile(rf"\W*(?:{words})\b", re.IGNORECASE) for outcome, words in _SENTENCES.items()}

_CODES = {
    Outcome.REFUSED: r"safety|moderation|content.?policy",
    Outcome.RATE_LIMITED: r"rate.?limit|too.?many|quota|limit.?(?:reached|exceeded)|\b429\b",
    Outcome.UNAVAILABLE_HERE: r"unsupported.?country|\b451\b",
    Outcome.LOGIN_WALL: r"login|log.in|sign.?in|unauthori[sz]ed|auth.?required|\b401\b",
    Outcome.BLOCKED: r"unusual.?activity|verification|sentinel|blocked|forbidden|\b403\b",
}
"""What failures call themselves in statuses, reasons and gates; where several are named, the first here decides."""
_CODE_WORDS = {outcome: re.compile(words, re.IGNORECASE) for outcome, words in _CODES.items()}


def of_turn(text: str) -> Outcome | None:
    """What a turn that is one of the site's own error messages means; None for anything that may be an answer."""
    if len(text) > LONGEST:
        return None
    return next(
        (outcome for outcome, beginning in _BEGINNINGS.items() if beginning.match(text)),
        None,
    )


def of_codes(*codes: str | None) -> Outcome:
    """What a failure means that names itself by status, reason, gate or a sentence."""
    named = " ".join(filter(None, codes))
    by_name = next((outcome for outcome, words in _CODE_WORDS.items() if words.search(named)), None)
    spoken = next(filter(None, map(of_turn, filter(None, codes))), None)
    return by_name or spoken or Outcome.NETWORK


def of_status(status: int | None) -> Outcome | None:
    """What the HTTP status of the page means; None for a page that came."""
    if status is None or status < 400:
        return None
    known = {
        401: Outcome.LOGIN_WALL,
        403: Outcome.BLOCKED,
        429: Outcome.RATE_LIMITED,
        451: Outcome.UNAVAILABLE_HERE,
    }
    return Outcome.BLOCKED if status == 503 else known.get(status, Outcome.NETWORK)
