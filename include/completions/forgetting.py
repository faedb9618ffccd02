"""Taking out of the store what must not be kept: prompts wherever they are, or whole batches.

    of all:           what the cache has -> marts, reports and records of audit runs
    a prompt:         its records -> request and plan without its text -> the next generation -> the generations before
    a batch, whole:   its manifest -> its parts -> the rest of it

Readers by manifest see the batch as it was, or as it is then. Who is killed on the way says it again: `forgetting.json`
marks what was begun. What Airflow keeps of its own (labels of tasks, logs, confs) is Airflow's to clean.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date

from completions.audit_finished import REPORT
from completions.audit_runs import audit_names, keep, load_run, run_key, run_names
from completions.batch import BatchConfig
from completions.collect import collect
from completions.dataset import TABLES
from completions.errors import Refused
from completions.listing import batch_of
from completions.manifest import load_manifest, manifest_key
from completions.plan import Plan, load_plan
from completions.record import Record, answer_id, answer_key, batch_key
from completions.store import Store

FORGOTTEN = "[forgotten]"
"""What a request says where a prompt was."""
_MARK = "forgetting.json"
RUNS = 60
"""So many runs may look back on one: as many as marts do, and more than a report does."""


@dataclass(frozen=True)
class Wish:
    """What is to be forgotten, of one origin: prompts, word for word, or whole batches."""

    prompts: Collection[str] = ()
    batches: Collection[str] = ()
    before: date | None = None
    """Batches planned before this day (UTC), and cached answers from before it."""


@dataclass
class Forgotten:
    """What went, or would go."""

    batches: list[str] = field(default_factory=list)
    """Whole ones."""
    rows: dict[str, int] = field(default_factory=dict)
    """How many of the others, by batch."""
    cached: int = 0
    """Entries of the cache."""
    audits: int = 0
    """Runs of audits that named a prompt, had such a batch or look back on one: their marts and reports go too."""


def forget(part: Store, wish: Wish, *, really: bool, wait: Callable[[], None] = lambda: None) -> Forgotten:
    """Forget it in a live or rehearsed part of a store, or tell what would go unless it is `really` meant.

    `wait` is called once, between the manifests and the files that no manifest names any more: who reads has time to
    finish. Raises `Refused`, before anything goes, for batches that are not there or are being asked.
    """
    whole, some = _chosen(part, wish)
    gone = Forgotten(sorted(whole), {batch_id: rows for batch_id, rows in some.items() if batch_id not in whole})
    for batch_id in whole:
        _free(part, batch_id)
    for batch_id in gone.rows:
        _free(part, batch_id)
    cached = [*_cached(part, wish, whole)]
    audited = [*_audits(part, wish, {*whole, *gone.rows})]
    gone.cached, gone.audits = len(cached), len(audited)
    if really:
        part.delete(cached)
        for audit, run, record in audited:
            _drop_figures(part, audit, run)
            part.put(run_key(audit, run), record)
        part.delete([key for key in part.keys("listed") if batch_of(key) in whole])
        for batch_id in gone.rows:
            _rewrite(part, batch_id, wish.prompts)
        for batch_id in whole:
            _begin(part, batch_id, "batch")
            part.delete([manifest_key(batch_id)])
        for audit, run, _ in audited:  # they may have been made meanwhile, of what was there still
            _drop_figures(part, audit, run)
        wait()
        for batch_id in gone.rows:
            _drop_earlier(part, batch_id)
        for batch_id in whole:
            _drop_all(part, batch_id)
    return gone


def _chosen(part: Store, wish: Wish) -> tuple[set[str], dict[str, int]]:
    """Batches that go whole, and how many rows of others."""
    for batch_id in wish.batches:
        if not _is_there(part, batch_id):
            raise Refused("batch", batch_id, f"there is no such batch in {part.uri}")
    whole, some = set(wish.batches), {}
    for batch_id in part.folders("batches") if wish.prompts or wish.before else ():
        rows, of = _touched(part, batch_id, wish)
        if rows == of:
            whole.add(batch_id)
        elif rows or _begun(part, batch_id):
            some[batch_id] = rows
    return whole, some


def _is_there(part: Store, batch_id: str) -> bool:
    try:
        return any(part.size(batch_key(batch_id, name)) is not None for name in ("request.json", _MARK))
    except ValueError:  # no id
        return False


def _touched(part: Store, batch_id: str, wish: Wish) -> tuple[int, int]:
    """How many rows of the batch go, of how many; of one that was never planned, prompts."""
    plan = load_plan(part, batch_id)
    if _begun(part, batch_id) == "batch" or (plan and wish.before and plan.date < wish.before):
        return 0, 0
    if plan:
        return sum(plan.config.prompts[item.index] in wish.prompts for item in plan.items), len(plan.items)
    request = part.get(batch_key(batch_id, "request.json"))
    prompts = BatchConfig.model_validate_json(request).prompts if request else []
    rows = sum(prompt in wish.prompts for prompt in prompts)
    return rows, rows or 1


def _begun(part: Store, batch_id: str) -> str | None:
    mark = part.get(batch_key(batch_id, _MARK))
    return str(json.loads(mark)["what"]) if mark else None


def _free(part: Store, batch_id: str) -> None:
    """Raise `Refused` while somebody asks the batch, or is about to change it."""
    if _begun(part, batch_id):
        return
    plan, manifest = load_plan(part, batch_id), load_manifest(part, batch_id)
    broken = part.size(batch_key(batch_id, "failure.json")) is not None
    if not broken and (plan is None or manifest is None or plan.generation != manifest.generation):
        raise Refused("batch", batch_id, "is under way; forget it when it is done, or cancel it first")


def _cached(part: Store, wish: Wish, whole: Collection[str]) -> Iterator[str]:
    """Keys of the cache's entries that hold a prompt, came from a batch that goes, or are as old as that."""
    own = {one for batch_id in whole for one in _answer_ids(part, batch_id)}
    keys = sorted(part.keys("cache"))
    for key, body in zip(keys, part.get_many(keys), strict=True):
        record = Record.unpacked(body) if body else None
        if record is None:
            continue
        old = wish.before and record.answered_at and record.answered_at.astimezone(UTC).date() < wish.before
        if old or record.prompt in wish.prompts or record.answer_id in own:
            yield key


def _answer_ids(part: Store, batch_id: str) -> list[str]:
    plan = load_plan(part, batch_id)
    return [answer_id(batch_id, item.index, item.sample) for item in plan.items] if plan else []


def _audits(part: Store, wish: Wish, batches: Collection[str]) -> Iterator[tuple[str, str, bytes]]:
    """Audit, run and record of the runs that have a prompt or one of the batches, and of those that look back on one.

    The records are without the prompts, and without the summaries, which may quote what goes.
    """
    if not (wish.prompts or batches):
        return
    for audit in audit_names(part):
        runs, since = run_names(part, audit), RUNS
        for run, body in zip(runs, part.get_many([run_key(audit, run) for run in runs]), strict=True):
            record = json.loads(body or b"{}")
            prompts = record.get("audit", {}).get("prompts", [])
            asked = {batch["id"] for batch in record.get("batches", ())}
            has = set(prompts).intersection(wish.prompts) or asked.intersection(batches)
            since = 0 if has else since + 1
            if has:
                record["audit"]["prompts"] = _redacted(prompts, wish.prompts)
                record["prompts"] = [one for one in record.get("prompts", ()) if one["prompt"] not in wish.prompts]
            if has or (since < RUNS and record.get("ended_at")):  # one that goes on has said nothing yet
                yield audit, run, json.dumps({**record, "summary": None}, ensure_ascii=False).encode()


def _drop_figures(part: Store, audit: str, run: str) -> None:
    """Remove what quotes prompts and answers; what is left of the answers can be counted again."""
    from completions.marts import kept

    kept.drop(part, audit, run)
    part.delete([run_key(audit, run, REPORT)])
    record = load_run(part, audit, run)
    if record and record.summary is not None:
        keep(part, record.model_copy(update={"summary": None}))


def _redacted(prompts: Collection[str], out: Collection[str]) -> list[str]:
    return [FORGOTTEN if prompt in out else prompt for prompt in prompts]


def _rewrite(part: Store, batch_id: str, prompts: Collection[str]) -> None:
    plan = load_plan(part, batch_id)
    assert plan, "it was free"
    _begin(part, batch_id, "prompts")
    if gone := [item for item in plan.items if plan.config.prompts[item.index] in prompts]:
        part.delete(answer_key(batch_id, item.index, item.sample) for item in gone)
        plan = _without(plan, prompts)
        part.put(batch_key(batch_id, "request.json"), plan.config.model_dump_json(by_alias=True).encode())
        part.put(batch_key(batch_id, "plan.json"), plan.model_dump_json(by_alias=True).encode())
    manifest = load_manifest(part, batch_id)
    if manifest:
        collect(part, batch_id, manifest.finished_at)


def _without(plan: Plan, prompts: Collection[str]) -> Plan:
    """The next generation's plan, which neither owes nor names them; nothing is left to ask."""
    items = [item for item in plan.items if plan.config.prompts[item.index] not in prompts]
    config: BatchConfig = plan.config.model_copy(update={"prompts": _redacted(plan.config.prompts, prompts)})
    changes = {"config": config, "items": items, "shards": [], "generation": plan.generation + 1}
    return plan.model_copy(update={**changes, "asking": plan.asked_in})


def _drop_earlier(part: Store, batch_id: str) -> None:
    """Delete what earlier generations left: parts, those put away too, and archives."""
    plan, manifest = load_plan(part, batch_id), load_manifest(part, batch_id)
    named = {stored.key for stored in manifest.stored} if manifest else set()
    made = {key for key in _parts(part, plan) if key.endswith(".parquet")}
    archives = {key for key in part.keys(batch_key(batch_id)) if key.endswith(".zip")}
    part.delete(sorted((made | archives) - named))
    part.delete([batch_key(batch_id, _MARK)])


def _drop_all(part: Store, batch_id: str) -> None:
    """Delete all of a batch; last of it what says where its parts are, and that it goes."""
    part.delete(sorted(_parts(part, load_plan(part, batch_id))))
    last = [batch_key(batch_id, "plan.json"), batch_key(batch_id, _MARK)]
    part.delete(sorted(part.keys(batch_key(batch_id)) - {*last}))
    for key in last:
        part.delete([key])


def _parts(part: Store, plan: Plan | None) -> set[str]:
    """What is in the dataset's folders of a batch, and what was put away from there."""
    folders = [table.folder(plan) for table in TABLES] if plan else []
    return {key for folder in folders for where in (folder, f"superseded/{folder}") for key in part.keys(where)}


def _begin(part: Store, batch_id: str, what: str) -> None:
    part.put(batch_key(batch_id, _MARK), json.dumps({"what": what}).encode())
