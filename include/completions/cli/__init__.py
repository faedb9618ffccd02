"""`completions …`: batches, single prompts and the embedded Airflow from the command line.

Exit status: 0 done, 1 the batch (or the prompt) failed, 2 the request was refused, 3 Airflow or the store cannot be
reached. With `--json`, one JSON document is all that goes to stdout.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from dotenv import load_dotenv

from completions.cli import (
    asking,
    audits,
    batches,
    callbacks,
    checking,
    demo,
    forgetting,
    keeping,
    lists,
    marts,
    querying,
    report,
    rereading,
    services,
    tokens,
)
from completions.cli.out import FAILED, REFUSED, UNREACHABLE, Failed, say
from completions.errors import Refused, RefusedRequest, Unreachable
from completions.settings import PROJECT

commands = typer.Typer(
    name="completions",
    help="Ask the chat sites what a person would, and keep what they showed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_MODULES = (
    *(services, batches, asking, lists, callbacks, audits, marts, querying, report),
    *(rereading, keeping, forgetting, checking, tokens, demo),
)
for module in _MODULES:
    module.register(commands)


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"batch-completions {version('batch-completions')}")
        raise typer.Exit


@commands.callback()
def _every(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def app() -> None:
    """Run the command line; every expected failure ends in one clear sentence and its exit status."""
    load_dotenv(PROJECT / ".env")
    try:
        commands()
    except (Refused, RefusedRequest) as refused:
        for sentence in str(refused).splitlines():
            say(f"refused: {sentence}")
        sys.exit(REFUSED)
    except Unreachable as unreachable:
        say(str(unreachable))
        sys.exit(UNREACHABLE)
    except Failed as failed:
        if str(failed):
            say(str(failed))
        sys.exit(FAILED)


__all__ = ["app"]
