"""Intervals and tests beside second ways to compute them, and known figures."""

from __future__ import annotations

from fractions import Fraction
from math import comb, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.report.statistics import LEVEL, Count, corrected, fisher, holm, newcombe, smallest, wilson


@st.composite
def counts(draw: st.DrawFn, least: int = 1) -> Count:
    n = draw(st.integers(least, 200))
    return Count(draw(st.integers(0, n)), n)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17:857, table I, method 3
        (Count(81, 263), 0.2553, 0.3662),
        (Count(15, 148), 0.0624, 0.1605),
        (Count(0, 20), 0.0, 0.1611),
        (Count(1, 29), 0.0061, 0.1718),
        (Count(0, 0), 0.0, 1.0),
    ],
)
def test_wilson_as_published(count: Count, low: float, high: float) -> None:
    assert wilson(count) == pytest.approx((low, high), abs=5e-5)


@given(counts())
def test_wilson_bounds_solve_its_equation(count: Count) -> None:
    """Each bound p is where the score test just fails: (rate - p)^2 = z^2 p (1 - p) / n."""
    for bound in wilson(count):
        rate = count.k / count.n
        assert isclose((rate - bound) ** 2, 3.841458820694124 * bound * (1 - bound) / count.n, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17:873, table II, method 10
        (Count(48, 80), Count(56, 70), 0.0524, 0.3339),
        (Count(3, 10), Count(9, 10), 0.1705, 0.8090),
        (Count(0, 29), Count(5, 56), -0.0381, 0.1926),
        (Count(0, 10), Count(10, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_as_published(one: Count, other: Count, low: float, high: float) -> None:
    assert newcombe(one, other) == pytest.approx((low, high), abs=5e-5)


@given(counts(), counts())
def test_fisher_counts_the_ways(before: Count, after: Count) -> None:
    both, every = before.k + after.k, before.n + after.n

    def ways(k: int) -> int:
        return comb(before.n, k) * comb(after.n, both - k) if 0 <= both - k <= after.n else 0

    seen = ways(before.k)
    exact = Fraction(sum(w for k in range(before.n + 1) if (w := ways(k)) <= seen), comb(every, both))
    assert isclose(fisher(before, after), float(exact), rel_tol=1e-6)
    assert smallest(before, after) <= fisher(before, after) * (1 + 1e-9)


@given(counts(), counts())
def test_no_order_is_preferred(before: Count, after: Count) -> None:
    assert isclose(fisher(before, after), fisher(after, before), rel_tol=1e-9)
    low, high = newcombe(before, after)
    assert newcombe(after, before) == pytest.approx((-high, -low))


def test_holm_step_by_step() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_what_could_never_be_clear_costs_nothing() -> None:
    """A pair at 0.0015 stands beside a hundred that are one answer of 120 each, and would not beside a hundred real."""
    found, rare, full = (Count(20, 60), Count(37, 60)), (Count(0, 60), Count(1, 60)), (Count(30, 60), Count(30, 60))
    assert corrected([found, *[rare] * 100])[0] == fisher(*found) < LEVEL
    assert corrected([found, *[full] * 100])[0] > LEVEL


def test_few_are_never_compared() -> None:
    assert corrected([(Count(19, 19), Count(0, 60))]) == [1.0]
