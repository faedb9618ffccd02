"""`audit …`: the recurring audits' files, looked at before they cost anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from completions.cli import audit_history
from completions.cli.out import print_json
from completions.errors import Refused, RefusedRequest

if TYPE_CHECKING:
    from completions.audits import Audit

Files = Annotated[list[Path] | None, typer.Argument(help="YAML files; without any: all in the folder of audits.")]
NEXT = 3
"""Runs that a preview tells of."""

audit = typer.Typer(
    name="audit", help="Recurring audits: their files, their runs, what they say.", no_args_is_help=True
)


@audit.command()
def validate(files: Files = None) -> None:
    """Check files: fields, budget, places, devices. A sentence for each mistake, with its line; exit status 2."""
    refusals: list[Refused] = []
    for file in _files(files):
        try:
            checked = _checked(file)
            print(f"{file.name}: {checked.chats} chats a run ({checked.reckoning})")
        except RefusedRequest as refused:
            refusals += [_in(file, one) for one in refused.refusals]
    if refusals:
        raise RefusedRequest(refusals)


@audit.command()
def preview(
    file: Annotated[Path, typer.Argument(help="The audit's YAML file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what a run would ask, of whom, as whom, how many chats that are, and when. Nothing is asked."""
    told = _told(_checked(file))
    if as_json:
        print_json(told)
        return
    print(f"{told['audit']}: {told['chats']} chats a run ({told['reckoning']}), budget {told['budget'] or 'none'}")
    for run in told["next_runs"] or ["when somebody starts it"]:
        print(f"  runs {run}")
    for batch in told["batches"]:
        print(f"  {batch['model']:<11} {batch['prompts']:>5} prompts x {batch['samples']}  {batch['who']}")


def _files(given: list[Path] | None) -> list[Path]:
    from completions.audits import files
    from completions.here import settings

    found = given or files(settings().audits)
    if not found:
        raise Refused("audits", str(settings().audits), "has no *.yaml; name a file, or set COMPLETIONS_AUDITS")
    return found


def _checked(file: Path) -> Audit:
    """The audit, when every batch of a run would be taken. Raises `RefusedRequest`."""
    from completions.audits import load, request_of
    from completions.here import exits, settings, sqs_endpoint
    from completions.notify import check_callback
    from completions.request import accept

    audit = load(file)
    audit.check()
    here, ways = settings(), exits()
    if audit.callback:
        try:
            check_callback(audit.callback, allow=here.callback_allow, endpoint=sqs_endpoint(audit.callback))
        except Refused as refused:
            raise RefusedRequest([refused]) from None
    for number in range(len(audit.profiles)):
        try:
            accept(request_of(audit, number), here, exits=ways)
        except RefusedRequest as refused:
            raise RefusedRequest([_of_profile(number, one) for one in refused.refusals]) from None
    return audit


def _told(audit: Audit) -> dict[str, Any]:
    batches = [
        {"model": config.model, "prompts": len(config.prompts), "samples": config.samples, "who": person.label}
        for person, configs in _by_person(audit)
        for config in configs
    ]
    return {
        "audit": audit.name,
        "chats": audit.chats,
        "reckoning": audit.reckoning,
        "budget": audit.budget.chats_per_run if audit.budget else None,
        "next_runs": [f"{run:%Y-%m-%d %H:%M %Z}" for run in audit.next_runs(datetime.now(UTC), NEXT)],
        "batches": batches,
    }


def _by_person(audit: Audit) -> list[tuple[Any, list[Any]]]:
    configs = [config for _, config in audit.batches("preview")]
    each = len(audit.models)
    return [(person, configs[at * each : (at + 1) * each]) for at, person in enumerate(audit.profiles)]


def _of_profile(number: int, refused: Refused) -> Refused:
    from completions.request import WHO

    return (
        Refused(f"profiles[{number}].{refused.field}", refused.value, refused.way_out)
        if refused.field in WHO
        else refused
    )


def _in(file: Path, refused: Refused) -> Refused:
    name = refused.field if refused.field.startswith(file.name) else f"{file.name}: {refused.field}"
    return Refused(name, refused.value, refused.way_out)


def register(commands: typer.Typer) -> None:
    """Add this file's commands, and those about history."""
    audit_history.register(audit)
    commands.add_typer(audit)
