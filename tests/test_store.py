from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import boto3
import httpx
import pyarrow.dataset
import pytest

from completions.errors import Refused
from completions.store import AwsAccess, Store, StoreError, open_store

pytest_plugins = ["stores"]


def test_what_was_put_is_there(any_store: Store) -> None:
    any_store.put("a/b", b"one")
    any_store.put("a/b", b"two")

    assert any_store.get("a/b") == b"two"
    assert any_store.size("a/b") == 3
    assert (any_store.get("a/c"), any_store.size("a/c")) == (None, None)


def test_only_the_first_creates(any_store: Store) -> None:
    def create(writer: int) -> bool:
        start.wait()
        return any_store.create("locks/x", str(writer).encode())

    start = Barrier(16)
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(create, range(16)))

    assert won.count(True) == 1
    assert any_store.get("locks/x") == str(won.index(True)).encode()


def test_keys_and_folders(any_store: Store) -> None:
    for key in ("batches/a/plan.json", "batches/a/answers/0000-0", "batches/b/plan.json", "batchesque"):
        any_store.put(key, b"")

    assert any_store.keys("batches") == {"batches/a/plan.json", "batches/a/answers/0000-0", "batches/b/plan.json"}
    assert any_store.folders("batches") == ["a", "b"]
    assert (any_store.keys("none"), any_store.folders("none")) == (set(), [])


def test_many_are_read_together_and_in_order(any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"k/{number}" for number in range(40)]
    for key in keys[:-1]:
        any_store.put(key, key.encode())
    together = Barrier(32)
    get = Store.get

    def meet(store: Store, key: str) -> bytes | None:
        if int(key.removeprefix("k/")) < 32:
            together.wait(timeout=30)  # breaks unless 32 are under way at once
        return get(store, key)

    monkeypatch.setattr(Store, "get", meet)
    assert list(any_store.get_many(keys)) == [*(key.encode() for key in keys[:-1]), None]


def test_deleting(any_store: Store) -> None:
    any_store.put("a/b", b"")
    any_store.put("a/c", b"")
    any_store.delete(["a/b", "a/none"])
    any_store.delete([])

    assert any_store.keys("a") == {"a/c"}


def test_origins_have_parts_of_their_own(any_store: Store) -> None:
    any_store.of("live").put("x", b"live")
    any_store.of("rehearsal").put("x", b"rehearsal")

    assert any_store.get("x") == b"live"
    assert any_store.get("rehearsal/x") == b"rehearsal"
    assert any_store.of("rehearsal").uri_of("x") == f"{any_store.uri}/rehearsal/x"


def test_large_files_are_put_and_read_by_ranges(any_store: Store, tmp_path: Path) -> None:
    content = os.urandom(12_000_000)  # more than one part of a multipart upload
    (tmp_path / "large").write_bytes(content)
    any_store.put_file("a/large", tmp_path / "large")

    assert any_store.get("a/large") == content
    with any_store.open("a/large") as file:
        file.seek(-5, io.SEEK_END)
        assert file.read(100) == content[-5:]
        assert file.read(1) == b""
        assert file.seek(7_000_000) == file.tell() == 7_000_000
        assert file.read(3) == content[7_000_000:7_000_003]


def test_an_object_reads_like_a_file(any_store: Store) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a", "hello")
    any_store.put("z.zip", packed.getvalue())

    with any_store.open("z.zip") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("a") == b"hello"


def test_readers_of_a_folder_never_see_half_a_file(
    folder: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_and_look(source: Path, target: Path) -> None:
        copyfile(source, target)
        seen.append(pyarrow.dataset.dataset(f"{folder.uri}/table", format="parquet").files)

    copyfile, seen = shutil.copyfile, list[list[str]]()
    (tmp_path / "file").write_bytes(b"PAR1")
    monkeypatch.setattr(shutil, "copyfile", copy_and_look)
    folder.put_file("table/part-0.parquet", tmp_path / "file")

    assert seen == [[]]
    assert _names(folder, "table") == ["part-0.parquet"]


def _names(folder: Store, name: str) -> list[str]:
    return [file.name for file in Path(folder.uri, name).iterdir()]


def test_a_failed_copy_leaves_nothing(folder: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot write .*table/x"):
        folder.put_file("table/x", tmp_path / "none")
    assert _names(folder, "table") == []


def test_signed_links_need_no_credentials(bucket: Store, folder: Store) -> None:
    bucket.put("a.zip", b"zip")
    link = bucket.presigned("a.zip", timedelta(days=7))

    assert link
    assert "X-Amz-Expires=604800" in link
    assert httpx.get(link).content == b"zip"
    assert folder.presigned("a.zip", timedelta(days=7)) is None


@pytest.mark.parametrize(
    "key", ["", "/", "/a", "a/", "a//b", "..", "../a", "a/..", "a/../b", "./a", "a/.", "a b", "ü", "a\n", "a\\b", "a?b"]
)
def test_what_is_no_key_is_refused(folder: Store, key: str) -> None:
    refused: list[Callable[[str], object]] = [folder.get, folder.size, folder.open, folder.keys]
    refused += [lambda key: folder.put(key, b""), lambda key: folder.put_file(key, Path("x"))]
    for use in refused:
        with pytest.raises(ValueError, match="is not a store key"):
            use(key)


@pytest.mark.parametrize(
    "key", ["a", "a.b", ".a", "..a", "a..", "...", "date=2026-11-23/batch=x/part-g1-0.parquet", "_S"]
)
def test_what_is_a_key_is_taken(folder: Store, key: str) -> None:
    folder.put(key, b"1")
    assert folder.get(key) == b"1"


def test_errors_name_the_object(s3: AwsAccess, bucket: Store) -> None:
    elsewhere = open_store("s3://no-such-bucket/x", s3)
    cases: list[tuple[Any, str]] = [
        (lambda: elsewhere.put("a", b""), "cannot write s3://no-such-bucket/x/a: "),
        (lambda: elsewhere.keys("a"), "cannot list s3://no-such-bucket/x/a: "),
        (lambda: bucket.open("a/none"), f"cannot read {bucket.uri}/a/none: "),
    ]
    for fail, message in cases:
        with pytest.raises(StoreError) as error:
            fail()
        assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("location", "way_out"),
    [
        ("gs://bucket", "give a folder or s3://bucket/prefix"),
        ("http://127.0.0.1/", "give a folder or s3://bucket/prefix"),
        ("s3://", "name a bucket"),
        ("s3:///prefix", "name a bucket"),
    ],
)
def test_locations_that_are_no_store(location: str, way_out: str) -> None:
    with pytest.raises(Refused, match=way_out) as refused:
        open_store(location)
    assert str(refused.value).startswith("COMPLETIONS_STORE '")


def test_a_file_is_no_store() -> None:
    with pytest.raises(StoreError, match="the store /dev/null cannot be used as a folder"):
        open_store("/dev/null")


def test_s3_without_credentials_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(StoreError, match=r"no AWS credentials found for .*: set the connection aws_default"):
        open_store("s3://bucket/x", AwsAccess(boto3.Session()))


@pytest.mark.parametrize("ending", ["", "/"])
def test_a_trailing_slash_changes_nothing(s3: AwsAccess, bucket: Store, tmp_path: Path, ending: str) -> None:
    assert open_store(f"{bucket.uri}{ending}", s3).uri == bucket.uri
    assert open_store(f"{tmp_path}{ending}").uri == str(tmp_path)
