"""The sites' health as its page shows it: in words, and as drawings that need no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from markupsafe import Markup

from completions.batch import Model
from completions.breaker import Breaker
from completions.health import Health
from completions.lately import Lately, Site
from completions.report.svg import element
from completions_web.pages.waiting import SITES
from completions_web.pages.words import seconds, stamp, word

SHOWN = 40
"""Checks of a site that are drawn."""
TOLD = 10
"""Of these, as rows of a table."""
STATES = {
    True: ("passed", "good", "The adapter reads the site."),
    False: ("changed", "bad", "The site's pages are not what the adapter knows."),
    None: ("not told", "idle", "Something stood in the way, which says nothing of the adapter."),
}
"""What a check came to: in a word, its colour, and what it means."""
WAYS = {
    "proxy": "through an exit",
    "direct": "from this machine's place",
    "emulated": "by the browser's word only",
}
"""`location_method` in words."""
WIDTH, HEIGHT, STEP = 480, 56, 12


@dataclass(frozen=True)
class Check:
    """One check in words."""

    at: datetime
    state: str
    tone: str
    told: str
    latency: str
    front_end: str
    evidence: str | None
    """The moment in the address of what it left, if it left anything."""


@dataclass(frozen=True)
class Card:
    """A site."""

    site: str
    name: str
    state: str
    tone: str
    sentence: str
    breakers: list[str]
    """What keeps it from being asked, in sentences."""
    drawn: Markup | None
    checks: list[Check]
    """The latest first."""
    lately: Site | None

    @property
    def shares(self) -> dict[str, object] | None:
        """Its outcomes as the bars of batches have them."""
        if self.lately is None:
            return None
        return {"outcomes": dict(self.lately.outcomes.most_common()), "count": self.lately.count, "cached": 0}


@dataclass(frozen=True)
class Looked:
    """What the page tells, and when it was read."""

    at: datetime
    cards: list[Card]
    lately: Lately


def standing(lately: Lately, checks: Sequence[Health], breakers: Mapping[str, Sequence[Breaker]]) -> Looked:
    """Every site that can be asked, as it stands."""
    cards = [
        _card(site, [one for one in checks if one.site == site], breakers[site], lately.sites.get(site))
        for site in get_args(Model)
    ]
    return Looked(datetime.now(UTC), cards, lately)


def _card(site: str, checks: Sequence[Health], breakers: Sequence[Breaker], lately: Site | None) -> Card:
    last = next((one for one in reversed(checks) if one.healthy is not None), None)
    state, tone, _ = STATES[last.healthy if last else None]
    return Card(
        site=site,
        name=SITES[site],
        state=state if last else STATES[None][0] if checks else "not checked",
        tone=tone,
        sentence=_sentence(last, bool(checks)),
        breakers=[told for one in breakers if (told := _breaker(one))],
        drawn=_drawn(SITES[site], checks[-SHOWN:]) if checks else None,
        checks=[_check(one) for one in reversed(checks[-TOLD:])],
        lately=lately,
    )


def _sentence(last: Health | None, checked: bool) -> str:
    if last is None:
        return "No check could tell in the last 30 days." if checked else "Nobody checked it in the last 30 days."
    if last.healthy:
        return "The adapter reads the site."
    return f"The site's pages changed ({last.told}): its batches are refused unless forced."


def _breaker(one: Breaker) -> str | None:
    way = f"through {one.way}" if one.way else "from this machine's own address"
    if one.state == "open" and one.until:
        return f"Left alone {way} until {one.until:%H:%M} UTC, after it answered with: {word(str(one.outcome))}."
    if one.state == "half-open":
        return f"After {word(str(one.outcome))}, one conversation {way} tries first; the others wait for what it meets."
    return None


def _check(one: Health) -> Check:
    state, tone, meaning = STATES[one.healthy]
    latency = seconds(one.latency_ms / 1000) if one.latency_ms is not None else "–"
    at = f"{one.checked_at.astimezone(UTC):%Y%m%dT%H%M%S%f}" if one.evidence else None
    return Check(one.checked_at, state, tone, one.told or meaning, latency, one.ui_variant or "–", at)


def _drawn(name: str, checks: Sequence[Health]) -> Markup:
    """Each check as a bar as high as its answer took long; what failed or could not tell is a block of full height."""
    slowest = max((one.latency_ms or 0 for one in checks if one.healthy), default=0)
    bars = [_bar(SHOWN - len(checks) + number, one, slowest) for number, one in enumerate(checks)]
    counts = {state: sum(one.healthy is healthy for one in checks) for healthy, (state, _, _) in STATES.items()}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    title = f"{name}: the last {len(checks)} checks since {stamp(checks[0].checked_at)[:10]}: {told}"
    top = [element("text", seconds(slowest / 1000), x=0, y=10, class_="scale")] if slowest else []
    axis = element("line", x1=0, x2=WIDTH, y1=HEIGHT, y2=HEIGHT, class_="axis")
    box = f"0 0 {WIDTH} {HEIGHT + 1}"
    return element("svg", element("title", title), axis, *bars, *top, viewBox=box, class_="checks", role="img")


def _bar(place: int, one: Health, slowest: int) -> Markup:
    state, tone, meaning = STATES[one.healthy]
    high = max(3.0, (HEIGHT - 14) * (one.latency_ms or 0) / slowest) if one.healthy and slowest else HEIGHT - 14.0
    told = element("title", f"{stamp(one.checked_at)}: {state}. {one.told or meaning}")
    dress = {"class_": f"o-{tone}", "height": high, "y": HEIGHT - high}
    return element("rect", told, x=place * STEP, width=STEP - 2, **dress)
