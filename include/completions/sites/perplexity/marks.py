"""The marks in what the model wrote, `[1][2]` or `[1, 2]`, and the text without them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import html

from completions.markup import printable
from completions.sites.sight import Body, Link, Pill
from completions.sites.written import CODE, FORMULAS, Writing
from completions.text import POINT, words

_NUMBER = r"[1-9]\d{0,2}"
_MARK = rf"\[{_NUMBER}(?:,[ \u00a0]?{_NUMBER}){{0,20}}\]"
_TOKENS = re.compile(rf"(?P<code>{CODE})|(?P<marks>(?:{_MARK})+)(?![(:])|{FORMULAS}", re.DOTALL)


@dataclass
class _Resolver(Writing):
    """One pass over a text, its marks made what they stand for."""

    pages: Mapping[int, Link] = field(default_factory=dict)
    pills: list[tuple[Link, ...]] = field(default_factory=list)
    unresolved: int = 0

    def token(self, token: re.Match[str]) -> None:
        """Go on with what `token` stands for."""
        kind = token.lastgroup or ""
        numbers = [int(number) for number in re.findall(r"\d+", token[0])] if kind == "marks" else []
        unlike = "," in token[0] and not self.pages.keys() >= set(numbers)  # [0, 1] and the like may be words
        if kind == "code" or (kind == "marks" and (unlike or not self.pages)):
            self.write(token[0])
        elif kind == "marks":
            self._cite(numbers)
        else:
            self.formula(token[kind].strip(), apart=kind != "inline")

    def _cite(self, numbers: list[int]) -> None:
        """One chip for marks side by side: the page draws `example +1` for two of them."""
        known = dict.fromkeys(self.pages[number] for number in numbers if number in self.pages)
        self.unresolved += sum(number not in self.pages for number in numbers)
        place = html.Element("cite")
        if known:
            place.set("data-at", f"pill-{len(self.pills)}")
            self.pills.append(tuple(known))
        self.put(place, POINT)


def resolve(text: str, pages: Mapping[int, Link]) -> tuple[Body, int]:
    """`text` as the page would show it, and how many of its marks nothing explains; `pages` has the page of each mark.

    Where no page at all is numbered, what looks like marks is words.
    """
    resolver = _Resolver(pages=pages)
    for token in resolver.through(printable(text), _TOKENS):
        resolver.token(token)
    shown = words(resolver.root())
    nowhere = (len(shown.text), len(shown.text))
    pills = [Pill(links, *shown.at.get(f"pill-{n}", nowhere)) for n, links in enumerate(resolver.pills)]
    return Body(shown.text, resolver.markdown(), pills), resolver.unresolved
