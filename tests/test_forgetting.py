"""What is forgotten is nowhere any more; all else stays, and readers never see a part of a dataset."""

from __future__ import annotations

import io
import itertools
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard

from batches import BATCH, NOW, Killed, ask, break_at, planned, record
from completions import cache, forgetting
from completions.audit_finished import conclude, figure, recompute
from completions.audit_runs import load_run, run_key
from completions.collect import collect
from completions.errors import Outcome, Refused
from completions.forgetting import FORGOTTEN, Forgotten, Wish, forget
from completions.frames import load
from completions.manifest import load_manifest
from completions.plan import Plan, load_plan
from completions.record import batch_key
from completions.rehearsal import weeks
from completions.report import making
from completions.retrying import retry
from completions.status import status
from completions.store import Origin, Store

pytest_plugins = ["stores"]

SECRET = "is Jane Doe of Elm Street insolvent?"
OTHER = "which shoes for a marathon?"
LATER = NOW + timedelta(hours=1)


def kept(store: Store, prompts: list[str], batch_id: str = BATCH, *, days: int = 0, **fields: Any) -> Plan:
    """A batch that is done, its answers in the cache, with one generation before the one that stands."""
    now = NOW + timedelta(days=days)
    plan = planned(store, prompts, batch_id=batch_id, now=now, **fields)
    ask(store, plan, lambda item: Outcome.ANSWERED if item.index else Outcome.NETWORK)
    collect(store, batch_id, now)
    retry(store, batch_id)
    part = store.of(plan.config.origin)
    again = load_plan(part, batch_id)
    assert again
    ask(store, again)
    for item in plan.items:
        cache.keep(part, record(plan, item))
    collect(store, batch_id, now)
    return again


def everything(store: Store) -> dict[str, bytes]:
    """All that is in the store, by key, each as plain as it gets."""
    listed = sorted(found.key for origin in ("live", "rehearsal") for found in _all(store, origin))
    return {key: _plain(store.get(key) or b"") for key in listed}


def _all(store: Store, origin: Origin) -> list[Any]:
    return [
        found
        for folder in ("batches", "datasets", "cache", "audits", "listed", "superseded")
        for found in store.of("live").listed(f"rehearsal/{folder}" if origin == "rehearsal" else folder)
    ]


def _plain(data: bytes) -> bytes:
    if data.startswith(b"PAR1"):
        return (
            repr(pq.read_table(io.BytesIO(data)).to_pylist()).encode()
            + repr(pq.read_metadata(io.BytesIO(data)).metadata).encode()
        )
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return b"".join(_plain(archive.read(name)) for name in archive.namelist())
    if data.startswith(zstandard.FRAME_HEADER):
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return data


def holding(store: Store, text: str) -> list[str]:
    return [key for key, data in everything(store).items() if text.encode() in data]


@pytest.mark.parametrize("origin", ["live", "rehearsal"])
def test_no_byte_of_a_prompt_stays(any_store: Store, origin: Origin) -> None:
    plan = kept(any_store, [SECRET, OTHER, SECRET], samples=2, rehearse=origin == "rehearsal")
    part = any_store.of(origin)
    part.put("audits/brand/2026-11-23T060000Z.json", f'{{"audit": {{"prompts": ["{SECRET}", "{OTHER}"]}}}}'.encode())
    before = holding(any_store, OTHER)
    assert {key.removeprefix("rehearsal/").split("/")[0] for key in holding(any_store, SECRET)} == {
        "audits",
        "batches",
        "cache",
        "datasets",
    }

    told = forget(part, Wish([SECRET]), really=False)
    assert holding(any_store, OTHER) == before
    assert forget(part, Wish([SECRET]), really=True) == told == Forgotten([], {BATCH: 4}, 2, 1)

    assert holding(any_store, SECRET) == []
    manifest, after = load_manifest(part, BATCH), load_plan(part, BATCH)
    assert manifest
    assert after
    assert (manifest.generation, manifest.count, manifest.outcomes) == (plan.generation + 1, 2, {"answered": 2})
    assert manifest.finished_at == NOW
    assert after.config.prompts == [FORGOTTEN, OTHER, FORGOTTEN]
    frame = load(store=any_store, origin=origin)
    assert frame[["prompt", "prompt_index", "sample_index"]].values.tolist() == [[OTHER, 1, 0], [OTHER, 1, 1]]
    stands = status(any_store, BATCH)
    assert stands
    assert (stands["status"], stands["count"], stands["successful"]) == ("successful", 2, 2)
    assert len(part.keys("cache")) == 2


def test_said_again_it_finds_nothing(folder: Store) -> None:
    kept(folder, [SECRET, OTHER])
    forget(folder, Wish([SECRET]), really=True)
    standing = everything(folder)
    assert forget(folder, Wish([SECRET]), really=True) == Forgotten()
    assert everything(folder) == standing


def test_a_batch_leaves_nothing(any_store: Store) -> None:
    kept(any_store, [SECRET, OTHER])
    kept(any_store, ["else"], "other")
    others = {key for key in everything(any_store) if "other" in key}
    gone = forget(any_store, Wish(batches=[BATCH]), really=True)
    assert gone == Forgotten([BATCH], {}, 2, 0)
    assert others <= set(left := everything(any_store))
    assert [key for key, data in left.items() if BATCH in key or BATCH.encode() in data] == []
    assert status(any_store, BATCH) is None
    assert len(load(store=any_store)) == 1


def test_all_of_a_batchs_prompts_are_the_batch(folder: Store) -> None:
    kept(folder, [SECRET, SECRET])
    assert forget(folder, Wish([SECRET]), really=True).batches == [BATCH]
    assert everything(folder) == {}


@pytest.mark.parametrize(("day", "gone"), [(0, []), (1, ["day-0"]), (2, ["day-0", "day-1"])])
def test_batches_before_a_day(folder: Store, day: int, gone: list[str]) -> None:
    for days in (0, 1):
        kept(folder, [f"asked on {days}"], f"day-{days}", days=days)
    before = date(NOW.year, NOW.month, NOW.day) + timedelta(days=day)
    found = forget(folder, Wish(before=before), really=True)
    assert (found.batches, found.cached) == (gone, len(gone))
    assert {key.split("/")[1] for key in folder.keys("batches")} == {"day-0", "day-1"} - set(gone)
    assert len(folder.keys("cache")) == 2 - len(gone)


def test_a_batch_that_reused_the_answer_forgets_it_too(folder: Store) -> None:
    kept(folder, [SECRET, "x"])
    plan = planned(folder, [SECRET, OTHER], batch_id="reuses", now=LATER)
    assert plan.cached == 1
    ask(folder, plan)
    collect(folder, "reuses", LATER)
    assert forget(folder, Wish([SECRET]), really=True).rows == {BATCH: 1, "reuses": 1}
    assert holding(folder, SECRET) == []


@pytest.mark.parametrize("state", ["planned", "asked", "retried"])
@pytest.mark.parametrize("wish", [Wish([SECRET]), Wish(batches=[BATCH]), Wish(before=date(2030, 1, 1))])
def test_what_is_being_asked_is_refused_and_nothing_goes(folder: Store, state: str, wish: Wish) -> None:
    kept(folder, [SECRET, "x"], "done")
    plan = planned(folder, [SECRET, OTHER], now=LATER, expiration=0)
    if state != "planned":
        ask(folder, plan, lambda _: Outcome.NETWORK)
    if state == "retried":
        collect(folder, BATCH, LATER)
        retry(folder, BATCH)
    before = everything(folder)
    with pytest.raises(Refused, match=f"batch {BATCH!r}: is under way; forget it when it is done, or cancel it first"):
        forget(folder, wish, really=True)
    assert everything(folder) == before


@pytest.mark.parametrize("batch_id", ["nowhere", "../up", ""])
def test_no_such_batch(folder: Store, batch_id: str) -> None:
    with pytest.raises(Refused, match="there is no such batch"):
        forget(folder, Wish(batches=[batch_id]), really=True)


@pytest.mark.parametrize("whole", [False, True])
def test_killed_at_any_step_it_is_said_again(folder: Store, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in itertools.count():
        batch_id = f"killed-at-{step}"
        kept(folder, [SECRET, OTHER], batch_id)
        wish = Wish(batches=[batch_id]) if whole else Wish([SECRET])
        with monkeypatch.context() as patched:
            _break_deletes_too(patched, step)
            with suppress(Killed):
                forget(folder, wish, really=True)
                break
        with suppress(Refused):  # all had gone
            forget(folder, wish, really=True)
        assert holding(folder, batch_id if whole else SECRET) == []
        assert batch_key(batch_id, "forgetting.json") not in everything(folder)
        assert len(load(store=folder)) == (0 if whole else step + 1)
    assert step > 8


def _break_deletes_too(patched: pytest.MonkeyPatch, step: int) -> None:
    whole = Store.delete
    break_at(patched, step)
    writing = Store.put

    def delete(self: Store, keys: Any) -> None:
        writing(self, "cache/step", b"")  # is counted as a write
        whole(self, [*keys, "cache/step"])

    patched.setattr(Store, "delete", delete)


def test_readers_meanwhile_see_the_batch_as_it_was_or_as_it_is(folder: Store) -> None:
    prompts = [f"prompt {number}" for number in range(8)]
    kept(folder, prompts)
    seen: list[list[str]] = []
    turn = threading.Condition()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = load(store=folder)["prompt"].tolist()
            with turn:
                seen.append(found)
                turn.notify_all()

    def two_more() -> None:
        with turn:
            due = len(seen) + 2
            turn.wait_for(lambda: len(seen) >= due, timeout=60)

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            for prompt in prompts[:-1]:
                forget(folder, Wish([prompt]), really=True, wait=two_more)
        finally:
            done.set()
        reader.result()
    assert {len(each) for each in seen} == set(range(1, 9))
    assert [each for each in seen if each not in [prompts[start:] for start in range(8)]] == []


@pytest.mark.parametrize("by", ["prompt", "batch"])
def test_marts_and_report_of_an_audit_go_too_and_can_be_made_of_what_is_left(store: Store, by: str) -> None:
    part, audit = store.of("rehearsal"), weeks.audit_of(2, 1, 1, "lyres")
    [week] = weeks.weeks(audit, NOW, 1)
    run = weeks.rehearse(store, audit, week, weeks.by_heart, lambda line: None)
    gone, left = audit.prompts
    wish = Wish(prompts=[gone]) if by == "prompt" else Wish(batches=[run.batches[0].id])
    assert forget(part, wish, really=True).audits == 1
    assert {key for key in everything(store) if "marts" in key or key.endswith(".html")} == set()
    if by == "prompt":
        assert holding(store, gone) == []
    record = load_run(part, "lyres", run.run)
    assert record
    assert [one.prompt for one in record.prompts] == ([left] if by == "prompt" else [gone, left])
    again = figure(store, record, again=True)
    rows = load("completions", store=store, origin="rehearsal", audit="lyres")
    assert len(rows) == (4 if by == "prompt" else 6)
    assert again.summary == run.summary


def test_what_looks_back_on_a_batch_goes_with_it_and_is_made_again(store: Store) -> None:
    part, audit = store.of("rehearsal"), weeks.audit_of(2, 1, 1, "lyres")
    first, second = [
        weeks.rehearse(store, audit, week, weeks.by_heart, lambda line: None) for week in weeks.weeks(audit, NOW, 2)
    ]
    assert forget(part, Wish(batches=[first.batches[0].id]), really=True).audits == 2
    assert {key for key in everything(store) if "marts" in key or key.endswith(".html")} == set()
    records = [load_run(part, "lyres", run.run) for run in (first, second)]
    assert [record and record.summary for record in records] == [None, None]
    assert records[1]
    assert "first run" not in (figure(store, records[1]).summary or "")


@pytest.mark.parametrize("made", ["figure", "conclude", "recompute"])
def test_who_makes_figures_of_a_run_brings_no_forgotten_prompt_back(store: Store, made: str) -> None:
    part, audit = store.of("rehearsal"), weeks.audit_of(2, 1, 1, "lyres")
    [week] = weeks.weeks(audit, NOW, 1)
    read = weeks.rehearse(store, audit, week, weeks.by_heart, lambda line: None)
    gone = audit.prompts[0]
    forget(part, Wish(prompts=[gone]), really=True)
    if made == "conclude":
        conclude(store, read, NOW)
    else:
        (figure if made == "figure" else recompute)(store, read)
    assert holding(store, gone) == []


def test_what_is_forgotten_while_figures_are_made_is_in_none_of_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, audit = store.of("rehearsal"), weeks.audit_of(2, 1, 1, "lyres")
    [week] = weeks.weeks(audit, NOW, 1)
    read = weeks.rehearse(store, audit, week, weeks.by_heart, lambda line: None)
    gone, of_run = audit.prompts[0], making.of_run

    def forgotten_meanwhile(*args: Any, **how: Any) -> Any:
        made = of_run(*args, **how)
        forget(part, Wish(prompts=[gone]), really=True)
        return made

    monkeypatch.setattr(making, "of_run", forgotten_meanwhile)
    assert figure(store, read, again=True).summary == read.summary
    assert holding(store, gone) == []
    assert part.get(run_key("lyres", read.run, "report.html"))


@pytest.mark.parametrize("meanwhile", ["before the rows go", "after"])
def test_figures_that_are_made_while_something_is_forgotten_are_of_what_is_left(
    store: Store, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    part, audit = store.of("rehearsal"), weeks.audit_of(2, 1, 1, "lyres")
    [week] = weeks.weeks(audit, NOW, 1)
    read = weeks.rehearse(store, audit, week, weeks.by_heart, lambda line: None)
    rewrite = forgetting._rewrite

    def figured_before(*args: Any) -> None:
        figure(store, read)
        rewrite(*args)

    if meanwhile != "after":
        monkeypatch.setattr(forgetting, "_rewrite", figured_before)

    def figured_after() -> None:
        if meanwhile == "after":
            figure(store, read)

    forget(part, Wish(prompts=[audit.prompts[0]]), really=True, wait=figured_after)
    assert holding(store, audit.prompts[0]) == []
    record = load_run(part, "lyres", read.run)
    assert record
    made = bool(record.summary), part.get(run_key("lyres", read.run, "report.html")) is not None
    assert made == ((True, True) if meanwhile == "after" else (False, False))
