"""`cache`: what is kept for later, and taking out what is too old."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from completions.cli.out import print_json, say
from completions.errors import Refused
from completions.here import stored

if TYPE_CHECKING:
    from datetime import datetime

    from completions.cache_upkeep import Entries

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it. Else it is only told what would be done.")]

cache = typer.Typer(help="The answers that later batches may reuse.", no_args_is_help=True)


@cache.command()
def stats(as_json: Json = False) -> None:
    """How many answers the cache has of each site, how large and how old they are."""
    from completions.cache_upkeep import stats

    store = stored()
    found = stats(store)
    if as_json:
        print_json(found)
    elif found:
        _print(found)
    else:
        say(f"nothing is cached in {store.uri}")


@cache.command()
def purge(
    older_than: Annotated[
        float, typer.Option(min=0, max=36500, help="Days; 0 is all. Nothing older than 10 is ever reused.")
    ] = 10,
    model: Annotated[str | None, typer.Option(help="Only answers of this site.")] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Take out answers of this age, and entries that cannot be read. Batches that have them keep them."""
    from datetime import UTC, datetime, timedelta

    from completions.cache_upkeep import purge
    from completions.sites import NAMES

    if model not in (None, *NAMES):
        raise Refused("--model", model, f"give {' or '.join(NAMES)}")
    store = stored()
    gone = purge(store, timedelta(days=older_than), datetime.now(UTC), model, really=yes)
    if as_json:
        print_json({"done": yes, "entries": gone})
    elif gone:
        _print(gone)
        say("gone" if yes else "nothing was removed; --yes removes them")
    else:
        say(f"nothing in {store.uri} is that old")


def _print(found: Sequence[Entries]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("origin", "site", "answers", "MB", "oldest", "newest", box=None, pad_edge=False)
    for each in found:
        size = f"{each.bytes / 1e6:.1f}"
        table.add_row(
            *map(Text, (each.origin, each.model, f"{each.entries}", size, _when(each.oldest), _when(each.newest)))
        )
    Console(width=120).print(table)


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    commands.add_typer(cache, name="cache")
