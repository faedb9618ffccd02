"""`demo`: the whole of it on one machine, once."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from completions.cli.batches import _store, submit_and_follow
from completions.cli.out import Failed, say
from completions.cli.table import print_answers
from completions.settings import PROJECT

EXAMPLE = PROJECT / "examples" / "demo.json"


def demo(live: Annotated[bool, typer.Option(help="Ask the live site instead of the stand-ins.")] = False) -> None:
    """Run a batch of 12 prompts from request to Parquet and callback, and print what came of it."""
    from completions.embedded import Embedded
    from completions.request import accept
    from completions.settings import Settings

    rehearsal = Embedded().rehearse(say)
    callback = f"{rehearsal.url}/_rehearsal/callback/demo"
    fields: dict[str, Any] = json.loads(EXAMPLE.read_text("utf-8"))
    config, _ = accept({**fields, "rehearse": not live, "callback": callback}, Settings.from_env())
    if live:
        say("Asking the live site: anonymous chats may be challenged or met by a login wall; the project stops there.")
    body, link = submit_and_follow(config)
    print_answers(_store(), body)
    _summary(body, link, rehearsal.url)
    if body["status"] == "failed":
        raise Failed("no prompt of the batch was answered")


def _summary(body: dict[str, Any], link: str, rehearsal: str) -> None:
    if body["cached"] == body["count"]:
        print("\nNothing was asked: every answer was reused from the cache (it is younger than a day).")
    print(f"\ncallback:  {_delivered(rehearsal, body['id'])}")
    print(f"dataset:   {body['dataset']}")
    print(f"run:       {link}\n")
