"""`check-callback`: who would be told, by whom, and what an SQS queue must grant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from completions.cli.out import print_json, say

if TYPE_CHECKING:
    from completions.sqs import Queue

UNKNOWN = "arn:{}:iam::ACCOUNT:role/NAME"
"""Stands in the statement for an identity that AWS did not tell, in the queue's partition."""


def check_callback(
    target: Annotated[str, typer.Argument(help="URL, SQS queue URL or SQS ARN.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Would this callback be accepted, and why not; for an SQS queue, also the policy statement that it needs."""
    from completions.here import sqs_endpoint
    from completions.sqs import parse_queue

    endpoint = sqs_endpoint(target)
    queue = parse_queue(target, endpoint=endpoint)
    checked = _queue(queue) if queue else _receiver(target)
    if as_json:
        print_json({"target": target, "accepted": True, **checked})
        return
    print(f"accepted: {checked['described']}")
    if queue:
        print(f"sent by:  {checked['principal'] or 'unknown: AWS did not say whom aws_default stands for'}")
        print(f"to be in the queue's access policy:\n{json.dumps(checked['policy_statement'], indent=2)}")
    if checked["warning"]:
        say(f"warning: {checked['warning']}")


def _queue(queue: Queue) -> dict[str, Any]:
    from completions.here import aws
    from completions.sqs import policy_statement

    principal = aws().identity(queue.region)
    statement = policy_statement(queue, principal or UNKNOWN.format(queue.partition))
    return {"described": str(queue), "principal": principal, "policy_statement": statement, "warning": None}


def _receiver(target: str) -> dict[str, Any]:
    """A name that leads nowhere yet may come to lead somewhere: that is only worth a warning."""
    from completions.addresses import Unresolved, system_resolver
    from completions.here import settings
    from completions.notify import check_callback as check

    allow, warning = settings().callback_allow, None
    try:
        described = check(target, allow=allow, resolve=system_resolver)
    except Unresolved as unresolved:
        described, warning = check(target, allow=allow), str(unresolved)
    return {"described": described, "principal": None, "policy_statement": None, "warning": warning}


def register(commands: typer.Typer) -> None:
    """Add this file's command."""
    commands.command("check-callback")(check_callback)
