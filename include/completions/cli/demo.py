"""`demo`: the whole of it on one machine, once."""

from __future__ import annotations

import base64
import json
import time
from contextlib import suppress
from typing import Annotated, Any

import httpx
import typer

from completions.cli.batches import submit_and_follow
from completions.cli.follow import Body
from completions.cli.here import stored
from completions.cli.out import Failed, say
from completions.cli.table import print_answers
from completions.settings import PROJECT
from completions.store import Store

EXAMPLE = PROJECT / "examples" / "demo.json"
RECEIVER = "_rehearsal/callback{}/demo"
PATIENCE = 45
"""Seconds that the callback may take: three quick tries."""


def demo(live: Annotated[bool, typer.Option(help="Ask the live site instead of the stand-ins.")] = False) -> None:
    """Run a batch of 12 prompts from request to Parquet and callback, and print what came of it."""
    from completions.embedded import Embedded
    from completions.request import accept

    embedded = Embedded()
    rehearsal = embedded.rehearse(say) + "/"
    fields: dict[str, Any] = json.loads(EXAMPLE.read_text("utf-8"))
    request = {**fields, "rehearse": not live, "callback": rehearsal + RECEIVER.format("")}
    config, _ = accept(request, embedded.settings())
    if live:
        say("Asking the live site. Anonymous chats may be challenged or meet a login wall; the demo then stops there.")
    body, link = submit_and_follow(config, embedded)
    store = stored()
    print()
    print_answers(store, body)
    _summary(store, body, link, _delivered(rehearsal, body["id"]))
    if body["status"] == "failed":
        raise Failed("no prompt of the batch was answered")


def _summary(store: Store, body: Body, link: str, callback: str) -> None:
    from completions.manifest import load_manifest
    from completions.plan import find_batch
    from completions.reading import example

    if body["cached"] == body["count"]:
        print("\nNothing was asked: every answer is younger than a day and came from the cache.")
    print(f"\ncallback  {callback}")
    print(f"dataset   {body['dataset']}")
    print(f"run       {link}")
    found = find_batch(store, body["id"])
    if found and (manifest := load_manifest(found[0], body["id"])):
        sql = example(manifest)
        print(f'read it   .venv/bin/python -c "import duckdb; duckdb.sql(\\"{sql}\\").show()"')


def _delivered(rehearsal: str, batch_id: str) -> str:
    """What the demo's own receiver got for this batch, once it has it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):  # a busy machine may keep it from answering once
            for came in httpx.get(rehearsal + RECEIVER.format("s"), trust_env=False).json():
                message = json.loads(base64.b64decode(came["body"]))
                if message["data"]["id"] == batch_id:
                    return f"{message['type']} delivered, webhook-id {came['headers']['webhook-id']}"
        time.sleep(0.3)
    return f"nothing came within {PATIENCE} s; the task notify says why"


def register(commands: typer.Typer) -> None:
    """Add this file's command."""
    commands.command()(demo)
