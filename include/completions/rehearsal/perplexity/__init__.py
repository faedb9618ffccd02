"""Perplexity: `prose` is its front end of 2025 to mid 2026 (generation 2), `workflow` the one since (generation 3)."""

from __future__ import annotations

from dataclasses import replace

from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from completions.rehearsal.perplexity.ask import ask
from completions.rehearsal.perplexity.home import FRONT_ENDS, OWN_PAGES, home, rate_limit, related, session
from completions.rehearsal.perplexity.results import label
from completions.rehearsal.truth import Truth
from completions.rehearsal.walls import PAGES

__all__ = ["FRONT_ENDS", "ROUTES", "shown"]

ROUTES = [
    Route("/", home),
    Route("/search", home),
    Route("/search/{slug}", home),
    Route("/rest/sse/perplexity_ask", ask, methods=["POST"]),
    Route("/rest/sse/related-queries/{entry}", related),
    Route("/rest/rate-limit/status", rate_limit),
    Route("/api/auth/session", session),
    Mount("/cdn/shared", StaticFiles(directory=PAGES / "assets")),
    Mount("/cdn/assets", StaticFiles(directory=OWN_PAGES / "assets")),
]


def shown(truth: Truth, ui: str) -> Truth:
    """`truth` as far as Perplexity shows it, both front ends alike: sites go by their domains, names and ads unmarked.

    Products and places have blocks of which nobody knows the inner fields: they count as not shown.
    """
    return replace(
        truth,
        citations=tuple(replace(cited, site_name=label(cited.url)) for cited in truth.citations),
        sources=tuple(replace(listed, site_name=label(listed.url)) for listed in truth.sources or ()),
        entities=None,
        places=None,
        ads=None,
        products=None,
    )
