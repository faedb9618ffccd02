"""Looking through lists of names by a word, however it is written."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from completions.spelling import fold, readings

if TYPE_CHECKING:
    from completions.gazetteer import City
    from completions.places import Area


def wanted(word: str) -> set[str]:
    """What a word may stand for, plain or encoded, as names are compared."""
    return set(map(written, readings(word)))


def written(value: object) -> str:
    """A value as it is compared."""
    return fold(str(value)) or str(value).casefold()


def cities(area: Area, word: str = "") -> list[City]:
    """Cities that the word finds: those called exactly so first, the largest in front; all by name without a word."""
    words = wanted(word)
    found = {city: rank for city in area.cities() if (rank := _rank(city, words))}
    return sorted(found, key=found.__getitem__)


def _rank(city: City, words: Collection[str]) -> tuple[int, int, str] | None:
    """Where a city stands among those found; None: it is not."""
    if not any(one in city.spellings for one in words):
        return None
    if set(words) == {""}:
        return (0, 0, city.name.casefold())
    exact = any(f"|{one}|" in city.spellings for one in words)
    return (not exact, -city.population, city.name)
