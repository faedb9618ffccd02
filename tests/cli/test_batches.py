"""`show`, `list`, `get` on a store that has batches, and what `run` refuses before anything is begun."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

import batches
from batches import BATCH, NOW, planned
from completions.archive import archive_key
from completions.cli.batches import page_of
from completions.collect import collect
from completions.errors import Outcome
from completions.status import status
from completions.store import Store

from .conftest import Completions

OTHER = "6f1d2c3b-0000-4000-8000-000000000002"


@pytest.fixture
def done(store: Store) -> Store:
    """A store with a batch that is done: one prompt answered, one walled off."""
    plan = planned(store, ["best guitars", "best drums"], client_ref="mine")
    batches.ask(store, plan, lambda item: Outcome.CHALLENGE if item.index else Outcome.ANSWERED)
    collect(store, BATCH, NOW + timedelta(minutes=1))
    return store


def test_the_page_of_a_batch_is_in_the_airflow_of_its_run() -> None:
    link = "http://127.0.0.1:8080/dags/batch_completions/runs/cli__b"
    assert page_of(link, "batches/b") == "http://127.0.0.1:8080/plugin/batches/ai/pages/batches/b"


def test_show_prints_the_status(completions: Completions, done: Store) -> None:
    ended = completions("show", BATCH, "--json")
    assert (ended.status, ended.err) == (0, "")
    assert ended.json == json.loads(json.dumps(status(done, BATCH)))
    assert (ended.json["status"], ended.json["outcomes"]) == ("successful", {"answered": 1, "challenge": 1})


def test_show_tells_people_the_answers_too(completions: Completions, done: Store) -> None:
    ended = completions("show", BATCH)
    assert ended.status == 0
    assert ended.out.splitlines()[:7] == [
        f"batch      {BATCH}",
        "status     successful",
        "answers    2 of 2 done: 1 answered, 1 challenge",
        "cached     0 (0 %)",
        "started    2026-11-23 12:00 UTC",
        "finished   2026-11-23 12:01 UTC, after 0:01:00",
        "reference  mine",
    ]
    for words in ("best guitars", "best guitars 0", "best drums", "ended as challenge", done.uri):
        assert words in ended.out


def test_show_before_there_are_answers(completions: Completions, store: Store) -> None:
    planned(store)
    ended = completions("show", BATCH)
    assert ended.status == 0
    assert "retrieving" in ended.out


def test_list_is_newest_first(completions: Completions, done: Store) -> None:
    planned(done, batch_id=OTHER, now=NOW + timedelta(hours=1), rehearse=True)
    ended = completions("list", "--json")
    assert (ended.status, ended.err) == (0, "")
    assert [body["id"] for body in ended.json] == [OTHER, BATCH]
    assert [body["id"] for body in completions("list", "--limit", "1", "--json").json] == [OTHER]
    assert completions("list").out.splitlines() == [
        "started (UTC)     batch                                 status       answered  cached  others",
        f"2026-11-23 13:00  {OTHER}  retrieving        0/2     0 %",
        f"2026-11-23 12:00  {BATCH}  successful        1/2     0 %  1 challenge",
    ]


def test_list_of_an_empty_store(completions: Completions, store: Store) -> None:
    empty = completions("list")
    assert (empty.status, empty.out, empty.err) == (0, "", f"no batches yet in {store.uri}\n")
    assert completions("list", "--json").json == []


@pytest.mark.parametrize("options", [[], ["--out", "elsewhere/deep"]])
def test_get_unpacks_the_archive(
    completions: Completions, done: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = completions("get", BATCH, *options)
    folder = Path(options[-1] if options else BATCH)
    assert (ended.status, ended.out) == (0, f"2 files in {folder}\n")
    answers = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert [answer["query"] for answer in answers] == ["best guitars", "best drums"]
    assert json.loads((folder / "manifest.json").read_text())["batch_id"] == BATCH


def test_get_goes_over_what_is_there_already(completions: Completions, done: Store, tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    assert completions("get", BATCH, "--out", str(tmp_path)).status == 0
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 2
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_get_into_what_is_no_folder(completions: Completions, done: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    ended = completions("get", BATCH, "--out", str(tmp_path / "file" / "below"))
    assert (ended.status, ended.out, len(ended.err.splitlines())) == (1, "", 1)
    assert ended.err.startswith(f"the archive of batch {BATCH} cannot be unpacked into {tmp_path}/file/below: ")


@pytest.mark.parametrize("name", ["../../outside", "/outside", "deep/../../../outside"])
def test_get_leaves_nothing_outside_its_folder(
    completions: Completions, done: Store, tmp_path: Path, name: str
) -> None:
    with zipfile.ZipFile(Path(done.uri, archive_key(BATCH, 1)), "w") as archive:
        archive.writestr(name, "evil")
    folder = tmp_path / "a" / "folder"
    assert completions("get", BATCH, "--out", str(folder)).status == 0
    assert [file.is_relative_to(folder) for file in tmp_path.rglob("outside")] == [True]
    assert not Path("/outside").exists()


def test_get_of_a_damaged_archive(completions: Completions, done: Store, tmp_path: Path) -> None:
    Path(done.uri, archive_key(BATCH, 1)).write_bytes(b"not a zip")
    ended = completions("get", BATCH, "--out", str(tmp_path / "got"))
    assert (ended.status, len(ended.err.splitlines())) == (1, 1)
    assert "File is not a zip file" in ended.err


def test_get_waits_until_it_is_done(
    completions: Completions, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    planned(store)
    ended = completions("get", BATCH)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == f"batch {BATCH} is retrieving: its answers can be fetched when it is done\n"
    assert not (tmp_path / BATCH).exists()


@pytest.mark.parametrize("command", [["show"], ["show", "--json"], ["get"]])
@pytest.mark.parametrize("batch", [OTHER, "nonsense", "../..", "", "%00"])
def test_a_batch_that_is_not_there(completions: Completions, done: Store, command: list[str], batch: str) -> None:
    ended = completions(*command, batch)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"refused: BATCH {batch!r}: no such batch in the store; `completions list` shows")


def test_a_store_that_cannot_be_used(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLETIONS_STORE", "/dev/null/store")
    ended = completions("list", "--json")
    assert (ended.status, ended.out) == (3, "")
    assert ended.err.startswith("the store /dev/null/store cannot be used as a folder (")


def test_a_store_that_cannot_be_read(completions: Completions, store: Store) -> None:
    Path(store.uri, "batches").write_text("not a folder")
    ended = completions("show", BATCH, "--json")
    assert (ended.status, ended.out) == (3, "")
    assert ended.err.startswith(f"cannot read {store.uri}/batches/{BATCH}/")


REQUESTS: list[tuple[str | bytes, str]] = [
    ("", "FILE 'request.json': is not JSON (Expecting value"),
    ('{"prompts": [', "FILE 'request.json': is not JSON ("),
    ("[" * 100_000, "FILE 'request.json': is not JSON ("),
    (b"\xff\xfe\x00", "FILE 'request.json': is not JSON ("),
    ("[]", "request []: give a JSON object such as"),
    ("{}", "prompts: give 1 to 1000 prompts"),
    ('{"prompts": ["a"], "promts": ["b"]}', "promts ['b']: is not a field; did you mean prompts?"),
    (json.dumps({"prompts": ["a"] * 1001}), "(this has 1001)"),
    (json.dumps({"prompts": ["a" * 2048]}), "(this has 2048)"),
    ('{"prompts": ["a"], "model": "grok"}', "model 'grok': give one of chatgpt, gemini, perplexity, copilot"),
    ('{"prompts": ["a"], "country": "US"}', "country 'US': cannot be served"),
    ('{"prompts": ["a"], "callback": "http://127.0.0.1/"}', "callback 'http://127.0.0.1': "),
    ('{"prompts": ["a"], "_audit": {"name": "x", "run": "y", "seed": 1}}', "is not a field: it is set by audits alone"),
    ('{"prompts": ["a"], "audit": {"name": "x", "run": "y", "seed": 1}}', "is not a field"),
]


@pytest.mark.parametrize(("request_", "sentence"), REQUESTS)
def test_run_refuses_before_anything_is_begun(
    completions: Completions,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request_: str | bytes,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("request.json").write_bytes(request_ if isinstance(request_, bytes) else request_.encode())
    ended = completions("run", "request.json", "--json")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("refused: ")
    assert sentence in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not list(Path(store.uri).iterdir())


def test_run_refuses_all_of_it_at_once(completions: Completions, store: Store) -> None:
    fields = {"prompts": [], "model": "bing", "device": "toaster", "samples": 31, "promts": 1}
    ended = completions("run", "-", stdin=json.dumps(fields))
    assert (ended.status, ended.out, len(ended.err.splitlines())) == (2, "", len(fields))
    assert not list(Path(store.uri).iterdir())


def test_run_knows_the_queues_at_the_operators_endpoint(
    completions: Completions, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://k:s@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A9")
    fields = {"prompts": ["a"], "samples": 31}
    for endpoint, refusals in ("http://127.0.0.1:9", 1), ("http://127.0.0.1:8", 2):
        request = json.dumps({**fields, "callback": f"{endpoint}/123456789012/done"})
        ended = completions("run", "-", stdin=request)
        assert (ended.status, len(ended.err.splitlines())) == (2, refusals)


@pytest.mark.parametrize(("file", "why"), [("/no/such.json", "No such file or directory"), ("/", "Is a directory")])
def test_run_needs_a_file(completions: Completions, file: str, why: str) -> None:
    ended = completions("run", file)
    assert (ended.status, ended.err) == (2, f"refused: FILE {file!r}: cannot be read ({why})\n")


def test_cancel_says_so_and_is_refused_for_what_is_done(completions: Completions, store: Store) -> None:
    planned(store)
    ended = completions("cancel", BATCH, "--json")
    assert (ended.status, ended.json["status"], ended.json["cancelled"]) == (0, "retrieving", True)
    collect(store, BATCH, NOW + timedelta(minutes=1))
    refused = completions("cancel", BATCH)
    assert (refused.status, refused.out) == (2, "")
    assert "is done already" in refused.err


@pytest.mark.parametrize("command", ["cancel", "retry"])
@pytest.mark.parametrize("batch", [BATCH, "../x"])
def test_what_is_not_there_is_neither_cancelled_nor_retried(
    completions: Completions, store: Store, command: str, batch: str
) -> None:
    ended = completions(command, batch)
    assert (ended.status, ended.out) == (2, "")
    assert "no such batch in the store" in ended.err


def test_a_retry_is_refused_where_nothing_failed_or_all_is_under_way(completions: Completions, store: Store) -> None:
    plan = planned(store)
    assert "is under way" in completions("retry", BATCH).err
    batches.ask(store, plan)
    collect(store, BATCH, NOW + timedelta(minutes=1))
    assert "no failed answer" in completions("retry", BATCH).err
