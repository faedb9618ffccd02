"""`health`, `doctor`: is what the project rests on there, and still as it was?"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from completions.cli.out import Failed, print_json, terminal

if TYPE_CHECKING:
    from completions.doctor import Finding
    from completions.health import Health

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def health(
    site: Annotated[list[str] | None, typer.Option(help="Check this site; may be given again. Else all.")] = None,
    rehearse: Annotated[bool, typer.Option(help="Check the stand-ins instead of the live sites.")] = False,
    as_json: Json = False,
) -> None:
    """Ask every site one prompt and see whether its adapter still fits; marks the sites as the DAG site_health does."""
    from completions.canary import check_sites
    from completions.cli.out import say
    from completions.embedded import Embedded
    from completions.errors import Refused
    from completions.here import exits, settings, stored
    from completions.sites import NAMES

    for name in site or ():
        if name not in NAMES:
            raise Refused("--site", name, f"give {' or '.join(NAMES)}")
    if rehearse:
        Embedded().rehearse(say)
    names = list(dict.fromkeys(site or NAMES))
    with terminal.status(f"asking {', '.join(names)} …"):
        found = asyncio.run(check_sites(stored(), names, settings(), rehearse=rehearse, exits=exits()))
    if as_json:
        print_json(found)
    else:
        _print(found)
    if any(each.healthy is False for each in found):
        raise Failed("" if as_json else "batches for a site that is not healthy are refused, unless they are forced")


def _print(found: list[Health]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("site", "healthy", "front end", "seconds", "what failed", box=None, pad_edge=False)
    for each in found:
        seconds = "-" if each.latency_ms is None else f"{each.latency_ms / 1000:.1f}"
        healthy = {True: "yes", False: "no", None: "cannot tell"}[each.healthy]
        told = "" if each.healthy else "\n".join(each.failed or [each.told])
        table.add_row(*map(Text, (each.site, healthy, each.ui_variant or "-", seconds, told)))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    for each in found:
        if each.evidence:
            print(f"page, stream and screenshot of {each.site}: {each.evidence}")


def doctor(
    live: Annotated[bool, typer.Option(help="See also whether the sites' homes answer.")] = False, as_json: Json = False
) -> None:
    """Look at all that a batch needs: browser, store, Airflow, connections; exit status 3 if something is missing."""
    from completions.doctor import examine
    from completions.embedded import Embedded
    from completions.errors import Unreachable
    from completions.here import settings, stored

    running = Embedded().status()
    with terminal.status("looking …"):
        findings = examine(settings(), stored, running.url if running else None, live=live)
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            print(_line(finding))
    if missing := [finding.check for finding in findings if finding.essential and finding.ok is False]:
        raise Unreachable(f"nothing can be asked: see to {' and '.join(missing)}")


def _line(finding: Finding) -> str:
    mark = {True: "ok", False: "!!", None: "--"}[finding.ok]
    return f"{mark}  {finding.check:<20} {finding.seen}{f': {finding.do}' if finding.do else ''}"


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    for command in (health, doctor):
        commands.command()(command)
