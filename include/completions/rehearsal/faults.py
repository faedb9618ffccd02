"""What can go wrong on purpose, and the outcome each must end in."""

from __future__ import annotations

import re
from dataclasses import replace

from completions.rehearsal.document import Paragraph, Words
from completions.rehearsal.draft import Draft

COMMON: dict[str, str] = {
    "challenge": "challenge",
    "login_wall": "login_wall",
    "layout_changed": "layout_changed",
    "http_429": "rate_limited",
    "http_500": "network",
    "no_answer": "no_answer",
    "cut_stream": "network",
    "stalled_stream": "timeout",
    "slow_first_token": "timeout",
    "slow_load": "timeout",
    "dialog": "answered",
}
"""The faults that every stand-in knows by name, and the outcome of a conversation that meets them."""

FAULTS: dict[str, str] = COMMON | {
    "blocked": "blocked",
    "rate_limited": "rate_limited",
    "refused": "refused",
    "unavailable_here": "unavailable_here",
    "handed_over": "answered",
    "failure_as_answer": "network",
}
"""ChatGPT's.

No form of `refused` is documented for front end A: there it is a turn of apology that a `moderation` event blocks.
"""

GEMINI: dict[str, str] = COMMON | {
    "rate_limited": "rate_limited",
    "unavailable_here": "unavailable_here",
    "blocked": "blocked",
    "code_1013": "network",
    "code_1096_after": "answered",
}
"""Gemini's: `challenge` is Google's sorry page, `login_wall` its sign-in; `rate_limited`, `unavailable_here` and
`blocked` are the stream's codes 1037, 1060 and 1096, which after a whole answer means nothing (`code_1096_after`)."""

COPILOT: dict[str, str] = COMMON | {
    "challenge_after": "challenge",
    "banned": "blocked",
    "unavailable_here": "unavailable_here",
    "region_error": "unavailable_here",
    "m365": "layout_changed",
    "invalid_event": "network",
    "message_error": "network",
}
"""Copilot's: `challenge_after`, `banned`, `region_error`, `invalid_event` and `message_error` are events of its socket
in place of an answer, `m365` the page of another product. How it looks when too much was asked is not documented."""

PERPLEXITY: dict[str, str] = COMMON | {
    "authwall": "login_wall",
    "authwall_string": "login_wall",
    "nudge": "answered",
    "blocked": "blocked",
    "rate_limited": "rate_limited",
    "failed": "network",
    "pending_final": "network",
}
"""Perplexity's: `login_wall` is a dialog that asks to sign in, `authwall` one beside words that look like an answer,
told by an object or (`authwall_string`) by JSON in a string; `nudge` is a mere offer beside a real answer. `failed`
ends as FAILED, `pending_final` after the first event that says final."""

BY_SITE: dict[str, dict[str, str]] = {"chatgpt": FAULTS, "gemini": GEMINI, "perplexity": PERPLEXITY, "copilot": COPILOT}
"""The faults that each site's stand-in knows, those above or its own, and their outcomes there."""

NAMES = frozenset(name for faults in BY_SITE.values() for name in faults)
"""Every fault of any site."""

WALLS = frozenset({"challenge", "blocked", "login_wall", "layout_changed", "unavailable_here", "slow_load"})
"""Faults that can take the place of the page itself."""

_FAILURE = "Something went wrong. If this issue persists please contact us through our help center at help.openai.com."
_REFUSAL = "I'm sorry, but I can't help with that."

_TAG = re.compile(r" \[fault:(\w+)\]\Z")


def tagged(prompt: str) -> str | None:
    """The fault that the prompt itself asks for, as in `best guitars [fault:challenge]`."""
    match = _TAG.search(prompt)
    return match[1] if match and match[1] in NAMES else None


def checked(fault: str) -> str:
    """`fault` when it is one; ValueError with the known names when it is not."""
    if fault not in NAMES:
        raise ValueError(f"fault {fault!r}: not a known fault, take one of {', '.join(sorted(NAMES))}")
    return fault


def spoilt(draft: Draft, fault: str | None) -> Draft:
    """`draft`, or what takes its place in a stream that looks whole."""
    match fault:
        case "no_answer":
            nothing = replace(draft, blocks=(), pages=(), cited=0, places=(), ads=(), queries=())
            return replace(nothing, products=(), images=())
        case "failure_as_answer":
            return replace(spoilt(draft, "no_answer"), blocks=(Paragraph((Words(_FAILURE),)),))
        case "refused":
            return replace(spoilt(draft, "no_answer"), blocks=(Paragraph((Words(_REFUSAL),)),))
        case _:
            return draft
