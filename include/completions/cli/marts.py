"""`marts …`: the figures of audits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from completions.cli.out import print_json, say, terminal
from completions.errors import ABSENT, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.status import Status

    from completions.store import Origin, Store

Names = Annotated[list[str] | None, typer.Argument(help="Audits, by name; without any: all that had runs.")]
Rehearsed = Annotated[bool, typer.Option("--rehearsed", help="Mean what the stand-ins answered.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

marts = typer.Typer(name="marts", help="The figures of audits, kept as Parquet.", no_args_is_help=True)


@marts.command()
def refresh(
    names: Names = None,
    run: Annotated[str | None, typer.Option(help="Only this run, such as 2026-11-23T060000Z.")] = None,
    again: Annotated[bool, typer.Option(help="Compute them even where they stand.")] = False,
    rehearsed: Rehearsed = False,
    as_json: Json = False,
) -> None:
    """Compute what is missing or out of date: new runs, new definitions, batches that were retried or read again."""
    from completions.here import stored
    from completions.marts import refresh

    store, origin = stored(), _origin(rehearsed)
    if run and len(names or ()) != 1:
        raise Refused("--run", run, "is a run of one audit; name it")
    done = []
    with terminal.status("…") as shown:
        for audit in names or _audits(store.of(origin), origin):
            progress = told(audit, shown)
            done.append(refresh(store, audit, run, origin=origin, again=again, progress=progress))
    if as_json:
        print_json(done)
        return
    for one in done:
        print(f"{one.audit}: {len(one.computed)} runs computed, {len(one.kept)} stood")


@marts.command("list")
def list_(rehearsed: Rehearsed = False, as_json: Json = False) -> None:
    """Tell which marts there are, what a row of each is, and where their files are."""
    from completions.here import stored
    from completions.marts import TABLES

    part = stored().of(_origin(rehearsed))
    found = [{"name": one.name, "row": one.title, "files": part.uri_of(one.folder)} for one in TABLES.values()]
    if as_json:
        print_json(found)
        return
    for one in found:
        print(f"{one['name']:<18} {one['row']}")
    say(f"files: {part.uri_of('marts')}/NAME/**/*.parquet; `completions marts sql NAME` is how one is made")


@marts.command()
def sql(name: Annotated[str, typer.Argument(help="A mart, or `base`: the tables that all of them read.")]) -> None:
    """Print the SQL of a mart."""
    from completions.marts import TABLES
    from completions.marts.computing import query
    from completions.marts.mart import written

    if name not in ("base", *TABLES):
        raise Refused("NAME", name, f"is no mart; there are base, {', '.join(TABLES)}")
    print(written("base") if name == "base" else query(TABLES[name]))


def told(audit: str, shown: Status) -> Callable[[str, int, int], None]:
    """Tells of each run that is computed: in a line that changes on a terminal, else in one of its own."""

    def tell(run: str, done: int, of: int) -> None:
        words = f"{audit}: run {run} ({done + 1} of {of})"
        if terminal.is_terminal:
            shown.update(words)
        else:
            say(words)

    return tell


def _audits(part: Store, origin: Origin) -> list[str]:
    from completions.audit_runs import audit_names

    found = audit_names(part)
    if not found:
        raise Refused(
            "audits",
            ABSENT,
            f"no audit had a {origin} run yet{'; did you mean --rehearsed?' if origin == 'live' else ''}",
        )
    return found


def _origin(rehearsed: bool) -> Origin:
    return "rehearsal" if rehearsed else "live"


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    commands.add_typer(marts)
