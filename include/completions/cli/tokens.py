"""`token create`, `list`, `revoke`: API tokens, which an operator gives to programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Annotated, Any

import typer

from completions.cli.out import print_json, say
from completions.errors import Refused, Unreachable
from completions.tokens import DEFAULT_LIFE

OWN = ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
"""Where one of these is set, tokens are those of that Airflow; else of the embedded one."""

token = typer.Typer(help="API tokens: each with the permissions of one Airflow user.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@token.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for: small letters, digits, hyphens.")],
    user: Annotated[str, typer.Option(help="The Airflow user whose permissions it has.")],
    expires: Annotated[
        str, typer.Option(help="Days (90d), hours (12h), an ISO 8601 moment (UTC unless it says) or never.")
    ] = DEFAULT_LIFE,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    made = _in_airflow("create", name, user, expires)
    if as_json:
        print_json(made)
        return
    print(made["token"])
    until = f"until {made['expires']}" if made["expires"] else "for ever"
    say(f"has the permissions of {user} {until}; keep it now, it is not shown again")


@token.command("list")
def list_(as_json: Json = False) -> None:
    """All tokens, without themselves."""
    found = _in_airflow("list")
    if as_json:
        print_json(found)
    elif found:
        _print(found)
    else:
        say("no tokens yet")


@token.command()
def revoke(name: Annotated[str, typer.Argument(help="The name it was made under.")], as_json: Json = False) -> None:
    """End a token, at once."""
    gone = _in_airflow("revoke", name)
    if as_json:
        print_json(gone)
    else:
        say(f"{name} is revoked")


def _in_airflow(*words: str) -> Any:
    """What `completions_airflow.tokens` gives back, run with the environment of the operator's Airflow."""
    command = [sys.executable, "-m", "completions_airflow.tokens"]
    told = subprocess.run(
        command, env=_environment(), input=json.dumps(words), capture_output=True, text=True, check=False
    )
    if told.returncode:
        why = told.stderr.strip().splitlines() or ["it does not say why"]
        raise Unreachable(f"Airflow cannot be asked: {why[-1]}")
    result = json.loads(told.stdout.splitlines()[-1])
    if "refused" in result:
        raise Refused(*result["refused"])
    if "unusable" in result:
        raise Unreachable(result["unusable"])
    return result["done"]


def _environment() -> dict[str, str]:
    from completions.embedded import Embedded

    if any(os.environ.get(name) for name in OWN):
        return dict(os.environ)
    embedded = Embedded()
    if not (embedded.home / "airflow.db").exists():
        raise Unreachable(
            f"there is no Airflow yet: start the embedded one with `completions up`, or set {' or '.join(OWN)}"
        )
    return embedded.environment()


def _print(found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "user", "made", "expires", "state", box=None, pad_edge=False)
    for each in found:
        moments = ((each["created"] or "-")[:10], each["expires"] or "never")
        table.add_row(*map(Text, (each["name"], each["user"] or "-", *moments, each["state"])))
    Console(width=120).print(table)


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    commands.add_typer(token, name="token")
