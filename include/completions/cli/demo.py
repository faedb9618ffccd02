"""`demo`: the whole of it on one machine, once."""

from __future__ import annotations

import base64
import json
import time
from contextlib import suppress
from typing import Annotated, Any

import httpx
import typer

from completions.cli.batches import page_of, submit_and_follow
from completions.cli.follow import Body
from completions.cli.out import Failed, say
from completions.cli.table import print_answers
from completions.here import exits, stored
from completions.settings import PROJECT

EXAMPLE = PROJECT / "examples" / "demo.json"
RECEIVER = "_rehearsal/callback{}/demo"
PATIENCE = 45
"""Seconds that the callback may take: three quick tries."""


def demo(live: Annotated[bool, typer.Option(help="Ask the live sites instead of the stand-ins.")] = False) -> None:
    """Ask every site the same questions, a batch each, from request to Parquet and callback, and print what came."""
    from completions.embedded import Embedded
    from completions.reading import example
    from completions.request import accept
    from completions.sites import NAMES

    embedded = Embedded()
    rehearsal = embedded.rehearse(say) + "/"
    fields: dict[str, Any] = json.loads(EXAMPLE.read_text("utf-8"))
    fields |= {"rehearse": not live, "callback": rehearsal + RECEIVER.format("")}
    configs = [accept({**fields, "model": model}, embedded.settings(), exits=exits())[0] for model in NAMES]
    if live:
        say("Asking the live sites. Anonymous chats may be challenged or meet a login wall; there they stop.")
    ended, store = submit_and_follow(configs, embedded), stored()
    bodies = [body for body, _ in ended]
    print()
    print_answers(store, bodies)
    if all(body["cached"] == body["count"] for body in bodies):
        print("\nNothing was asked: every answer is younger than a day and came from the cache.")
    for config, (body, link) in zip(configs, ended, strict=True):
        _summary(config.model, body, link, _delivered(rehearsal, body["id"]))
    sql = example(store.of(configs[0].origin), fields["client_ref"])
    print(f'\nread it   .venv/bin/python -c "import duckdb; duckdb.sql(\\"{sql}\\").show()"')
    if failed := [config.model for config, body in zip(configs, bodies, strict=True) if body["status"] == "failed"]:
        raise Failed(f"no prompt was answered by {', '.join(failed)}")


def _summary(model: str, body: Body, link: str, callback: str) -> None:
    page = page_of(link, f"batches/{body['id']}")
    print(f"\n{model}")
    print(f"  callback  {callback}")
    print(f"  dataset   {body['dataset']}")
    print(f"  page      {page}")
    print(f"  run       {link}")


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
