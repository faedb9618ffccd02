"""Languages: names, autonyms and codes to tags; tags and countries to locales."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions import languages
from completions.errors import Refused

FOUND = {
    "English": "en",
    "GERMAN": "de",
    "deutsch": "de",
    "DE": "de",
    "Français": "fr",
    "francais": "fr",
    "Español": "es",
    "Castilian": "es",
    "Italiano": "it",
    "Português": "pt",
    "Brazilian Portuguese": "pt-BR",
    "Portuguese (Brazil)": "pt-BR",
    "pt_BR": "pt-BR",
    "Nederlands": "nl",
    "Flemish": "nl-BE",
    "Norwegian": "no",
    "Norwegian Bokmål": "nb",
    "Norwegian+Bokm%C3%A5l": "nb",
    "norsk nynorsk": "nn",
    "svenska": "sv",
    "dansk": "da",
    "suomi": "fi",
    "Íslenska": "is",
    "polski": "pl",
    "čeština": "cs",
    "Русский": "ru",
    "українська": "uk",
    "Ελληνικά": "el",
    "Türkçe": "tr",
    "עברית": "he",
    "iw": "he",
    "العربية": "ar",
    "فارسی": "fa",
    "Farsi": "fa",
    "Persian": "fa",
    "हिन्दी": "hi",
    "Bengali": "bn",
    "Bangla": "bn",
    "日本語": "ja",
    "한국어": "ko",
    "中文": "zh",
    "Chinese": "zh",
    "Mandarin": "zh",
    "cmn": "zh",
    "Simplified Chinese": "zh-Hans",
    "Chinese (Simplified)": "zh-Hans",
    "繁體中文": "zh-Hant",
    "zh-hant-hk": "zh-Hant-HK",
    "Cantonese": "yue",
    "Tagalog": "fil",
    "Filipino": "fil",
    "Bahasa Indonesia": "id",
    "tiếng việt": "vi",
    "American English": "en-US",
    "English (US)": "en-US",
    "British English": "en-GB",
    "Latin American Spanish": "es-419",
    "Serbian (Latin)": "sr-Latn",
    "deu": "de",
    "Kurdish": "ku",
    "  swiss   german ": "gsw",
    "العربيه": "ar",
    "zh_CN": "zh-CN",
    "pt-PT": "pt-PT",
    "EN-us": "en-US",
    "sh": "sr-Latn",
    "in": "id",
    "mo": "ro",
    "Moldovan": "ro",
    "Gaeilge": "ga",
    "Cymraeg": "cy",
    "català": "ca",
    "Euskara": "eu",
    "Modern Greek": "el",
    "اردو": "ur",
    "ไทย": "th",
    "ქართული": "ka",
    "Kiswahili": "sw",
    "isiZulu": "zu",
    "Malay": "ms",
    "Bahasa Malaysia": "ms",
    "Bahasa Melayu": "ms",
    "Myanmar": "my",
    "தமிழ்": "ta",
    "ਪੰਜਾਬੀ": "pa",
    "Panjabi": "pa",
    "Sinhalese": "si",
    "Slovene": "sl",
    "Hrvatski": "hr",
    "српски": "sr",
    "Македонски": "mk",
    "Magyar": "hu",
    "Română": "ro",
    "Norsk": "no",
    "Canadian French": "fr-CA",
    "Français (Canada)": "fr-CA",
    "Español (México)": "es-MX",
    "European Spanish": "es-ES",
    "Deutsch (Schweiz)": "de-CH",
    "Austrian German": "de-AT",
    "Traditional Chinese": "zh-Hant",
    "Chinese Traditional": "zh-Hant",
    "简体中文": "zh-Hans",
    "中文（简体）": "zh-Hans",
    "中文（繁體）": "zh-Hant",
    "Dutch (Belgium)": "nl-BE",
    "Oriya": "or",
    "Sorani": "ckb",
    "Dari": "fa-AF",
    "Māori": "mi",
    "fre": "fr",
    "chi": "zh",
}
REFUSED = [
    "English please",
    "Germn",
    "xx",
    "und",
    "",
    " ",
    "()",
    "German (Klingon)",
    "x-klingon",
    "l33t",
    "%",
    "\0",
    "\ud800",
    "a" * 200,
]


@pytest.mark.parametrize(("written", "tag"), FOUND.items())
def test_finds_names_autonyms_and_codes(written: str, tag: str) -> None:
    assert languages.find(written).tag == tag


@pytest.mark.parametrize("written", FOUND)
def test_encodings_agree_with_the_plain_spelling(written: str) -> None:
    plain = written if "%" not in written else "Norwegian Bokmål"
    assert languages.find(quote(plain, safe="")) == languages.find(quote_plus(plain)) == languages.find(written)


def test_the_table_is_of_many_languages() -> None:
    assert len(FOUND) >= 100
    assert len(set(FOUND.values())) >= 60


@pytest.mark.parametrize("written", REFUSED)
def test_refuses_what_is_no_language(written: str) -> None:
    with pytest.raises(Refused, match=r"^display .*is not a known language; ") as refused:
        languages.find(written, "display")
    assert refused.value.field == "display"


def test_names_the_nearest_when_refusing() -> None:
    with pytest.raises(Refused, match="did you mean Norwegian"):
        languages.find("Norwgian")


@pytest.mark.parametrize("language", languages.names(), ids=lambda language: language.tag)
def test_every_listed_language_is_found_by_name_autonym_and_tag(language: languages.Language) -> None:
    for written in (language.name, language.autonym, language.tag, language.name.upper()):
        assert languages.find(written) == language


@settings(deadline=None)
@given(st.text(max_size=30))
def test_finds_or_refuses_whatever_is_written(written: str) -> None:
    try:
        found = languages.find(written)
    except Refused:
        return
    assert languages.find(found.tag) == found


@pytest.mark.parametrize(
    ("language", "country", "locale"),
    [
        ("en-US", "DE", "en-US"),  # a region in the tag wins
        ("es-419", "MX", "es-419"),
        ("es", "MX", "es-MX"),  # else the country, where the language is spoken there
        ("en", "DE", "en-DE"),
        ("fil", "PH", "fil-PH"),
        ("es", "PR", "es-PR"),
        ("sq", "XK", "sq-XK"),
        ("nb", "NO", "nb-NO"),
        ("no", "NO", "no-NO"),
        ("pt", "AO", "pt-AO"),
        ("yue", "HK", "yue-HK"),
        ("ja", "MX", "ja-JP"),  # else where it is spoken most
        ("en", "JP", "en-US"),
        ("hi", "GB", "hi-IN"),
        ("de", None, "de-DE"),
        ("pt", None, "pt-BR"),
        ("eo", None, "eo"),  # nowhere
        ("zh", "TW", "zh-TW"),  # scripts that go without saying
        ("zh-Hant", "TW", "zh-TW"),
        ("zh-Hans", "CN", "zh-CN"),
        ("zh-Hans", "TW", "zh-Hans-TW"),
        ("zh-Hant", "CN", "zh-Hant-CN"),
        ("sr", "RS", "sr-RS"),
        ("sr-Latn", "RS", "sr-Latn-RS"),
        ("ku", "IQ", "ckb-IQ"),
        ("ku", "TR", "ku-TR"),
        ("fr", "CA", "fr-CA"),
        ("fr", "CH", "fr-CH"),
        ("de", "AT", "de-AT"),
        ("ar", "EG", "ar-EG"),
        ("pt", "PT", "pt-PT"),
        ("zh", "HK", "zh-HK"),
        ("zh", "US", "zh-US"),
        ("ta", "LK", "ta-LK"),
        ("es", "US", "es-US"),
        ("ru", "KZ", "ru-KZ"),
        (None, "CH", "de-CH"),  # no language: the country's
        (None, "IN", "hi-IN"),
        (None, "XK", "sq-XK"),
        (None, None, None),
    ],
)
def test_locale(language: str | None, country: str | None, locale: str | None) -> None:
    assert languages.locale(language, country) == locale


@pytest.mark.parametrize(
    ("locale", "header"),
    [
        ("de-CH", "de-CH,de;q=0.9,en;q=0.8"),
        ("en-US", "en-US,en;q=0.9"),
        ("en", "en"),
        ("eo", "eo,en;q=0.9"),
        ("zh-Hans-TW", "zh-Hans-TW,zh-Hans;q=0.9,zh;q=0.8,en;q=0.7"),
    ],
)
def test_accept_language(locale: str, header: str) -> None:
    assert languages.accept_language(locale) == header


def test_accept_language_of_two_locales() -> None:
    assert languages.accept_language("de-DE", "de-AT", "fr") == "de-DE,de;q=0.9,de-AT;q=0.8,fr;q=0.7,en;q=0.6"
