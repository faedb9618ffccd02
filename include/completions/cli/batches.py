"""`run`, `show`, `list`, `get`: batches, from a file in to a dataset out."""

from __future__ import annotations

import json
import sys
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from completions.cli.follow import ENDED, Body, follow, outcomes
from completions.cli.here import settings, stored
from completions.cli.out import Failed, print_json, say

if TYPE_CHECKING:
    from completions.airflow_api import Airflow
    from completions.batch import BatchConfig
    from completions.embedded import Embedded

DAG = "batch_completions"
Batch = Annotated[str, typer.Argument(help="Id of the batch.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def run(
    file: Annotated[str, typer.Argument(help="The request as a JSON file, or - for standard input.")],
    rehearse: Annotated[bool, typer.Option(help="Ask the stand-ins instead of the live site.")] = False,
    as_json: Json = False,
) -> None:
    """Submit a batch to the embedded Airflow (started if it isn't), follow it, and print what came of it."""
    from completions.cli.table import print_answers
    from completions.embedded import Embedded
    from completions.request import accept

    fields = _read(file)
    if rehearse and isinstance(fields, dict):
        fields["rehearse"] = True
    config, _ = accept(fields, settings())
    body, link = submit_and_follow(config, Embedded())
    if as_json:
        print_json(body)
    else:
        print_answers(stored(), body)
        print(f"dataset: {body['dataset'] or 'none'}\nrun:     {link}")
    if body["status"] == "failed":
        raise Failed("" if as_json else "no prompt of the batch was answered")


def submit_and_follow(config: BatchConfig, embedded: Embedded) -> tuple[Body, str]:
    """Run a batch on the embedded Airflow; returns its last status and the link to its run."""
    from completions.airflow_api import Airflow
    from completions.plan import submit
    from completions.status import status
    from completions.store import open_store

    if config.rehearse:
        embedded.rehearse(say)
    api, store = Airflow(embedded.up(say).url), open_store(embedded.settings().store)
    batch_id = str(uuid.uuid4())
    run_id = f"cli__{batch_id}"
    submit(store, batch_id, config)
    api.request(
        "POST",
        f"/dags/{DAG}/dagRuns",
        json={"dag_run_id": run_id, "logical_date": None, "conf": {"batch_id": batch_id}},
    )
    link = f"{api.url}/dags/{DAG}/runs/{run_id}"
    say(f"batch {batch_id}: {config.count} answers from {config.model}  {link}")
    try:
        return follow(lambda: status(store, batch_id), lambda: _end_state(api, run_id)), link
    except KeyboardInterrupt:
        raise Failed(f"the batch goes on; see it with `completions show {batch_id}`") from None


def _end_state(api: Airflow, run_id: str) -> str | None:
    state = str(api.request("GET", f"/dags/{DAG}/dagRuns/{run_id}")["state"])
    return state if state in ("success", "failed") else None


def _read(file: str) -> Any:
    from completions.errors import Refused

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        return json.loads(text)
    except OSError as error:
        raise Refused("FILE", file, f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise Refused("FILE", file, f"is not JSON ({error})") from error


def show(batch: Batch, as_json: Json = False) -> None:
    """How a batch stands, and its answers once they are there."""
    from completions.cli.table import print_answers

    body = _status(batch)
    if as_json:
        print_json(body)
        return
    for name, value in body.items():
        print(f"{name:12} {outcomes(body) if name == 'outcomes' else '-' if value is None else value}")
    if body["dataset"]:
        print_answers(stored(), body)


def list_(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20, as_json: Json = False
) -> None:
    """The batches of the store, newest first."""
    from completions.status import list_batches

    bodies = list_batches(stored(), limit)
    if as_json:
        print_json(bodies)
        return
    for body in bodies:
        print(f"{body['started_at']}  {body['id']}  {body['status']:<10}  {outcomes(body)}")


def get(
    batch: Batch, out: Annotated[Path | None, typer.Option(help="Folder to unpack into; else ./<batch>.")] = None
) -> None:
    """Fetch the answers of a batch: its archive, unpacked."""
    from completions.archive import open_archive

    body = _status(batch)
    if body["status"] not in ENDED:
        raise Failed(f"batch {batch} is {body['status']}: its answers can be fetched when it is done")
    folder = out or Path(batch)
    with open_archive(stored(), batch) as archive, zipfile.ZipFile(archive) as entries:
        entries.extractall(folder)
        print(f"{len(entries.namelist())} files in {folder}")


def _status(batch: str) -> Body:
    from completions.errors import Refused
    from completions.status import status

    try:
        body = status(stored(), batch)
    except ValueError:
        body = None
    if body is None:
        raise Refused("BATCH", batch, "no such batch in the store; `completions list` shows what is there")
    return body


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    commands.command()(run)
    commands.command()(show)
    commands.command("list")(list_)
    commands.command()(get)
