"""Whatever is spoilt, cut, lost or too much in a batch's files is named, in one sentence."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batches import BATCH, NOW, ask, planned
from completions.collect import collect
from completions.errors import Outcome, Refused
from completions.forgetting import Wish, forget
from completions.manifest import Manifest, Stored, load_manifest, manifest_key
from completions.plan import Plan, load_plan
from completions.record import batch_key
from completions.store import Store, StoreError
from completions.verify import Seen, verify

pytest_plugins = ["stores"]

LATER = NOW + timedelta(minutes=5)


def collected(store: Store, *, rehearse: bool = False) -> Manifest:
    """A batch of four rows, done: two answers, a duplicate of the first, and one that was never asked."""
    plan = planned(store, ["a", "b", "a", "c"], format="rendered", rehearse=rehearse)
    ask(store, plan, lambda item: None if item.index == 3 else Outcome.ANSWERED)
    return collect(store, BATCH, LATER)


def seen(store: Store, now: datetime | None = None) -> list[Seen]:
    return list(verify(store, BATCH, now or datetime.now(UTC)))


def wrong(store: Store) -> list[tuple[str, str, str]]:
    return [(each.what, each.uri, each.seen) for each in seen(store) if each.ok is not True]


@pytest.mark.parametrize("rehearse", [False, True])
def test_a_sound_batch(any_store: Store, rehearse: bool) -> None:
    manifest = collected(any_store, rehearse=rehearse)
    before = {found.key: found for found in any_store.listed("batches")}
    found = seen(any_store)
    assert [(each.what, each.ok) for each in found] == [
        ("manifest", True),
        ("completions", True),
        ("artifacts", True),
        ("archive", True),
        ("success", True),
        ("success", True),
    ]
    assert found[0].seen == "generation 1, 4 rows: 3 answered, 1 cancelled"
    assert [each.uri for each in found[1:4]] == [stored.uri for stored in manifest.stored]
    assert {found.key: found for found in any_store.listed("batches")} == before


def _lose(content: bytes) -> bytes | None:
    return None


def _cut(content: bytes) -> bytes:
    return content[:-1]


def _lengthen(content: bytes) -> bytes:
    return content + b"\0"


def _turn(content: bytes) -> bytes:
    """One bit, somewhere in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["completions", "artifacts", "archive"])
@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_lose, "is missing"),
        (_cut, "is truncated: it has {less} bytes where the manifest says {bytes}"),
        (_lengthen, "is too large: it has {more} bytes where the manifest says {bytes}"),
        (_turn, "is corrupt: its SHA-256 is not the one that the manifest says"),
    ],
)
def test_a_spoilt_file(any_store: Store, which: int, spoil: Callable[[bytes], bytes | None], sentence: str) -> None:
    one = collected(any_store).stored[which]
    content = any_store.get(one.key)
    assert content
    _replace(any_store, one.key, spoil(content))

    [(_, uri, told)] = wrong(any_store)
    assert (uri, told) == (one.uri, sentence.format(bytes=one.bytes, less=one.bytes - 1, more=one.bytes + 1))


def _replace(store: Store, key: str, content: bytes | None) -> None:
    if content is None:
        store.delete([key])
    else:
        store.put(key, content)


def _forged(store: Store, which: int, content: bytes) -> None:
    """Put the content in the file's place, with a manifest that agrees: a fault of whoever wrote both."""
    manifest = load_manifest(store, BATCH)
    assert manifest
    one = manifest.stored[which]
    Path(store.uri, one.key).write_bytes(content)
    told = json.loads(manifest.model_dump_json())
    named = [*told["files"], told["archive"]][which]
    named["bytes"], named["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    store.put(manifest_key(BATCH), json.dumps(told).encode())


def _rewritten(store: Store, which: int, change: Callable[[pa.Table], pa.Table]) -> bytes:
    manifest = load_manifest(store, BATCH)
    assert manifest
    buffer = io.BytesIO()
    pq.write_table(change(pq.read_table(Path(store.uri, manifest.files[which].key), partitioning=None)), buffer)
    return buffer.getvalue()


def _other_outcomes(table: pa.Table) -> pa.Table:
    at = table.schema.get_field_index("outcome")
    return table.set_column(at, "outcome", pa.array(["timeout"] * table.num_rows))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda table: table.slice(1), "has 3 rows where the manifest names 4 and counts 4"),
        (
            lambda table: pa.concat_tables([table.slice(0, 3), table.slice(0, 1)]),
            "does not have one row for each prompt and sample, in their order: 1 are missing",
        ),
        (
            lambda table: table.take([1, 0, 2, 3]),
            "does not have one row for each prompt and sample, in their order: 0 are missing",
        ),
        (_other_outcomes, "has the outcomes {'timeout': 4} where the manifest counts {'answered': 3, 'cancelled': 1}"),
        (
            lambda table: table.append_column("mood", pa.nulls(4, pa.string())),
            "has a column that this version does not know, mood",
        ),
        (
            lambda table: table.set_column(0, "answer_id", pa.array([1, 2, 3, 4])),
            "has the column answer_id as int64 where it is string",
        ),
        (lambda table: table.drop_columns(["client_ref"]), None),
    ],
)
def test_a_part_whose_rows_are_not_the_batchs(
    folder: Store, change: Callable[[pa.Table], pa.Table], sentence: str | None
) -> None:
    collected(folder)
    _forged(folder, 0, _rewritten(folder, 0, change))
    assert [told for what, _, told in wrong(folder) if what == "completions"] == ([sentence] if sentence else [])


def test_a_part_that_is_no_parquet(folder: Store) -> None:
    collected(folder)
    _forged(folder, 1, b"PAR1 not so")
    [(_, _, told)] = [each for each in wrong(folder) if each[0] == "artifacts"]
    assert told.startswith("is no Parquet file: ")


def _rezipped(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if (kept := change(entry.filename, old.read(entry))) is not None:
                new.writestr(entry, kept)
    return made.getvalue()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda name, was: None if name.startswith("html/0000") else was, "has 4 entries where the manifest says 5"),
        (
            lambda name, was: was[: was.rindex(b"{")] if name == "answers.jsonl" else was,
            "has 3 rows where the manifest names 4 and counts 4",
        ),
        (
            lambda name, was: was.replace(b'"answered"', b'"timeout"') if name == "answers.jsonl" else was,
            "has other outcomes in answers.jsonl than the manifest counts",
        ),
        (
            lambda name, was: was.replace(b'"count": 4', b'"count": 5') if name == "manifest.json" else was,
            "has a manifest inside that is not the batch's",
        ),
        (lambda name, was: b"{" if name == "manifest.json" else was, "cannot be read as the archive of a batch: "),
        (lambda name, was: b"[]" if name == "answers.jsonl" else was, "cannot be read as the archive of a batch: "),
    ],
)
def test_an_archive_that_holds_something_else(
    folder: Store, change: Callable[[str, bytes], bytes | None], sentence: str
) -> None:
    archive = collected(folder).archive
    assert archive
    _forged(folder, 2, _rezipped(folder.get(archive.key) or b"", change))
    [(_, _, told)] = [each for each in wrong(folder) if each[0] == "archive"]
    assert told.startswith(sentence)


def test_an_archive_that_is_no_zip(folder: Store) -> None:
    collected(folder)
    _forged(folder, 2, b"PK")
    assert wrong(folder)[-1][2].startswith("cannot be read as the archive of a batch: ")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_lose, "is missing, though the batch was collected"),
        (_cut, "is corrupt: no manifest of a batch can be read from it"),
        (lambda was: was.replace(BATCH.encode(), b"another"), "is that of another batch, another"),
        (lambda was: was.replace(b'"answered": 3', b'"answered": 2'), "counts 4 rows, but 3 outcomes"),
        (
            lambda was: was.replace(b'"table": "artifacts"', b'"table": "completions"'),
            "does not name one part of each table and an archive",
        ),
    ],
)
def test_a_spoilt_manifest(any_store: Store, spoil: Callable[[bytes], bytes | None], sentence: str) -> None:
    collected(any_store)
    key = manifest_key(BATCH)
    _replace(any_store, key, spoil(any_store.get(key) or b""))
    assert wrong(any_store)[0] == ("manifest", any_store.uri_of(key), sentence)


def _folder_of(stored: Stored) -> str:
    return stored.key.rpartition("/")[0]


def test_a_lost_success(any_store: Store) -> None:
    key = f"{_folder_of(collected(any_store).files[1])}/_SUCCESS"
    any_store.delete([key])
    assert wrong(any_store) == [
        ("success", any_store.uri_of(key), "is missing: those who wait for it never read the dataset")
    ]


EXTRA = "is not named by the manifest, and who reads the folder by a pattern reads its rows too"


@pytest.mark.parametrize("name", ["part-g1-00001.parquet", "copy.parquet"])
def test_a_part_too_many(any_store: Store, name: str) -> None:
    first = collected(any_store).files[0]
    key = f"{_folder_of(first)}/{name}"
    any_store.put(key, any_store.get(first.key) or b"")
    [(what, uri, told)] = wrong(any_store)
    assert (what, uri, told[: len(EXTRA)]) == ("extra", any_store.uri_of(key), EXTRA)


def test_a_superseded_part_may_stay_for_its_grace(folder: Store) -> None:
    collected(folder)
    plan = load_plan(folder, BATCH)
    assert plan
    _retry(folder, plan)
    assert seen(folder)[0].seen.endswith("; it is being asked again")
    collect(folder, BATCH, LATER)
    told = f"{EXTRA}; of generation 1: `completions tidy` puts it away"
    for now, ok in ((datetime.now(UTC), None), (datetime.now(UTC) + timedelta(days=2), False)):
        found = [each for each in seen(folder, now) if each.ok is not True]
        assert [(each.what, each.ok, each.seen) for each in found] == [("extra", ok, told)] * 2


def _retry(folder: Store, plan: Plan) -> None:
    again = plan.model_copy(update={"generation": 2})
    folder.put(batch_key(BATCH, "plan.json"), again.model_dump_json(by_alias=True).encode())


def test_what_collect_makes_again_is_sound_again(any_store: Store) -> None:
    """A file that was spoilt without changing its size is made again once it is removed."""
    one = collected(any_store).files[0]
    any_store.put(one.key, _turn(any_store.get(one.key) or b""))
    assert wrong(any_store)
    any_store.delete([one.key])
    collect(any_store, BATCH, LATER)
    assert not wrong(any_store)


def test_a_batch_that_forgot_a_prompt_is_sound(any_store: Store) -> None:
    collected(any_store)
    forget(any_store, Wish(prompts=["b"]), really=True)
    assert seen(any_store)[0].seen == "generation 2, 3 rows: 2 answered, 1 cancelled"
    assert not wrong(any_store)


@pytest.mark.parametrize("batch_id", ["none", "../x", ""])
def test_no_such_batch(any_store: Store, batch_id: str) -> None:
    with pytest.raises(Refused, match="there is no such batch in"):
        list(verify(any_store, batch_id, NOW))


def test_a_batch_that_is_not_done(any_store: Store) -> None:
    planned(any_store)
    with pytest.raises(Refused, match="is not collected yet"):
        seen(any_store)


def test_a_store_that_fails(folder: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("cannot read it: access denied")

    collected(folder)
    monkeypatch.setattr(Store, "open", fail)
    with pytest.raises(StoreError, match="access denied"):
        seen(folder)
