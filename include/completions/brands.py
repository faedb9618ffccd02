"""Finds brands in the text of answers: by whole words, with aliases, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MATCHING_VERSION = 1
"""Raised whenever the same text and brands may give other mentions: history is then matched again."""

Spelling = Annotated[str, Field(min_length=1, max_length=200)]


class Brand(BaseModel):
    """A brand as an audit names it; its domains are matched as words too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Spelling
    aliases: tuple[Spelling, ...] = ()
    domains: tuple[Annotated[str, Field(pattern=r"^[^\s/@:]+\.[^\s/@:]+$")], ...] = ()
    own: bool = False
    """Whether it is ours: reports put it first."""


@dataclass(frozen=True)
class Mention:
    """One mention: offsets in characters of the text as given, the end exclusive."""

    brand: str
    start: int
    end: int


def mentions(text: str, brands: Sequence[Brand]) -> list[Mention]:
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


def _spellings(brands: Sequence[Brand]) -> list[tuple[str, str]]:
    owner: dict[str, str] = {}
    for brand in brands:
        for spelling in (brand.name, *brand.aliases, *brand.domains):
            owner.setdefault(_folded(spelling.strip())[0], brand.name)
    owner.pop("", None)
    return sorted(owner.items(), key=lambda item: (-len(item[0]), item[0]))


def _folded(text: str) -> tuple[str, list[int], list[int]]:
    """The text in NFKC without case, apostrophes and hyphens alike, and where each of its characters came from."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        while end < len(text) and _jamo(text[end - 1]) and _jamo(text[end]):
            end += 1
        piece = unicodedata.normalize("NFKC", text[at:end].translate(_SIGNS)).casefold()
        for character in unicodedata.normalize("NFKC", piece).translate(_ALIKE):
            if character.isspace() and out and out[-1] == " ":
                continue
            out.append(" " if character.isspace() else character)
            starts.append(at)
            ends.append(end)
        at = end
    return "".join(out), starts, ends


_SIGNS = str.maketrans("\u2122\u2120\u00ae\u00a9", "    ")
"""Of trade marks, which are letters in NFKC."""
_ALIKE = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})


_PARTICLES = {
    *("은", "는", "이", "가", "을", "를", "의", "에", "와", "과", "도", "로", "으로", "만"),
    *("에서", "에게", "부터", "까지", "보다", "처럼", "이나", "나", "랑", "이랑", "입니다", "라는"),
}
"""What Korean writes at the end of a name."""
_HANGUL = re.compile(r"[\uac00-\ud7a3]+")


def _whole(text: str, start: int, end: int) -> bool:
    return _boundary(text, start) and (_boundary(text, end) or _particle(text, end))


def _boundary(text: str, at: int) -> bool:
    """Two letters or digits side by side are one word, except where a script writes no spaces, or another begins."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    if unicodedata.category(after)[0] == "M":
        return False
    if not (_word(before) and _word(after)):
        return True
    here, there = _script(before), _script(after)
    return "unspaced" in (here, there) or (here != there and "katakana" in (here, there))


def _particle(text: str, at: int) -> bool:
    follows = _HANGUL.match(text, at)
    return follows is not None and bool(_HANGUL.match(text[at - 1])) and follows[0] in _PARTICLES


def _word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LNM"


def _script(character: str) -> str:
    """`unspaced` for scripts without spaces between words, `katakana`, whose words show by themselves, or `other`."""
    code = ord(character)
    if 0x30A0 <= code <= 0x30FF:
        return "katakana"
    return "unspaced" if any(low <= code <= high for low, high in _UNSPACED) else "other"


def _jamo(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff"


_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x309F),  # Hiragana
    (0x3400, 0x9FFF),  # Han
    (0x20000, 0x3FFFF),
)
