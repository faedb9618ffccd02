"""Pages as browsers save them: with notes before and after, and cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from completions.answer import Reading
from completions.errors import Outcome
from sites import copilot_shapes, gemini_shapes, perplexity_shapes, shapes

SAVED = "<!-- saved from url=(0031)https://chat.example/thread -->\n"
PAGES = [
    (shapes.read, shapes.react_page("<p>A.</p>")),
    (gemini_shapes.read, gemini_shapes.page(gemini_shapes.turn("<p>A.</p>"))),
    (perplexity_shapes.read, perplexity_shapes.workflow_page("<p>A.</p>")),
    (copilot_shapes.read, copilot_shapes.page("<p>A.</p>")),
]


@pytest.mark.parametrize(("read", "page"), PAGES)
@pytest.mark.parametrize("note", ["", SAVED, f"{SAVED}<!---->\n"])
def test_a_page_with_notes_is_whole_when_it_has_its_end(read: Callable[[str], Reading], page: str, note: str) -> None:
    for saved in (f"\n{note}{page}\n", page.replace("<html", f"{note}<html", 1), f"{page}\n{note}"):
        assert read(saved).outcome is Outcome.ANSWERED
        for end in range(saved.index("<html") + 5, saved.index("</html>") + 6, 7):
            assert read(saved[:end]).outcome is not Outcome.ANSWERED, end
