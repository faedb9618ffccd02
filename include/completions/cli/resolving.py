"""`resolve` over a table: every line's profile, or the reason why there is none."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from completions.cli.out import REFUSED as REFUSED_STATUS
from completions.cli.out import say
from completions.errors import ABSENT, Refused, RefusedRequest

if TYPE_CHECKING:
    from completions.exits import Exits
    from completions.profile import Profile
    from completions.settings import Settings

ASKED = ("country", "subdivision", "city", "language", "display", "device")
SEED = "seed"
SHOWN = (
    *("country", "subdivision", "city", "latitude", "longitude", "timezone", "locale", "accept_language"),
    *("display_locale", "device", "location_method"),
)
REFUSED = "refused"
ADDED = (*(f"resolved_{name}" for name in SHOWN), "warnings", REFUSED)


def profile_of(
    who: dict[str, str | None], settings: Settings, exits: Exits | None, *, seed: int, rehearse: bool
) -> Profile:
    """Who would ask with these fields of a request. Raises `RefusedRequest`."""
    from completions.request import accept

    return accept({**who, "rehearse": rehearse, "prompts": ["-"]}, settings, seed=seed, exits=exits)[1]


def resolve_table(
    source: str, settings: Settings, exits: Exits | None, *, rehearse: bool, beside: Mapping[str, object]
) -> None:
    """Read a CSV file (`-`: standard input) and write it back with `resolved_*` columns, `warnings` and `refused`.

    Its columns are fields of a request, in any order; others are passed through. Raises `Refused` for a table that
    has none of them, or that comes with such a field `beside` it; ends with the status of a refused request when a line
    would be refused.
    """
    if given := [f"--{name}" for name, value in beside.items() if value is not None]:
        raise Refused("--csv", source, f"its lines say who asks; leave {given[0]} out, or make it a column")
    with _opened(source) as file:
        heads, delimiter = _heads(file)
        rows = csv.DictReader(file, [_column(name) for name in heads], delimiter=delimiter)
        _check(source, [name for name in rows.fieldnames or () if name in ASKED])
        writer = _writer(dict(zip(rows.fieldnames or (), heads, strict=True)), delimiter)
        refused = sum(_resolved(row, settings, exits, writer, rehearse=rehearse) for row in rows)
    if refused:
        say(f"{refused} of the lines would be refused; the column {REFUSED} says why")
        raise typer.Exit(REFUSED_STATUS)


def _check(source: str, fields: Sequence[str]) -> None:
    if not fields:
        raise Refused("--csv", source, f"has none of the columns {', '.join(ASKED)}")
    if twice := [name for name in fields if fields.count(name) > 1]:
        raise Refused("--csv", source, f"has the column {twice[0]} twice; leave one out")


def _heads(file: TextIO) -> tuple[list[str], str]:
    """The names of the columns, and what stands between them: a comma, a semicolon or a tab."""
    head = file.readline().lstrip("\ufeff")
    delimiter = max(",;\t", key=head.count)
    return next(csv.reader([head], delimiter=delimiter), []), delimiter


def _writer(heads: dict[str, str], delimiter: str) -> csv.DictWriter[str]:
    """A writer to standard output of columns with these heads and `ADDED`, which replace those of an earlier answer."""
    shown = {name: head for name, head in heads.items() if name not in ADDED} | {name: name for name in ADDED}
    writer = csv.DictWriter(sys.stdout, shown, lineterminator="\n", extrasaction="ignore", delimiter=delimiter)
    writer.writerow(shown)
    return writer


def _column(name: str) -> str:
    """The field that a column is, in any case, or its own name."""
    known = name.strip().casefold()
    return known if known in (*ASKED, SEED) else name


@contextmanager
def _opened(source: str) -> Iterator[TextIO]:
    try:
        if source == "-":
            if isinstance(sys.stdin, TextIOWrapper):
                sys.stdin.reconfigure(encoding="utf-8-sig", errors="strict", newline="")
            yield sys.stdin
            return
        with Path(source).open(encoding="utf-8-sig", newline="") as file:
            yield file
    except FileNotFoundError:
        raise Refused("--csv", source, "there is no such file") from None
    except (OSError, UnicodeError, csv.Error) as error:
        raise Refused("--csv", source, "cannot be read as a CSV file in UTF-8; save it as such") from error


def _resolved(
    row: dict[str, str], settings: Settings, exits: Exits | None, writer: csv.DictWriter[str], *, rehearse: bool
) -> bool:
    """Write one line; True if it would be refused."""
    who = {name: row.get(name) or None for name in ASKED}
    try:
        profile = profile_of(who, settings, exits, seed=_seed(row.get(SEED)), rehearse=rehearse)
    except (Refused, RefusedRequest) as refusal:
        writer.writerow({**row, **dict.fromkeys(ADDED), REFUSED: str(refusal).replace("\n", "; ")})
        return True
    shown = {f"resolved_{name}": getattr(profile, name) for name in SHOWN}
    writer.writerow({**row, **dict.fromkeys(ADDED), **shown, "warnings": "; ".join(profile.warnings)})
    return False


def _seed(given: str | None) -> int:
    try:
        return int(given or 0)
    except ValueError:
        raise Refused(SEED, given or ABSENT, "give a whole number") from None
