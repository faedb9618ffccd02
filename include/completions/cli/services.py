"""`up`, `down`, `rehearse`: what runs in the background."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Annotated

import typer

from completions.cli.out import print_json, say
from completions.errors import Refused


def up(
    as_json: Annotated[bool, typer.Option("--json", help="Print where it runs as JSON.")] = False,
    workers: Annotated[
        int, typer.Option(min=0, max=16, help="Celery workers on PostgreSQL and Redis, as on several machines.")
    ] = 0,
) -> None:
    """Start the embedded Airflow and the rehearsal, unless they run, and print their addresses."""
    from dataclasses import asdict

    from completions.cluster import Cluster
    from completions.embedded import Embedded

    embedded = Cluster(workers=workers) if workers else Embedded()
    running, rehearsal = embedded.up(say), embedded.rehearse(say)
    if as_json:
        print_json({**asdict(running), "rehearsal": rehearsal})
    else:
        print(f"Airflow:   {running.url}  (anyone on this machine may use it; stop it with `completions down`)")
        print(f"batches:   {running.url}/plugin/batches")
        print(f"rehearsal: {rehearsal}")


def down() -> None:
    """Stop the embedded Airflow and the rehearsal, to the last process."""
    from completions.embedded import Embedded

    print("stopped" if Embedded().down(say) else "nothing was running")


def rehearse(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0: any free one.")] = 0,
    site: Annotated[list[str] | None, typer.Option(help="Only this one, or these: say it again for each.")] = None,
    latency: Annotated[float, typer.Option(help="Seconds from a prompt to the end of its answer.")] = 1.0,
    ui: Annotated[str, typer.Option(help="Front end, where a site has one of that name; mixed: all.")] = "mixed",
    fault: Annotated[str | None, typer.Option(help="Deal this fault to everyone.")] = None,
    exits: Annotated[
        bool, typer.Option("--exits", help="Serve a gateway of exits too; prints its connection.")
    ] = False,
) -> None:
    """Serve the stand-ins alone, until Ctrl-C."""
    from completions.rehearsal import Rehearsal, serve
    from completions.rehearsal.exits import RehearsedExits
    from completions.rehearsal.faults import BY_SITE
    from completions.rehearsal.sites import STAND_INS, front_ends

    sites = site or list(STAND_INS)
    for name in sites:
        if name not in STAND_INS:
            raise Refused("--site", name, f"give one of {', '.join(STAND_INS)}")
    known = sorted({end for name in sites for end in front_ends(name)})
    if ui not in (*known, "mixed"):
        raise Refused("--ui", ui, f"give {', '.join(known)} or mixed")
    faults = sorted({name for one in sites for name in BY_SITE[one]})
    if fault is not None and fault not in faults:
        raise Refused("--fault", fault, f"give one of {', '.join(faults)}")
    with RehearsedExits() if exits else nullcontext() as gateway:
        if gateway:
            print(f"AIRFLOW_CONN_COMPLETIONS_PROXY='{gateway.variable}'")
        rehearsal = Rehearsal(port=port, latency=latency, ui=ui, fault=fault, sites=sites)
        serve(rehearsal, lambda url: _say_where(url, sites))


def _say_where(url: str, sites: Sequence[str]) -> None:
    """A line per stand-in."""
    from completions.sites import rehearsed

    print(f"rehearsal: {url}")
    for name in sites:
        print(f"  {name}: {rehearsed(name, url)}", flush=True)


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    for command in (up, down, rehearse):
        commands.command()(command)
