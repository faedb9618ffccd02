"""On an S3 that checks signatures: the tests of stores, datasets and archives once more, refusals, and a power cut."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

import test_archive
import test_collect
import test_collect_disturbed
import test_store
from batches import BATCH, NOW, ask, planned
from completions.collect import collect
from completions.conformance import check
from completions.manifest import Manifest, load_manifest
from completions.store import Store, StoreError, open_store
from completions.verify import verify
from rgw import Rgw

pytest_plugins = ["stores", "rgw"]
pytestmark = [pytest.mark.rgw, pytest.mark.drill]

LATER = NOW + timedelta(minutes=5)
DENIED = "access denied: these credentials may not do that here"

for module in (test_store, test_collect, test_collect_disturbed, test_archive):
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if name.startswith("test_") and "any_store" in inspect.signature(function).parameters:
            globals()[f"{name}_signed"] = function


@pytest.fixture
def any_store(signed: Store) -> Store:
    """What the tests of other files get here."""
    return signed


def test_a_sound_store_without_a_remark(signed: Store) -> None:
    assert {each.check: each.seen for each in check(signed) if each.ok is not True} == {}


USES: dict[str, Callable[[Store], object]] = {
    "write": lambda store: store.put("a", b"1"),
    "read": lambda store: store.get("a"),
    "look": lambda store: store.size("a"),
    "list": lambda store: store.keys("a"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(
    ("key", "secret", "why"),
    [
        ("owner", "wrong", "the secret key is wrong: see the connection aws_default"),
        ("nobody", "secret", "the access key is not known there: see the connection aws_default"),
        ("guest", "secret", DENIED),
    ],
)
def test_who_may_not(rgw: Rgw, signed: Store, use: Callable[[Store], object], key: str, secret: str, why: str) -> None:
    signed.put("a", b"0")
    with pytest.raises(StoreError) as told:
        use(open_store(signed.uri, rgw.access(key, secret)))
    assert str(told.value).endswith(f" {signed.uri}/a: {why}")
    assert signed.get("a") == b"0"


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_bucket_that_is_not_there(rgw: Rgw, use: Callable[[Store], object]) -> None:
    with pytest.raises(StoreError, match=r"there is no such bucket$"):
        use(open_store("s3://no-such-bucket/x", rgw.access()))


def _deny(rgw: Rgw, store: Store, prefix: str) -> Store:
    """The store as a guest sees it who may do everything, but write below `prefix`."""
    bucket = store.uri.split("/")[2]
    arn, guest = f"arn:aws:s3:::{bucket}", {"AWS": ["arn:aws:iam:::user/guest"]}
    denied = f"{arn}/{store.prefix}{prefix}/*"
    statements = [
        {"Effect": "Allow", "Principal": guest, "Action": "s3:*", "Resource": [arn, f"{arn}/*"]},
        {"Effect": "Deny", "Principal": guest, "Action": "s3:PutObject", "Resource": denied},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    session = rgw.access().session
    assert session
    session.client("s3", endpoint_url=rgw.endpoint).put_bucket_policy(Bucket=bucket, Policy=policy)
    return open_store(store.uri, rgw.access("guest"))


def test_a_prefix_that_is_denied(rgw: Rgw, signed: Store) -> None:
    ask(signed, planned(signed))
    guest = _deny(rgw, signed, "datasets")
    assert {each.check for each in check(guest) if each.ok is False} == {"folders"}
    with pytest.raises(StoreError, match=rf"^cannot write {signed.uri}/datasets/completions/.*: {DENIED}$"):
        collect(guest, BATCH, LATER)
    assert load_manifest(signed, BATCH) is None
    guest = _deny(rgw, signed, "elsewhere")
    assert collect(guest, BATCH, LATER).successful == 2
    assert _sound(guest)


def _sound(store: Store) -> bool:
    return all(each.ok for each in verify(store, BATCH, datetime.now(UTC)))


def _undisturbed(store: Store) -> Manifest:
    """What collect makes of the batch; then it is as if that had never been."""
    ask(store, planned(store, [f"prompt {number}" for number in range(60)], format="rendered"))
    manifest = collect(store, BATCH, LATER)
    store.delete([*(stored.key for stored in manifest.stored), f"batches/{BATCH}/manifest.json"])
    store.delete(store.keys("datasets"))
    return manifest


def _cut_at(monkeypatch: pytest.MonkeyPatch, write: int, cut: Callable[[], None]) -> None:
    """Have `cut` done before that write of a part or archive, counted from 0."""
    puts, put_file = iter(range(99)), Store.put_file

    def put(store: Store, key: str, file: Path) -> None:
        if next(puts) == write:
            cut()
        put_file(store, key, file)

    monkeypatch.setattr(Store, "put_file", put)


@pytest.mark.parametrize("write", [1, *(pytest.param(write, marks=pytest.mark.whole) for write in (0, 2))])
def test_a_server_that_is_killed_loses_nothing(
    rgw: Rgw, signed: Store, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    """Server and disk are killed in the middle of a collect; when they are back, the next one gives the same."""
    wanted = _undisturbed(signed)
    asked = {key: signed.get(key) for key in signed.keys("batches")}
    _cut_at(monkeypatch, write, rgw.kill)
    impatient = open_store(signed.uri, replace(rgw.access(), patience=timedelta(seconds=1)))
    try:
        with pytest.raises(StoreError, match=r"^cannot write s3://\S+: nothing answers at 127.0.0.1:\d+$"):
            collect(impatient, BATCH, LATER)
    finally:
        rgw.start()
    monkeypatch.undo()
    assert {key: signed.get(key) for key in asked} == asked
    assert load_manifest(signed, BATCH) is None
    assert collect(signed, BATCH, LATER) == wanted
    assert _sound(signed)


def test_a_collect_outlasts_a_server_that_comes_back(rgw: Rgw, signed: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, back = _undisturbed(signed), Thread(target=rgw.start)

    def cut() -> None:
        rgw.kill("radosgw")
        back.start()

    _cut_at(monkeypatch, 1, cut)
    assert collect(signed, BATCH, LATER) == wanted
    back.join()
    assert _sound(signed)
