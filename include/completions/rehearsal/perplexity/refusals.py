"""How Perplexity refuses within the stream: an offer to sign in, with words that look like an answer, or a failure.

Both come with HTTP 200. An offer is an object, or JSON in a string in a string (seen 2026).
"""

from __future__ import annotations

import json
from dataclasses import replace

from completions.rehearsal.document import Paragraph, Words
from completions.rehearsal.draft import Draft
from completions.rehearsal.faults import spoilt
from completions.rehearsal.perplexity.results import Json

AUTHWALL: Json = {
    "name": "fraud_authwall_upsell",
    "upsell_type": "LOGIN",
    "app_location": "MODAL",
    "title": "Sign in to continue using Perplexity",
    "cta": "SIGN_UP_OR_LOGIN",
}
NUDGE: Json = {
    "name": "logged_out_thread_sign_in",
    "upsell_type": "LOGIN",
    "app_location": "IN_THREAD_INPUT",
    "title": "Sign in to save your history and access more features",
    "cta": "SIGN_UP_OR_LOGIN",
}
"""May stand beside a real answer."""
SIGN_UP = "Sign up and repeat your request."

_FAILURES = {
    "rate_limited": ("ENTRY_FAILED", "You've reached your limit of free searches for today."),
    "failed": ("ENTRY_FAILED", "Something went wrong. Please try again."),
}
"""Faults that end as FAILED: `error_code` and `error_message`. The code is made up, as none is documented."""


def left(draft: Draft, fault: str | None) -> Draft:
    """What of `draft` is answered in spite of `fault`."""
    match fault:
        case "authwall" | "authwall_string":
            return replace(_nothing(draft), blocks=(Paragraph((Words(SIGN_UP),)),))
        case "login_wall":
            return _nothing(draft)
        case _:
            return spoilt(draft, fault)


def offer(fault: str | None) -> Json:
    """What the last event says of signing in."""
    match fault:
        case "authwall" | "login_wall":
            return {"upsell_information": AUTHWALL}
        case "authwall_string":
            return {"upsell_information": json.dumps(json.dumps(AUTHWALL))}
        case "nudge":
            return {"upsell_information": NUDGE}
        case _:
            return {}


def failure(fault: str | None) -> Json | None:
    """What an event that ends the stream as failed says."""
    if fault not in _FAILURES:
        return None
    code, message = _FAILURES[fault]
    return {"final": True, "error_code": code, "error_message": message}


def _nothing(draft: Draft) -> Draft:
    return replace(spoilt(draft, "no_answer"), products=(), images=(), follow_ups=())
