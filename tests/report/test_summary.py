"""What is called a change, and what is not: told apart, counted, and tried on audits in which nothing changed."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from completions.report.statistics import LEVEL, Count
from completions.report.summary import NOISE, TOO_FEW, Cell, Finding, Measured, Step, Summary, summarise

CELL = Cell("named", "chatgpt", "US, Portland", "Fender")


def series(counts: dict[str, tuple[int, int]], cell: Cell = CELL) -> list[Measured]:
    return [Measured(run, cell, Count(*count)) for run, count in counts.items()]


def the_only(summary: Summary) -> Finding:
    (finding,) = summary.findings
    return finding


@pytest.mark.parametrize(
    ("counts", "kind", "certain", "why_not"),
    [
        ({"1": (30, 60), "2": (0, 60)}, "gone", True, None),
        ({"1": (40, 60), "2": (12, 60)}, "fell", True, None),
        ({"1": (12, 60), "2": (40, 60)}, "rose", True, None),
        ({"1": (0, 60), "2": (30, 60)}, "new", True, None),
        ({"0": (5, 60), "1": (0, 60), "2": (30, 60)}, "rose", True, None),  # it was there before
        ({"1": (30, 60), "2": (26, 60)}, "fell", False, NOISE),
        ({"1": (30, 60), "2": (22, 60)}, "fell", False, NOISE),
        ({"1": (12, 12), "2": (0, 12)}, "gone", False, TOO_FEW),
        ({"1": (60, 60), "2": (0, 19)}, "gone", False, TOO_FEW),
        ({"1": (60, 60), "2": (0, 0)}, "gap", True, None),  # blocked: not a fall
    ],
)
def test_kinds(counts: dict[str, tuple[int, int]], kind: str, certain: bool, why_not: str | None) -> None:
    finding = the_only(summarise("a", sorted(counts), series(counts)))
    assert (finding.kind, finding.certain, finding.why_not) == (kind, certain, why_not)


@pytest.mark.parametrize("counts", [{"1": (30, 60), "2": (30, 60)}, {"1": (0, 60), "2": (0, 40)}, {"2": (30, 60)}])
def test_what_stayed_or_began_is_no_finding(counts: dict[str, tuple[int, int]]) -> None:
    assert summarise("a", sorted(counts), series(counts)).findings == ()


@pytest.mark.parametrize("between", [(0, 0), (0, 7)])
def test_after_a_gap_the_last_captured_run_is_compared(between: tuple[int, int]) -> None:
    counts = {"1": (40, 60), "2": between, "3": (41, 60)}
    finding = the_only(summarise("a", ["1", "2", "3"], series(counts)))
    assert (finding.compared_with, finding.certain) == ("1", False)
    assert finding.annotations == ("run 2 left out: not captured, or too little",)


def test_what_else_changed_is_said_with_the_change() -> None:
    steps = [
        Step("2", "chatgpt", "US, Portland", "model version gpt-5 → gpt-5.1"),
        Step("1", "chatgpt", "US, Portland", "an older step"),
        Step("2", "gemini", "US, Portland", "another site's"),
    ]
    summary = summarise("a", ["1", "2"], series({"1": (40, 60), "2": (5, 60)}), steps)
    assert the_only(summary).annotations == ("model version gpt-5 → gpt-5.1",)
    assert "Fell: Fender named by chatgpt, US, Portland: 40 of 60 → 5 of 60 answers" in summary.text
    assert "gpt-5.1" in summary.text


def test_a_switch_that_changed_no_rate_is_told() -> None:
    steps = [Step("2", "chatgpt", "US, Portland", "model version gpt-5 → gpt-5.1")]
    summary = summarise("a", ["1", "2"], series({"1": (40, 60), "2": (40, 60)}), steps)
    assert (summary.findings, summary.steps) == ((), tuple(steps))
    assert "Changed besides: chatgpt, US, Portland: model version gpt-5 → gpt-5.1" in summary.text


def test_too_few_answers_are_not_called_unchanged() -> None:
    few = summarise("a", ["1", "2"], series({"1": (2, 4), "2": (2, 4)}))
    assert (few.compared, few.enough) == (1, 0)
    assert (
        few.text.splitlines()[1] == "Too few answers to tell of any change: every rate rests on fewer than 20 answers."
    )
    some = summarise("a", ["1", "2"], series({"1": (10, 20), "2": (10, 20)}))
    assert some.text.splitlines()[1] == "No rate changed beyond the noise of the samples."


def test_ours_come_first_and_the_text_is_short() -> None:
    rows = [
        row
        for number in range(30)
        for row in series({"1": (60, 60), "2": (number % 3, 60)}, CELL._replace(subject=f"brand {number:02}"))
    ]
    summary = summarise("a", ["1", "2"], rows, own=["brand 17"])
    assert summary.findings[0].subject == "brand 17"
    assert len(summary.findings) == summary.compared == 30
    assert len(summary.text.splitlines()) <= 20
    assert "Gone: 2 more." in summary.text


def test_the_first_run_compares_nothing() -> None:
    summary = summarise("a", ["1"], series({"1": (30, 60)}))
    assert "first run" in summary.text
    assert (summary.before, summary.findings) == (None, ())


def audit_of(draw: random.Random, fell: bool = False) -> Iterator[Measured]:
    """Two runs of 20 prompts x 3 samples, 4 models, 2 profiles; each prompt has a rate of its own, the same in both.

    8 brands and 30 domains, most of them rare. With `fell`, the first brand's rates halve in the second run everywhere.
    """
    for number in range(8 * 38):
        subject, place = divmod(number, 8)
        usual = draw.choice((0.02, 0.1, 0.3, 0.6)) if subject else 0.8
        rates = [min(1, max(0, draw.gauss(usual, 0.25))) for _ in range(20)]
        cell = Cell("named" if subject < 8 else "cited", f"model {place // 2}", f"who {place % 2}", str(subject))
        for run in ("1", "2"):
            factor = 0.4 if fell and subject == 0 and run == "2" else 1
            k = sum(draw.random() < rate * factor for rate in rates for _ in range(3))
            yield Measured(run, cell, Count(k, 60))


def test_audits_in_which_nothing_changed_seldom_say_that_something_did() -> None:
    audits = 150
    draw = random.Random(9)
    wrong = sum(any(one.certain for one in summarise("a", ["1", "2"], audit_of(draw)).findings) for _ in range(audits))
    assert wrong <= LEVEL * audits


def test_a_brand_that_lost_half_is_seen_everywhere() -> None:
    found = summarise("a", ["1", "2"], audit_of(random.Random(9), fell=True)).findings
    certain = [one for one in found if one.certain]
    assert {one.subject for one in certain} == {"0"}
    assert len(certain) >= 7
    assert {one.kind for one in certain} == {"fell"}
