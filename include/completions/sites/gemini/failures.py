"""What Gemini says in place of an answer: its sentences, and the codes of its streams."""

from __future__ import annotations

from completions.errors import Outcome
from completions.sites.failures import Failures

FAILURES = Failures(
    sentences={
        Outcome.RATE_LIMITED: r"(?:\w+ )?(?:limit|quota) (?:reached|exceeded)|too many requests\W*(?:please|try|$)"
        r"|you(?:'|’)ve (?:reached|hit) your .{0,60}limit",
        Outcome.CHALLENGE: r"our systems have detected unusual traffic",
        Outcome.LOGIN_WALL: r"(?:please )?sign in to (?:continue|start|keep)",
        Outcome.UNAVAILABLE_HERE: r"gemini (?:isn(?:'|’)t|is not) (?:currently |yet )?(?:supported|available) in your"
        r"|(?:this service is )?not currently supported in your country",
        Outcome.NETWORK: r"(?:sorry, )?something went wrong|(?:please )?try again later"
        r"|(?:sorry, )?i (?:encountered|seem to be encountering) an error",
    },
    codes={
        Outcome.RATE_LIMITED: r"\b1037\b",
        Outcome.UNAVAILABLE_HERE: r"\b1060\b",
        Outcome.LOGIN_WALL: r"\b1016\b",
        Outcome.BLOCKED: r"\b(?:1014|1033|1096)\b",
    },
)
"""Codes are those of `BardErrorInfo` (2026): 1013 temporary, 1014 restricted for a time, 1016 not signed in, 1033 not
trusted, 1037 usage limit, 1050 and 1052 model, 1060 country, 1096 rejected; whatever is not here can be tried again."""
