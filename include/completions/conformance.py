"""Whether a folder or bucket does what the project rests on: looked at with objects of its own, which go afterwards."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from uuid import uuid4

import httpx
from obstore.exceptions import BaseError

from completions.store import Store, StoreError
from completions.store_errors import why

WRITERS = 16
"""How many race for one object, `ROUNDS` times."""
ROUNDS = 3
LARGE = 12_000_000
"""Bytes of an object that is put in several parts."""
SLOW = 1.0
"""Seconds of a small write after which a store is called slow: a batch makes some three for each prompt."""
FOLDERS = ("audits", "batches", "cache", "datasets", "health", "manners", "marts", "rehearsal", "superseded")
"""Where the project writes: a policy may allow some of them only."""
PROBES = "probe"
"""The folder of what is written to look."""


@dataclass(frozen=True)
class Check:
    """One thing that was tried."""

    check: str
    seen: str
    ok: bool | None
    """None: it is not as it might be, which does no harm."""
    seconds: float


class Unfit(Exception):
    """The store did something else than it must; the message says what."""


class Remark(Exception):
    """The store does what it must; the message says what is worth knowing all the same."""


def check(store: Store) -> Iterator[Check]:
    """Try everything, one after the other; what cannot even be written to is not tried further."""
    folder = f"{PROBES}/{uuid4().hex}"
    try:
        for name, attempt in _ATTEMPTS.items():
            found = _tried(name, attempt, store, folder)
            yield found
            if name == "write" and not found.ok:
                return
    finally:
        with suppress(StoreError):
            store.delete(store.keys(folder))
        if store.is_local:
            shutil.rmtree(Path(store.uri, folder), ignore_errors=True)


def _tried(name: str, attempt: Callable[[Store, str], str], store: Store, folder: str) -> Check:
    begin = time.monotonic()
    ok: bool | None = True
    try:
        seen = attempt(store, folder)
    except (Unfit, StoreError) as error:
        seen, ok = str(error), False
    except (BaseError, OSError) as error:  # met while a file was read, or on this machine
        seen, ok = why(error), False
    except Remark as remark:
        seen, ok = str(remark), None
    return Check(name, seen, ok, round(time.monotonic() - begin, 3))


def _write(store: Store, folder: str) -> str:
    """Puts, replaces and reads back."""
    for number in range(3):
        store.put(f"{folder}/write", content := b"%d" % number)
        if store.get(f"{folder}/write") != content:
            raise Unfit("what was written last is not what is read")
    free = f", {shutil.disk_usage(store.uri).free / 1e9:.1f} GB free" if store.is_local else ""
    return f"what is written is read back{free}"


def _speed(store: Store, folder: str) -> str:
    begin = time.monotonic()
    for number in range(3):
        store.put(f"{folder}/speed-{number}", bytes(1000))
    took = (time.monotonic() - begin) / 3
    if took > SLOW:
        raise Remark(f"slow: a small write takes {took:.1f} s, and a batch makes some three for each prompt")
    return f"a small write takes {1000 * took:.0f} ms"


def _folders(store: Store, _: str) -> str:
    """A hidden object in each, which no reader of a dataset looks at."""
    name = f"_probe-{uuid4().hex}"
    for folder in FOLDERS:
        store.put(f"{folder}/{name}", b"")
        store.delete([f"{folder}/{name}"])
    return f"{', '.join(FOLDERS)} can be written to"


def _list(store: Store, folder: str) -> str:
    wanted = {f"{folder}/list/{number}" for number in range(3)}
    for key in wanted:
        store.put(key, b"")
    if store.keys(f"{folder}/list") != wanted or "list" not in store.folders(folder):
        raise Unfit("what was just written is not listed")
    return "what is written is listed at once"


def _absent(store: Store, folder: str) -> str:
    try:
        there = store.get(f"{folder}/none"), store.size(f"{folder}/none")
    except StoreError as error:
        raise Unfit(
            f"it does not tell what is not there, for which S3 wants s3:ListBucket on the bucket: {error}"
        ) from error
    if there != (None, None):
        raise Unfit("it shows an object that was never written")
    return "what is not there is told as not there"


def _create(store: Store, folder: str) -> str:
    if [store.create(f"{folder}/create", each) for each in (b"one", b"two")] != [True, False]:
        raise Unfit("it ignores conditional writes (If-None-Match): two runs could write over one another")
    if store.get(f"{folder}/create") != b"one":
        raise Unfit("a write that it refused was done all the same")
    return "of two that create the same object the second is refused"


def _race(store: Store, folder: str) -> str:
    with ThreadPoolExecutor(WRITERS) as pool:
        for number in range(ROUNDS):
            key, start = f"{folder}/race-{number}", Barrier(WRITERS)
            won = list(pool.map(_created, repeat(store), repeat(key), range(WRITERS), repeat(start)))
            if won.count(True) != 1:
                raise Unfit(
                    f"of {WRITERS} that created one object together {won.count(True)} were told they were first"
                )
            if store.get(key) != b"%d" % won.index(True):
                raise Unfit("another object is there than that of the one who was told it was first")
    return f"of {WRITERS} that create one object together one wins, {ROUNDS} times of {ROUNDS}"


def _created(store: Store, key: str, writer: int, start: Barrier) -> bool:
    start.wait(60)
    return store.create(key, b"%d" % writer)


def _large(store: Store, folder: str) -> str:
    key, content = f"{folder}/large", bytes(range(256)) * (LARGE // 256)
    with TemporaryDirectory(prefix="probe-") as scratch:
        file = Path(scratch, "large")
        file.write_bytes(content)
        store.put_file(key, file)
    if store.size(key) != len(content):
        raise Unfit("an object that is put in parts is not there as a whole")
    with store.open(key) as reader:
        reader.seek(-300, 2)
        if reader.read() != content[-300:]:
            raise Unfit("an object that is put in parts is not read back by ranges")
    return f"{LARGE / 1e6:.0f} MB go in by parts and are read by ranges"


def _link(store: Store, folder: str) -> str:
    store.put(f"{folder}/link", b"linked")
    link = store.presigned(f"{folder}/link", timedelta(minutes=5))
    if link is None:
        raise Remark("a folder has no links: archives are handed out by the API, or by `completions get`")
    try:
        got = httpx.get(link, timeout=30)
        forged = httpx.get(link[:-1] + ("0" if link[-1] != "0" else "1"), timeout=30)
    except httpx.HTTPError as error:
        raise Unfit(f"a signed link cannot be followed: {str(error) or type(error).__name__}") from error
    if got.content != b"linked":
        raise Unfit(f"a signed link does not read the object: HTTP {got.status_code}")
    if forged.is_success:
        raise Remark("signed links work, but forged ones do too: whoever reaches this store reads all of it")
    return "a signed link reads the object, a forged one does not"


def _move(store: Store, folder: str) -> str:
    store.put(f"{folder}/from", b"moved")
    store.move(f"{folder}/from", f"{folder}/to")
    if (store.get(f"{folder}/from"), store.get(f"{folder}/to")) != (None, b"moved"):
        raise Unfit("an object that was moved is still where it was, or not where it was moved to")
    return "an object can be moved"


def _delete(store: Store, folder: str) -> str:
    store.delete(store.keys(folder))
    if left := store.keys(folder):
        raise Unfit(f"{len(left)} objects that were deleted are still listed")
    return "what is deleted is gone at once"


_ATTEMPTS: dict[str, Callable[[Store, str], str]] = {
    "write": _write,
    "speed": _speed,
    "folders": _folders,
    "list": _list,
    "absent": _absent,
    "create": _create,
    "race": _race,
    "large": _large,
    "link": _link,
    "move": _move,
    "delete": _delete,
}
