"""Whatever is wrong with a store is told in one clear sentence."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from batches import BATCH, NOW, planned, record
from completions.collect import collect
from completions.record import Artifacts, answer_key
from completions.store import AwsAccess, Store, StoreError, open_store
from completions.store_errors import why
from poor_s3 import Answer, poor

pytest_plugins = ["stores"]

BRIEF = timedelta(seconds=1)
DENIED = "access denied: these credentials may not do that here"
REGION = "the bucket is in another region: set region_name in the connection aws_default"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((404, "NoSuchBucket"), "there is no such bucket"),
        ((403, "AccessDenied"), DENIED),
        ((403, ""), DENIED),
        ((403, "InvalidAccessKeyId"), "the access key is not known there: see the connection aws_default"),
        ((403, "SignatureDoesNotMatch"), "the secret key is wrong: see the connection aws_default"),
        ((400, "ExpiredToken"), "the credentials have expired"),
        ((403, "RequestTimeTooSkewed"), "this machine's clock is wrong"),
        ((301, "PermanentRedirect"), REGION),
        ((400, "AuthorizationHeaderMalformed"), REGION),
        ((503, "SlowDown"), "the store is overloaded and asks to go slower"),
        ((507, "XMinioStorageFull"), "the store is full"),
        ((418, "Teapot"), "HTTP 418 I'm a teapot, Teapot: The long message of Teapot."),
        (None, "127.0.0.1:{port} did not answer in time"),
    ],
)
def test_what_a_bucket_answers(s3: AwsAccess, answer: Answer, sentence: str) -> None:
    with poor(replace(s3, patience=BRIEF), lambda *_: answer) as access:
        store = open_store("s3://bucket/x", access)
        port = str(access.endpoint_url).rpartition(":")[2]
        uses: dict[str, Callable[[], object]] = {"write": lambda: store.put("a", b""), "read": lambda: store.get("a")}
        for verb, use in uses.items():
            with pytest.raises(StoreError) as told:
                use()
            assert str(told.value) == f"cannot {verb} s3://bucket/x/a: {sentence.format(port=port)}"


def test_a_bucket_that_is_not_there_is_not_an_empty_one(s3: AwsAccess) -> None:
    store = open_store("s3://no-such-bucket/x", s3)
    uses: list[Callable[[], object]] = [lambda: store.get("a"), lambda: store.size("a"), lambda: store.keys("a")]
    uses.append(lambda: store.delete(["a"]))
    for use in uses:
        with pytest.raises(StoreError, match="there is no such bucket"):
            use()


def test_patience_is_a_time_and_no_number_of_tries(s3: AwsAccess, bucket: Store) -> None:
    away = iter([(503, "ServiceUnavailable")] * 12)  # the client by itself gives up after ten
    with poor(replace(s3, patience=timedelta(minutes=3)), lambda *_: next(away, True)) as access:
        open_store(bucket.uri, access).put("a", b"1")
    assert (bucket.get("a"), list(away)) == (b"1", [])


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://no-such-host.invalid:80"])
def test_where_nothing_answers(endpoint: str, s3: AwsAccess) -> None:
    store = open_store("s3://bucket", replace(s3, endpoint_url=endpoint, patience=BRIEF))
    with pytest.raises(StoreError, match=f"^cannot read s3://bucket/a: nothing answers at {endpoint[7:]}$"):
        store.get("a")


FILL = """
import sys
from pathlib import Path
from completions.store import StoreError, open_store
store, file = open_store(sys.argv[1]), Path(sys.argv[1], "large")
file.write_bytes(bytes(50_000))
store.put("small", b"1")
for write in (lambda: store.put("a", bytes(100_000)), lambda: store.create("b", bytes(100_000)),
              lambda: store.put_file("c", file)):
    try:
        write()
    except StoreError as error:
        print(error)
print(sorted(each.name for each in Path(sys.argv[1]).rglob("*") if each.is_file()))
"""
MOUNTED = ["unshare", "--user", "--mount", "--map-root-user", "sh", "-c"]


def _may_mount(at: Path) -> bool:
    try:
        tried = subprocess.run([*MOUNTED, f"mount -t tmpfs tmpfs '{at}'"], check=False, capture_output=True)
        return not tried.returncode
    except OSError:
        return False


def test_a_full_disk(tmp_path: Path) -> None:
    """A real one, of 64 kB. What was there stays, and nothing half remains."""
    if not _may_mount(tmp_path):
        pytest.skip("this user may not mount")
    script = f"mount -t tmpfs -o size=64k tmpfs '{tmp_path}' && exec \"$@\""
    command = [*MOUNTED, script, "sh", sys.executable, "-c", FILL, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[:3] == [f"cannot write {tmp_path}/{key}: the disk is full" for key in "abc"]
    assert told[3] == "['large', 'small']"


COLLECT = """
import sys
from datetime import UTC, datetime
from completions.collect import collect
from completions.store import StoreError, open_store
try:
    collect(open_store(sys.argv[1]), sys.argv[2], datetime.now(UTC))
except StoreError as error:
    print(error)
"""


def test_a_full_disk_of_temporary_files(tmp_path: Path, folder: Store) -> None:
    """What was answered stays, and the next collect, with more room, does it."""
    (small := tmp_path / "small").mkdir()
    if not _may_mount(small):
        pytest.skip("this user may not mount")
    plan, noise = planned(folder, ["a", "b"]), Random(1)
    for item in plan.items:
        kept = record(plan, item, artifacts=Artifacts(raw_stream=noise.randbytes(400_000)))
        folder.put(answer_key(BATCH, item.index, item.sample), kept.packed())
    script = f"mount -t tmpfs -o size=300k tmpfs '{small}' && exec \"$@\""
    command = [*MOUNTED, script, "sh", sys.executable, "-c", COLLECT, folder.uri, BATCH]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "TMPDIR": str(small)})
    assert told.stdout == f"cannot pack batch {BATCH} in the temporary folder {small}: the disk is full\n"
    assert folder.keys("datasets") == set()
    assert collect(folder, BATCH, NOW).successful == 2


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "x"), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system"), "the disk is read-only"),
        (PermissionError(errno.EACCES, "Permission denied"), "access denied: this user may not do that here"),
        (OSError(errno.EISDIR, "Is a directory"), "is a directory"),
        (OSError("what nobody knows\nand its details"), "what nobody knows"),
        (OSError(), "OSError"),
    ],
)
def test_what_a_folder_answers(error: OSError, sentence: str) -> None:
    assert why(error) == sentence


def test_what_was_stored_before_the_disk_was_full_is_kept(folder: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = Path(folder.uri, "new")
    file.write_bytes(b"new")
    folder.put("table/part", b"old")
    monkeypatch.setattr(shutil, "copyfile", fill)
    with pytest.raises(StoreError, match="the disk is full"):
        folder.put_file("table/part", file)
    assert folder.get("table/part") == b"old"
