"""No bytes stop the Gemini adapter, and only whole ones are an answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions.errors import Outcome
from completions.sites.gemini.stream import seen_place
from sites.gemini_shapes import (
    FRAMES,
    HEAD,
    WHOLE,
    answering,
    citing,
    frame,
    read,
    stream,
    told,
)
from sites.reading import understood


@given(st.binary())
def test_any_bytes_tell_no_place(sent: bytes) -> None:
    assert seen_place(sent) == (None, None)


@settings(deadline=None)
@given(st.permutations(FRAMES))
def test_frames_in_any_order(frames: list[str]) -> None:
    seen, whole = read(stream=HEAD + "".join(frames)), read(stream=WHOLE)
    understood(seen)
    if seen.outcome is Outcome.ANSWERED:
        assert seen.answer
        assert whole.answer
        assert seen.answer.answer_text == whole.answer.answer_text
        assert seen.answer.citations == whole.answer.citations
    else:
        assert seen.outcome in (Outcome.NETWORK, Outcome.BLOCKED)


@settings(deadline=None)
@given(st.lists(st.sampled_from(FRAMES), max_size=6))
def test_frames_that_are_lost_or_come_twice(frames: list[str]) -> None:
    seen, whole = read(stream=HEAD + "".join(frames)), read(stream=WHOLE)
    understood(seen)
    assert seen.outcome is not Outcome.ANSWERED or seen.answer == whole.answer


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["wrb.fr", "e", "c_0123456789abcdef", "A [cite: 1].", "https://a.example/favicon", " [cite: 1]"]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["2", "5", "9", "13", "44", "63"]), inner, max_size=4)
    ),
    max_leaves=25,
)


@settings(deadline=None)
@given(JSON, JSON, JSON)
def test_fields_of_any_shape(one: object, two: object, three: object) -> None:
    sent = [
        stream(told(one, two)),
        stream(told([one, two, three, None, [[one, [two], *[None] * 6, [2], None, None, None, three]]])),
        stream(answering("A [cite: 1].", found=[one, two, {"44": three}])),
        stream(answering("A [cite: 1].", found=citing([[[" [cite: 1]"], [[None, None, None, one]]], two]))),
        HEAD + frame(one, two) + f"{json.dumps(three)}\n",
    ]
    for each in sent:
        understood(read(stream=each))
        seen_place(each.encode())


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 50_000])
def test_nesting_without_end(deep: str) -> None:
    understood(read(stream=f"{HEAD}{len(deep)}\n{deep}\n"))
    understood(read(stream=stream(["wrb.fr", None, deep])))
    understood(read(stream=stream(answering("A.", found=[deep]))))
