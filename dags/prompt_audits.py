"""Recurring audits: a DAG `audit_<name>` for each file in the folder of audits.

**plan** submits a batch for each model and profile, **ask** starts a run of `batch_completions` for each of them,
**wait** looks now and then whether their datasets stand, without holding a worker. **finish** makes marts and report
and tells whoever follows the asset `audit_<name>`; **notify** tells the audit's callback, if it has one.

A run that was missed is not made up for: a chat answers today. A file that cannot be read has a DAG that says why.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Asset, CronTriggerTimetable, ExceptionRetryPolicy, RetryAction, RetryRule, task, teardown
from airflow.sdk.exceptions import AirflowFailException

from completions.audits import Audit, files, load
from completions.errors import Refused, RefusedRequest
from completions.settings import Settings
from completions_airflow import audits

NEVER = ExceptionRetryPolicy(
    [RetryRule(kind, RetryAction.FAIL, reason="it would be refused again") for kind in (Refused, RefusedRequest)]
)
audit_dag = partial(
    DAG,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,  # one that is not through when the next is due makes it wait, or too late
    max_active_tasks=64,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_policy": NEVER,
        "execution_timeout": timedelta(minutes=15),
    },
    tags=["completions", "audit"],
)


def scheduled(audit: Audit) -> DAG:
    """The DAG of an audit."""
    schedule = None
    if audit.schedule:  # a new file waits for the next time: Airflow would begin with the last
        schedule = CronTriggerTimetable(audit.schedule, timezone=audit.timezone, run_immediately=timedelta(0))
    told: dict[str, Any] = {"description": audit.about, "doc_md": f"{audit.about}\n\n{__doc__}"}
    with audit_dag(f"audit_{audit.name}", schedule=schedule, **told) as dag:
        batches = task(audits.plan)(audit.name)
        ask = TriggerDagRunOperator.partial(
            task_id="ask",
            trigger_dag_id="batch_completions",
            skip_when_already_exists=True,
            map_index_template="{{ task.conf.batch_id }}",
        ).expand_kwargs(batches)
        looking = task.sensor(
            task_id="wait", mode="reschedule", poke_interval=20, timeout=24 * 3600, trigger_rule="all_done"
        )
        waited = looking(audits.ended).expand(batch=batches)
        finish = task(outlets=[Asset(dag.dag_id)], trigger_rule="all_done", execution_timeout=timedelta(hours=1))(
            audits.finish
        )
        # A teardown whose end leaves the state of the run alone: a dead receiver is no failure of the audit.
        notify = teardown(task(audits.notify))
        ask >> waited >> finish(audit.name) >> notify(audit.name)
    return dag


def unreadable(file: Path, why: RefusedRequest) -> DAG:
    """A DAG in the place of an audit whose file is wrong: it says why, and fails when somebody starts it."""
    about = f"INVALID: {why}"
    told: dict[str, Any] = {"description": about, "doc_md": f"{about}\n\n{__doc__}"}
    with audit_dag(f"audit_{file.stem}", tags=["completions", "audit", "invalid"], **told) as dag:

        @task
        def invalid() -> None:
            raise AirflowFailException(str(why))

        invalid()
    return dag


for file in files(Settings.from_env().audits):
    try:
        globals()[f"audit_{file.stem}"] = scheduled(load(file))
    except RefusedRequest as why:
        globals()[f"audit_{file.stem}"] = unreadable(file, why)
