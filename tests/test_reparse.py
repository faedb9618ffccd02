"""History read again: only what is read changes, never what was observed, and never into a guess."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from batches import BATCH, NOW, Killed, break_at, planned, record
from completions import ask as asking
from completions import cache, reparse
from completions.answer import Reading
from completions.archive import open_archive
from completions.ask import ask_shard
from completions.collect import collect
from completions.errors import Outcome, Refused
from completions.manifest import Manifest, load_manifest
from completions.plan import Plan
from completions.record import Artifacts, Met, Record, answer_key, batch_key
from completions.rehearsal import Rehearsal, normalised
from completions.rereading import read_again
from completions.settings import Settings
from completions.sites import NAMES, drive, site
from completions.sites.base import Captured, Site, Wire
from completions.sites.chatgpt import ChatGPT
from completions.status import status
from completions.store import Store
from completions.superseded import retire, superseded
from tiny import END, Tiny

pytest_plugins = ["stores"]

LATER = NOW + timedelta(minutes=5)
STREAM = b"data: forty-two\n\n" + END
DONE = '<main data-state="finished">forty-two</main>'


class Mended(Tiny):
    """The tiny site's adapter in its second version, which knows a wall and an odd page too."""

    version = "2"

    def __init__(self, url: str = "http://tiny.example/") -> None:
        super().__init__(url)

    def read(self, captured: Captured) -> Reading:
        reading = super().read(captured).model_copy(update={"ui_variant": "new", "warnings": ["read by 2"]})
        for words, outcome in (("log in", Outcome.LOGIN_WALL), ("odd", Outcome.LAYOUT_CHANGED)):
            if words in (captured.html or ""):
                told = {"outcome": outcome, "error_message": f"it says: {words}", "answer": None, "finished": False}
                return reading.model_copy(update=told)
        return reading


def held(store: Store, **changes: Any) -> tuple[Plan, Record]:
    """A record as a conversation left it: page and stream of a whole answer, read by version 1."""
    plan = planned(store, ["what?"])
    kept = changes.pop("kept", {})
    bytes_ = Artifacts(**{"page_html": DONE, "raw_stream": STREAM, "raw_stream_kind": "sse"} | kept)
    own = {"artifacts": bytes_, "adapter_version": "1", "latency_ms": 3000, "bytes_received": 99}
    outcome = changes.pop("outcome", Outcome.ANSWERED)
    return plan, record(plan, plan.items[0], outcome, **own | changes)


def met(outcome: Outcome, wall: Outcome | None = None, seen: str | None = None, **fields: Any) -> Met:
    return Met(status=200, url="http://tiny.example/c", wall=wall, seen=seen, outcome=outcome, **fields)


WALLED, LAYOUT, TIMEOUT = Outcome.LOGIN_WALL, Outcome.LAYOUT_CHANGED, Outcome.TIMEOUT
HALF = {"page_html": '<main data-state="busy">forty</main>'}
LOG_IN = {"page_html": "<p>log in", "raw_stream": None}
ODD = {"page_html": "<p>odd"}
ANSWERED, NETWORK, CHALLENGE = Outcome.ANSWERED, Outcome.NETWORK, Outcome.CHALLENGE
LATE, GATED = met(TIMEOUT, TIMEOUT, "too late"), met(CHALLENGE, CHALLENGE, "403")
LIVE = met(ANSWERED, warnings=["live"])
AGAIN = "read by 2"
READ = [
    # as it was, as it is now: outcome, message, version, warnings
    ({}, ANSWERED, None, "2", [AGAIN]),
    ({"met": LIVE, "warnings": ["live", "old"]}, ANSWERED, None, "2", ["live", AGAIN]),
    # what the old adapter did not know or wait for is an answer after all
    ({"outcome": LAYOUT, "met": met(LAYOUT, LAYOUT, "no box")}, ANSWERED, None, "2", [AGAIN, LAYOUT]),
    ({"outcome": TIMEOUT, "met": LATE}, ANSWERED, None, "2", [AGAIN, TIMEOUT]),
    ({"outcome": WALLED, "met": met(WALLED)}, ANSWERED, None, "2", [AGAIN, WALLED]),
    ({"outcome": LAYOUT}, ANSWERED, None, "2", [AGAIN, LAYOUT]),
    # what it took for an answer is none
    ({"kept": HALF}, NETWORK, "not whole", "2", [AGAIN, ANSWERED]),
    ({"kept": {**LOG_IN, "raw_stream": STREAM}}, WALLED, "it says: log in", "2", [AGAIN, ANSWERED]),
    # a wall that was met live stands, unless it is vague and the page says more
    ({"outcome": CHALLENGE, "met": GATED, "kept": LOG_IN}, CHALLENGE, "403", "2", [AGAIN]),
    ({"outcome": CHALLENGE, "kept": LOG_IN}, CHALLENGE, "ended as challenge", "2", [AGAIN]),
    ({"outcome": TIMEOUT, "met": LATE, "kept": LOG_IN}, WALLED, "it says: log in", "2", [AGAIN, TIMEOUT]),
    ({"outcome": TIMEOUT, "met": LATE, "kept": HALF}, TIMEOUT, "too late", "2", [AGAIN]),
    ({"outcome": LAYOUT, "kept": HALF}, LAYOUT, "ended as layout_changed", "2", [AGAIN]),
    # half a proof is none: a page without its stream
    ({"outcome": LAYOUT, "met": met(LAYOUT), "kept": {"raw_stream": None}}, LAYOUT, None, "2", [AGAIN]),
    # nothing is traded for ignorance
    ({"kept": ODD}, ANSWERED, None, "1", ["does not know its page"]),
    ({"outcome": WALLED, "kept": ODD, "met": met(WALLED)}, WALLED, None, "1", ["does not know its page"]),
    ({"outcome": LAYOUT, "kept": ODD, "met": met(LAYOUT)}, LAYOUT, "it says: odd", "2", [AGAIN]),
    ({"kept": {"cut": ["raw_stream"]}}, ANSWERED, None, "1", ["its stream was cut"]),
    ({"kept": {"cut": ["page_html", "raw_stream"]}}, ANSWERED, None, "1", ["its page and stream were cut"]),
    ({"kept": {"page_html": None}}, ANSWERED, None, "1", ["its page was not kept"]),
    ({"kept": {"raw_stream": None}}, ANSWERED, None, "1", ["its stream was not kept"]),
    ({"outcome": NETWORK, "kept": {"page_html": None}}, NETWORK, "ended as network", "1", ["its page was not kept"]),
]


@pytest.mark.parametrize(("was", "outcome", "message", "version", "warnings"), READ)
def test_a_reading_is_replaced_only_by_one_that_knows_more(
    store: Store, was: dict[str, Any], outcome: Outcome, message: str | None, version: str, warnings: list[str]
) -> None:
    _, old = held(store, **was)
    new = read_again(Mended(), old)
    assert (new.outcome, new.adapter_version) == (outcome, version)
    if outcome is not Outcome.ANSWERED and message:
        assert new.error_message == message
    assert len(new.warnings) == len(warnings)
    assert all(part in warning for part, warning in zip(warnings, new.warnings, strict=True)), new.warnings
    assert (new.answer is None) is (outcome is not Outcome.ANSWERED)
    assert read_again(Mended(), new) == new
    derived = {"outcome", "error_message", "warnings", "login_state", "ui_variant", "adapter_version", "met", "answer"}
    assert new.model_dump(exclude=derived | {"artifacts"}) == old.model_dump(exclude=derived | {"artifacts"})
    for name in ("page_html", "raw_stream", "raw_stream_kind", "screenshot", "page_copy"):
        assert getattr(new.artifacts, name) == getattr(old.artifacts, name)


def test_portions_follow_and_a_cut_one_is_cut_anew(store: Store) -> None:
    class Portioned(Mended):
        def read(self, captured: Captured) -> Reading:
            reading = super().read(captured)
            return reading.model_copy(update={"portions": reading.portions.model_copy(update={"ads_html": "<p>ad"})})

    _, old = held(store, kept={"completion_html": "<p>half", "cut": ["completion_html", "screenshot"]})
    kept = read_again(Portioned(), old).artifacts
    assert (kept.completion_html, kept.ads_html, kept.cut) == (None, "<p>ad", ["screenshot"])


# Whole batches.


@pytest.fixture
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Today's adapter is the second version."""
    monkeypatch.setattr(reparse, "site", lambda *_: Mended())


def collected(store: Store, **fields: Any) -> Manifest:
    """A batch read by version 1: an answer, a layout that only version 2 knows, a wall, one never asked."""
    plan = planned(store, ["known", "new", "known", "walled", "never"], **fields)
    part = store.of(plan.config.origin)
    ends = {0: Outcome.ANSWERED, 1: LAYOUT, 3: Outcome.CHALLENGE}
    for item in plan.items:
        if item.index in ends and item.duplicate_of is None:
            kept = {"page_html": DONE.replace("forty-two", f"said of {item.index}"), "raw_stream": STREAM}
            bytes_ = Artifacts(**kept if item.index < 3 else LOG_IN)
            one = record(plan, item, ends[item.index], artifacts=bytes_, adapter_version="1", bytes_received=7)
            part.put(answer_key(BATCH, item.index, item.sample), one.packed())
            cache.keep(part, one)
    return collect(store, BATCH, LATER)


def rows(part: Store, manifest: Manifest, table: str = "completions") -> list[dict[str, Any]]:
    """The rows of a table, read through the manifest."""
    [file] = [file for file in manifest.files if file.table == table]
    with part.open(file.key) as content:
        found: list[dict[str, Any]] = pq.read_table(content).to_pylist()
    return found


DERIVED = {"status", "observed", "outcome", "error_message", "warnings", "login_state", "ui_variant"}
DERIVED |= {"adapter_version", "answer_sha256", "answer_text", "answer_markdown", "citations", "sources"}
DERIVED |= {"fan_out_queries"}


def test_the_next_generation(any_store: Store, mended: None) -> None:
    before = collected(any_store)
    old = rows(any_store, before)
    told: list[tuple[int, int]] = []
    done = reparse.reparse(any_store, BATCH, lambda *so_far: told.append(so_far))
    after = load_manifest(any_store, BATCH)
    assert after
    new = rows(any_store, after)

    assert (done.rows, done.reread, done.changed, done.generation, done.adapter_version) == (5, 4, 4, 2, "2")
    assert done.before == {"answered": 2, "cancelled": 1, "challenge": 1, "layout_changed": 1}
    assert done.after == {"answered": 3, "cancelled": 1, "challenge": 1} == after.outcomes
    assert told == [(number, 4) for number in range(1, 5)]
    assert [(row["outcome"], row["adapter_version"], row["answer_text"]) for row in new] == [
        ("answered", "2", "said of 0"),
        ("answered", "2", "said of 1"),
        ("answered", "2", "said of 0"),
        ("challenge", "2", None),
        ("cancelled", None, None),
    ]
    assert [row["duplicate_of"] for row in new] == [None, None, 0, None, None]
    for one, other in zip(old, new, strict=True):
        assert {name for name, value in one.items() if value != other[name]} <= DERIVED
    heavy = [rows(any_store, manifest, "artifacts") for manifest in (before, after)]
    assert heavy[0] == heavy[1]
    assert (after.started_at, after.finished_at) == (before.started_at, before.finished_at)


def test_everything_follows_the_new_generation(folder: Store, mended: None) -> None:
    before = collected(folder, format="rendered")
    reparse.reparse(folder, BATCH)
    with open_archive(folder, BATCH) as archive:
        told = archive.read()
    assert told == folder.get(f"batches/{BATCH}/archive-g2.zip")
    body = status(folder, BATCH)
    assert body
    assert (body["successful"], body["finished_at"]) == (3, "2026-11-23T12:05:00Z")
    assert collect(folder, BATCH, LATER).generation == 2

    assert {folder.size(stored.key) for stored in before.stored} == {stored.bytes for stored in before.stored}
    assert superseded(folder, BATCH) == sorted(file.key for file in before.files)
    retire(folder, BATCH)
    assert superseded(folder, BATCH) == []
    assert folder.keys("superseded") == {f"superseded/{file.key}" for file in before.files}
    everything = f"{folder.uri}/datasets/completions/**/*.parquet"
    count = duckdb.connect().execute("select count(*), count(distinct answer_id) from read_parquet(?)", [everything])
    assert count.fetchone() == (5, 5)


def test_twice_is_once(any_store: Store, mended: None) -> None:
    collected(any_store)
    reparse.reparse(any_store, BATCH)
    once = load_manifest(any_store, BATCH)
    again = reparse.reparse(any_store, BATCH)
    assert (again.generation, again.reread, again.changed) == (2, 4, 0)
    assert load_manifest(any_store, BATCH) == once


def test_a_later_adapter_makes_a_later_generation(folder: Store, mended: None, monkeypatch: pytest.MonkeyPatch) -> None:
    collected(folder)
    reparse.reparse(folder, BATCH)
    monkeypatch.setattr(Mended, "version", "3")
    done = reparse.reparse(folder, BATCH)
    assert (done.generation, done.reread, done.changed) == (3, 4, 0)
    assert len(superseded(folder, BATCH)) == 4


@pytest.mark.parametrize("step", range(26))
def test_whoever_is_killed_leaves_the_old_dataset_and_is_run_again(
    folder: Store, mended: None, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    before = collected(folder)
    old = {name: folder.get(stored.key) for name, stored in enumerate(before.stored)}
    with monkeypatch.context() as dying:
        break_at(dying, step)
        with pytest.raises(Killed):
            reparse.reparse(folder, BATCH)
    standing = load_manifest(folder, BATCH)
    assert standing
    if standing.generation == 1:
        assert standing == before
        assert {name: folder.get(stored.key) for name, stored in enumerate(standing.stored)} == old
    done = reparse.reparse(folder, BATCH)
    after = load_manifest(folder, BATCH)
    assert after
    assert (done.generation, after.outcomes) == (2, {"answered": 3, "cancelled": 1, "challenge": 1})
    assert [row["adapter_version"] for row in rows(folder, after)] == ["2", "2", "2", "2", None]
    assert not superseded(folder, BATCH)[2:]


def test_what_later_batches_reuse_follows(folder: Store, mended: None) -> None:
    collected(folder)
    [key] = folder.keys("cache")
    reparse.reparse(folder, BATCH)
    entry = Record.unpacked(folder.get(key) or b"")
    assert entry
    assert (entry.adapter_version, entry.answered_at) == ("2", NOW + timedelta(seconds=3))
    assert folder.keys("cache") == {key}


def test_what_is_no_answer_any_more_is_not_reused(folder: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict(Mended):
        def read(self, captured: Captured) -> Reading:
            refused = {"outcome": Outcome.REFUSED, "error_message": "it refuses", "answer": None}
            return super().read(captured).model_copy(update=refused)

    monkeypatch.setattr(reparse, "site", lambda *_: Strict())
    collected(folder)
    assert folder.keys("cache")
    assert reparse.reparse(folder, BATCH).after == {"cancelled": 1, "challenge": 1, "refused": 3}
    assert not folder.keys("cache")


def test_an_entry_of_another_conversation_is_left_alone(folder: Store, mended: None) -> None:
    collected(folder)
    [key] = folder.keys("cache")
    entry = Record.unpacked(folder.get(key) or b"")
    assert entry
    other = entry.model_copy(update={"answer_id": "0" * 32}).packed()
    folder.put(key, other)
    reparse.reparse(folder, BATCH)
    assert folder.get(key) == other


def test_a_batch_that_is_not_done_or_asked_again_is_left_alone(folder: Store, mended: None) -> None:
    for batch_id in ("none", "../x"):
        with pytest.raises(Refused, match="there is no such batch"):
            reparse.reparse(folder, batch_id)
    plan = planned(folder)
    with pytest.raises(Refused, match="is not collected yet"):
        reparse.reparse(folder, BATCH)
    collect(folder, BATCH, LATER)
    retried = plan.model_copy(update={"generation": 2})
    folder.put(batch_key(BATCH, "plan.json"), retried.model_dump_json(by_alias=True).encode())
    with pytest.raises(Refused, match="is being asked again"):
        reparse.reparse(folder, BATCH)


# The real adapters, on what a browser kept.
PROMPTS = ["best guitars", "best amps [fault:login_wall]", "best drums [fault:layout_changed]"]


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
async def test_what_a_browser_kept_reads_as_it_did_live(
    store: Store, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(drive, "PATIENCE", 0.3)
    plan = planned(store, PROMPTS, model=name, rehearse=True, prompts_per_task=3)
    await ask_shard(store, plan, 0, settings(conversations=3))
    before, part = collect(store, BATCH, LATER), store.of("rehearsal")
    assert before.outcomes == {"answered": 1, "layout_changed": 1, "login_wall": 1}
    lost = rows(part, before, "artifacts")[2]
    assert "<html" in lost["page_html"].lower()
    assert lost["screenshot"].startswith(b"\x89PNG")

    done = reparse.reparse(store, BATCH)
    assert (done.generation, done.reread, done.changed, done.after) == (1, 3, 0, before.outcomes)
    monkeypatch.setattr(type(site(name)), "version", "next")
    done = reparse.reparse(store, BATCH)
    assert (done.generation, done.reread, done.changed, done.after) == (2, 3, 0, before.outcomes)


class Blind(ChatGPT):
    """ChatGPT's adapter before it knew where the stream comes from."""

    version = "0"
    wire: tuple[Wire, ...] = (Wire(re.compile("/nowhere")),)


@pytest.mark.browser
async def test_an_adapter_that_was_mended_finds_the_answers_it_missed(
    store: Store, rehearsal: Rehearsal, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(_: str, url: str) -> Site:
        return Blind(url)

    monkeypatch.setattr(asking, "site", blind)
    await ask_shard(store, planned(store, PROMPTS[:1], rehearse=True), 0, settings())
    before, part = collect(store, BATCH, LATER), store.of("rehearsal")
    [row], [kept] = rows(part, before), rows(part, before, "artifacts")
    assert (row["outcome"], row["adapter_version"]) == ("layout_changed", "0")
    assert kept["page_html"]
    assert kept["raw_stream"]
    assert kept["screenshot"]

    done = reparse.reparse(store, BATCH)
    assert (done.before, done.after, done.changed) == ({"layout_changed": 1}, {"answered": 1}, 1)
    after = load_manifest(part, BATCH)
    assert after
    [row] = rows(part, after)
    truth = rehearsal.truth(PROMPTS[0], rehearsal.asked()[0].ui)
    assert normalised(row["answer_text"]) == normalised(truth.text)
    assert [each["url_canonical"] for each in row["citations"]] == [each.url for each in truth.citations]
    assert row["warnings"] == ["read again later; when it was asked it ended as layout_changed"]
    assert (row["answered_at"], row["adapter_version"]) == (None, ChatGPT.version)
