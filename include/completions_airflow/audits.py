"""What the tasks of an audit's DAG do.

The DAG's file imports this whenever it is parsed: what is heavy is imported when a task runs.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, get_current_context
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from completions.audits import Audit, files, load
from completions.errors import Refused, RefusedRequest
from completions.settings import Settings
from completions_airflow.connections import TASKS_WAIT, open_store, sqs_endpoint

if TYPE_CHECKING:
    from airflow.sdk.types import DagRunProtocol

    from completions.audit_runs import AuditRun
    from completions.store import Store

log = logging.getLogger(__name__)


def plan(name: str) -> list[dict[str, Any]]:
    """Submit the batches of this run; returns what starts each: `{"trigger_run_id", "conf": {"batch_id"}}`.

    Made again, it submits the same batches under the same ids. A scheduled run that comes too late is skipped, one that
    would cost more than its budget fails, before anything is asked.
    """
    from completions.audit_runs import begun, keep, load_run, run_names
    from completions.plan import submit

    audit, run, store, now = _audit(name), _run(), open_store(TASKS_WAIT), datetime.now(UTC)
    part = store.of(audit.origin)
    standing = load_run(part, name, run)
    if standing is None or standing.refused:
        _refuse(part, audit, run, now, late=standing is None and _dag_run().run_type != "manual")
        batches = list(audit.batches(run))
        for batch_id, config in batches:
            submit(store, batch_id, config)
        before = max((one for one in run_names(part, name) if one < run), default=None)
        standing = begun(audit, _due(), batches, now, before)
        keep(part, standing)
        log.info("run %s of %s: %d batches, %d chats at most", run, name, len(batches), audit.chats)
    return [{"trigger_run_id": f"audit__{one.id}", "conf": {"batch_id": one.id}} for one in standing.batches]


def ended(batch: dict[str, Any]) -> bool:
    """Whether a batch is over: its dataset stands, or its run will make none. Notifications are not waited for."""
    from completions.audit_runs import ENDED
    from completions.status import status

    body = status(open_store(TASKS_WAIT), batch["conf"]["batch_id"])
    if body and body["status"] in ENDED:
        return True
    return _run_state(batch["trigger_run_id"]) in ("success", "failed")


def finish(name: str) -> dict[str, int]:
    """Make marts and report of the run, and tell whoever follows the audit; fails when no batch was answered."""
    from completions.audit_finished import conclude

    store, run = open_store(TASKS_WAIT), _run()
    _, record = _found(store, name)
    if record.refused:
        raise AirflowFailException(record.refused)
    record = conclude(store, record, datetime.now(UTC), _served_at())
    log.info("run %s of %s: %s\n%s", run, name, record.counts, record.summary)
    if record.status == "failed":
        raise AirflowFailException(f"no batch of this run was answered: {record.counts}")
    told: dict[str, Any] = {"audit": name, "run": run, "origin": record.origin, **record.counts}
    get_current_context()["outlet_events"][Asset(f"audit_{name}")].extra = told
    return record.counts


def notify(name: str) -> str:
    """Tell the audit's callback that the run is over; the run is not affected by how that goes."""
    from completions.audit_finished import event_of
    from completions_airflow.telling import tell_now

    part, record = _found(open_store(TASKS_WAIT), name)
    event = event_of(part, record)
    if event is None:
        raise _skipped("the audit has no callback, or its run did not get to an end")
    return tell_now(part, event)


def _served_at() -> str | None:
    """Where the API is, as far as Airflow knows how it is called."""
    base: str = conf.get("api", "base_url", fallback="")
    return f"{base.rstrip('/')}/ai" if base else None


def _refuse(part: Store, audit: Audit, run: str, now: datetime, *, late: bool) -> None:
    """Skip a run that is too late, and fail one that cannot be; the latter is noted."""
    from completions.audit_runs import keep, late_by, turned_down
    from completions.notify import check_callback

    if late and (by := late_by(audit, _due(), now)):
        raise _skipped(
            f"was due {by.total_seconds() / 3600:.1f} hours ago, and a chat answers today: this run is missed"
        )
    try:
        audit.check()
        if audit.callback:
            check_callback(audit.callback, allow=Settings.from_env().callback_allow, endpoint=sqs_endpoint())
    except (Refused, RefusedRequest) as refused:
        keep(part, turned_down(audit, _due(), now, str(refused)))
        log.error("run %s is refused, nothing was asked: %s", run, refused)
        raise AirflowFailException(str(refused)) from None


def _found(store: Store, name: str) -> tuple[Store, AuditRun]:
    from completions.audit_runs import find_run

    found = find_run(store, name, _run())
    if found is None:
        raise _skipped("nothing was planned for this run")
    return found


def _skipped(why: str) -> AirflowSkipException:
    log.info("%s", why)  # Airflow doesn't
    return AirflowSkipException(why)


def _run() -> str:
    """What this run is called: when it was due, in UTC."""
    from completions.audit_runs import run_name

    return run_name(_dag_run().run_after)


def _due() -> datetime:
    from completions.audit_runs import due_at

    return due_at(_run())


def _dag_run() -> DagRunProtocol:
    return get_current_context()["dag_run"]


def _audit(name: str) -> Audit:
    for file in files(Settings.from_env().audits):
        if file.stem == name:
            return load(file)
    raise Refused("audit", name, f"has no file in {Settings.from_env().audits}")


def _run_state(run_id: str) -> str:
    return str(get_current_context()["ti"].get_dagrun_state("batch_completions", run_id))
