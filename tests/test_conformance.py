"""`store check` finds what a store does not do, and says it in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from completions import conformance
from completions.conformance import FOLDERS, Check, check
from completions.store import AwsAccess, Store, StoreError, open_store
from poor_s3 import Answer, poor

pytest_plugins = ["stores"]

ALL = ["write", "speed", "folders", "list", "absent", "create", "race", "large", "link", "move", "delete"]


def _found(store: Store) -> dict[str, Check]:
    return {each.check: each for each in check(store)}


def test_a_sound_store(any_store: Store) -> None:
    any_store.put("batches/mine", b"mine")
    found = _found(any_store)
    assert list(found) == ALL
    assert {name: each.ok for name, each in found.items() if each.ok is not True} == {"link": None}
    assert {key for folder in (*FOLDERS, "probe") for key in any_store.keys(folder)} == {"batches/mine"}
    if any_store.is_local:
        assert not any(Path(any_store.uri, "probe").iterdir())


def _never(*_: Any) -> None:
    return None


def _always(*_: Any) -> bool:
    return True


def _none(*_: Any) -> set[str]:
    return set()


def _denied(store: Store, key: str, *_: Any) -> None:
    raise StoreError(f"cannot read {store.uri_of(key)}: access denied")


def _cut(*_: Any) -> None:
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize(
    ("method", "does", "failed", "seen"),
    [
        ("put", _never, ["write"], "what was written last is not what is read"),
        ("create", _always, ["create", "race"], "it ignores conditional writes (If-None-Match)"),
        ("keys", _none, ["list"], "what was just written is not listed"),
        ("move", _never, ["move"], "an object that was moved is still where it was"),
        ("delete", _never, ["delete"], "objects that were deleted are still listed"),
        ("size", lambda *_: 3, ["absent", "large"], "it shows an object that was never written"),
        ("size", _denied, ["absent", "large"], "it does not tell what is not there, for which S3 wants s3:ListBucket"),
        ("put_file", lambda store, key, _: store.put(key, b"cut"), ["large"], "is not there as a whole"),
        ("open", _cut, ["large"], "input/output error"),
        ("presigned", lambda *_: "http://127.0.0.1:1/?signature=0", ["link"], "a signed link cannot be followed: "),
    ],
)
def test_what_it_does_not_do(
    folder: Store,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    does: Callable[..., object],
    failed: list[str],
    seen: str,
) -> None:
    monkeypatch.setattr(Store, method, does)
    found = _found(folder)
    assert [name for name, each in found.items() if each.ok is False] == failed
    assert seen in found[failed[0]].seen


def test_what_cannot_be_written_to_is_not_tried_further(s3: AwsAccess) -> None:
    found = _found(open_store("s3://no-such-bucket/x", s3))
    assert list(found) == ["write"]
    assert found["write"].seen.startswith("cannot write s3://no-such-bucket/x/probe/")
    assert found["write"].seen.endswith(": there is no such bucket")


def test_a_store_that_lets_two_win_a_race(folder: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def create(store: Store, key: str, data: bytes) -> bool:
        return _create(store, key, data) or ("race" in key and data == b"3")

    _create = Store.create
    monkeypatch.setattr(Store, "create", create)
    found = _found(folder)["race"]
    assert found.ok is False
    assert "of 16 that created one object together" in found.seen


def test_a_prefix_that_is_denied(s3: AwsAccess, bucket: Store) -> None:
    def judge(method: str, path: str) -> Answer | bool:
        return (403, "AccessDenied") if method == "PUT" and "/superseded/" in unquote(path) else True

    with poor(s3, judge) as access:
        found = _found(open_store(bucket.uri, access))
    assert [name for name, each in found.items() if each.ok is False] == ["folders"]
    assert found["folders"].seen.startswith(f"cannot write {bucket.uri}/superseded/_probe-")
    assert found["folders"].seen.endswith(": access denied: these credentials may not do that here")


def test_signatures_that_are_checked(s3: AwsAccess, bucket: Store) -> None:
    links: list[str] = []

    def judge(method: str, path: str) -> Answer | bool:
        if "X-Amz-Signature" not in path:
            return True
        links.append(path)
        return path == links[0] or (403, "SignatureDoesNotMatch")

    with poor(s3, judge) as access:
        found = _found(open_store(bucket.uri, access))
    assert {name: each.seen for name, each in found.items() if each.ok is not True} == {}
    assert len(links) == 2


def test_a_store_that_does_not_answer(s3: AwsAccess) -> None:
    with poor(replace(s3, patience=timedelta(seconds=1)), lambda *_: None) as access:
        found = _found(open_store("s3://bucket", access))
    assert list(found) == ["write"]
    assert found["write"].seen.endswith("did not answer in time")


def test_a_slow_store_is_no_unfit_one(folder: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "SLOW", 0)
    found = _found(folder)["speed"]
    assert (found.ok, found.seen[:26]) == (None, "slow: a small write takes ")
