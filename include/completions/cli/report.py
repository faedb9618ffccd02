"""`report`: what a batch or a run of an audit says, as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from completions.cli.out import print_json, terminal
from completions.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from completions.brands import Brand
    from completions.report.making import Told
    from completions.store import Origin, Store

What = Annotated[str, typer.Argument(metavar="BATCH|AUDIT", help="Id of a batch, or name of an audit.")]
Brands = Annotated[
    Path | None, typer.Option(help="An audit's YAML file whose brands to look for in a batch that names none.")
]


def report(
    what: What,
    out: Annotated[Path | None, typer.Option(help="Where to write it; else NAME.html here.")] = None,
    run: Annotated[
        str | None, typer.Option(help="A run of the audit, such as 2026-11-23T060000Z; else the last.")
    ] = None,
    rehearsed: Annotated[bool, typer.Option("--rehearsed", help="Mean what the stand-ins answered.")] = False,
    brands: Brands = None,
    airflow: Annotated[
        str | None, typer.Option(help="Address of Airflow, to which answers are linked; else the embedded one's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Write a report with charts: one HTML file that asks nothing of any network, made from the answers as they stand.

    Marts of an audit that are missing or out of date are computed first.
    """
    from completions.here import stored
    from completions.report.evidence import Links

    told = _told(stored(), what, run, "rehearsal" if rehearsed else "live", _brands(brands))
    target = out or Path(f"{what}-{told.history.run}.html" if told.history.run != what else f"{what}.html")
    base = airflow or _embedded()
    page = told.html(Links(f"{base.rstrip('/')}/ai" if base else None))
    try:
        target.write_text(page, "utf-8")
    except OSError as error:
        raise Refused("--out", str(target), f"cannot be written: {error.strerror}") from None
    if as_json:
        print_json({"report": str(target), "summary": told.summary.as_dict()})
        return
    if told.summary.before:
        print(told.summary.text)
    print(f"{target} ({len(page) // 1000} kB)")


def _told(store: Store, what: str, run: str | None, origin: Origin, brands: Sequence[Brand] | None) -> Told:
    from completions import marts
    from completions.cli.marts import told as telling
    from completions.plan import find_batch
    from completions.report.making import of_batch, of_run

    if find_batch(store, what):
        if run:
            raise Refused("--run", run, f"is for audits; {what} is a batch")
        return of_batch(store, what, brands)
    if brands is not None:
        raise Refused("--brands", what, "is for batches; `completions audit recompute` looks for others in an audit")
    with terminal.status("…") as shown:
        marts.refresh(store, what, run, origin=origin, progress=telling(what, shown))
    return of_run(store, what, run, origin=origin)


def _brands(file: Path | None) -> Sequence[Brand] | None:
    from completions.audits import load

    return load(file).brands if file else None


def _embedded() -> str | None:
    from completions.embedded import Embedded

    running = Embedded().status()
    return running.url if running else None


def register(commands: typer.Typer) -> None:
    """Add this file's command."""
    commands.command()(report)
