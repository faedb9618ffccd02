"""No bytes stop the reading of Copilot, and only whole ones are an answer."""

from __future__ import annotations

import json
import re
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions.answer import Reading
from completions.errors import Outcome
from completions.sites.scene import with_opened
from sites.copilot_shapes import (
    ALPHA,
    BRAVO,
    DONE,
    RECEIVED,
    STARTED,
    cards,
    chip,
    cited,
    event,
    events,
    link,
    modal,
    page,
    panel,
    read,
    said,
    turn,
)

STREAMS = [
    turn(said("A **b**"), cited(ALPHA), said(". C `d`."), cited(BRAVO)),
    turn(
        event("challenge", method="hashcash", parameter="s:1"), said("A"), event("imageGenerated", url="https://a.b/c")
    ),
    json.dumps(turn(said("| a |\n|---|\n| 1 |"), cited(ALPHA), said("\n\n```\nb\n```"), cited(BRAVO))) + "\n",
    json.dumps(
        {
            "results": [
                {"author": {"type": "ai"}, "content": [{"type": "text", "text": "A."}]},
                {"author": {"type": "human"}},
            ]
        }
    ),
]
CODE = '<div class="rounded-xl"><div><span class="capitalize">c</span></div><pre><code>x</code></pre></div>'
PAGES = [
    page(f"<p>A {chip(ALPHA)} {link(BRAVO, 'b')}.</p>{CODE}", after=cards(ALPHA, BRAVO), beside=panel(BRAVO)),
    with_opened(
        page('<iframe src="https://copilot.fun/frame"></iframe>'),
        {"frames": [f"<p>A {chip(ALPHA)}</p>{cards(BRAVO)}"], "citations": [modal(BRAVO)]},
    ),
]


def understood(seen: Reading) -> None:
    """The reading comes from reading, not from the net under it."""
    assert "could not make sense" not in (seen.error_message or ""), seen.error_message
    assert seen.as_columns()["outcome"] == seen.outcome
    length = len(seen.answer.answer_text) if seen.answer else 0
    for each in (seen.answer.citations or []) if seen.answer else []:
        assert each.char_start is None or 0 <= each.char_start <= (each.char_end or 0) <= length


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


@pytest.mark.parametrize("html", PAGES)
def test_a_cut_page_never_answers(html: str) -> None:
    assert read(html).outcome is Outcome.ANSWERED
    for end in range(len(html)):
        seen = read(html[:end])
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


NAMES = re.findall(
    r"\w+",
    "connected received startMessage appendText replaceText citation generatingImage imageGenerated card partCompleted "
    "suggestedFollowups startSuggestion appendSuggestion done error chatMessageError banned challenge send",
)
KEYS = re.findall(
    r"\w+",
    "messageId partId text url title prompt thumbnailUrl suggestions errorCode errorDetail type method conversationId "
    "card results author content id",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["ai", "human", "text"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)
EVENT = st.builds(
    lambda name, told: {"event": name, **told}, st.sampled_from(NAMES), st.dictionaries(st.sampled_from(KEYS), JSON)
)


@settings(deadline=None)
@given(st.lists(EVENT, max_size=8), st.lists(JSON, max_size=4))
def test_events_of_any_shape(told: list[dict[str, object]], values: list[object]) -> None:
    understood(read(stream=events(RECEIVED, STARTED, *told, DONE)))
    understood(read(stream="\n".join(json.dumps(value) for value in values)))
    understood(read(stream=json.dumps({"results": values})))


MARKDOWN = st.text(st.sampled_from('ab \n|`*_#-[](){}<>!$\\:/.1\uf8f0\uf8f1\ue200\ue201^"'), max_size=60)


@settings(deadline=None)
@given(st.lists(MARKDOWN | st.just(None), max_size=8))
def test_a_citation_may_stand_anywhere(pieces: list[str | None]) -> None:
    """It is counted wherever it comes, and leaves nothing of its own in the text."""
    seen = read(stream=turn(*(cited(ALPHA) if piece is None else said(piece) for piece in pieces)))
    understood(seen)
    assert seen.answer
    from_events = [each for each in seen.answer.citations or [] if each.url == ALPHA[1]]
    assert len(from_events) == pieces.count(None)
    assert "%EE%8B" not in seen.answer.answer_markdown
    assert not re.search("[\uf8f0\uf8f1\ue2f0\ue2f1]", seen.answer.answer_text + seen.answer.answer_markdown)


@pytest.mark.parametrize(
    "stream",
    [
        turn(*[said("a"), cited(ALPHA)] * 5000),
        turn(*[cited(ALPHA)] * 20000),
        turn(*[STARTED, said("a")] * 20000),
        turn(*[event("imageGenerated", url=f"https://a.b/{n}") for n in range(20000)]),
        "{" * 200_000,
        '{"event":"done"}' * 100_000,
        "[" * 100_000 + "\n" + turn(said("a")),
        turn(said("```" * 50_000)),
        turn(said("$$" * 50_000)),
        turn(said("[^" * 100_000)),
    ],
    ids=range(10),
)
def test_large_streams_are_read_in_seconds(stream: str) -> None:
    begun = perf_counter()
    understood(read(stream=stream))
    assert perf_counter() - begun < 20
