"""Perplexity (perplexity.ai), as a visitor who is not logged in sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from completions.sites.base import Deadlines, Wire
from completions.sites.chat import Chat
from completions.sites.perplexity.layout import HOME, LOOKS
from completions.sites.perplexity.page import read_answer
from completions.sites.perplexity.stream import read_stream

__all__ = ["Perplexity"]

UNSEEN = "wire, by its usual field names; never seen"


class Perplexity(Chat):
    """All of Perplexity's generations: `ui_variant` is `workflow`, `prose` or `bare`, see `layout`."""

    name = "perplexity"
    home = HOME
    version = "2"
    looks = LOOKS
    trace: str | None = "/cdn-cgi/trace"
    deadlines = Deadlines(still=1.0)
    shows: Mapping[str, str] = {
        "citations": "page and wire",
        "sources": "page and wire",
        "fan_out_queries": "wire",
        "follow_up_questions": "wire",
        "products": UNSEEN,
        "places": UNSEEN,
        "images": "wire",
        "model_version": "wire, page of prose",
        "web_search_triggered": "wire",
        "conversation_url": "page and wire",
    }
    wire: tuple[Wire, ...] = (Wire(re.compile(r"/rest/sse/perplexity_ask(?:[/?]|$)")),)
    read_answer = staticmethod(read_answer)
    read_stream = staticmethod(read_stream)
