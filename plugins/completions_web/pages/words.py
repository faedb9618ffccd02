"""How the pages write times, numbers and outcomes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from completions.errors import STOP, Outcome

TONES = {Outcome.ANSWERED: "good", Outcome.REFUSED: "fair", Outcome.NO_ANSWER: "fair", Outcome.CANCELLED: "idle"}
"""Of outcomes, for their colours; walls are `wall`, all else is `bad`."""

MEANINGS = {
    Outcome.ANSWERED: "The site gave a whole answer.",
    Outcome.REFUSED: "The site declined to answer this.",
    Outcome.NO_ANSWER: "The site finished without saying anything.",
    Outcome.BLOCKED: "The site refused this visitor; it is left alone for a while.",
    Outcome.CHALLENGE: "The site asked for proof of being human; the project stops there.",
    Outcome.LOGIN_WALL: "The site wanted a login; the project stops there.",
    Outcome.RATE_LIMITED: "The site said it was asked too often; it is left alone for a while.",
    Outcome.UNAVAILABLE_HERE: "The site does not serve this place.",
    Outcome.WRONG_PLACE: "No exit in the place asked for was to be had.",
    Outcome.TIMEOUT: "The answer was not finished in time.",
    Outcome.LAYOUT_CHANGED: "The page was not what the adapter knows.",
    Outcome.NETWORK: "The connection, or the browser, failed.",
    Outcome.CANCELLED: "It was not asked: the batch was cancelled, or broke.",
}


def tone(outcome: str) -> str:
    """`good`, `fair`, `wall`, `bad` or `idle`."""
    one = Outcome(outcome)
    return TONES.get(one, "wall" if one in STOP else "bad")


def meaning(outcome: str) -> str:
    """What an outcome means, in a sentence."""
    return MEANINGS[Outcome(outcome)]


def word(name: str) -> str:
    """A name of the data as people write it: `login_wall` is `login wall`."""
    return name.replace("_", " ")


def share(part: float, whole: float) -> str:
    """A percentage, or a dash of nothing; of few among many it is `< 1 %`, never none."""
    if part and 100 * part < 0.5 * whole:
        return "< 1 %"
    return f"{100 * part / whole:.0f} %" if whole else "–"


def number(value: float) -> str:
    """With thin spaces between thousands."""
    return f"{value:,}".replace(",", "\u202f")


def seconds(value: float | None) -> str:
    """A duration: `0.8 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    if value is None:
        return "–"
    if value < 10:
        return f"{value:.1f} s"
    for unit, size, below, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if value >= size:
            rest = int(value % size // part)
            return f"{int(value // size)} {unit}{f' {rest} {below}' if rest else ''}"
    return f"{value:.0f} s"


def moment(value: datetime | str | None) -> datetime | None:
    """What a time of the data is, in UTC."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(UTC) if at else None


def stamp(value: datetime | str | None) -> str:
    """`2026-11-28 10:12:05`, in UTC."""
    at = moment(value)
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "–"


def iso(value: datetime | str | None) -> str:
    """For machines: `2026-11-28T10:12:05Z`."""
    at = moment(value)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""


def ago(value: datetime | str | None) -> str:
    """`3 min ago`; the largest unit only."""
    at = moment(value)
    if at is None:
        return "–"
    passed = max(0.0, (datetime.now(UTC) - at).total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if passed >= size:
            return f"{int(passed // size)} {unit} ago"
    return f"{int(passed)} s ago"


FILTERS: dict[str, Any] = {one.__name__: one for one in (tone, meaning, word, share, number, seconds, stamp, iso, ago)}
