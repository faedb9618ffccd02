"""What Copilot says in place of an answer: the sentences of its pages, the codes of its socket."""

from __future__ import annotations

from completions.errors import Outcome
from completions.sites.failures import Failures

FAILURES = Failures(
    sentences={
        Outcome.RATE_LIMITED: r"too many requests|you(?:'|’)ve (?:reached|hit) (?:your|the|our) .{0,40}limit"
        r"|you(?:'|’)re sending messages too (?:fast|quickly)",
        Outcome.BLOCKED: r"(?:your|this) account (?:has been|is) (?:suspended|banned|blocked)"
        r"|your access to copilot (?:has been|is) (?:suspended|restricted)",
        Outcome.LOGIN_WALL: r"(?:please )?sign in to (?:continue|keep|use|chat)",
        Outcome.UNAVAILABLE_HERE: r".{0,80}available in your (?:region|country)",
        Outcome.NETWORK: r"(?:sorry, )?something went wrong|(?:sorry, )?i(?:'|’)m having trouble responding"
        r"|(?:sorry, )?i wasn(?:'|’)t able to respond",
    },
    codes={
        Outcome.RATE_LIMITED: r"throttl|rate.?limit|too.?many|quota|limit.?(?:reached|exceeded)",
        Outcome.UNAVAILABLE_HERE: r"chat.?service.?unavailable|region|country|geo.?(?:block|restrict)",
        Outcome.REFUSED: r"safety|moderation|content.?(?:policy|filter)|offensive|disengage",
        Outcome.LOGIN_WALL: r"login|log.in|sign.?in|unauthori[sz]ed|authentication|session.?expired",
        Outcome.CHALLENGE: r"challenge|turnstile|captcha|clearance",
        Outcome.BLOCKED: r"banned|blocked|forbidden|suspended|abuse",
    },
)
"""`throttled` was seen on 2026-08-12, `chat-service-unavailable` in 2025 and since; other codes go by their names."""
