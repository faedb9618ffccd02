"""Stand-ins for the chat sites, served on loopback, so that everything can be proven without touching a live site."""

from completions.rehearsal.book import Asking, Callback, Settings
from completions.rehearsal.changes import Change
from completions.rehearsal.faults import BY_SITE, FAULTS
from completions.rehearsal.server import Rehearsal, build, serve
from completions.rehearsal.truth import Cited, Listed, Truth, normalised, truth_of

__all__ = [
    "BY_SITE",
    "FAULTS",
    "Asking",
    "Callback",
    "Change",
    "Cited",
    "Listed",
    "Rehearsal",
    "Settings",
    "Truth",
    "build",
    "normalised",
    "serve",
    "truth_of",
]
