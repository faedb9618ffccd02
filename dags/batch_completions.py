"""Ask a chat site up to 1000 prompts, as one person would from one place, and keep what it shows as Parquet.

**plan** checks the request, settles who asks, takes over what the cache still holds and cuts the rest into shards.
**ask** runs once per shard: one browser, a few conversations at a time, each answer stored the moment it is there.
**collect** writes dataset, archive and manifest, however the asking went; the run is as successful as the batch.
**notify** tells the callback, if there is one; a delivery that failed is made again by clearing this task.

Start it from the form, or with a conf that is either a request (`{"prompts": ["…"], "country": "US"}`) or a reference
to one in the store (`{"batch_id": "…"}`), as the HTTP API and `completions run` do. Tasks that are retried or cleared
never ask again what was answered.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule, dag, setup, task, teardown

from completions.errors import Refused
from completions.settings import Settings
from completions_airflow import steps
from completions_airflow.form import params

UNLESS_REFUSED = ExceptionRetryPolicy([RetryRule(Refused, RetryAction.FAIL, reason="it would be refused again")])


@dag(
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=16,
    max_active_tasks=64,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30), "retry_policy": UNLESS_REFUSED},
    params=params(),
    description=__doc__.partition("\n")[0],
    doc_md=__doc__,
    tags=["completions"],
)
def batch_completions() -> None:
    """Wire the steps."""
    plan = setup(task(execution_timeout=timedelta(minutes=15))(steps.plan))
    ask = task(
        pool="browsers",
        pool_slots=Settings.from_env().conversations,
        execution_timeout=timedelta(hours=12),
        map_index_template="{{ label | default('shard ' ~ (task.op_kwargs.shard + 1)) }}",
    )(steps.ask)
    # The teardown of plan: it runs when every shard is done, however it ended, but not when there is no plan; and
    # Airflow runs it still when someone marks the run failed.
    collect = teardown(on_failure_fail_dagrun=True)(task(execution_timeout=timedelta(hours=1))(steps.collect))
    # A teardown whose end leaves the state of the run alone: a dead receiver is no failure of the batch.
    notify = teardown(task(execution_timeout=timedelta(minutes=15))(steps.notify))

    shards, collected = plan(), collect()
    shards >> ask.expand(shard=shards) >> collected
    shards >> collected >> notify()


batch_completions()
