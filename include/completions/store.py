"""Keys and bytes: a local folder or S3, the same code.

A key is a relative path of `/`-separated parts that hold ids, hashes and fixed words, never text of a prompt. One PUT
of an object is atomic on both kinds of store; `create` is the conditional PUT that lets one of many writers win.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError
from obstore.store import LocalStore, S3Store

from completions.errors import Refused, Unreachable
from completions.leftovers import is_dead, temporary_name
from completions.store_errors import bucket_is_missing, why

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from boto3.session import Session
    from obstore import ReadableFile

Origin = Literal["live", "rehearsal"]

_TOGETHER = 32
_ONE_REQUEST = timedelta(seconds=75)
"""What S3 may take to answer: the client's own 30 s would ask a store in distress again and again, for nothing."""
_BACKOFF = {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=5), "base": 2}
_CREDENTIALS_STAND = timedelta(minutes=1)
"""How long the client goes by them before it asks the session anew, which knows when they run out."""
_KEY = re.compile(r"(?!(?:.*/)?\.{1,2}(?:/|$))[A-Za-z0-9_.=-]+(?:/[A-Za-z0-9_.=-]+)*")


class StoreError(Unreachable):
    """The store could not be read or written; the message says which one and what it answered."""


@dataclass(frozen=True)
class AwsAccess:
    """How to reach S3: whose credentials, where. Without a session the ordinary AWS chain is used."""

    session: Session | None = None
    endpoint_url: str | None = None
    region: str | None = None
    patience: timedelta | None = None
    """How long S3 may be out of reach, tried again and again, before that is an error; None: ten tries of 75 s."""


@dataclass(frozen=True)
class Found:
    """An object as a listing shows it."""

    key: str
    bytes: int
    written_at: datetime
    """When it was last put, or copied here."""


@dataclass(frozen=True)
class Store:
    """One prefix of a folder or a bucket."""

    uri: str
    """`/abs/folder` or `s3://bucket/prefix`, without a trailing slash."""
    inner: LocalStore | S3Store
    prefix: str = ""
    """Put before every key; ends in `/` unless empty."""

    def under(self, prefix: str) -> Store:
        """The same store seen from `prefix`."""
        return replace(self, uri=f"{self.uri}/{prefix}", prefix=f"{self.prefix}{prefix}/")

    def of(self, origin: Origin) -> Store:
        """Where batches of this origin live: everything rehearsed has a prefix of its own."""
        return self.under("rehearsal") if origin == "rehearsal" else self

    def uri_of(self, key: str) -> str:
        """What DuckDB, pandas and the AWS command line call `key`."""
        return f"{self.uri}/{key}"

    def put(self, key: str, data: bytes) -> None:
        """Write `data`, replacing what was there."""
        with self._told("write", key):
            obstore.put(self.inner, self._path(key), data)

    def create(self, key: str, data: bytes) -> bool:
        """Write `data` only if there's nothing at `key`; False when another was first."""
        with self._told("write", key):
            try:
                obstore.put(self.inner, self._path(key), data, mode="create")
            except AlreadyExistsError:
                return False
            return True

    def get(self, key: str) -> bytes | None:
        """The bytes at `key`; None when there are none."""
        with self._told("read", key):
            try:
                return bytes(obstore.get(self.inner, self._path(key)).bytes())
            except FileNotFoundError as error:
                if bucket_is_missing(error):
                    raise
                return None

    def get_many(self, keys: Sequence[str]) -> Iterator[bytes | None]:
        """The bytes at each key, in the order of `keys`; read together, so many ahead of who takes them."""
        ahead: deque[Future[bytes | None]] = deque()
        with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="store") as pool:
            for key in keys:
                ahead.append(pool.submit(self.get, key))
                if len(ahead) == _TOGETHER:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()

    def keys(self, prefix: str) -> set[str]:
        """Every key below the folder `prefix`, seen from this store."""
        return {found.key for found in self.listed(prefix)}

    def listed(self, prefix: str) -> Iterator[Found]:
        """What is below the folder `prefix`, as the store lists it, a thousand with each request."""
        with self._told("list", prefix):
            for page in obstore.list(self.inner, self._path(prefix), chunk_size=1000):
                for meta in page:
                    yield Found(meta["path"].removeprefix(self.prefix), meta["size"], meta["last_modified"])

    def first(self, prefix: str, limit: int, after: str | None = None) -> list[str]:
        """The first `limit` names in the folder `prefix`, in order; of those after the name `after`, if it is given."""
        offset = self._path(f"{prefix}/{after}") if after else None
        with self._told("list", prefix):
            names: list[str] = []
            for page in obstore.list(self.inner, self._path(prefix), offset=offset, chunk_size=1000):
                names += (Path(meta["path"]).name for meta in page)
                if not self.is_local and len(names) >= limit:  # a bucket lists in order
                    break
            return sorted(names)[:limit]

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders right below `prefix`."""
        with self._told("list", prefix):
            found = obstore.list_with_delimiter(self.inner, self._path(prefix))
            return sorted(Path(path).name for path in found["common_prefixes"])

    def delete(self, keys: Iterable[str]) -> None:
        """Remove `keys`; those that are not there are no error."""
        paths = [self._path(key) for key in keys]
        if not paths:
            return
        with self._told("delete from", ""):
            for chunk in [paths] if not self.is_local else [[path] for path in paths]:
                try:
                    obstore.delete(self.inner, chunk)
                except FileNotFoundError as error:
                    if bucket_is_missing(error):
                        raise

    def put_file(self, key: str, file: Path) -> None:
        """Write the file's bytes as one object, streamed (multipart where the store has it)."""
        path = self._path(key)
        with self._told("write", key):
            if self.is_local:
                _copy(file, Path(self.uri, key), self._unfinished())
            else:
                obstore.put(self.inner, path, file)

    def move(self, key: str, to: str) -> None:
        """Give the object at `key` another key; no error where it is not there any more."""
        with self._told("move", key), suppress(FileNotFoundError):
            obstore.rename(self.inner, self._path(key), self._path(to))

    def open(self, key: str) -> io.BufferedReader:
        """The object at `key` as a file that is read by ranges; raises `StoreError` when there is none."""
        told = self._told("read", key)
        with told:
            return io.BufferedReader(_Ranges(obstore.open_reader(self.inner, self._path(key)), told))

    def size(self, key: str) -> int | None:
        """Bytes of the object at `key`; None when there is none."""
        found = self.find(key)
        return found.bytes if found else None

    def find(self, key: str) -> Found | None:
        """The object at `key` as a listing would show it; None when there is none."""
        with self._told("read", key):
            try:
                meta = obstore.head(self.inner, self._path(key))
            except (FileNotFoundError, PermissionDeniedError) as error:
                self.get(key)  # HEAD has no words: this says which key is wrong, or that there is no such bucket
                if isinstance(error, FileNotFoundError):
                    return None
                raise
            return Found(key, meta["size"], meta["last_modified"])

    def unfinished(self) -> list[Path]:
        """What killed processes left half written in a folder; a bucket shows nobody such things."""
        return [file for file in self._unfinished().glob("*") if is_dead(file)] if self.is_local else []

    def sweep(self) -> None:
        """Remove what killed processes left half written."""
        for file in self.unfinished():
            file.unlink(missing_ok=True)

    def presigned(self, key: str, life: timedelta) -> str | None:
        """A link that reads `key` without credentials for `life`; None for a folder."""
        if isinstance(self.inner, LocalStore):
            return None
        with self._told("sign", key):
            return obstore.sign(self.inner, "GET", self._path(key), life)

    @property
    def is_local(self) -> bool:
        """Whether this is a folder."""
        return isinstance(self.inner, LocalStore)

    def _unfinished(self) -> Path:
        """Where files are until they are whole: beside everything that has a meaning."""
        return Path(self.uri.removesuffix(f"/{self.prefix.rstrip('/')}") if self.prefix else self.uri, ".unfinished")

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is not a store key")
        return f"{self.prefix}{key}"

    def _told(self, verb: str, key: str) -> _Told:
        return _Told(f"cannot {verb} {self.uri_of(key)}")


class _Ranges(io.RawIOBase):
    """Gives a reader of ranges the interface of a Python file."""

    def __init__(self, reader: ReadableFile, told: _Told) -> None:
        self.reader, self.told = reader, told

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self.reader.seek(offset, whence)

    def tell(self) -> int:
        return self.reader.tell()

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        with self.told:
            data = self.reader.read(len(view))
        view[: len(data)] = data
        return len(data)


class _Told:
    """Turns what the client raises into one sentence that names the object."""

    def __init__(self, doing: str) -> None:
        self.doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, (BaseError, OSError)):
            raise StoreError(f"{self.doing}: {why(error)}") from error


def open_store(location: str | Path, aws: AwsAccess | None = None) -> Store:
    """The store at a folder's path or `s3://bucket/prefix`.

    Raises `Refused` when the location is neither, `StoreError` when it cannot be used or no AWS credentials are found.
    """
    text = str(location)
    if text.startswith("s3://"):
        return _open_s3(text, aws or AwsAccess())
    if "://" in text:
        raise Refused("COMPLETIONS_STORE", text, "give a folder or s3://bucket/prefix")
    folder = Path(text).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Store(str(folder), LocalStore(folder))
    except (OSError, BaseError) as error:
        raise StoreError(f"the store {text} cannot be used as a folder ({why(error)})") from error


def _open_s3(uri: str, aws: AwsAccess) -> Store:
    import boto3
    from obstore.auth.boto3 import Boto3CredentialProvider

    bucket, _, path = uri.removeprefix("s3://").rstrip("/").partition("/")
    if not bucket:
        raise Refused("COMPLETIONS_STORE", uri, "name a bucket: s3://bucket/prefix")
    session = aws.session or boto3.Session()
    try:
        credentials = Boto3CredentialProvider(session, ttl=_CREDENTIALS_STAND)
    except ValueError as error:
        raise StoreError(f"no AWS credentials found for the store {uri}: set the connection aws_default") from error
    endpoint = aws.endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    options: dict[str, Any] = {"timeout": min(aws.patience or _ONE_REQUEST, _ONE_REQUEST)}
    config: dict[str, Any] = {"region": aws.region or session.region_name or "us-east-1", "client_options": options}
    if endpoint:
        config["endpoint"] = endpoint
        options["allow_http"] = endpoint.startswith("http://")
    if aws.patience:  # and no number of tries, ten of which may be over in two seconds
        config["retry_config"] = {"retry_timeout": aws.patience, "max_retries": 10_000, "backoff": _BACKOFF}
    inner = S3Store(bucket, credential_provider=credentials, **config)
    return Store(f"s3://{bucket}/{path}".rstrip("/"), inner, f"{path}/" if path else "")


def _copy(file: Path, target: Path, unfinished: Path) -> None:
    """Copy by way of another folder: those who read this one would take obstore's own `name#1` for data."""
    for folder in (target.parent, unfinished):
        folder.mkdir(parents=True, exist_ok=True)
    hidden = unfinished / temporary_name()
    try:
        shutil.copyfile(file, hidden)
        hidden.replace(target)
    finally:
        hidden.unlink(missing_ok=True)
