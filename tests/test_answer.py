"""What is read from a site: strict about names, fixed once read, and flat for those who want columns."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from completions.answer import Answer, Citation, FanOutQuery, Portions, Reading, Shown, Source
from completions.errors import Outcome

ANSWER = Answer(
    answer_text="Fender",
    answer_markdown="**Fender**",
    citations=[
        Citation(
            position=1,
            role="inline",
            url="https://a.example/?utm_source=x",
            url_canonical="https://a.example/",
            published_at=datetime(2026, 11, 23, tzinfo=UTC),
        )
    ],
    sources=[Source(position=1, url="https://a.example/", url_canonical="https://a.example/", cited=True)],
    fan_out_queries=[],
)
READING = Reading(
    page_finished=True,
    stream_finished=None,
    finished=True,
    outcome=Outcome.ANSWERED,
    ui_variant="server",
    answer=ANSWER,
    portions=Portions(completion_html="<p>Fender"),
    warnings=["odd"],
)
OWN = {"page_finished", "stream_finished", "finished", "outcome", "error_message", "ui_variant", "warnings"}
SEEN = {"site_country", "site_location", "answer_language"}


def test_columns_are_flat_and_plain() -> None:
    columns = READING.as_columns()
    assert columns.keys() == OWN | SEEN | Answer.model_fields.keys()
    assert (columns["finished"], columns["outcome"], columns["ui_variant"]) == (True, "answered", "server")
    assert columns["answer_text"] == "Fender"
    assert columns["citations"][0]["published_at"] == "2026-11-23T00:00:00Z"


def test_not_shown_and_none_there_are_told_apart() -> None:
    columns = READING.as_columns()
    assert (columns["fan_out_queries"], columns["ads"]) == ([], None)


def test_a_reading_without_an_answer_has_the_same_columns() -> None:
    columns = READING.model_copy(update={"answer": None}).as_columns()
    assert columns.keys() == READING.as_columns().keys()
    assert {columns[name] for name in Answer.model_fields} == {None}


def test_an_answer_survives_its_json() -> None:
    assert Answer.model_validate_json(ANSWER.model_dump_json()) == ANSWER


@pytest.mark.parametrize("kind", Shown.__subclasses__())
def test_nothing_unknown_is_taken(kind: type[Shown]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        kind.model_validate({"no_such_field": 1})


def test_what_was_read_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ANSWER.answer_text = "Gibson"  # type: ignore[misc]


@pytest.mark.parametrize(("role", "known"), [("inline", True), ("more", True), ("ad", False)])
def test_a_citation_is_shown_or_behind_another(role: str, *, known: bool) -> None:
    try:
        Citation.model_validate({"position": 1, "url": "u", "url_canonical": "u", "role": role})
        taken = True
    except ValidationError:
        taken = False
    assert taken is known


def test_fan_out_queries_need_their_order() -> None:
    with pytest.raises(ValidationError, match="order"):
        FanOutQuery.model_validate({"query": "guitars"})
