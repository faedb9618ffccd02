"""What is made when a run of an audit is over, and what its callback is told.

    record -> marts -> report -> summary -> record

Made again, it gives the same from the answers that are kept: that is what `completions audit recompute` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from completions import notify
from completions.audit_runs import AuditRun, ended, keep, load_run, run_key
from completions.manifest import manifest_key
from completions.notification import Event, iso
from completions.status import LINK_LIFE, status
from completions.store import Found, Store

if TYPE_CHECKING:
    from completions.brands import Brand
    from completions.marts.refreshing import Progress

REPORT = "report.html"
EVENT = "audit.finished"
MISSED = 20
"""So many of the runs that were missed are told."""
TOLD, WIDTH = 20, 120
"""So many sentences of a refusal are told, and so many characters of each."""
_MORE = {"summary": "… the report has the rest.", "refused": "… the record has the rest."}


def conclude(store: Store, run: AuditRun, now: datetime, served_at: str | None = None) -> AuditRun:
    """Note how the run's batches ended, make its figures, and return the record as it is kept then.

    `served_at` is the address of the API, such as `https://airflow.example.com/ai`, which the report links to.
    """
    part = store.of(run.origin)
    over = ended(run, lambda batch_id: status(store, batch_id), now)
    return figure(store, _noted(part, run, batches=over.batches, ended_at=now, served_at=served_at))


def recompute(
    store: Store, run: AuditRun, *, brands: Sequence[Brand] | None = None, progress: Progress | None = None
) -> AuditRun:
    """Make the figures of a run that is over again, from its batches as they stand now; arguments as for `figure`."""
    assert run.ended_at, "only a run that is over has figures"
    over = ended(run, lambda batch_id: status(store, batch_id), run.ended_at)
    noted = _noted(store.of(run.origin), run, batches=over.batches)
    return figure(store, noted, again=True, brands=brands, progress=progress)


def figure(
    store: Store,
    run: AuditRun,
    *,
    again: bool = False,
    brands: Sequence[Brand] | None = None,
    progress: Progress | None = None,
) -> AuditRun:
    """Make marts, report and summary of a run that is over, and keep its record.

    `again` also where the marts stand; `brands`, and `progress` as for `marts.refresh`. What is forgotten, or asked
    again, while they are made is in none of them.
    """
    part, before = store.of(run.origin), None
    while before != (now := _datasets(part, run)):
        made = _figure(store, run, again or before is not None, brands, progress)
        before = now
    return made


def _datasets(part: Store, run: AuditRun) -> list[Found | None]:
    """What tells the datasets of a run's batches from those that were there before."""
    return [part.find(manifest_key(batch.id)) for batch in run.batches]


def _figure(
    store: Store, run: AuditRun, again: bool, brands: Sequence[Brand] | None, progress: Progress | None
) -> AuditRun:
    from completions.marts import refresh
    from completions.report.evidence import Links
    from completions.report.making import of_run

    part, name = store.of(run.origin), run.audit.name
    refresh(store, name, run.run, origin=run.origin, again=again, brands=brands, progress=progress)
    if brands is not None:
        _noted(part, run, matched=list(brands))
    told = of_run(store, name, run.run, origin=run.origin)
    part.put(run_key(name, run.run, REPORT), told.html(Links(run.served_at)).encode())
    return _noted(part, run, summary=told.summary.text)


def _noted(part: Store, run: AuditRun, **own: Any) -> AuditRun:
    """Keep these fields of the record as it stands now: a prompt may have been forgotten since `run` was read."""
    done = (load_run(part, run.audit.name, run.run) or run).model_copy(update=own)
    keep(part, done)
    return done


def finished(part: Store, run: AuditRun) -> dict[str, Any]:
    """The message `audit.finished`, as a batch's; what was refused and the summary are cut: it stays under 20 kB."""
    assert run.ended_at, "only a run that is over is told of"
    data = _data(part, run)
    message = {"type": EVENT, "timestamp": iso(run.ended_at), "data": data}
    for name, more in _MORE.items():
        lines = (data[name] or "").splitlines()
        while not notify.fits(message) and lines:
            lines.pop()
            data[name] = "\n".join([*lines, more])
    return message


def event_of(part: Store, run: AuditRun) -> Event | None:
    """Who is told what of a run that is over; None where there is nobody to tell, or it is not over."""
    if run.callback is None or run.ended_at is None:
        return None
    name = f"{run.audit.name}/{run.run}"
    at = int(run.ended_at.timestamp())
    return Event(
        about=f"audit_{run.audit.name}",
        key=run_key(run.audit.name, run.run, "notification.json"),
        id=notify.message_id(name, at, EVENT, run.callback),
        message=finished(part, run),
        target=run.callback,
        conf={"audit": run.audit.name, "run": run.run},
    )


def _data(part: Store, run: AuditRun) -> dict[str, Any]:
    report = run_key(run.audit.name, run.run, REPORT)
    return {
        "audit": run.audit.name,
        "run": run.run,
        "origin": run.origin,
        "status": run.status,
        "refused": _short(run.refused) if run.refused else None,
        "due_at": iso(run.due_at),
        "started_at": iso(run.started_at),
        "finished_at": iso(run.ended_at),
        **run.counts,
        "missed": [iso(at) for at in run.missed[-MISSED:]],
        "summary": run.summary,
        "report": link(part, report) if run.summary is not None else None,
        "marts": part.uri_of("marts"),
        "record": part.uri_of(run_key(run.audit.name, run.run)),
    }


def _short(refused: str) -> str:
    """The first of many sentences, each of a length to read."""
    told = [_line(line) for line in refused.splitlines()]
    return "\n".join([*told[:TOLD], *([_MORE["refused"]] if len(told) > TOLD else [])])


def _line(line: str) -> str:
    """A line of at most `WIDTH` characters."""
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def link(part: Store, key: str, life: timedelta = LINK_LIFE) -> str:
    """Where `key` can be read: a signed link, or a path in a folder."""
    return part.presigned(key, life) or part.uri_of(key)
