from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from completions.answer import Answer, Citation
from completions.errors import Outcome
from completions.record import (
    MAX_RECORD_BYTES,
    Artifacts,
    Record,
    answer_id,
    answer_key,
    batch_key,
    prompt_id,
)

RECORD = Record(
    answer_id=answer_id("batch", 0, 0),
    prompt="What is a dam?",
    outcome=Outcome.ANSWERED,
    attempts=1,
    requested_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    answer=Answer(answer_text="A wall.", answer_markdown="A *wall*.", citations=[]),
    artifacts=Artifacts(page_html="<p>", raw_stream=b"\x00\xff"),
)
PACKED = RECORD.packed()

text = st.text(st.characters(exclude_categories=["Cs"]))
citations = st.none() | st.lists(st.builds(Citation), max_size=2)
times = st.datetimes(timezones=st.just(UTC))
records = st.builds(
    Record,
    answer=st.none() | st.builds(Answer, answer_text=text, citations=citations),
    artifacts=st.builds(Artifacts, page_html=st.none() | text, raw_stream=st.none() | st.binary()),
    requested_at=times,
    answered_at=st.none() | times,
)


def _zstd(content: bytes, *, tells_size: bool = True) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=tells_size).compress(content)


def _changed(**changes: Any) -> bytes:
    return _zstd(json.dumps(json.loads(RECORD.model_dump_json()) | changes).encode())


@settings(deadline=None)
@given(records)
def test_a_record_comes_back_as_it_went(record: Record) -> None:
    assert Record.unpacked(record.packed()) == record


def test_what_is_cut_anywhere_is_no_record() -> None:
    assert [length for length in range(len(PACKED)) if Record.unpacked(PACKED[:length])] == []


@settings(deadline=None)
@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_a_changed_byte_never_changes_the_record(position: int, change: int) -> None:
    changed = bytearray(PACKED)
    changed[position] ^= change
    assert Record.unpacked(bytes(changed)) in (None, RECORD)


@settings(deadline=None)
@given(st.binary())
def test_other_bytes_are_no_record(data: bytes) -> None:
    assert Record.unpacked(data) is None
    assert Record.unpacked(PACKED + data) == (None if data else RECORD)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_zstd(bytes(MAX_RECORD_BYTES + 1)), id="a bomb"),
        pytest.param(_zstd(bytes(MAX_RECORD_BYTES + 1), tells_size=False), id="a bomb that hides its size"),
        pytest.param(_zstd(b"{}"), id="another object"),
        pytest.param(_zstd(b"[" * 100_000), id="deep nesting"),
        pytest.param(_zstd(RECORD.model_dump_json().encode()[:-1]), id="cut JSON"),
        pytest.param(_zstd(RECORD.model_dump_json().encode("utf-16")), id="another encoding"),
        pytest.param(_changed(outcome="splendid"), id="an unknown outcome"),
        pytest.param(_changed(author="someone"), id="an unknown field"),
        pytest.param(_changed(attempts="many"), id="a field of another type"),
        pytest.param(_changed(requested_at="2026-11-23T12:00:00"), id="a time without a zone"),
        pytest.param(_changed(answer={"answer_text": "A wall."}), id="half an answer"),
        pytest.param(_changed(artifacts={"raw_stream": "*"}), id="what is not base64"),
    ],
)
def test_what_is_no_record(data: bytes) -> None:
    assert Record.unpacked(data) is None


@pytest.mark.parametrize(("spare", "unpacked"), [(1, RECORD), (0, RECORD), (-1, None)])
def test_a_record_may_be_as_large_as_the_cap(
    monkeypatch: pytest.MonkeyPatch, spare: int, unpacked: Record | None
) -> None:
    monkeypatch.setattr("completions.record.MAX_RECORD_BYTES", len(RECORD.model_dump_json()) + spare)
    assert Record.unpacked(PACKED) == unpacked


def test_ids_are_stable() -> None:
    assert prompt_id("What is a dam?") == "45acce6afa685ed1c6db2aeba115b1eb"
    assert answer_id("batch", 1, 2) == "2a6cdd89dab2cb6de072bbe419c18390"
    assert answer_key("batch", 12, 3) == "batches/batch/answers/0012-3.json.zst"
    assert len({answer_id(batch, index, sample) for batch in "ab" for index in range(12) for sample in range(9)}) == 216


@pytest.mark.parametrize("batch_id", ["a", "A-b_9", "6f1d2c3b-0000-4000-8000-000000000001", "x" * 64])
def test_batch_ids(batch_id: str) -> None:
    assert batch_key(batch_id) == f"batches/{batch_id}"
    assert batch_key(batch_id, "plan.json") == f"batches/{batch_id}/plan.json"


@pytest.mark.parametrize(
    "batch_id", ["", "-a", "_a", ".", "..", "a/b", "../a", "a.b", "a b", "a\n", "ü", "a=b", "x" * 65]
)
def test_what_is_no_batch_id(batch_id: str) -> None:
    with pytest.raises(ValueError, match="is not a batch id"):
        batch_key(batch_id)
