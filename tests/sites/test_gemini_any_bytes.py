"""No bytes stop the Gemini adapter, and only whole ones are an answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions.answer import Reading
from completions.errors import Outcome
from completions.sites.gemini.stream import seen_place
from sites.gemini_shapes import (
    ALPHA,
    BRAVO,
    answering,
    card,
    chip,
    citing,
    frame,
    group,
    page,
    panel,
    read,
    refusing,
    stream,
    told,
    turn,
)

FOUND = citing([group(" [cite: 1, 2]", ALPHA, BRAVO)])
FRAMES = [
    frame(told([None, ["c_0123456789abcdef", "r_1"], {"18": "r_1"}])),
    frame(answering("Größe", 1, whole=False)),
    frame(answering("Größe **A** 👩🏽‍🎤", 1, whole=False)),
    frame(answering("Größe **A** 👩🏽‍🎤 b. [cite: 1, 2]", found=FOUND)),
    frame(refusing(1096)),
    frame(["di", 192]),
    frame(["e", 7, None, None, 2000]),
]
HEAD = ")]}'\n\n"
WHOLE = HEAD + "".join(FRAMES)
PAGE = page(
    turn(f"<p>A{chip('Alpha', 1)} b.</p><table><tr><td>c</td></tr></table><rich-list-card>P</rich-list-card>"),
    opened={"sources": [panel(ALPHA)], "cards": [card(ALPHA, BRAVO)]},
)
SMALL = turn("<p>A b.</p><pre><code>c</code></pre>")


def understood(seen: Reading) -> None:
    """The reading comes from reading, not from the net under it."""
    assert "could not make sense" not in (seen.error_message or ""), seen.error_message
    assert seen.as_columns()["outcome"] == seen.outcome


@given(st.binary(), st.text())
def test_any_bytes(sent: bytes, html: str) -> None:
    understood(read(stream=sent))
    understood(read(html))
    understood(read(html, sent))
    assert seen_place(sent) == (None, None)


def test_a_cut_stream_never_answers() -> None:
    data = WHOLE.encode()
    whole = read(stream=data)
    assert whole.outcome is Outcome.ANSWERED
    for end in range(len(data)):
        seen = read(stream=data[:end])
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED or seen.answer == whole.answer, end


@pytest.mark.parametrize("html", [PAGE, SMALL])
def test_a_cut_page_never_gives_another_answer(html: str) -> None:
    whole = read(html)
    assert whole.outcome is Outcome.ANSWERED
    assert whole.answer
    for end in range(len(html)):
        seen = read(html[:end])
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED or seen.answer == whole.answer, end


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


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([WHOLE, PAGE, SMALL]), st.data())
def test_damaged_bytes(whole: str, data: st.DataObject) -> None:
    damaged = bytearray(whole.encode())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
    understood(read(stream=bytes(damaged)))
    understood(read(damaged.decode(errors="replace")))


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
