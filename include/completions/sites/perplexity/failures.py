"""What Perplexity says in place of an answer."""

from __future__ import annotations

from completions.errors import Outcome
from completions.sites.failures import Failures

FAILURES = Failures(
    sentences={
        Outcome.LOGIN_WALL: r"sign up and repeat your request|(?:please )?(?:sign|log) in to continue",
        Outcome.RATE_LIMITED: r"you(?:(?:'|’)ve| have) (?:reached|hit|used) (?:your|the|all) .{0,60}"
        r"(?:limit|searches|queries)|you(?:(?:'|’)re| are) out of .{0,30}(?:searches|queries)"
        r"|(?:daily |pro search )?limit reached|too many requests",
        Outcome.BLOCKED: r"(?:we(?:'|’)ve )?(?:detected )?(?:unusual|suspicious) (?:activity|traffic)|access denied",
        Outcome.UNAVAILABLE_HERE: r"(?:sorry, )?perplexity is (?:not|un)\s?(?:currently |yet )?available in your"
        r" (?:country|region|area)",
        Outcome.NETWORK: r"(?:oops\W{0,3})?something went wrong|(?:internal|network) (?:server )?error"
        r"|(?:sorry, )?(?:there was )?an error (?:occurred|processing)|failed to (?:load|get|generate)",
    },
    codes={
        Outcome.LOGIN_WALL: r"auth.?wall|login|log.in|sign.?(?:in|up)|unauthori[sz]ed|unauthenticated|\b401\b",
        Outcome.RATE_LIMITED: r"rate.?limit|too.?many|quota|limit.?(?:reached|exceeded)|out.of.(?:queries|searches)"
        r"|\b429\b",
        Outcome.UNAVAILABLE_HERE: r"(?:country|region).?(?:blocked|unsupported|restricted)"
        r"|unsupported.?(?:country|region)|\b451\b",
        Outcome.REFUSED: r"moderation|content.?policy|safety",
        Outcome.BLOCKED: r"fraud|bot.?detect|blocked|forbidden|\b403\b",
    },
)
