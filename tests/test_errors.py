"""How things end: every outcome has one consequence, and every refusal is one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from completions import errors
from completions.errors import ABSENT, OBSERVED, RETRY, STOP, Outcome, Refused, RefusedRequest, Wall, shortened

GIVE_UP = frozenset({Outcome.UNAVAILABLE_HERE, Outcome.LAYOUT_CHANGED, Outcome.CANCELLED})


def test_every_outcome_has_one_consequence() -> None:
    groups = [OBSERVED, RETRY, STOP, GIVE_UP]
    assert frozenset().union(*groups) == frozenset(Outcome)
    assert sum(map(len, groups)) == len(Outcome)


@pytest.mark.parametrize(
    ("heading", "group"), [("observed", OBSERVED), ("retry", RETRY), ("stop", STOP), ("give up", GIVE_UP)]
)
def test_the_drawing_is_true(heading: str, group: frozenset[Outcome]) -> None:
    _, _, drawn = (errors.__doc__ or "").partition(f"    {heading}: ")
    assert frozenset(drawn.splitlines()[1].split()) == group


def test_only_an_answer_succeeds() -> None:
    assert [outcome for outcome in Outcome if outcome.succeeded] == [Outcome.ANSWERED]


def test_a_wall_tells_what_was_seen() -> None:
    wall = Wall(Outcome.CHALLENGE, "a box to tick")
    assert (wall.outcome, wall.seen, str(wall)) == (Outcome.CHALLENGE, "a box to tick", "a box to tick")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (31, "samples 31: give less"),
        ("a\nb", "samples 'a\\nb': give less"),
        (None, "samples None: give less"),
        (ABSENT, "samples: give less"),
        ("x" * 100, f"samples '{'x' * 58}…: give less"),
    ],
)
def test_a_refusal_is_one_sentence(value: Any, sentence: str) -> None:
    refused = Refused("samples", value, "give less")
    assert str(refused) == sentence
    assert (refused.field, refused.value, refused.way_out) == ("samples", value, "give less")


def test_a_refused_request_is_a_sentence_a_line() -> None:
    one, other = Refused("a", 1, "give 2"), Refused("b", ABSENT, "give it")
    request = RefusedRequest([one, other])
    assert (request.refusals, str(request)) == ((one, other), "a 1: give 2\nb: give it")


def _nested(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("x" * 58, repr("x" * 58)),
        ("x" * 59, f"'{'x' * 58}…"),
        ([1, 2], "[1, 2]"),
        (1 << 100_000, "(int)"),
        (_nested(100_000), "(list)"),
    ],
    ids=["whole", "cut", "list", "digits", "levels"],
)
def test_values_are_shortened(value: Any, written: str) -> None:
    assert shortened(value) == written
    assert len(written) <= 60
