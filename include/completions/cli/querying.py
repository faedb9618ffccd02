"""`query`: SQL over everything that was kept."""

from __future__ import annotations

import base64
import csv
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from completions.cli.out import print_json, say
from completions.errors import ABSENT, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

    Print = Callable[[DuckDBPyConnection, str], None]

_AT_ONCE = 1000
_GREETING = (
    "views: completions, artifacts, health, marts; rehearsal.completions: what the stand-ins answered. Ctrl+D ends."
)


def query(
    sql: Annotated[str | None, typer.Argument(help="The query; else it is read from standard input.")] = None,
    rehearsed: Annotated[bool, typer.Option(help="Mean what the stand-ins answered by a view's name alone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as a JSON list of objects.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the rows as CSV; lists and structs are JSON.")] = False,
) -> None:
    """Ask DuckDB: views `completions`, `artifacts`, `health`, marts; live and (rehearsal.completions …) rehearsed.

    Without a query, on a terminal, it takes one after the other, each ended by a semicolon.
    """
    from completions.here import stored
    from completions.reading import connect

    if as_json and as_csv:
        raise Refused("--csv", ABSENT, "give either --json or --csv")
    show: Print = _print_json if as_json else _print_csv if as_csv else _print_table
    connection = connect(stored(), origin="rehearsal" if rehearsed else "live")
    if not rehearsed and not _any(connection, "live") and _any(connection, "rehearsal"):
        say("no row is live yet, only rehearsed ones: say --rehearsed, or rehearsal.completions")
    if sql is None and sys.stdin.isatty():
        _converse(connection, show)
    else:
        _run(connection, sys.stdin.read() if sql is None else sql, show)


def _any(connection: DuckDBPyConnection, origin: str) -> bool:
    return bool(connection.execute(f"select 1 from {origin}.completions limit 1").fetchall())  # noqa: S608 - our own


def _converse(connection: DuckDBPyConnection, show: Print) -> None:
    with suppress(ImportError):
        import readline  # noqa: F401  # gives `input` its history and its keys
    say(_GREETING)
    text = ""
    while True:
        try:
            text += input("...> " if text else "sql> ") + "\n"
        except KeyboardInterrupt:
            text = ""
            print()
            continue
        except EOFError:
            print()
            return
        if text.rstrip().endswith(";"):
            try:
                _run(connection, text, show)
            except Refused as refused:
                say(refused.way_out)
            text = ""


def _run(connection: DuckDBPyConnection, sql: str, show: Print) -> None:
    import duckdb

    try:
        show(connection, sql)
    except duckdb.Error as error:
        raise Refused("SQL", sql.strip(), f"DuckDB says: {' '.join(str(error).split())}") from error


def _print_table(connection: DuckDBPyConnection, sql: str) -> None:
    found = connection.sql(sql)
    if found is not None and found.columns != ["Success"]:  # what `set`, `use` and their like give
        found.show(max_width=shutil.get_terminal_size((160, 24)).columns)


def _print_json(connection: DuckDBPyConnection, sql: str) -> None:
    names = _names(connection.execute(sql))
    if len({*names}) < len(names):
        raise Refused("SQL", ABSENT, "two columns have one name, which an object cannot; rename one with `as`")
    print_json([dict(zip(names, row, strict=True)) for row in _rows(connection)])


def _print_csv(connection: DuckDBPyConnection, sql: str) -> None:
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(_names(connection.execute(sql)))
    for row in _rows(connection):
        lines.writerow([_written(value) for value in row])


def _names(connection: DuckDBPyConnection) -> list[str]:
    return [name for name, *_ in connection.description or ()]


def _rows(connection: DuckDBPyConnection) -> Iterator[list[Any]]:
    while rows := connection.fetchmany(_AT_ONCE):
        for row in rows:
            yield [_plain(value) for value in row]


def _plain(value: Any) -> Any:
    """The value with bytes as base64 and decimals as plain numbers, wherever in it they are."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal():
            return float(value)
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
    return value


def _written(value: Any) -> Any:
    from pydantic_core import to_json, to_jsonable_python

    return to_json(value).decode() if isinstance(value, (bool, list, dict)) else to_jsonable_python(value)


def register(commands: typer.Typer) -> None:
    """Add this file's command."""
    commands.command()(query)
