"""`run`, `show`, `list`, `get`, `cancel`, `retry`: batches, from a file in to a dataset out."""

from __future__ import annotations

import json
import sys
import time
import uuid
import zipfile
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from completions.cli.follow import ENDED, Body, Watched, follow
from completions.cli.out import Failed, print_json, say
from completions.errors import Refused
from completions.here import exits, settings, sqs_endpoint, stored

if TYPE_CHECKING:
    from completions.airflow_api import Airflow
    from completions.batch import BatchConfig
    from completions.embedded import Embedded
    from completions.store import Store

DAG = "batch_completions"
ENDING = 90.0
"""Seconds in which a run whose dataset stands is told to its callback, quick tries and all."""
Batch = Annotated[str, typer.Argument(help="Id of the batch.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def run(
    file: Annotated[str, typer.Argument(help="The request as a JSON file, or - for standard input.")],
    rehearse: Annotated[bool, typer.Option(help="Ask the stand-ins instead of the live site.")] = False,
    as_json: Json = False,
) -> None:
    """Submit a batch to the embedded Airflow (started if it isn't), follow it, and print what came of it."""
    from completions.embedded import Embedded
    from completions.request import accept

    fields = _read(file)
    if rehearse and isinstance(fields, dict):
        fields["rehearse"] = True
    callback = fields.get("callback") if isinstance(fields, dict) else None
    config, _ = accept(fields, settings(), sqs_endpoint=sqs_endpoint(callback), exits=exits())
    [(body, link)] = submit_and_follow([config], Embedded())
    _print_ended(body, link, as_json)


def _print_ended(body: Body, link: str, as_json: bool) -> None:
    """What came of a batch; raises `Failed` where that is nothing."""
    from completions.cli.table import print_answers

    if as_json:
        print_json(body)
    else:
        print_answers(stored(), [body])
        page = page_of(link, f"batches/{body['id']}")
        print(f"dataset: {body['dataset'] or 'none'}\npage:    {page}\nrun:     {link}")
    if body["status"] == "failed":
        raise Failed("" if as_json else "no prompt of the batch was answered")


def submit_and_follow(configs: Sequence[BatchConfig], embedded: Embedded) -> list[tuple[Body, str]]:
    """Run batches on the embedded Airflow, side by side; returns the last status of each and the link to its run."""
    from completions.airflow_api import Airflow
    from completions.health import refuse_unhealthy
    from completions.status import status

    store = stored()
    for config in configs:
        refuse_unhealthy(store, config)
    if any(config.rehearse for config in configs):
        embedded.rehearse(say)
    api = Airflow(embedded.up(say).url)
    batch_ids = [_submit(api, store, config) for config in configs]
    links = [_link(api, _run_id(batch_id)) for batch_id in batch_ids]
    for config, batch_id, link in zip(configs, batch_ids, links, strict=True):
        say(f"batch {batch_id}: {config.count} answers from {config.model}  {link}")
    watched = [
        Watched(config.model, partial(status, store, batch_id), partial(_end_state, api, _run_id(batch_id)))
        for config, batch_id in zip(configs, batch_ids, strict=True)
    ]
    try:
        return list(zip(follow(watched), links, strict=True))
    except KeyboardInterrupt:
        see = " and ".join(f"`completions show {batch_id}`" for batch_id in batch_ids)
        raise Failed(f"it goes on; see it with {see}") from None


def _submit(api: Airflow, store: Store, config: BatchConfig) -> str:
    from completions.plan import submit

    batch_id = str(uuid.uuid4())
    submit(store, batch_id, config)
    _start(api, _run_id(batch_id), batch_id)
    return batch_id


def _start(api: Airflow, run_id: str, batch_id: str) -> None:
    api.start(DAG, run_id, {"batch_id": batch_id})


def _link(api: Airflow, run_id: str) -> str:
    return f"{api.url}/dags/{DAG}/runs/{run_id}"


def page_of(link: str, path: str) -> str:
    """The page at `path`, such as `batches/ID`, in the Airflow of the link to a run."""
    return f"{link.partition('/dags/')[0]}/plugin/batches/ai/pages/{path}"


def _run_id(batch_id: str) -> str:
    return f"cli__{batch_id}"


def _end_state(api: Airflow, run_id: str) -> str | None:
    state = str(api.request("GET", f"/dags/{DAG}/dagRuns/{run_id}")["state"])
    return state if state in ("success", "failed") else None


def _read(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        return json.loads(text)
    except OSError as error:
        raise Refused("FILE", file, f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise Refused("FILE", file, f"is not JSON ({error})") from error


def show(batch: Batch, as_json: Json = False) -> None:
    """How a batch stands, and its answers once they are there."""
    from completions.cli.table import print_answers, print_status

    store = stored()
    body = _status(store, batch)
    if as_json:
        print_json(body)
        return
    print_status(body)
    if body["dataset"]:
        print()
        print_answers(store, [body])


def list_(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20, as_json: Json = False
) -> None:
    """The batches of the store, newest first."""
    from completions.cli.table import print_list
    from completions.status import list_batches

    store = stored()
    bodies = list_batches(store, limit)
    if as_json:
        print_json(bodies)
    elif bodies:
        print_list(bodies)
    else:
        say(f"no batches yet in {store.uri}")


def get(
    batch: Batch, out: Annotated[Path | None, typer.Option(help="Folder to unpack into; else ./<batch>.")] = None
) -> None:
    """Fetch the answers of a batch: its archive, unpacked over what an earlier `get` left in the folder."""
    from completions.archive import open_archive

    store = stored()
    body = _status(store, batch)
    if body["status"] not in ENDED:
        raise Failed(f"batch {batch} is {body['status']}: its answers can be fetched when it is done")
    folder = out or Path(batch)
    with open_archive(store, batch) as archive:
        try:
            print(f"{_unpack(archive, folder)} files in {folder}")
        except (OSError, zipfile.BadZipFile) as error:
            raise Failed(f"the archive of batch {batch} cannot be unpacked into {folder}: {error}") from error


def cancel(batch: Batch, as_json: Json = False) -> None:
    """Ask nothing more of a batch: what was answered is still collected, by the same run, and the rest is cancelled."""
    from datetime import UTC, datetime

    from completions.cancelling import cancel_batch
    from completions.cli.table import print_status

    store = stored()
    _status(store, batch)
    cancel_batch(store, batch, datetime.now(UTC))
    body = _status(store, batch)
    if as_json:
        print_json(body)
    else:
        print_status(body)


def retry(batch: Batch, as_json: Json = False) -> None:
    """Ask again what failed in a batch, as its next generation, follow it, and print what came of it.

    Runs on the embedded Airflow, started if it isn't. The dataset that stands is there until the next one is.
    """
    from completions.airflow_api import Airflow
    from completions.embedded import Embedded
    from completions.plan import load_request
    from completions.retrying import last_run
    from completions.retrying import retry as plan_again
    from completions.status import status

    store = stored()
    patience = ENDING if _status(store, batch)["status"] in ENDED else 0
    config, embedded = load_request(store, batch), Embedded()
    running, last = embedded.status(), last_run(store, batch)
    if running and last and not _ends(Airflow(running.url), last, patience):
        raise Refused("BATCH", batch, f"its run {last} has not ended; retry it when it has")
    run_id = plan_again(store, batch)
    if config.rehearse:
        embedded.rehearse(say)
    api = Airflow(embedded.up(say).url)
    _start_once(api, run_id, batch)
    say(f"batch {batch}: asked again  {_link(api, run_id)}")
    watched = Watched(config.model, partial(status, store, batch), partial(_end_state, api, run_id))
    [body] = follow([watched])
    _print_ended(body, _link(api, run_id), as_json)


def _start_once(api: Airflow, run_id: str, batch: str) -> None:
    """Start the run, unless it was before."""
    from completions.airflow_api import AirflowError

    try:
        _start(api, run_id, batch)
    except AirflowError as error:
        if error.status != HTTPStatus.CONFLICT:
            raise


def _ends(api: Airflow, run_id: str, patience: float) -> bool:
    """Whether a run has ended, or does within so many seconds: with its dataset there, it only tells the callback."""
    until = time.monotonic() + patience
    while not (ended := _has_ended(api, run_id)) and time.monotonic() < until:
        time.sleep(0.5)
    return ended


def _has_ended(api: Airflow, run_id: str) -> bool:
    """Whether a run does nothing any more; one that Airflow does not know, of another or a new one, does nothing."""
    from completions.airflow_api import AirflowError

    try:
        return _end_state(api, run_id) is not None
    except AirflowError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return True


def _unpack(archive: IO[bytes], folder: Path) -> int:
    """Unpack the files into `folder`, none outside of it whatever its name says, and count them."""
    with zipfile.ZipFile(archive) as entries:
        entries.extractall(folder)  # takes `..` and absolute paths for names below the folder
        return len(entries.namelist())


def _status(store: Store, batch: str) -> Body:
    from completions.status import status

    try:
        body = status(store, batch)
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
    commands.command()(cancel)
    commands.command()(retry)
