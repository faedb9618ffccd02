"""How a name may be written: plain or URL-encoded, in any case, with accents or without."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from urllib.parse import unquote, unquote_plus

_MARKS = re.compile("[\u0300-\u036f\u064b-\u0655\u0670\u00ad\u200b-\u200f\u0640]+")
"""Accents of Latin, Greek and Cyrillic, vowel signs of Arabic, soft hyphens and other characters that do not show."""
_JOINERS = re.compile("['’‘`´ʼʻʿʾʹ.·]+")
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ə": "e", "ħ": "h"}
    | {"ی": "ي", "ک": "ك", "ى": "ي", "ة": "ه", "ھ": "ه", "ہ": "ه", "臺": "台"}
)


def readings(text: str) -> Iterator[str]:
    """What `text` may stand for: as is, then percent-decoded, then form-decoded.

    In this order because `Galaxy S9+` is a name and `iPhone+15` an encoding of one.
    """
    yield from dict.fromkeys((text, unquote(text), unquote_plus(text)))


def fold(text: str) -> str:
    """`text` without case, accents and punctuation, one space between words: `Saint-Étienne` -> `saint etienne`."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFKC", _JOINERS.sub("", plain))
    return " ".join("".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in plain).split())


def nearest(text: str, names: Mapping[str, str], count: int = 3) -> list[str]:
    """Those of `names` (folded spelling -> name) that `text` most resembles, best first."""
    *_, decoded = readings(text)
    return [names[spelling] for spelling in get_close_matches(fold(decoded), names, count, 0.7)]
