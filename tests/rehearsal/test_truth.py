"""The truth is a function of the prompt, is varied enough to prove something, and reads as it says."""

from __future__ import annotations

import pytest

from completions.rehearsal import FAULTS, normalised, truth_of
from completions.rehearsal.draft import draft_of, subject_of
from completions.rehearsal.faults import WALLS, tagged
from completions.rehearsal.references import marked, written_parts
from completions.rehearsal.sites import shown as shown_by

PROMPTS = [f"best guitar for stage number {number}" for number in range(200)]


def test_the_same_prompt_has_the_same_truth_and_another_has_another() -> None:
    texts = [truth_of(prompt).text for prompt in PROMPTS]
    assert texts == [truth_of(prompt).text for prompt in PROMPTS]
    assert len(set(texts)) == len(PROMPTS)
    assert truth_of("x", "chatgpt").text != truth_of("x", "gemini").text


def test_the_answers_differ_in_every_feature() -> None:
    truths = [truth_of(prompt) for prompt in PROMPTS]
    assert {len(truth.citations) for truth in truths} == set(range(7))
    assert max(sum(cited.role == "more" for cited in truth.citations) for truth in truths) >= 2
    assert any(len({cited.url for cited in truth.citations}) < len(truth.citations) for truth in truths)
    for feature in ("| Price |", "```python", "\\(", "\n1. ", "\n- "):
        assert 20 < sum(feature in truth.markdown for truth in truths) < 200, feature
    for name in ("places", "ads", "sources", "fan_out_queries"):
        assert 10 < sum(bool(getattr(truth, name)) for truth in truths) < 200, name


@pytest.mark.parametrize("prompt", PROMPTS[:30])
def test_what_is_written_is_the_answer_with_its_marks(prompt: str) -> None:
    draft = draft_of("chatgpt", prompt)
    written = list(written_parts(draft))
    whole = marked(draft)
    assert "".join(part.text for part in written) == whole
    for reference in filter(None, (part.reference for part in written)):
        assert whole[reference["start_idx"] : reference["end_idx"]] == reference["matched_text"]
    assert not any("\ue200" <= character <= "\ue206" for character in truth_of(prompt).markdown + truth_of(prompt).text)


def test_front_end_b_shows_less() -> None:
    full = next(truth for truth in map(shown_by, PROMPTS) if any(not source.cited for source in truth.sources or ()))
    shown = shown_by(full.prompt, ui="b")
    assert (shown.fan_out_queries, shown.model_version, shown.follow_ups) == (None, None, None)
    assert {source.url for source in shown.sources or ()} == {cited.url for cited in full.citations}
    assert shown.text == full.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a  b\n\nc", "a b c"),
        ("from 99 € .", "from 99 €."),
        (" a\xa0b ", "a b"),
    ],
)
def test_normalised(text: str, expected: str) -> None:
    assert normalised(text) == expected


@pytest.mark.parametrize(
    ("prompt", "subject"),
    [
        ("best guitars?", "best guitars"),
        ("<script>alert(1)</script>", "script alert 1 script"),
        ("*größte* `Gitarre` | $x$", "größte Gitarre x"),
        ("best guitars [fault:challenge]", "best guitars"),
        ("?!", "that"),
    ],
)
def test_no_more_of_the_prompt_is_repeated_than_letters_and_digits(prompt: str, subject: str) -> None:
    assert subject_of(prompt) == subject


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [
        ("a [fault:challenge]", "challenge"),
        ("a [fault:challenge] b", None),
        ("a [fault:nonsense]", None),
        ("a[fault:challenge]", None),
        ("a", None),
    ],
)
def test_a_tag_at_the_end_asks_for_its_fault(prompt: str, fault: str | None) -> None:
    assert tagged(prompt) == fault


def test_every_wall_is_a_fault() -> None:
    assert set(FAULTS) >= WALLS
