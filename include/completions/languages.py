"""Which language: a name in English or its own, or a code, to a BCP 47 tag; and the locale a browser speaks it with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pycountry
from babel.core import get_global
from langcodes import Language as Tag
from langcodes import standardize_tag, tag_is_valid
from language_data.names import get_trie_value, load_trie, normalize_name  # type: ignore[import-untyped]
from language_data.util import data_filename  # type: ignore[import-untyped]

from completions.errors import Refused
from completions.spelling import fold, nearest, readings

_CODE = re.compile(r"[a-z]{2,3}([-_][a-z0-9]{2,8})*", re.IGNORECASE)
_QUALIFIED = re.compile(r"(.+?)\s*[(（](.+)[)）]")
_HABITS = {"bahasa melayu": "ms", "chinese simplified": "zh-Hans", "chinese traditional": "zh-Hant"}
"""What people write that no list has."""
_NOT_A_LANGUAGE = {"und", "mul", "mis", "zxx"}
_LOCAL_FORMS = {("ku", "IQ"): "ckb-IQ", ("ku", "IR"): "ckb-IR"}
"""Where CLDR knows a country's form of a language under a code of its own: Kurdish in Iraq is Sorani."""


@dataclass(frozen=True, slots=True)
class Language:
    """A BCP 47 tag (`de`, `pt-BR`, `zh-Hant`) with the language's name in English and its own."""

    tag: str
    name: str
    autonym: str


@cache
def names() -> tuple[Language, ...]:
    """The languages of ISO 639-1, sorted by their names in English; more are understood."""
    tags = {standard(language.alpha_2) for language in pycountry.languages if hasattr(language, "alpha_2")}
    return tuple(sorted(map(_language, tags), key=lambda language: language.name))


def find(text: str, field: str = "language") -> Language:
    """The language that `text` is: a name in English or its own, ISO 639-1 or a longer tag, in any case and encoding.

    Nothing but the name may be there: `English please` is refused. Raises `Refused` of `field`, with the nearest names.
    """
    for reading in readings(text):
        if tag := _tag(" ".join(reading.split())):
            return _language(tag)
    near = " or ".join(nearest(text, {fold(language.name): language.name for language in names()}))
    hint = f"did you mean {near}?" if near else "give its name in English or its own, or a code such as de"
    raise Refused(field, text, f"is not a known language; {hint}")


def locale(language: str | None, country: str | None) -> str | None:
    """The locale to give a browser for `language` (a tag) in `country` (a code): `es` in MX is `es-MX`.

    A region in the tag wins; else the country, if CLDR lists the language there; else the region the language is most
    spoken in. Without a language, the country's own; without both, None. A script that goes without saying is dropped.
    """
    if language is None:
        return _without_default_script(Tag.get(f"und-{country}").maximize()) if country else None
    tag = Tag.get(language)
    if tag.territory:
        return tag.to_tag()
    if country and (language, country) in _LOCAL_FORMS:
        return _LOCAL_FORMS[language, country]
    if country and tag.language in _spoken_in(country):
        return _without_default_script(tag.update(Tag.make(territory=country)))
    home = tag.maximize().territory
    return _without_default_script(tag.update(Tag.make(territory=home)) if home != "001" else tag)


def accept_language(*locales: str) -> str:
    """The Accept-Language header of somebody whose browser speaks `locales`: `de-CH` -> `de-CH,de;q=0.9,en;q=0.8`."""
    split = [locale.split("-") for locale in locales]
    wanted = ["-".join(parts[:length]) for parts in split for length in range(len(parts), 0, -1)]
    wanted = list(dict.fromkeys([*wanted, "en"]))
    return ",".join(tag if not rank else f"{tag};q={1 - rank / 10:.1f}" for rank, tag in enumerate(wanted))


def _tag(text: str) -> str | None:
    if re.fullmatch("[a-zA-Z]{2}", text):
        return _of_code(text)
    return _main_names().get(fold(text)) or _of_name(text) or _of_qualified_name(text) or _of_code(text)


def _of_code(code: str) -> str | None:
    known = _CODE.fullmatch(code) and tag_is_valid(code) and code.lower() not in _NOT_A_LANGUAGE
    return standard(code) if known else None


def _of_name(name: str) -> str | None:
    code = _code_of("language", name)
    return standard(code) if code else None


def _of_qualified_name(text: str) -> str | None:
    """`Chinese (Simplified)` is Simplified Chinese; `Portuguese (Brazil)` is Portuguese as in Brazil."""
    if not (parts := _QUALIFIED.fullmatch(text)):
        return None
    language, qualifier = _of_name(parts[1]), parts[2]
    if swapped := _of_name(f"{qualifier} {parts[1]}") or _of_name(f"{qualifier}{parts[1]}"):
        return swapped
    script, territory = _code_of("script", qualifier), _code_of("territory", qualifier)
    return f"{language}-{script or territory}" if language and (script or territory) else None


def _code_of(category: str, name: str) -> str | None:
    """The subtag called `name`, in English first: `Malayo` is a language in English, and Malay in Spanish."""
    if not name.isprintable():  # the tries are of bytes, and fail on what no name has
        return None
    key = normalize_name(name)
    found = [get_trie_value(names, key) for names in map(_names, (category,) * 2, ("en", "und")) if key in names]
    return str(found[0]) if found else None


def standard(tag: str) -> str:
    """`tag` as languages are told apart here: no variants, Mandarin is Chinese, Tagalog is Filipino."""
    known = Tag.get(standardize_tag(tag)).prefer_macrolanguage()
    return Tag.make(language=known.language, script=known.script, territory=known.territory).to_tag()


def _language(tag: str) -> Language:
    known = Tag.get(tag)
    return Language(tag, known.display_name("en"), known.autonym())


def _spoken_in(country: str) -> set[str]:
    return {tag.partition("_")[0] for tag in get_global("territory_languages").get(country, {})}


def _without_default_script(tag: Tag) -> str:
    bare = Tag.make(language=tag.language, territory=tag.territory)
    return (bare if bare.maximize().script == tag.maximize().script else tag).to_tag()


@cache
def _main_names() -> dict[str, str]:
    """Tags by folded name, for the languages of ISO 639-1: no other language's name stands in their way."""
    own = {fold(language.autonym): language.tag for language in names()}
    return own | {fold(language.name): language.tag for language in names()} | _HABITS


@cache
def _names(category: str, in_language: str) -> Mapping[str, list[bytes]]:
    trie: Mapping[str, list[bytes]] = load_trie(data_filename(f"trie/{in_language}/name_to_{category}.marisa"))
    return trie
