"""Pages and streams as heavy as the sites', made up: the same seed gives the same bytes.

They pack much as real ones do, of which zstd level 3 makes an eighth: a shell of code and styles that all pages of a
site share, marked-up words with ids of their own, and a stream that sends the words in pieces.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import accumulate
from random import Random

_ZIPF = list(accumulate(1 / rank for rank in range(1, 4001)))


class Pages:
    """A site's pages: `page` and `stream` give those of one conversation."""

    def __init__(self, seed: int) -> None:
        self.noise = Random(seed)
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        self.words = ["".join(self.noise.choices(letters, k=self.noise.randint(2, 11))) for _ in _ZIPF]
        self.classes = [" ".join(self._words(self.noise.randint(2, 9))) for _ in range(150)]
        self.shell = "".join(self._code() for _ in range(8000))

    def page(self, size: int) -> str:
        """HTML of `size` characters: half of it the shell."""
        shell = f"<!doctype html><html><head><script>{self.shell[: size // 2]}</script></head><body>"
        return (shell + "".join(self._filled(size - len(shell), self._element)))[:size]

    def stream(self, size: int) -> bytes:
        """Server-sent events of `size` bytes."""
        return "".join(self._filled(size, self._event)).encode()[:size]

    def text(self, words: int) -> str:
        """Prose."""
        return " ".join(self._words(words))

    def _filled(self, size: int, make: Callable[[], str]) -> list[str]:
        found: list[str] = []
        while size > 0:
            found.append(make())
            size -= len(found[-1])
        return found

    def _words(self, count: int) -> list[str]:
        return self.noise.choices(self.words, cum_weights=_ZIPF, k=count)

    def _code(self) -> str:
        name, called, given = self._words(3)
        number = self.noise.randrange(99999)
        return f"function {name}(e,t){{return {called}.{given}(e,t)||t.default}}var {given}=n({number});\n"

    def _element(self) -> str:
        outer, inner, link, icon = self.noise.choices(self.classes, k=4)
        number = self.noise.getrandbits(32)
        return (
            f'<div class="{outer}" data-message-id="{number:08x}"><div class="{inner}"><p>{self.text(9)}</p></div>'
            f'<a class="{link}" href="https://{self._words(1)[0]}.example/{number:x}?utm_source=chat" rel="noopener">'
            f'<svg class="{icon}" viewBox="0 0 24 24" aria-hidden="true"><use href="#{icon}"></use></svg></a></div>\n'
        )

    def _event(self) -> str:
        told = {"p": "/message/content/parts/0", "o": "append", "v": " " + self.text(3), "c": self.noise.randrange(999)}
        return f"event: delta\ndata: {json.dumps(told)}\n\n"
