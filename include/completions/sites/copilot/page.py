"""What the page shows of the answer: its words, the layers of its citations, what it suggests to ask next."""

from __future__ import annotations

from completions.sites.scene import Scene
from completions.sites.sight import Body, Sight
from completions.text import markdown, tidy, words


def read_answer(scene: Scene, sight: Sight) -> None:
    """Add to `sight` what the page shows of the last prompt's answer."""
    if scene.answers:
        root = tidy(scene.words())
        sight.body = Body(words(root).text, markdown(root))
