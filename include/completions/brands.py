"""Finds brands in the text of answers: by whole words, with aliases, in any script."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MATCHING_VERSION = 1
"""Raised whenever the same text and brands may give other mentions: history is then matched again."""

_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0x20000, 0x3FFFF),
)


@dataclass(frozen=True)
class Brand:
    """A brand as an audit names it; its domains are matched as words too."""

    name: str
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True)
class Mention:
    """One mention: offsets in characters of the text as given, the end exclusive."""

    brand: str
    start: int
    end: int


def mentions(text: str, brands: tuple[Brand, ...]) -> list[Mention]:
    """The mentions in reading order, none overlapping: the longest spelling wins, whichever brand's it is."""
    folded, starts, ends = _folded(text)
    free = [True] * len(folded)
    found = []
    for spelling, brand in _spellings(brands):
        at = folded.find(spelling)
        while at >= 0:
            end = at + len(spelling)
            if all(free[at:end]) and _whole(folded, at, end):
                free[at:end] = [False] * len(spelling)
                found.append(Mention(brand, starts[at], ends[end - 1]))
            at = folded.find(spelling, at + 1)
    return sorted(found, key=lambda mention: mention.start)


def _spellings(brands: tuple[Brand, ...]) -> list[tuple[str, str]]:
    owner: dict[str, str] = {}
    for brand in brands:
        for spelling in (brand.name, *brand.aliases, *brand.domains):
            owner.setdefault(_folded(spelling.strip())[0], brand.name)
    owner.pop("", None)
    return sorted(owner.items(), key=lambda item: (-len(item[0]), item[0]))


def _folded(text: str) -> tuple[str, list[int], list[int]]:
    """The text in NFKC without case, apostrophes and hyphens alike, and where each of its characters came from."""
    out, starts, ends, at = [], [], [], 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        piece = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text[at:end]).casefold())
        for character in piece.translate(_ALIKE):
            out.append(" " if character.isspace() else character)
            starts.append(at)
            ends.append(end)
        at = end
    return "".join(out), starts, ends


_ALIKE = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})


def _whole(text: str, start: int, end: int) -> bool:
    return _boundary(text, start) and _boundary(text, end)


def _boundary(text: str, at: int) -> bool:
    """Two letters or digits side by side are one word, except in scripts that write no spaces."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    if unicodedata.category(after)[0] == "M":
        return False
    return not (_word(before) and _word(after)) or _unspaced(before) or _unspaced(after)


def _word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LNM"


def _unspaced(character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in _UNSPACED)
