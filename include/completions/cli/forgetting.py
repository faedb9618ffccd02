"""`forget`: prompts and batches out of the store."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from completions.cli.out import print_json, say
from completions.errors import ABSENT, Refused


def forget(
    prompt: Annotated[list[str] | None, typer.Option(help="A prompt, word for word; may be given again.")] = None,
    prompt_file: Annotated[Path | None, typer.Option(help="A file of prompts, one a line.")] = None,
    batch: Annotated[list[str] | None, typer.Option(help="A batch's id; may be given again.")] = None,
    before: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="All batches planned before this day (UTC).")
    ] = None,
    rehearsed: Annotated[
        bool, typer.Option("--rehearsed", help="Of the rehearsed batches; else of the live ones.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; otherwise it is only told what would go.")] = False,
    grace: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long readers of the files that go still have them.")
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove prompts or whole batches from the store: rows, pages, streams, archives, records and cached answers."""
    import time
    from dataclasses import asdict

    from completions.forgetting import Wish, forget
    from completions.here import stored

    wish = Wish([*(prompt or []), *_lines(prompt_file)], batch or [], _day(before))
    if not (wish.prompts or wish.batches or wish.before):
        raise Refused("forget", ABSENT, "say what: --prompt, --prompt-file, --batch or --before")
    part = stored().of("rehearsal" if rehearsed else "live")
    gone = forget(part, wish, really=yes, wait=lambda: time.sleep(grace))
    if as_json:
        print_json({"done": yes, **asdict(gone)})
        return
    for batch_id in gone.batches:
        print(f"batch {batch_id}")
    for batch_id, rows in gone.rows.items():
        print(f"{rows} {'row' if rows == 1 else 'rows'} of batch {batch_id}")
    print(f"cached answers: {gone.cached}, records of audit runs: {gone.audits}")
    say("gone" if yes else "nothing was removed; --yes removes it, for good")


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        return [line for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("--prompt-file", str(file), "cannot be read as a text file in UTF-8") from error


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def register(commands: typer.Typer) -> None:
    """Add this file's command."""
    commands.command()(forget)
