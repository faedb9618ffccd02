"""Go on telling a callback that a batch is done, where the quick tries within the batch's own run came to nothing.

**deliver** makes one attempt whenever one is due, until the receiver takes the notification or refuses it for good, or
the last of the waits is over, about 27 hours later. Between attempts the task is up for retry, and holds no slot.

A run is started by the task notify of a batch, and named by the notification's `webhook-id`. The batch is not affected:
its dataset is there. Every attempt is in the batch's status. To send a notification that was given up once more, clear
this task; clearing notify in the batch's own run does the same at any time.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from completions_airflow import telling


@dag(
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1024,
    max_active_tasks=64,
    description=__doc__.partition("\n")[0],
    doc_md=__doc__,
    tags=["completions"],
)
def callback_delivery() -> None:
    """One task, for as long as it takes."""
    task(
        retries=20,  # the attempts end the retries, not the other way round
        retry_delay=timedelta(minutes=5),
        retry_policy=telling.WhenDue(),
        execution_timeout=timedelta(minutes=15),
    )(telling.deliver)()


callback_delivery()
