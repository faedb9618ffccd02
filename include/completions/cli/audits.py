"""`audit …`: the recurring audits' files, looked at before they cost anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from completions.cli import audit_history, audit_running
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
            audit = checked(file)
            print(f"{file.name}: {audit.chats} chats a run ({audit.reckoning})")
        except RefusedRequest as refused:
            refusals += refused.refusals
    if refusals:
        raise RefusedRequest(refusals)


@audit.command()
def preview(
    name: audit_history.Name,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what a run would ask, of whom, as whom, how many chats that are, and when. Nothing is asked."""
    told = _told(checked(_file(name)))
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


def checked(file: Path) -> Audit:
    """The audit, when every batch of a run would be taken. Raises `RefusedRequest` with all that is wrong."""
    from completions.audits import load, placed, who_asks

    found: list[Refused] = []
    audit: Audit | None = None
    try:
        audit = load(file)
    except RefusedRequest as refused:
        found += refused.refusals
    if legible := audit or who_asks(file):
        found += [placed(file, one) for one in _wrong(legible)]
    if found or audit is None:
        raise RefusedRequest(found)
    return audit


def _wrong(audit: Audit) -> Iterable[Refused]:
    """What a run would be refused for, each field once."""
    found: dict[str, Refused] = {}
    checks: list[Callable[[], None]] = [audit.check, partial(_check_callback, audit)]
    checks += [partial(_check_profile, audit, number) for number in range(len(audit.profiles))]
    for check in checks:
        try:
            check()
        except RefusedRequest as refused:
            for one in refused.refusals:
                found.setdefault(one.field, one)
    return found.values()


def _check_callback(audit: Audit) -> None:
    from completions.here import settings, sqs_endpoint
    from completions.notify import check_callback

    if audit.callback:
        try:
            check_callback(audit.callback, allow=settings().callback_allow, endpoint=sqs_endpoint(audit.callback))
        except Refused as refused:
            raise RefusedRequest([refused]) from None


def _check_profile(audit: Audit, number: int) -> None:
    from completions.audits import request_of
    from completions.here import exits, settings
    from completions.request import accept

    try:
        accept(request_of(audit, number), settings(), exits=exits())
    except RefusedRequest as refused:
        raise RefusedRequest([_of_profile(number, one) for one in refused.refusals]) from None


def _file(given: str) -> Path:
    """The file of that path, or of the audit of that name. Raises `Refused`."""
    from completions.audits import files
    from completions.here import settings

    if (file := Path(given)).suffix in (".yaml", ".yml"):
        return file
    found = next((one for one in files(settings().audits) if one.stem == given), None)
    if found is None:
        raise Refused("NAME", given, f"is no audit in {settings().audits}; give its name there, or a YAML file")
    return found


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


def register(commands: typer.Typer) -> None:
    """Add this file's commands, and those about history."""
    audit.command()(audit_running.run)
    audit_history.register(audit)
    commands.add_typer(audit)
