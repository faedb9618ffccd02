"""Counts compared honestly: intervals of a rate and of a difference, an exact test, and its correction for many.

Wilson, E. B. (1927), JASA 22:209; Newcombe, R. G. (1998), Statistics in Medicine 17:873, method 10; Fisher's exact
test, two-sided by the sum of what is no likelier; Holm, S. (1979), Scandinavian Journal of Statistics 6:65.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, sqrt

FEW = 20
"""Under so many observations, a rate is too little known to be compared."""
LEVEL = 0.05
"""How often, at most, changes are told of two runs between which nothing changed."""

_Z = 1.959963984540054


@dataclass(frozen=True)
class Count:
    """`k` of `n` answers."""

    k: int
    n: int

    @property
    def rate(self) -> float | None:
        """From 0 to 1; None when nothing was observed."""
        return self.k / self.n if self.n else None

    @property
    def few(self) -> bool:
        """Whether there are too few to compare."""
        return self.n < FEW

    def __str__(self) -> str:
        return f"{self.k} of {self.n}"


def wilson(count: Count) -> tuple[float, float]:
    """The 95 % interval of a rate, from 0 to 1; everything is possible where nothing was observed."""
    if not count.n:
        return 0.0, 1.0
    n, rate, square = count.n, count.k / count.n, _Z * _Z
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = _Z * sqrt(rate * (1 - rate) / n + square / (4 * n * n)) / (1 + square / n)
    return (0.0 if count.k == 0 else max(0.0, middle - half)), (1.0 if count.k == n else min(1.0, middle + half))


def newcombe(before: Count, after: Count) -> tuple[float, float]:
    """The 95 % interval of the difference of two rates, after less before, from -1 to 1."""
    if not before.n or not after.n:
        return -1.0, 1.0
    (low_1, high_1), (low_2, high_2) = wilson(before), wilson(after)
    rate_1, rate_2 = before.k / before.n, after.k / after.n
    difference = rate_2 - rate_1
    low = difference - sqrt((rate_2 - low_2) ** 2 + (high_1 - rate_1) ** 2)
    high = difference + sqrt((high_2 - rate_2) ** 2 + (rate_1 - low_1) ** 2)
    return max(-1.0, low), min(1.0, high)


@lru_cache(maxsize=100_000)
def fisher(before: Count, after: Count) -> float:
    """How likely two counts are at least so far apart by chance alone, were the rates the same."""
    chances = _chances(before, after)
    seen = chances[before.k - _least(before, after)]
    return min(1.0, sum(chance for chance in chances if chance <= seen * (1 + 1e-9)))


@lru_cache(maxsize=100_000)
def smallest(before: Count, after: Count) -> float:
    """The smallest figure that `fisher` could give for any split of the same sums."""
    chances = _chances(before, after)
    least = min(chances[0], chances[-1])
    return min(1.0, sum(chance for chance in chances if chance <= least * (1 + 1e-9)))


def split(one: int, other: int) -> float:
    """How likely pairs that differ fall at least so unevenly by chance alone (McNemar's exact test)."""
    differ = one + other
    tail = sum(exp(_ways(differ, k) - differ * log(2)) for k in range(min(one, other) + 1))
    return min(1.0, 2 * tail)


def holm(chances: Sequence[float]) -> list[float]:
    """Chances corrected for being many, in the order given: those under `LEVEL` are told together.

    Whatever way they depend on each other, the chance that any of those told is a mere accident is at most `LEVEL`.
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    corrected, worst = [1.0] * len(chances), 0.0
    for rank, at in enumerate(order):
        worst = max(worst, min(1.0, chances[at] * (len(chances) - rank)))
        corrected[at] = worst
    return corrected


def corrected(pairs: Sequence[tuple[Count, Count]]) -> list[float]:
    """`fisher` of each pair, corrected by `holm` among those that could come out clear at all; 1 for the others.

    A pair that is seldom counted could not, however it were split, and no correction needs to be paid for it
    (Tarone, R. E. (1990), Biometrics 46:515). What is left out follows from the sums alone, never from the split.
    """
    least = [1.0 if before.few or after.few else smallest(before, after) for before, after in pairs]
    ordered, share = sorted(least), 1
    while bisect_right(ordered, LEVEL / share) > share:
        share += 1
    clear = [at for at, one in enumerate(least) if one <= LEVEL / share]
    chances = [1.0] * len(pairs)
    for at, chance in zip(clear, holm([fisher(*pairs[at]) for at in clear]), strict=True):
        chances[at] = chance
    return chances


def _least(before: Count, after: Count) -> int:
    return max(0, before.k + after.k - after.n)


def _chances(before: Count, after: Count) -> list[float]:
    """Of each split of the sum of `k` over the two, from the least in `before` to the most."""
    both, every = before.k + after.k, before.n + after.n
    whole = _ways(every, both)
    splits = range(_least(before, after), min(both, before.n) + 1)
    return [exp(_ways(before.n, k) + _ways(after.n, both - k) - whole) for k in splits]


def _ways(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose `k` of `n`."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
