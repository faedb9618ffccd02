"""What a site's pages look like, as data: the words in which every adapter declares it.

Selectors are CSS and name parts by attributes where the site has them; class names change with every build. Newest
generation first; the dates in the adapters say when a generation was seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from completions.errors import Outcome
from completions.sites.failures import Failures

Way = Literal["fill", "insert", "paste", "lines"]
"""How a text gets into a composer: set at once, as typed at once, pasted, or line by line with Shift+Enter between."""


@dataclass(frozen=True)
class Layout:
    """One front end or generation of a site's pages, as CSS selectors."""

    name: str
    """The `ui_variant` column."""
    marks: str
    """Any of these: the page is this front end."""
    user: str
    assistant: str
    """One message each; of those that stand in one another, the innermost."""
    turn: str
    """What a message and its buttons stand in."""
    body: str
    """The answer's words, inside the assistant's message."""
    finished: str
    """In or on the turn once the answer is whole."""
    busy: str
    """In or on the turn while it is not."""
    stop: str
    """Anywhere while an answer is being written."""
    composer: str
    send: str
    """The send button, when it would send."""
    typing: tuple[Way, ...] = ("insert",)
    """Tried in turn until the composer holds the prompt ..."""
    typing_lines: tuple[Way, ...] = ("lines",)
    """... and these for a prompt of several lines."""
    loses: bool = False
    """Whether what was written before the page came to life is lost for good: it is written again at once."""
    tail: str = ""
    """In the turn, where a saved piece of the page is whole; empty where nothing tells."""
    follows: bool = False
    """Whether `finished` comes after the answer's words, in a page that has messages and buttons in one flat row."""
    numbered: str = ""
    """Attribute on or around a prompt that numbers it, where the page does not draw every turn or draws them in any
    order: the highest is the last."""
    enter: bool = False
    """Whether the Enter key sends a prompt, where the page shows no button that is known to."""


@dataclass(frozen=True)
class Barrier:
    """Something that may stand between a prompt and its answer."""

    outcome: Outcome
    seen: str
    marks: str
    """Counts where it is shown: the pages ship several of these empty, hidden or closed."""
    yields: bool = False
    """Whether a whole answer beside it stands: the site put this up afterwards."""
    words: str = ""
    """A pattern searched in its text, where no attribute tells it apart; JavaScript takes it too."""
    late: bool = False
    """Whether a page may look so until it has come to life: on the live page it counts only after that."""


CHALLENGE = Barrier(
    Outcome.CHALLENGE,
    "the site asks for a proof of being human",
    '#challenge-running, #challenge-stage, #challenge-form, iframe[src*="challenges.cloudflare.com"]',
    yields=True,
)
"""Cloudflare's; the script that drives the page and the reader know it by its title and its script too."""
CHALLENGED = re.compile(r"_cf_chl_opt|<title[^<>]*>\s*(?:Just a moment|Attention Required)", re.IGNORECASE)
"""In the HTML of a page that is none of the site's own."""


@dataclass(frozen=True)
class Detour:
    """An address to which the site leads a visitor in place of the chat."""

    outcome: Outcome
    seen: str
    url: str
    """A pattern searched in the address of the page; JavaScript takes it too."""


@dataclass(frozen=True)
class Overlay:
    """A dialog that a visitor may close, and how."""

    dialog: str
    button: str | None
    """Its button, below or beside the dialog; None: the Escape key."""
    label: str | None = None
    """Words on the button, any of them, where no attribute tells it apart."""


@dataclass(frozen=True)
class Looks:
    """All that driving and reading the pages of a site needs to know of them."""

    layouts: tuple[Layout, ...]
    """Newest first: the first whose marks are on the page is the page's."""
    failures: Failures
    failed: Barrier
    """A failure that can be tried again, unless its codes or words say better what it is."""
    barriers: tuple[Barrier, ...] = ()
    """Beside `CHALLENGE`, which comes first."""
    detours: tuple[Detour, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    spoken: str = '[role="alert"], [role="dialog"]'
    """Where the site says in words what went wrong."""
    coded: str = ""
    """Elements that carry the codes of a failure ..."""
    codes: tuple[str, ...] = ()
    """... in these attributes."""
    hosts: tuple[str, ...] = ()
    """Its own hosts: their links lead nowhere but back."""
    noise: str = ""
    """Furniture among the words of an answer: labels, buttons, widgets. Links in it cite nothing."""

    @property
    def walls(self) -> tuple[Barrier, ...]:
        """Every barrier, most telling first."""
        return (CHALLENGE, *self.barriers, self.failed)
