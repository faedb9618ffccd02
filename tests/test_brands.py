"""Brands are found by whole words, in any script, at the offsets of the text as given."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.brands import Brand, mentions

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


@given(
    st.lists(st.sampled_from(["Fender", "Gibson", "guitar", "ﬁne", "ß", "任天堂", " ", ".", "e\u0308"])).map("".join)
)
def test_mentions_are_ordered_and_apart(text: str) -> None:
    found = mentions(text, BRANDS)
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))
    assert all(0 <= m.start < m.end <= len(text) for m in found)
