"""Telling a callback how a batch or a run of an audit ended: in a few tries, then by runs of `callback_delivery`.

A wait of minutes or hours is that run's: until its first attempt it is not due, between two it is up for retry. Neither
holds a slot of a worker, and the run that is told of ends without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryDecision, RetryPolicy, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException, DagRunTriggerException

from completions.errors import Refused
from completions_airflow.conf import batch_of
from completions_airflow.connections import (
    TASKS_WAIT,
    aws_identity,
    open_store,
    sqs_client,
    sqs_endpoint,
    webhook_secrets,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from completions.delivery import Delivery
    from completions.notification import Event, Notification
    from completions.store import Store

LATER = "callback_delivery"
"""The DAG whose runs go on where the quick tries end."""

log = logging.getLogger(__name__)


class NotYet(AirflowException):
    """A notification that is not delivered, and is to be tried again at `due`."""

    def __init__(self, due: datetime, reason: str) -> None:
        super().__init__(f"not delivered yet: {reason}; the next attempt is due at {due.isoformat(timespec='seconds')}")
        self.due = due


class WhenDue(RetryPolicy):
    """Retries a delivery when it is due, never what would be refused again, and all else as the task says."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """See the base class."""
        if isinstance(exception, NotYet):
            wait = max(exception.due - datetime.now(UTC), timedelta(0))
            return RetryDecision.retry(wait, str(exception))
        return RetryDecision.fail(str(exception)) if isinstance(exception, Refused) else RetryDecision.default()


def of_batch(part: Store, body: dict[str, Any], target: str) -> Event:
    """What `target` is told of a finished batch of `part`; `body` is its status."""
    from completions import notify
    from completions.notification import Event, notification_key

    batch_id, generation = body["id"], generation_of(part, body["id"])
    message = notify.payload(body, datetime.fromisoformat(body["finished_at"]))
    return Event(
        about=batch_id,
        key=notification_key(batch_id, generation),
        id=notify.message_id(batch_id, generation, message["type"], target),
        message=message,
        target=target,
        conf={"batch_id": batch_id, "generation": generation},
    )


def tell(part: Store, event: Event, *, again: bool) -> Notification:
    """Tell it as often as is due; returns the account, which is kept in `part`.

    Sent again, which begins another round of attempts, it is the same event under the same id.
    """
    from completions import notification

    now = datetime.now(UTC)
    account = notification.load(part, event.key)
    if account is None or account.id != event.id:  # a batch that broke may be collected after all: another event
        account = notification.Notification(id=event.id, next_attempt_at=now)
    return notification.pursue(
        account.again(now) if again or account.state == "failed" else account,
        _attempt(event),
        partial(notification.keep, part, event.key),
    )


def tell_now(part: Store, event: Event) -> str:
    """Tell it; returns how it was delivered. What the quick tries do not settle raises, to be gone on with later."""
    account = tell(part, event, again=True)
    try:
        return concluded(account)
    except NotYet as still:
        raise handed_over(event, account, still) from None


def generation_of(part: Store, batch_id: str) -> int:
    """The generation of the batch that was planned last; 1 where none could be planned."""
    from completions.plan import load_plan

    plan = load_plan(part, batch_id)
    return plan.generation if plan else 1


def concluded(account: Notification) -> str:
    """What there is to say of a notification that is delivered. Raises where it isn't: `NotYet`, or a failure."""
    if account.next_attempt_at:
        raise NotYet(account.next_attempt_at, account.reason)
    if account.state == "failed":
        raise AirflowFailException(f"not delivered: {account.reason}")
    return account.reason


def handed_over(event: Event, account: Notification, still: NotYet) -> DagRunTriggerException:
    """What a task raises to have a run of `callback_delivery` go on, when the next attempt is due."""
    log.warning("%s, by the run %s of %s", still, account.id, LATER)
    return DagRunTriggerException(
        trigger_dag_id=LATER,
        dag_run_id=account.id,
        conf=event.conf,
        run_after=still.due,
        note=f"{event.about}: {still}"[:1000],  # as much as Airflow keeps
        reset_dag_run=True,
        skip_when_already_exists=False,
        wait_for_completion=False,
        allowed_states=[],
        failed_states=[],
        poke_interval=60,
        deferrable=False,
    )


def deliver() -> str:
    """Go on with the notification that the run is for, if it is due; returns how it was delivered."""
    part, event = _audit_told() if "audit" in (get_current_context()["dag_run"].conf or {}) else _batch_told()
    return concluded(tell(part, event, again=False))


def _audit_told() -> tuple[Store, Event]:
    from completions.audit_finished import event_of
    from completions.audit_runs import find_run

    dag_run = get_current_context()["dag_run"]
    conf = dag_run.conf or {}
    found = find_run(open_store(TASKS_WAIT), str(conf.get("audit")), str(conf.get("run")))
    event = event_of(*found) if found else None
    if found is None or event is None:
        raise _skipped("there is no such run of an audit, or it is not over, or has no callback")
    if dag_run.run_id.startswith("msg_") and dag_run.run_id != event.id:
        raise _skipped("the run of the audit was finished anew since, and is told of by itself")
    return found[0], event


def _batch_told() -> tuple[Store, Event]:
    from completions.plan import load_request
    from completions.status import status

    dag_run = get_current_context()["dag_run"]
    store, batch_id = open_store(TASKS_WAIT), batch_of(dag_run)
    config = load_request(store, batch_id)
    part, body = store.of(config.origin), status(store, batch_id)
    generation = generation_of(part, batch_id)
    if generation != (dag_run.conf or {}).get("generation", generation):
        raise _skipped(f"the batch was retried since: generation {generation} is told of by itself")
    if body is None or body["finished_at"] is None or config.callback is None:
        raise _skipped("the batch is not done, or has no callback")
    return part, of_batch(part, body, config.callback)


def _skipped(why: str) -> AirflowSkipException:
    log.info("%s", why)  # Airflow doesn't
    return AirflowSkipException(why)


def _attempt(event: Event) -> Callable[[], Delivery]:
    from completions import notify, sqs
    from completions.settings import Settings

    target, content, webhook_id = event.target, notify.encode(event.message), event.id
    secrets = webhook_secrets()
    queue = sqs.parse_queue(target, endpoint=sqs_endpoint())
    if queue is None:
        allow = Settings.from_env().callback_allow
        return partial(notify.deliver, target, content, webhook_id, secrets=secrets, allow=allow)
    client, principal = sqs_client(queue.region), partial(aws_identity, queue.region)

    def send() -> Delivery:
        headers = notify.webhook_headers(webhook_id, content, secrets, datetime.now(UTC))
        return sqs.send(client, queue, content, webhook_id, headers, group=event.about, principal=principal)

    return send
