"""How the tests ask an adapter in a real browser, with less patience than it has live."""

from __future__ import annotations

from completions.browser import Browser
from completions.conversation import Held, hold
from completions.profile import Profile
from completions.rehearsal import Rehearsal
from completions.sites import site
from completions.sites.base import Deadlines

NOBODY = Profile(seed=1)
QUICK = Deadlines(load=3, ready=15, submit=15, first_token=4, between_tokens=4, answer=30, settle=2, still=1.5, look=5)
"""Seconds. What comes late in a rehearsal comes one second after the words."""


async def asked(browser: Browser, rehearsal: Rehearsal, name: str, prompt: str, who: Profile = NOBODY) -> Held:
    """What came of asking the stand-in for `name`."""
    chat = site(name, rehearsal.address(name))
    chat.deadlines = QUICK
    return await hold(chat, browser, who, prompt)
