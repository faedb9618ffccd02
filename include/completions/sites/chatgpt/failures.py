"""What ChatGPT says in place of an answer."""

from __future__ import annotations

from completions.errors import Outcome
from completions.sites.failures import Failures

FAILURES = Failures(
    sentences={
        Outcome.RATE_LIMITED: r"too many (?:concurrent )?requests|you(?:'|’)ve (?:reached|hit) (?:our|the) .{0,40}limit"
        r"|files, images, and data analysis are unavailable until",
        Outcome.BLOCKED: r"our systems have detected unusual activity|unusual activity has been detected"
        r"|chat verification (?:could not be completed|required)",
        Outcome.LOGIN_WALL: r"(?:please )?(?:log|sign) in to continue",
        Outcome.UNAVAILABLE_HERE: r"country, region, or territory not supported"
        r"|.{0,80}(?:services?|chatgpt) (?:is|are) not available in your (?:country|region)",
        Outcome.NETWORK: r"something went wrong|there was an error generating a response|network error"
        r"|hmm\W{0,3}\s*something seems to have gone wrong",
    },
    codes={
        Outcome.REFUSED: r"safety|moderation|content.?policy",
        Outcome.RATE_LIMITED: r"rate.?limit|too.?many|quota|limit.?(?:reached|exceeded)|\b429\b",
        Outcome.UNAVAILABLE_HERE: r"unsupported.?country|\b451\b",
        Outcome.LOGIN_WALL: r"login|log.in|sign.?in|unauthori[sz]ed|auth.?required|\b401\b",
        Outcome.BLOCKED: r"unusual.?activity|verification|sentinel|blocked|forbidden|\b403\b",
    },
)
