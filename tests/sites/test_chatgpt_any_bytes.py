"""No bytes stop the adapter, and only whole ones are an answer."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions.answer import Reading
from completions.errors import Outcome
from sites.shapes import block, chip, control, events, message, pill, react_page, read, server_page

REFERENCE = {"type": "grouped_webpages", "matched_text": "\ue200cite\ue202x\ue201", "items": [{"url": "https://a.com"}]}
STREAMS = [
    events(
        message("q", "user", "u"), message("A \ue200cite\ue202x\ue201 b.", metadata={"content_references": [REFERENCE]})
    ),
    control("started") + block(0, f"A {chip(('Clutch', 'https://clutch.co'))} b.") + control("complete"),
    '{"type":"content","messageId":"m","markdown":"A **b**","mode":"replace"}\n{"type":"end"}\n',
]
PAGES = [
    server_page(f"<p>A {chip(('Clutch', 'https://clutch.co'))} b.</p><table><tr><td>c</td></tr></table>"),
    react_page(f"<p>A {pill('Clutch', 'https://clutch.co')} b.</p><pre><code>c</code></pre>"),
]


def understood(seen: Reading) -> None:
    """The reading comes from reading, not from the net under it."""
    assert "could not make sense" not in (seen.error_message or ""), seen.error_message
    assert seen.as_columns()["outcome"] == seen.outcome


@given(st.binary(), st.text())
def test_any_bytes(stream: bytes, html: str) -> None:
    understood(read(stream=stream))
    understood(read(html))
    understood(read(html, stream))


@pytest.mark.parametrize("stream", STREAMS)
def test_a_cut_stream_never_answers(stream: str) -> None:
    data = stream.encode()
    whole = read(stream=data)
    assert whole.outcome is Outcome.ANSWERED
    for end in range(len(data)):
        seen = read(stream=data[:end])
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED or seen.answer == whole.answer, end


@pytest.mark.parametrize("page", PAGES)
def test_a_cut_page_never_answers(page: str) -> None:
    assert read(page).outcome is Outcome.ANSWERED
    for end in range(len(page)):
        seen = read(page[:end])
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED, end


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(STREAMS + PAGES), st.data())
def test_damaged_bytes(whole: str, data: st.DataObject) -> None:
    damaged = bytearray(whole.encode())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
    understood(read(stream=bytes(damaged)))
    understood(read(damaged.decode(errors="replace")))


KEYS = re.findall(
    r"\w+",
    "v p o c message id author role content parts status end_turn metadata content_references type items "
    "url title matched_text supporting_websites sources mapping current_node parent payload encoded_item "
    "error detail refs search_model_queries queries search_result_groups entries ref_id pub_date markdown "
    "html kind products images",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.lists(JSON, max_size=4))
def test_events_of_any_shape(values: list[object]) -> None:
    written = [json.dumps(value) for value in values]
    understood(read(stream="".join(f"data: {each}\n\n" for each in written)))
    understood(read(stream="\n".join(written)))
    answer = events(message("A \ue200cite\ue202x\ue201.", metadata=dict.fromkeys(KEYS, values)))
    understood(read(stream=answer))
