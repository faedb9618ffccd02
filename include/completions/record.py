"""What is stored of one conversation, and the keys under which a batch keeps its things.

``batches/<batch_id>/`` holds ``request.json`` (the request), ``plan.json`` (what is to be asked, by whom),
``answers/<index>-<sample>.json.zst`` (a `Record` each, written the moment a conversation ends),
``progress/<shard>.json`` (how far each task is), ``failure.json`` (only if the pipeline broke), ``manifest.json`` (the
batch as it stands, once it is collected), the archive and ``notifications-g<generation>.json`` (see `notification`).
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal, Self

import zstandard
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from completions.answer import Answer
from completions.errors import Outcome

SCHEMA_VERSION = 1
MAX_RECORD_BYTES = 64 * 1024 * 1024
"""A record that unpacks to more is not read: no conversation is that large, a bomb may be."""

_BATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Artifacts(BaseModel):
    """The heavy bytes of a conversation, as received. Bytes are base64 in JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    page_html: str | None = None
    prompt_html: str | None = None
    completion_html: str | None = None
    sources_html: str | None = None
    ads_html: str | None = None
    raw_stream: bytes | None = None
    raw_stream_kind: str | None = None
    screenshot: bytes | None = None
    """PNG of the viewport."""
    page_copy: bytes | None = None
    """MHTML."""
    cut: list[str] = []
    """Names of the fields above that were over their cap, and so cut or left out."""


class Met(BaseModel):
    """What a conversation met beside the bytes that are kept: whoever reads these again needs it to judge as it did."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: int | None = None
    """HTTP status of the page itself; None where it never came."""
    headers: dict[str, str] = {}
    """Of the page's own, those that tell a wall."""
    url: str | None = None
    """Where the page was when it was read."""
    wall: Outcome | None = None
    seen: str | None = None
    """What ended the conversation before its bytes were read, if something did."""
    warnings: list[str] = []
    """Those that do not come from the bytes."""
    outcome: Outcome
    """What the conversation ended in when it was held."""


class Record(BaseModel):
    """One conversation: what happened, what was shown, and the bytes it was read from."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    answer_id: str
    prompt: str
    cache_key: str | None = None
    """Where the answer may be kept for later batches; None when caching is off."""
    generation: int = 1
    outcome: Outcome
    error_message: str | None = None
    warnings: list[str] = []
    attempts: int
    """Conversations held for this prompt; 0 when it was never asked."""
    requested_at: AwareDatetime
    """When the batch was planned."""
    started_at: AwareDatetime | None = None
    first_token_at: AwareDatetime | None = None
    answered_at: AwareDatetime | None = None
    latency_ms: int | None = None
    """From sending the prompt to the finished answer."""
    from_cache: bool = False
    cache_age_seconds: int | None = None
    cached_answer_id: str | None = None
    """The answer that this one repeats."""
    login_state: Literal["logged_out"] | None = None
    device_used: str | None = None
    locale_used: str | None = None
    timezone_used: str | None = None
    location_method: Literal["proxy", "direct", "emulated"] | None = None
    egress_country: str | None = None
    egress_subdivision: str | None = None
    egress_city: str | None = None
    egress_source: Literal["answer", "trace", "echo"] | None = None
    site_location: str | None = None
    location_match: Literal["exact", "country", "mismatch", "unknown"] | None = None
    ui_variant: str | None = None
    adapter_version: str | None = None
    bytes_received: int | None = None
    met: Met | None = None
    """None where no conversation was held."""
    answer: Answer | None = None
    artifacts: Artifacts = Artifacts()

    def packed(self) -> bytes:
        """The record as checksummed zstd over JSON."""
        return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(self.model_dump_json().encode())

    @classmethod
    def unpacked(cls, data: bytes) -> Self | None:
        """The record in `data`; None when it is cut, corrupt, a bomb, or something else."""
        try:
            return cls.model_validate_json(unpack(data))
        except (ValidationError, zstandard.ZstdError):
            return None


def unpack(data: bytes) -> bytes:
    """`data` decompressed; raises `ZstdError` unless it is one whole frame of at most `MAX_RECORD_BYTES`."""
    size = zstandard.frame_content_size(data)
    if not 0 <= size <= MAX_RECORD_BYTES:
        raise zstandard.ZstdError(f"unpacks to {size} bytes, more than {MAX_RECORD_BYTES} or unknown")
    return zstandard.ZstdDecompressor(max_window_size=2**27).decompress(data, allow_extra_data=False)


def prompt_id(prompt: str) -> str:
    """Stable id of a prompt's text: 32 hexadecimal digits."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:32]


def answer_id(batch_id: str, index: int, sample: int) -> str:
    """Stable id of one answer of a batch, the same in every generation: 32 hexadecimal digits."""
    return hashlib.sha256(f"{batch_id}/{index}/{sample}".encode()).hexdigest()[:32]


def is_batch_id(text: str) -> bool:
    """Whether a batch may be called so: no such name leaves its folder."""
    return _BATCH_ID.fullmatch(text) is not None


def batch_key(batch_id: str, name: str = "") -> str:
    """Key of one of a batch's things; `ValueError` when the id could leave its folder."""
    if not is_batch_id(batch_id):
        raise ValueError(f"{batch_id!r} is not a batch id")
    return f"batches/{batch_id}/{name}".rstrip("/")


def answer_key(batch_id: str, index: int, sample: int) -> str:
    """Key of the record of one conversation."""
    return batch_key(batch_id, f"answers/{index:04d}-{sample}.json.zst")
