"""The stand-ins by site: where each lives, which front ends it has, and what of the truth they show.

ChatGPT sits at the root of the rehearsal's address, as its page and its script know no prefix; every other site has a
host name of its own below `localhost`, which browsers resolve to this machine.
"""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType

from starlette.routing import BaseRoute, Host, Router

from completions.rehearsal import chatgpt, copilot, gemini, perplexity
from completions.rehearsal.changes import STEADY, Change
from completions.rehearsal.truth import Truth, truth_of

STAND_INS: dict[str, ModuleType] = {"chatgpt": chatgpt, "gemini": gemini, "perplexity": perplexity, "copilot": copilot}
"""Each has `ROUTES`, `FRONT_ENDS` and `shown(truth, ui)`."""


def routes(sites: Collection[str] = ()) -> list[BaseRoute]:
    """The routes of the stand-ins of `sites` (of all, where none is named), those with a host of their own first."""
    served = {name: one for name, one in STAND_INS.items() if not sites or name in sites}
    hosted = [Host(f"{name}.{{domain}}", Router(one.ROUTES)) for name, one in served.items() if one is not chatgpt]
    return [*hosted, *(chatgpt.ROUTES if "chatgpt" in served else ())]


def known(site: str) -> str:
    """`site` when it has a stand-in; ValueError with the known names when it has none."""
    if site not in STAND_INS:
        raise ValueError(f"site {site!r}: not known, take one of {', '.join(sorted(STAND_INS))}")
    return site


def front_ends(site: str) -> tuple[str, ...]:
    """The front ends of `site`, the usual one first."""
    ends: tuple[str, ...] = STAND_INS[site].FRONT_ENDS
    return ends


def shown(prompt: str, site: str = "chatgpt", ui: str | None = None, change: Change = STEADY, n: int = 1) -> Truth:
    """What front end `ui` of `site` (that which shows most, if None) shows at asking `n` of `prompt`, changed so."""
    truth: Truth = STAND_INS[site].shown(truth_of(prompt, site, change, n), ui or front_ends(site)[-1])
    return truth
