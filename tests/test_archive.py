from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from batches import BATCH, NOW, ask, planned, record
from completions.answer import Answer
from completions.archive import ArchiveWriter, open_archive, structured
from completions.collect import collect
from completions.errors import Outcome, Refused
from completions.plan import Item
from completions.record import Artifacts, answer_id
from completions.store import Store

pytest_plugins = ["stores"]

LATER = NOW + timedelta(minutes=5)
ORIGINAL = ["model", "query", "html", "prompt", "completion", "sources", "ads", "sse", "fanouts"]
OURS = ["index", "sample", "answer_id", "outcome", "error_message", "answer"]


def _endings(item: Item) -> Outcome | None:
    return [Outcome.ANSWERED, Outcome.LOGIN_WALL, Outcome.ANSWERED, None][item.index]


@pytest.mark.parametrize(
    ("format_", "files"),
    [
        ("json", {}),
        (
            "rendered",
            {"html/0000-0.html": b"<p>a</p>", "html/0002-0.html": b"<p>c</p>", "html/0004-0.html": b"<p>a</p>"},
        ),
        ("raw", dict.fromkeys(["raw/0000-0.txt", "raw/0002-0.txt", "raw/0004-0.txt"], b"data: \xff\n")),
    ],
)
def test_what_the_archive_holds(any_store: Store, format_: str, files: dict[str, bytes]) -> None:
    plan = planned(any_store, ["a", "b", "c", "d", "a"], format=format_)
    ask(any_store, plan, _endings)
    manifest = collect(any_store, BATCH, LATER)

    with open_archive(any_store, BATCH) as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        held = {name: archive.read(name) for name in archive.namelist()}
    answers = [json.loads(line) for line in held.pop("answers.jsonl").splitlines()]
    about = json.loads(held.pop("manifest.json"))

    assert held == files
    assert manifest.archive
    assert manifest.archive.entries == len(files) + 2
    assert [(one["index"], one["query"], one["outcome"]) for one in answers] == [
        (0, "a", "answered"),
        (1, "b", "login_wall"),
        (2, "c", "answered"),
        (3, "d", "cancelled"),
        (4, "a", "answered"),
    ]
    assert about == json.loads(manifest.model_dump_json(exclude={"archive", "finished_at"}))


def test_a_structured_answer(folder: Store) -> None:
    plan = planned(folder, ["a"], samples=2, country="us", city="New York", device="iPhone 15")
    item = plan.items[1]
    portions = {f"{name}_html": f"<{name}>" for name in ("page", "prompt", "completion", "sources")}
    told = structured(
        plan, item, record(plan, item, artifacts=Artifacts(**portions, raw_stream=b"data: \xc3\xbc \xff"))
    )

    answer = told.pop("answer")
    assert told == {
        "model": "chatgpt",
        "query": "a",
        "html": "<page>",
        "prompt": "<prompt>",
        "completion": "<completion>",
        "sources": "<sources>",
        "ads": "",
        "sse": "data: ü \ufffd",
        "fanouts": ["about a 1"],
        "device": "iPhone 15",
        "country": "us",
        "city": "New York",
        "index": 0,
        "sample": 1,
        "answer_id": answer_id(BATCH, 0, 1),
        "outcome": "answered",
        "error_message": None,
    }
    assert answer.pop("answer_language") is None  # too few words
    assert Answer.model_validate_json(json.dumps(answer)) == record(plan, item).answer
    assert (answer["sources"], answer["products"]) == ([], None)


@pytest.mark.parametrize(
    ("fields", "targets"),
    [
        ({}, []),
        ({"language": "de", "display": "fr"}, ["language", "display"]),
        ({"country": "US", "subdivision": "OR"}, ["country", "subdivision"]),
    ],
)
def test_targets_that_are_unset_are_left_out(folder: Store, fields: dict[str, Any], targets: list[str]) -> None:
    plan = planned(folder, ["a"], **fields)
    assert list(structured(plan, plan.items[0], record(plan, plan.items[0]))) == [*ORIGINAL, *targets, *OURS]


def test_a_failure_has_the_same_names(folder: Store) -> None:
    plan = planned(folder, ["a"])
    told = structured(plan, plan.items[0], record(plan, plan.items[0], Outcome.CHALLENGE, artifacts=Artifacts()))

    assert list(told) == [*ORIGINAL, *OURS]
    assert (told["html"], told["sse"], told["fanouts"], told["answer"]) == ("", None, [], None)
    assert (told["outcome"], told["error_message"]) == ("challenge", "ended as challenge")


def test_the_same_records_make_the_same_bytes(folder: Store) -> None:
    ask(folder, planned(folder, format="rendered"))
    first = collect(folder, BATCH, LATER)
    folder.delete([stored.key for stored in first.stored])
    assert collect(folder, BATCH, LATER + timedelta(days=1)).archive == first.archive


@pytest.mark.parametrize("format_", ["json", "rendered", "raw"])
def test_the_archive_is_the_one_that_the_manifest_names(any_store: Store, format_: str) -> None:
    ask(any_store, planned(any_store, ["a", "b"], samples=2, format=format_))
    named = collect(any_store, BATCH, LATER).archive
    assert named
    with open_archive(any_store, BATCH) as file:
        content = file.read()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (named.bytes, named.sha256)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names)) == named.entries


def test_every_entry_may_be_larger_than_four_gigabytes(folder: Store) -> None:
    """zip64, said in each local header before the size is known: version 4.5, and the extra field 0x0001."""
    ask(folder, planned(folder, format="rendered"))
    collect(folder, BATCH, LATER)
    with open_archive(folder, BATCH) as file, zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            file.seek(entry.header_offset)
            header = file.read(30)
            version, name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (4, 26, 28))
            file.seek(name, io.SEEK_CUR)
            assert (version, file.read(extra)[:2]) == (45, b"\x01\x00")


def test_the_archive_is_written_as_a_stream(tmp_path: Path, folder: Store) -> None:
    """What was added is soon on the disk: less than a megabyte gathers in memory."""
    plan = planned(folder, [f"prompt {number}" for number in range(40)], format="raw")
    noise = Random(1)
    sizes = []
    with ArchiveWriter(plan, tmp_path / "archive.zip") as archive:
        for item in plan.items:
            kept = Artifacts(raw_stream=noise.randbytes(200_000))
            archive.add(item, record(plan, item, artifacts=kept))
            sizes.append(archive.file.stat().st_size)
    assert all(size > 150_000 * number - 1_000_000 for number, size in enumerate(sizes, 1))


def test_an_archive_that_was_cut_is_noticed(folder: Store) -> None:
    """By its size, which the manifest names: the next collect makes it again, the very same."""
    ask(folder, planned(folder))
    named = collect(folder, BATCH, LATER).archive
    assert named
    whole = folder.get(named.key)
    assert whole
    folder.put(named.key, whole[:-1])
    assert collect(folder, BATCH, LATER).archive == named
    assert folder.get(named.key) == whole


def test_no_archive_yet(folder: Store) -> None:
    planned(folder)
    for batch_id in (BATCH, "none"):
        with pytest.raises(Refused, match=f"batch_id '{batch_id}': has no archive"), open_archive(folder, batch_id):
            pass
