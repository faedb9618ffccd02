"""`reparse`: history read again after an adapter was mended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from completions.cli.batches import Batch, Json
from completions.cli.follow import outcomes
from completions.cli.out import print_json, say, terminal

if TYPE_CHECKING:
    from completions.reparse import Reparsed
    from completions.store import Store


def reparse(
    batch: Batch,
    grace: Annotated[float, typer.Option(min=0, help="Seconds that readers of the old files still have them.")] = 10,
    as_json: Json = False,
) -> None:
    """Read the kept pages and streams of a batch again, as today's adapter does, and write what changed as its dataset.

    Nothing is asked, and nobody is called back. Outcomes and answers follow, with `get` and every reader of the
    manifest; what was observed at asking time stays.
    """
    from rich.progress import Progress

    from completions import reparse as again
    from completions.here import stored

    store = stored()
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task("reading", total=None)
        done = again.reparse(store, batch, lambda number, of: bar.update(task, completed=number, total=of))
    if as_json:
        print_json(done)
    else:
        _print(done)
    _retire(store, batch, grace)


def _print(done: Reparsed) -> None:
    kept = done.rows - done.reread
    why = f", {kept} kept as they were: see their warnings" if kept else ""
    print(f"rows     {done.rows}: {done.reread} read again by adapter version {done.adapter_version}{why}")
    print(f"changed  {done.changed}")
    print(f"before   {outcomes({'outcomes': done.before})}")
    print(f"after    {outcomes({'outcomes': done.after})}")
    print(f"dataset  generation {done.generation}, {done.dataset}")


def _retire(store: Store, batch: str, grace: float) -> None:
    """Leave the old files to who is reading them, for a while; then nobody who reads the folder sees rows twice."""
    from completions.superseded import retire, superseded

    if not superseded(store, batch):
        return
    if grace:
        say(f"the files of the generation before move to superseded/ in {grace:.0f} s")
    try:
        time.sleep(grace)
    except KeyboardInterrupt:
        say("they stay where they are; the next reparse of the batch moves them")
        return
    retire(store, batch)


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    commands.command()(reparse)
