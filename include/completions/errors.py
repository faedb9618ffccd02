"""How things end: the outcome of a prompt, and why a request is refused.

Every prompt ends in exactly one outcome, and the outcome says what happens next::

    observed: the site had its say, nothing to ask again
        answered            refused             no_answer
    retry: ask again at once, in a fresh context (and through a fresh exit)
        timeout             network             wrong_place
    stop: leave this site alone for a while; asking on would be rude and useless
        blocked             challenge           rate_limited        login_wall
    give up: asking again would show the same
        unavailable_here    layout_changed      cancelled

    ValueError
     ├── Refused            one field of a request, in one sentence
     └── RefusedRequest     every refused field of one request
    Exception
     ├── Wall               raised inside a conversation; becomes its outcome
     └── Unreachable        Airflow, the store or a browser is not there to work with
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Outcome(StrEnum):
    """How the asking of one prompt ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    BLOCKED = "blocked"
    CHALLENGE = "challenge"
    LOGIN_WALL = "login_wall"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE_HERE = "unavailable_here"
    WRONG_PLACE = "wrong_place"
    TIMEOUT = "timeout"
    LAYOUT_CHANGED = "layout_changed"
    NETWORK = "network"
    CANCELLED = "cancelled"

    @property
    def succeeded(self) -> bool:
        """Whether an answer was given; the only outcome that counts as successful."""
        return self is Outcome.ANSWERED


OBSERVED = frozenset({Outcome.ANSWERED, Outcome.REFUSED, Outcome.NO_ANSWER})
"""The site was asked and had its say: these belong to the denominators of rates."""

RETRY = frozenset({Outcome.TIMEOUT, Outcome.NETWORK, Outcome.WRONG_PLACE})
"""Worth asking again at once, in a fresh context."""

STOP = frozenset({Outcome.BLOCKED, Outcome.CHALLENGE, Outcome.RATE_LIMITED, Outcome.LOGIN_WALL})
"""The site does not want to be asked now: pause it, never work around it."""


ABSENT = object()
"""The value of a required field that was not given."""


class Wall(Exception):
    """Something stands between the prompt and its answer.

    `outcome` is what the conversation ends in; the message says in one sentence what was seen.
    """

    def __init__(self, outcome: Outcome, seen: str) -> None:
        super().__init__(seen)
        self.outcome = outcome
        self.seen = seen


class Unreachable(Exception):
    """What the work needs cannot be reached: Airflow, the store, a browser; the message says which and why."""


class Refused(ValueError):
    """One field of a request that cannot be honoured: the field, the value and the way out, in one sentence.

    The value of a field that is not there is `ABSENT`.
    """

    def __init__(self, field: str, value: object, way_out: str) -> None:
        self.field, self.value, self.way_out = field, value, way_out
        super().__init__(f"{field}: {way_out}" if value is ABSENT else f"{field} {shortened(value)}: {way_out}")


class RefusedRequest(ValueError):
    """A request with one or more refused fields; prints a sentence a line."""

    def __init__(self, refusals: Sequence[Refused]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("\n".join(str(refusal) for refusal in refusals))


def shortened(value: object, length: int = 60) -> str:
    """`value` as it would be written in a message, cut to `length` characters."""
    try:
        written = repr(value)
    except (RecursionError, ValueError):  # nested too deep, or a number of too many digits
        written = f"({type(value).__name__})"
    return written if len(written) <= length else f"{written[: length - 1]}…"
