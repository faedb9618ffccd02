"""No bytes stop the reading of Copilot, and only whole ones are an answer."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sites.copilot_shapes import (
    ALPHA,
    DONE,
    RECEIVED,
    STARTED,
    cited,
    event,
    events,
    read,
    said,
    turn,
)
from sites.reading import understood

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
def test_large_streams_are_read(stream: str) -> None:
    """What takes time by the square of its length would not come back."""
    understood(read(stream=stream))
