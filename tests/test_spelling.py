"""Names as they are written: encodings, case, accents."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions.spelling import fold, nearest, readings


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("São Paulo", "sao paulo"),
        ("Saint-Étienne", "saint etienne"),
        ("Washington, D.C.", "washington dc"),
        ("'s-Hertogenbosch", "s hertogenbosch"),
        ("Łódź", "lodz"),
        ("İSTANBUL", "istanbul"),
        ("Straße", "strasse"),
        ("Reykja\u00advík", "reykjavik"),
        ("Київ", "киів"),
        ("أبو ظبي", "ابو ظبي"),
        ("ｔｏｋｙｏ", "tokyo"),
        ("臺北", "台北"),
        ("서울", "서울"),
        ("!?", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(deadline=None)
@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_encoded_text_has_the_plain_among_its_readings(text: str) -> None:
    assert text in set(readings(quote(text, safe="")))
    assert text in set(readings(quote_plus(text)))
    assert next(readings(text)) == text


def test_nearest_reads_encodings_too() -> None:
    assert nearest("Munch%65n", {"munchen": "Munich", "munster": "Münster"}, 1) == ["Munich"]
