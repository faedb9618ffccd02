"""Finds brands in the text of answers: by whole words, with aliases, in any script."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
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
    return Matcher(brands).mentions(text)


class Matcher:
    """Finds the same brands in many texts."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self._spellings = _spellings(brands)

    def mentions(self, text: str) -> list[Mention]:
        """As the function `mentions` tells."""
        plain = _plain(text)
        folded = _RUNS.sub(" ", plain)
        found: list[tuple[int, int, str]] = []
        for spelling, brand in self._spellings:
            at = folded.find(spelling)
            while at >= 0:
                end = at + len(spelling)
                if _whole(folded, at, end) and all(end <= start or stop <= at for start, stop, _ in found):
                    found.append((at, end, brand))
                at = folded.find(spelling, at + 1)
        if not found:
            return []
        spread, (starts, ends) = _spread(plain, len(folded)), _origins(text)
        return [Mention(brand, starts[spread[at]], ends[spread[end - 1]]) for at, end, brand in sorted(found)]


def _spellings(brands: Sequence[Brand]) -> list[tuple[str, str]]:
    owner: dict[str, str] = {}
    for brand in brands:
        for spelling in (brand.name, *brand.aliases, *brand.domains):
            owner.setdefault(_RUNS.sub(" ", _plain(spelling.strip())), brand.name)
    owner.pop("", None)
    return sorted(owner.items(), key=lambda item: (-len(item[0]), item[0]))


def _plain(text: str) -> str:
    """The text in NFKC without case, apostrophes and hyphens alike, all white space as spaces."""
    if text.isascii():
        return text.lower().translate(_SPACES)
    return "".join(_fold(piece) if whole else piece.translate(_FOLDS) for piece, _, whole in _pieces(text))


def _spread(plain: str, length: int) -> Sequence[int]:
    """Where each character of the text with single spaces is in the one with runs of them."""
    if length == len(plain):
        return range(length)
    places: list[int] = []
    at = 0
    for run in _RUNS.finditer(plain):
        places += range(at, run.start() + 1)
        at = run.end()
    return [*places, *range(at, len(plain))]


def _origins(text: str) -> tuple[Sequence[int], Sequence[int]]:
    """Where each character of `_plain` begins and ends in the text; no character is folded to none."""
    if text.isascii():
        return range(len(text)), range(1, len(text) + 1)
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for start, end, width in _widened(text):
        starts += [*range(at, start), *[start] * width]
        ends += [*range(at + 1, start + 1), *[end] * width]
        at = end
    return [*starts, *range(at, len(text))], [*ends, *range(at + 1, len(text) + 1)]


def _widened(text: str) -> Iterator[tuple[int, int, int]]:
    """Where in the text not one character becomes one: start, end, and how many it becomes."""
    for piece, start, whole in _pieces(text):
        if whole:
            yield start, start + len(piece), len(_fold(piece))
        elif len(piece.translate(_FOLDS)) > len(piece):
            for other in _BEYOND_ASCII.finditer(piece):
                if (width := len(_FOLDS[ord(other[0])])) > 1:
                    yield start + other.start(), start + other.end(), width


def _pieces(text: str) -> Iterator[tuple[str, int, bool]]:
    """The text in pieces and where they begin: letters with the marks that combine with them, and what is between."""
    present = _joining().intersection(text)
    at = 0
    for cluster in _clusters(present).finditer(text) if present else ():
        if at < cluster.start():
            yield text[at : cluster.start()], at, False
        yield cluster[0], cluster.start(), True
        at = cluster.end()
    if at < len(text):
        yield text[at:], at, False


@cache
def _joining() -> frozenset[str]:
    """What joins with the character before: combining marks, and the letters that Hangul syllables are spelt of."""
    every = map(chr, range(sys.maxunicode + 1))
    return frozenset(character for character in every if unicodedata.combining(character) or _jamo(character))


@lru_cache(1000)
def _clusters(present: frozenset[str]) -> re.Pattern[str]:
    """Characters with these of the marks, and syllables that are spelt; a large class is slow to look through."""
    marks = "".join(sorted(character for character in present if not _jamo(character)))
    syllable = "[\u1100-\u11ff]{2,}"
    return re.compile(f"(?s:.)[{marks}]+|{syllable}" if marks else syllable)


def _jamo(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff"


@lru_cache(10_000)
def _fold(piece: str) -> str:
    folded = unicodedata.normalize("NFKC", piece.translate(_SIGNS)).casefold()
    alike = unicodedata.normalize("NFKC", folded).translate(_ALIKE)
    return "".join(" " if character.isspace() else character for character in alike)


class _Folds(dict[int, str]):
    """What each character is folded to, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(chr(code))
        return folded


_FOLDS = _Folds()
_SPACES = {code: " " for code in range(128) if chr(code).isspace()}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_RUNS = re.compile(" {2,}")
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


_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x309F),  # Hiragana
    (0x3400, 0x9FFF),  # Han
    (0x20000, 0x3FFFF),
)
