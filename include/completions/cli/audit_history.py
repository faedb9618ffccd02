"""`audit list`, `runs`, `recompute`, `report`, `rehearse`: what audits were, what they say, and six weeks of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from completions.cli.out import print_json, say, terminal
from completions.errors import Refused, RefusedRequest

if TYPE_CHECKING:
    from completions.audit_runs import AuditRun
    from completions.audits import Audit
    from completions.store import Origin, Store

UNKNOWN = "is no audit: it has neither a file nor a run; `completions audit list` shows what there is"

Name = Annotated[str, typer.Argument(help="An audit: its name, or its YAML file.")]
Run = Annotated[str | None, typer.Option("--run", help="Such as 2026-11-23T060000Z; else the last.")]
Rehearsed = Annotated[bool, typer.Option("--rehearsed", help="Mean what the stand-ins answered.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_(as_json: Json = False) -> None:
    """List the audits that have a file or had a run, with their last run and the next."""
    found = _listed()
    if as_json:
        print_json(found)
        return
    if not found:
        say("there are none: write a YAML file (docs/audits.md)")
    for one in found:
        last = f"{one['runs']} runs, the last {one['last']} {one['status']}" if one["runs"] else "no run yet"
        following = f"next {one['next'] or '-'}  {one['note'] or ''}".rstrip()
        print(f"{one['audit']:<24} {one['origin']:<9}  {last:<52}  {following}")


def runs(name: Name, rehearsed: Rehearsed = False, as_json: Json = False) -> None:
    """List the runs of an audit, whether its file is still there or not: how they ended, what was missed."""
    found = [row(run) for run in _history(name, rehearsed).runs]
    if as_json:
        print_json(found)
        return
    for one in found:
        counts = f"{one['successful']}/{one['batches']} batches  {one['answered']}/{one['asked']} answers"
        notes = [*one["blocked_models"], *([f"{len(one['missed'])} missed before"] if one["missed"] else [])]
        print(f"{one['run']}  {one['status']:<10}  {counts}  {one['refused'] or ', '.join(notes)}".rstrip())


def recompute_(
    name: Name,
    run: Annotated[str | None, typer.Option("--run", help="Only this run; else all.")] = None,
    rehearsed: Rehearsed = False,
    as_json: Json = False,
) -> None:
    """Make marts, report and summary again from the answers that are kept. Nothing is asked, and nobody is called back.

    Brands are those that the audit's file has now; where there is no file, those on record with each run.
    """
    from completions.audit_finished import recompute
    from completions.cli.marts import told

    history = _history(name, rehearsed)
    brands = history.file.brands if history.file else None
    whose = f"of {history.name}.yaml as it is now" if history.file else "on record with each run, as there is no file"
    say(f"{history.name}: looking for the brands {whose}")
    with terminal.status("…") as shown:
        again = partial(recompute, history.store, brands=brands, progress=told(history.name, shown))
        done = [again(one) for one in history.asked(run)]
    if as_json:
        print_json([{"run": one.run, "summary": one.summary, "report": _report(history, one)} for one in done])
        return
    print(f"{history.name}: {len(done)} runs computed again\n{done[-1].summary}")


def report(
    name: Name,
    run: Run = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where to; else NAME-RUN.html.")] = None,
    rehearsed: Rehearsed = False,
    as_json: Json = False,
) -> None:
    """Write the report of a run as it was made: one HTML file that needs no network."""
    from completions.audit_finished import REPORT
    from completions.audit_runs import run_key

    history = _history(name, rehearsed)
    one = history.asked(run)[-1]
    content = history.part.get(run_key(history.name, one.run, REPORT))
    if content is None:
        raise Refused("run", one.run, f"has no report; `completions audit recompute {history.name}` makes it")
    target = out or Path(f"{history.name}-{one.run}.html")
    try:
        target.write_bytes(content)
    except OSError as error:
        raise Refused("--out", str(target), f"cannot be written: {error.strerror}") from None
    if as_json:
        print_json({"run": one.run, "report": str(target), "summary": one.summary})
        return
    print(f"{target}\n{one.summary}")


def rehearse(
    prompts: Annotated[int, typer.Option(min=1, max=20, help="Prompts.")] = 20,
    samples: Annotated[int, typer.Option(min=1, max=30, help="How often each is asked.")] = 3,
    profiles: Annotated[int, typer.Option(min=1, max=2, help="People who ask.")] = 2,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="Weeks.")] = 6,
    by_heart: Annotated[
        bool, typer.Option("--by-heart", help="Without a browser: what the stand-ins would say, in seconds.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Rehearse an audit over six weeks that have passed, in which the stand-ins change, to see marts and report.

    It is the audit six-weeks, among what was rehearsed. Interrupted, it goes on where it was.
    """
    from completions.here import settings, stored
    from completions.rehearsal import Rehearsal
    from completions.rehearsal import weeks as six

    audit, store, now = six.audit_of(prompts, samples, profiles), stored(), datetime.now(UTC)
    due = six.weeks(audit, six.began(store, audit) or now - timedelta(weeks=weeks), weeks)
    done = []
    with Rehearsal(latency=0.05, ui="usual") as rehearsal:
        here = settings().model_copy(update={"rehearsal_url": rehearsal.url})
        ask = six.by_heart if by_heart else six.in_browser(rehearsal, here)
        for week in (one for one in due if one.due < now):
            done.append(six.rehearse(store, audit, week, ask, say))
            if not as_json:
                print(done[-1].summary, flush=True)
    if as_json:
        print_json([row(run) for run in done])
        return
    say("`completions audit report six-weeks --rehearsed` writes the report")


@dataclass(frozen=True)
class _History:
    """An audit's runs, and its file if it still has one."""

    name: str
    store: Store
    origin: Origin
    file: Audit | None
    runs: list[AuditRun]

    @property
    def part(self) -> Store:
        """Where they are kept."""
        return self.store.of(self.origin)

    def asked(self, run: str | None) -> list[AuditRun]:
        """The run of that name, or all, that are over and asked something. Raises `Refused` where there are none."""
        found = [one for one in self.runs if one.ended_at and one.batches and run in (None, one.run)]
        if not found:
            names = [one.run for one in self.runs if one.ended_at and one.batches]
            raise Refused("run", run, f"there is no such run that is over; there are {', '.join(names) or 'none'}")
        return found


def _history(given: str, rehearsed: bool) -> _History:
    from completions.audit_runs import load_runs
    from completions.audits import NAME
    from completions.here import stored

    file, store = _file(given), stored()
    name = file.name if file else Path(given).stem
    if not NAME.fullmatch(name):
        raise Refused("NAME", given, "is no audit's name: small letters, digits, - and _")
    origin: Origin = "rehearsal" if rehearsed or (file and file.rehearse) else "live"
    found = list(load_runs(store.of(origin), name))
    if not found:
        rehearsed_ones = origin == "live" and next(load_runs(store.of("rehearsal"), name), None)
        hint = "; did you mean --rehearsed?" if rehearsed_ones else ""
        raise Refused("NAME", given, f"had no {origin} run yet{hint}" if file or rehearsed_ones else UNKNOWN)
    return _History(name, store, origin, file, found)


def _file(given: str) -> Audit | None:
    """The audit's file: the one given, or that of the name in the folder of audits; None where there is none."""
    from completions.audits import files, load
    from completions.here import settings

    if given.endswith((".yaml", ".yml")):
        return load(Path(given))
    return next((load(file) for file in files(settings().audits) if file.stem == given), None)


def _listed() -> list[dict[str, Any]]:
    from completions.audit_runs import ORIGINS, audit_names
    from completions.audits import files
    from completions.here import settings, stored

    store, declared = stored(), {file.stem: file for file in files(settings().audits)}
    ran = {(name, origin) for origin in ORIGINS for name in audit_names(store.of(origin))}
    found = [_listing(store, name, origin, declared.get(name)) for name, origin in sorted(ran)]
    never = sorted(set(declared) - {name for name, _ in ran})
    return found + [_listing(store, name, None, declared[name]) for name in never]


def _listing(store: Store, name: str, origin: Origin | None, file: Path | None) -> dict[str, Any]:
    from completions.audit_runs import load_run, run_names

    names = run_names(store.of(origin), name) if origin else []
    last = load_run(store.of(origin), name, names[-1]) if origin and names else None
    audit, note = _declared(file)
    says = audit.origin if audit else None
    if origin and says and origin != says:
        note = f"its file says {says} now"
    due = audit.next_runs(datetime.now(UTC), 1) if audit and origin in (None, says) else []
    return {
        "audit": name,
        "origin": origin or says or "-",
        "runs": len(names),
        "last": last.run if last else None,
        "status": last.status if last else None,
        "next": f"{due[0]:%Y-%m-%d %H:%M %Z}" if due else None,
        "note": note,
    }


def _declared(file: Path | None) -> tuple[Audit | None, str | None]:
    """What a file declares, or why there is nothing."""
    from completions.audits import load

    try:
        return (load(file), None) if file else (None, "no file of this name")
    except RefusedRequest as refused:
        return None, f"its file is wrong: {refused.refusals[0]}"


def row(run: AuditRun) -> dict[str, Any]:
    """A run as `--json` has it."""
    return {
        "run": run.run,
        "status": run.status,
        **run.model_dump(mode="json", include={"due_at", "started_at", "ended_at", "refused", "missed", "summary"}),
        **run.counts,
        "blocked_models": _blocked(run.batches),
    }


def _blocked(batches: Iterable[Any]) -> list[str]:
    return [f"{one.model} blocked ({one.profile})" for one in batches if one.blocked]


def _report(history: _History, run: AuditRun) -> str:
    from completions.audit_finished import REPORT
    from completions.audit_runs import run_key

    return history.part.uri_of(run_key(history.name, run.run, REPORT))


def register(audit: typer.Typer) -> None:
    """Add this file's commands to `audit`."""
    audit.command("list")(list_)
    audit.command("recompute")(recompute_)
    for command in (runs, report, rehearse):
        audit.command()(command)
