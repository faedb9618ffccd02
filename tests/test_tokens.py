"""API tokens: their form, what is kept of them, and when they are accepted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.errors import Refused
from completions.tokens import NAME, PATTERN, BadToken, Kept, expiry, make, name_in, verify

NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)
KEY = "of all API servers"
names = st.from_regex(NAME, fullmatch=True)


def _made(**changed: Any) -> tuple[str, Kept]:
    given: dict[str, Any] = {"name": "dashboard", "user": "ann", "created": NOW, "expires": SOON, "key": KEY}
    return make(**given | changed)


@given(name=names)
def test_a_token_tells_its_name_and_its_form(name: str) -> None:
    token, kept = _made(name=name)
    assert name_in(token) == name
    assert re.fullmatch(PATTERN, token)
    assert token not in kept.model_dump_json()
    assert token[-38:-6] not in kept.model_dump_json()
    verify(token, kept, KEY, NOW)


@given(name=names, at=st.integers(0), letter=st.sampled_from("09AZaz_-. \n"))
def test_one_wrong_letter_is_seen_without_asking_anybody(name: str, at: int, letter: str) -> None:
    token, _ = _made(name=name)
    at %= len(token)
    if token[at] != letter:
        with pytest.raises(BadToken, match="not a whole token"):
            name_in(f"{token[:at]}{letter}{token[at + 1 :]}")


@given(text=st.text() | st.from_regex(PATTERN))
def test_any_other_text_is_no_token(text: str) -> None:
    with pytest.raises(BadToken):
        name_in(text)


def test_no_two_are_the_same() -> None:
    assert len({_made()[0] for _ in range(1000)}) == 1000


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a b", "é", "a\n", "x" * 41])
def test_names_that_a_token_cannot_bear(name: str) -> None:
    with pytest.raises(Refused, match="--name"):
        _made(name=name)


@pytest.mark.parametrize(
    "changed",
    [
        {"user": "boss"},
        {"expires": None},
        {"expires": SOON + timedelta(days=9)},
        {"mac": ""},
        {"mac": "0" * 64},
    ],
    ids=str,
)
def test_what_is_kept_gives_nothing_once_it_was_tampered_with(changed: dict[str, Any]) -> None:
    token, kept = _made()
    with pytest.raises(BadToken, match="not known here"):
        verify(token, kept.model_copy(update=changed), KEY, NOW)


def test_neither_another_token_nor_another_airflow_nor_a_revoked_one_is_accepted() -> None:
    token, kept = _made()
    other, _ = _made()
    for presented, found, key in ((other, kept, KEY), (token, kept, "another key"), (token, None, KEY)):
        with pytest.raises(BadToken, match="not known here") as refused:
            verify(presented, found, key, NOW)
        assert presented not in str(refused.value)


def test_it_ends_to_the_second() -> None:
    token, kept = _made()
    verify(token, kept, KEY, SOON - timedelta(seconds=1))
    with pytest.raises(BadToken, match="expired at 2026-11-28T13:00:00"):
        verify(token, kept, KEY, SOON)
    endless, kept = _made(expires=None)
    verify(endless, kept, KEY, NOW + timedelta(days=36500))


def test_it_is_kept_as_json_and_back() -> None:
    token, kept = _made(expires=SOON.astimezone(timezone(timedelta(hours=2))))
    verify(token, Kept.model_validate_json(kept.model_dump_json()), KEY, NOW)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("never", None),
        ("1h", NOW + timedelta(hours=1)),
        ("90d", NOW + timedelta(days=90)),
        ("2026-12-24", datetime(2026, 12, 24, tzinfo=UTC)),
        ("2026-12-24T18:00:00+01:00", datetime(2026, 12, 24, 17, tzinfo=UTC)),
        ("2026-12-24T18:00:00.9Z", datetime(2026, 12, 24, 18, tzinfo=UTC)),
    ],
)
def test_when_it_expires(text: str, moment: datetime | None) -> None:
    assert expiry(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "0d", "90", "-1d", "soon", "2026-13-01", "2026-11-28T12:00:00Z", "1999-01-01"])
def test_expiries_that_mean_no_moment_to_come(text: str) -> None:
    with pytest.raises(Refused, match="--expires"):
        expiry(text, NOW)
