# /// script
# requires-python = ">=3.11"
# dependencies = ["babel", "countrystatecity-countries==2.0.1", "pycountry==26.2.16"]
# ///
"""Compare the subdivisions in data/places.zip with those of an independent set: `uv run scripts/check_places.py`.

Of that set nothing is shipped: its licence, ODbL, would pass on to ours. A city is the same city if it bears the same
name within about 20 km; the two agree if one's code is the other's or lies above it.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

from countrystatecity_countries import (  # type: ignore[import-not-found, unused-ignore]
    get_cities_of_state,
    get_states_of_country,
)

sys.path.insert(0, str(Path(__file__).parent.parent / "include"))
from completions.gazetteer import City, cities, countries, lineage, subdivisions
from completions.spelling import fold

NEAR = 0.2
"""Degrees."""


def main() -> None:
    """Print the disagreements, those of most cities first, and how many agree."""
    compared, disagreeing = Counter[str](), defaultdict[tuple[str, str, str], list[City]](list)
    for country in countries():
        theirs = _theirs(country)
        for city in cities(country):
            for latitude, longitude, code in theirs[fold(city.name)]:
                if abs(city.latitude - latitude) + abs(city.longitude - longitude) < NEAR and city.subdivision:
                    compared[country] += 1
                    if not _agree(country, city.subdivision, code):
                        disagreeing[country, city.subdivision, code].append(city)
                    break
    for (country, ours, code), some in sorted(disagreeing.items(), key=lambda item: -len(item[1])):
        print(f"{len(some):4} {country}-{ours} here, {code} there: {', '.join(city.name for city in some[:5])}")
    wrong, total = sum(map(len, disagreeing.values())), sum(compared.values())
    print(f"{total} cities in both sets, {total - wrong} agree ({100 - 100 * wrong / total:.2f} %)")


def _theirs(country: str) -> dict[str, list[tuple[float, float, str]]]:
    """Coordinates and code by folded name."""
    found = defaultdict(list)
    for state in get_states_of_country(country):
        code = (state.iso3166_2 or "").partition("-")[2]
        for city in get_cities_of_state(country, state.state_code) if code in subdivisions(country) else ():
            found[fold(city.name)].append((float(city.latitude), float(city.longitude), code))
    return found


def _agree(country: str, ours: str, theirs: str) -> bool:
    return theirs in lineage(country, ours) or ours in lineage(country, theirs)


if __name__ == "__main__":
    main()
