"""What the tasks of the DAG `batch_completions` do; Airflow gives them `dag_run` and `task_state_store`.

The DAG's file imports this whenever it is parsed: what is heavy is imported when a task runs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from completions.batch import BatchConfig
from completions.errors import Refused, RefusedRequest
from completions.settings import Settings
from completions_airflow.conf import batch_of, request_in
from completions_airflow.connections import TASKS_WAIT, exits, open_store, sqs_endpoint

if TYPE_CHECKING:
    from airflow.sdk.execution_time.context import TaskStateStoreAccessor
    from airflow.sdk.types import DagRunProtocol

    from completions.plan import Plan
    from completions.profile import Profile
    from completions.store import Store

log = logging.getLogger(__name__)


def plan(dag_run: DagRunProtocol) -> list[int]:
    """Settle what is asked and by whom; returns the shards' numbers, for prompts and answers stay in the store."""
    from completions.health import refuse_unhealthy
    from completions.plan import make_plan

    store = open_store(TASKS_WAIT)
    try:
        batch_id = batch_of(dag_run)
        config, profile = _judged(store, dag_run, batch_id)
        refuse_unhealthy(store, config)
    except (Refused, RefusedRequest) as refused:
        for sentence in str(refused).splitlines():
            log.error("%s", sentence)
        raise AirflowFailException("the request is refused, for the reasons above; nothing was asked") from None
    made = make_plan(
        store,
        config,
        profile,
        batch_id=batch_id,
        run_id=dag_run.run_id,
        now=datetime.now(UTC),
        address=None if config.rehearse else Settings.from_env().site_url(config.model),
    )
    log.info("batch %s: %d answers, %d from the cache, %d tasks", batch_id, config.count, made.cached, len(made.shards))
    return list(range(len(made.shards)))


async def ask(shard: int, dag_run: DagRunProtocol, task_state_store: TaskStateStoreAccessor) -> dict[str, int]:
    """Ask the prompts of one shard; returns how many of them had each outcome."""
    from completions.ask import ask_shard

    async def tell(progress: dict[str, Any]) -> None:
        await asyncio.to_thread(task_state_store.set, "progress", progress)

    store, made = await asyncio.to_thread(_planned, batch_of(dag_run))
    get_current_context()["label"] = made.label(shard)  # type: ignore[typeddict-unknown-key]
    outcomes = await ask_shard(store, made, shard, Settings.from_env(), tell, await asyncio.to_thread(exits))
    return {str(outcome): count for outcome, count in outcomes.items()}


def collect(dag_run: DagRunProtocol) -> dict[str, Any]:
    """Write the dataset; returns its counts, or fails when no prompt of the batch was answered."""
    from completions.collect import collect as make_dataset
    from completions.superseded import GRACE, retire, superseded

    store, batch_id = open_store(TASKS_WAIT), batch_of(dag_run)
    manifest = make_dataset(store, batch_id, datetime.now(UTC))
    if superseded(store, batch_id):
        time.sleep(GRACE)  # for those who are reading the generation before
        retire(store, batch_id)
    counts = manifest.model_dump(mode="json", include={"status", "count", "successful", "failed", "cached", "outcomes"})
    if manifest.status == "failed":
        raise AirflowFailException(f"the dataset stands, but no prompt was answered: {counts}")
    return counts


def notify(dag_run: DagRunProtocol) -> str:
    """Tell the callback how the batch ended; a batch whose pipeline broke ends here, as failed.

    Where the quick tries come to nothing, but more are worth it, a run of another DAG makes them: this one is done.
    """
    from completions.plan import load_request
    from completions_airflow.telling import of_batch, tell_now

    store = open_store(TASKS_WAIT)
    try:
        batch_id = batch_of(dag_run)
        config = load_request(store, batch_id)
    except Refused as nothing:
        raise _skipped(f"there is no batch to tell of: {nothing}") from None
    body = _ended(store, batch_id)
    if config.callback is None:
        raise _skipped("the batch has no callback")
    part = store.of(config.origin)
    return tell_now(part, of_batch(part, body, config.callback))


def _skipped(why: str) -> AirflowSkipException:
    log.info("%s", why)  # Airflow doesn't
    return AirflowSkipException(why)


def _judged(store: Store, dag_run: DagRunProtocol, batch_id: str) -> tuple[BatchConfig, Profile]:
    """The run's request and who asks it. One from the store is judged again, by the settings of the tasks."""
    from completions.plan import load_request, seed_of
    from completions.request import accept

    fields = request_in(dag_run)
    judge = partial(accept, settings=Settings.from_env(), sqs_endpoint=sqs_endpoint(), exits=exits())
    config = load_request(store, batch_id) if fields is None else judge(fields)[0]
    return config, judge(config.model_dump(exclude={"audit"}), seed=seed_of(config, batch_id))[1]


def _planned(batch_id: str) -> tuple[Store, Plan]:
    from completions.plan import find_batch, load_plan

    store = open_store(TASKS_WAIT)
    found = find_batch(store, batch_id)
    made = load_plan(found[0], batch_id) if found else None
    if made is None:
        raise Refused("batch_id", batch_id, f"has no plan in {store.uri}; clear the task plan")
    return store, made


def _ended(store: Store, batch_id: str) -> dict[str, Any]:
    """The batch's status, which is final: what is neither collected nor going to be has failed."""
    from completions.status import record_failure, status

    body = status(store, batch_id)
    if body is None or body["status"] not in ("successful", "failed"):
        record_failure(store, batch_id, "the pipeline broke before the dataset stood", datetime.now(UTC))
        body = status(store, batch_id)
    assert body, "its request is in the store"
    return body
