"""`cache`, `store`, `tidy`, `verify`: keeping the store sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from completions.cli.batches import Batch, Json
from completions.cli.out import Failed, print_json, say
from completions.errors import Refused, Unreachable
from completions.here import stored

if TYPE_CHECKING:
    from datetime import datetime

    from completions.cache_upkeep import Entries

Yes = Annotated[bool, typer.Option("--yes", help="Do it. Else it is only told what would be done.")]

cache = typer.Typer(help="The answers that later batches may reuse.", no_args_is_help=True)
store_ = typer.Typer(help="The folder or bucket that everything is kept in.", no_args_is_help=True)

_MARKS = {True: "ok", False: "!!", None: "--"}


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


@store_.command()
def check(
    location: Annotated[
        str | None, typer.Argument(help="Folder or s3://bucket/prefix; else COMPLETIONS_STORE.")
    ] = None,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds that a bucket may take to answer.")] = 20,
    as_json: Json = False,
) -> None:
    """Try whether a folder or bucket does what the project rests on; exit status 3 if it does not."""
    from datetime import timedelta

    from completions.conformance import check

    found = []
    for each in check(stored(location, timedelta(seconds=patience))):
        found.append(each)
        if not as_json:
            print(f"{_MARKS[each.ok]}  {each.check:<8} {each.seen}")
    if as_json:
        print_json(found)
    if failed := [each.check for each in found if each.ok is False]:
        raise Unreachable(f"this store cannot be used: see {' and '.join(failed)}")


def verify(batch: Batch, as_json: Json = False) -> None:
    """Read what the store has of a batch and compare it with its manifest; exit status 1 where something is wrong."""
    from datetime import UTC, datetime

    from completions.verify import verify

    found = []
    for each in verify(stored(), batch, datetime.now(UTC)):
        found.append(each)
        if not as_json:
            print(f"{_MARKS[each.ok]}  {each.what:<11} {'' if each.ok else f'{each.uri} '}{each.seen}")
    wrong = [each for each in found if each.ok is False]
    if as_json:
        print_json({"id": batch, "ok": not wrong, "seen": found})
    if wrong:
        raise Failed("" if as_json else f"{len(wrong)} of {len(found)} are not as they should be")


def tidy(
    grace: Annotated[float, typer.Option(min=1, help="Hours that everything is left alone after it was written.")] = 24,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Put away what dead attempts left: half written files, parts without a manifest, parts of earlier generations."""
    from datetime import UTC, datetime, timedelta

    from completions.leftovers import sweep_scratch
    from completions.tidying import tidy

    store = stored()
    if yes:
        sweep_scratch()
    found = list(tidy(store, datetime.now(UTC), timedelta(hours=grace), really=yes))
    if as_json:
        print_json({"done": yes, "leftovers": found})
        return
    for each in found:
        print(f"{each.kind:<12} {each.bytes / 1e6:8.1f} MB  {each.uri}")
    if not found:
        say(f"{store.uri} is tidy")
    else:
        say(
            "put away"
            if yes
            else "nothing was touched; --yes moves superseded files to superseded/ and deletes the rest"
        )


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
    commands.command()(verify)
    commands.command()(tidy)
    commands.add_typer(cache, name="cache")
    commands.add_typer(store_, name="store")
