"""Brands are found by whole words, in any script, at the offsets of the text as given."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers import ANSWERS
from completions.brands import Brand, Matcher, mentions

BRANDS = (
    Brand(name="Fender", aliases=("Fender Guitars",), domains=("fender.com",)),
    *(
        Brand(name=name)
        for name in ("Gibson", "Gibson Brands Europe", "Citroën", "任天堂", "L'Oréal", "삼성", "ソニー")
    ),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FENDER or Gibson", [("Fender", "FENDER"), ("Gibson", "Gibson")]),
        ("Fenders, defender", []),
        ("Fender\u2019s best", [("Fender", "Fender")]),
        ("Fender Guitars", [("Fender", "Fender Guitars")]),
        ("see fender.com", [("Fender", "fender.com")]),
        ("Gibson Brands Europe", [("Gibson Brands Europe", "Gibson Brands Europe")]),
        ("a Gibson-style neck", [("Gibson", "Gibson")]),
        ("Citroe\u0308n", [("Citroën", "Citroe\u0308n")]),
        ("これは任天堂です", [("任天堂", "任天堂")]),
        ("L\u2019OREAL, L\u2019ORÉAL", [("L'Oréal", "L\u2019ORÉAL")]),
        ("Ｆｅｎｄｅｒ", [("Fender", "Ｆｅｎｄｅｒ")]),
        ("Fender™ and Gibson®", [("Fender", "Fender"), ("Gibson", "Gibson")]),
        ("Fender \n Guitars", [("Fender", "Fender \n Guitars")]),
        ("삼성은 삼성동에서", [("삼성", "삼성")]),
        ("\u1109\u1161\u11b7\u1109\u1165\u11bc", [("삼성", "\u1109\u1161\u11b7\u1109\u1165\u11bc")]),
        ("ソニーとソニーズ", [("ソニー", "ソニー")]),
        ("", []),
    ],
)
def test_mentions(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(m.brand, text[m.start : m.end]) for m in mentions(text, BRANDS)] == expected


TEXTS = st.lists(
    st.sampled_from(
        [
            *("Fender", "Gibson", "Brands", "Europe", "guitar", "L\u2019Oréal", "ﬁne", "ß", "İ", "½", "…", "™", "x"),
            *(
                "任天堂",
                "ソニー",
                "ハ\u309a",
                "삼성",
                "은",
                "\u1109",
                "\u1161",
                "\u11b7",
                "e\u0308",
                "\u0308",
                "\u0301",
            ),
            *(" ", ".", "\n", "\u00a0", "\t "),
        ]
    )
).map("".join)


@given(TEXTS)
def test_mentions_are_ordered_and_apart(text: str) -> None:
    found = mentions(text, BRANDS)
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))
    assert all(0 <= m.start < m.end <= len(text) for m in found)


@given(TEXTS)
def test_what_is_found_is_a_spelling(text: str) -> None:
    names = {
        _letters(spelling): brand.name for brand in BRANDS for spelling in (brand.name, *brand.aliases, *brand.domains)
    }
    for one in mentions(text, BRANDS):
        assert names[_letters(text[one.start : one.end])] == one.brand


def _letters(text: str) -> str:
    """The text as brands are compared, written down as a rule for the whole of it."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(plain.replace("\u2019", "'").split())


@pytest.mark.parametrize("language", ANSWERS)
@pytest.mark.parametrize("around", ["{}: ", "… ½ {} ", "\n\n {}\u00a0", "İß {} e\u0301"])
def test_a_name_is_where_it_is_in_any_language(language: str, around: str) -> None:
    before = ANSWERS[language] + around.partition("{}")[0] + " "
    text = f"{before}Citroe\u0308n{around.partition('{}')[2]}{ANSWERS[language]}"
    (found,) = Matcher(BRANDS).mentions(text)
    assert (found.start, found.end) == (len(before), len(before) + len("Citroe\u0308n"))
