"""No bytes stop an adapter, and only whole ones are an answer; what is each site's own is in files of their own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions.errors import Outcome
from completions.sites import NAMES
from sites import copilot_shapes, gemini_shapes, perplexity_shapes, shapes
from sites.reading import Read, understood

SITES = {"chatgpt": shapes, "gemini": gemini_shapes, "perplexity": perplexity_shapes, "copilot": copilot_shapes}
READERS = [of.read for of in SITES.values()]
STREAMS = [
    pytest.param(of.read, each, id=f"{name}-{n}") for name, of in SITES.items() for n, each in enumerate(of.STREAMS)
]
PAGES = [pytest.param(of.read, each, id=f"{name}-{n}") for name, of in SITES.items() for n, each in enumerate(of.PAGES)]
WHOLE = [(of.read, each) for of in SITES.values() for each in (*of.STREAMS, *of.PAGES)]


def test_every_site_is_here() -> None:
    assert set(SITES) == set(NAMES)


@given(st.sampled_from(READERS), st.binary(), st.text())
def test_any_bytes(read: Read, stream: bytes, html: str) -> None:
    understood(read(stream=stream))
    understood(read(html))
    understood(read(html, stream))


@pytest.mark.parametrize(("read", "stream"), STREAMS)
def test_a_cut_stream_never_gives_another_answer(read: Read, stream: str) -> None:
    data = stream.encode()
    whole = read(stream=data)
    assert whole.outcome is Outcome.ANSWERED
    for end in range(len(data)):
        seen = read(stream=data[:end])
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED or seen.answer == whole.answer, end


@pytest.mark.parametrize(("read", "page"), PAGES)
def test_a_cut_page_never_gives_another_answer(read: Read, page: str) -> None:
    whole = read(page)
    assert whole.outcome is Outcome.ANSWERED
    for end in range(len(page)):
        seen = read(page[:end])
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED or seen.answer == whole.answer, end


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_damaged_bytes(sample: tuple[Read, str], data: st.DataObject) -> None:
    read, whole = sample
    damaged = bytearray(whole.encode())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
    understood(read(stream=bytes(damaged)))
    understood(read(damaged.decode(errors="replace")))
