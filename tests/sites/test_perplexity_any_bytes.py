"""No bytes stop the adapter, and only whole ones are an answer."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions.errors import Outcome
from completions.sites.perplexity.patches import Document, Misfit
from completions.sites.perplexity.stream import seen_country
from sites.perplexity_shapes import (
    STREAMS,
    Json,
    asked,
    block,
    end,
    event,
    events,
    read,
    whole,
    words,
    workflow,
)
from sites.reading import understood


@given(st.binary())
def test_any_bytes_tell_no_country(sent: bytes) -> None:
    assert seen_country(sent) is None


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_without_one_of_its_lines_answers_truly_or_not_at_all(stream: str) -> None:
    full, lines = read(stream=stream), stream.split("\r\n\r\n")
    for lost in range(len(lines)):
        kept = [f"data: {{{line[-9:]}" if number == lost else line for number, line in enumerate(lines)]
        seen = read(stream="\r\n\r\n".join(kept))
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED or seen.answer == full.answer, lost


KEYS = re.findall(
    r"\w+",
    "backend_uuid status final blocks intended_usage diff_block field patches op path value workflow_block steps items "
    "payload text_payload text chunks variant queries_payload queries query sources_payload sources workflow_payload "
    "markdown_block answer chunk_starting_offset web_result_block web_results sources_mode_block rows web_result "
    "citation name url snippet timestamp meta_data plan_block search_web_content media_block media_items image medium "
    "shopping_block maps_mode_block places address pending_followups_block followups related_queries "
    "upsell_information upsell_type error_code error_message thread_url_slug "
    "display_model _extras country entries data step_type content",
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
    understood(read(stream="".join(f"data: {each}\r\n\r\n" for each in written)))
    understood(read(stream="\n".join(written)))
    kinds = [key for key in KEYS if key.endswith("_block") and key != "diff_block"]
    for value in values:
        shaped = value if isinstance(value, dict) else dict.fromkeys(KEYS, value)
        blocks = [block("ask_text", kind, shaped) for kind in kinds]
        understood(read(stream=events(event(*blocks), end(*blocks, **shaped))))
        understood(read(stream=events(end(*blocks, upsell_information=value, text=json.dumps(value)))))


STEPS = st.lists(st.sampled_from(["a", "b", "0", "1", "-", "~0", "~2", "²", ""]), max_size=4).map(
    lambda steps: "".join(f"/{step}" for step in steps)
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove", "move", "copy", "test"]), "path": STEPS | st.text()},
    optional={"from": STEPS, "value": JSON},
)


@settings(deadline=None)
@given(st.lists(OPERATIONS, max_size=12))
def test_patches_of_any_kind(operations: list[Json]) -> None:
    with suppress(Misfit):
        Document({"a": [1, {"b": []}], "b": {"a": 0}}).patch(operations)
    patched = {"intended_usage": "ask_text", "diff_block": {"field": "markdown_block", "patches": operations}}
    understood(read(stream=events(event(asked("A")), event(patched), end())))


def test_nesting_and_length_cost_no_more_than_they_are() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    understood(read(stream=f"data: {deep}\r\n\r\n"))
    understood(read(stream=events(end(text=deep))))
    nested: Json = words("A")
    for _ in range(150):
        nested = {"items": [{"payload": {"workflow_payload": {"steps": [nested]}}}]}
    understood(read(stream=events(end(workflow(nested)))))
    understood(read(stream=whole("[1]" * 50_000 + "`" * 10_000 + "\\(" * 10_000 + "$$" * 10_001)))
