"""No bytes stop the adapter, and only whole ones are an answer."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions.answer import Reading
from completions.errors import Outcome
from completions.sites.perplexity.patches import Document, Misfit
from completions.sites.perplexity.stream import seen_country
from sites.perplexity_shapes import (
    ALPHA,
    BRAVO,
    Json,
    anchor,
    asked,
    block,
    chip,
    diff,
    end,
    event,
    events,
    prose_page,
    read,
    results,
    rows,
    searching,
    whole,
    words,
    workflow,
    workflow_page,
)

PLAIN = {"version": "1.0", "steps": [searching(["q"], [ALPHA])]}
STREAMS = [
    whole("A [1][2] **b** `c[1]`.", block("media_items", "media_block", {"media_items": [{"image": "https://a.b/c"}]})),
    events(
        event(diff("workflow_root", "workflow_block", ("replace", "", PLAIN))),
        event(diff("workflow_root", "workflow_block", ("add", "/steps/1", words("", chunks=["A "])))),
        event(
            diff(
                "workflow_root", "workflow_block", ("add", "/steps/1/items/0/payload/text_payload/chunks/1", "b [1].")
            ),
            rows(ALPHA, BRAVO),
            final=True,
        ),
        end(related_queries=["Why?"]),
    ),
    events(
        event(block("ask_text", "markdown_block", {"chunks": ["A "], "chunk_starting_offset": 0})),
        event(block("ask_text", "markdown_block", {"chunks": ["b [1]."], "chunk_starting_offset": 1}), results(ALPHA)),
        end(),
    ),
    events(end(text=json.dumps([{"step_type": "FINAL", "content": {"answer": json.dumps({"answer": "A b [1]."})}}]))),
]
PAGES = [
    workflow_page(f"<p>A{chip(ALPHA, more=1)} b.</p><table><tr><td>c</td></tr></table>"),
    prose_page(f"<p>A{anchor(ALPHA)} b.</p><pre><code>c</code></pre>", model="Sonar"),
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
    seen_country(stream)


@pytest.mark.parametrize("stream", STREAMS)
def test_a_cut_stream_never_answers(stream: str) -> None:
    data = stream.encode()
    full = read(stream=data)
    assert full.outcome is Outcome.ANSWERED
    for size in range(len(data)):
        seen = read(stream=data[:size])
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED or seen.answer == full.answer, size


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_without_one_of_its_lines_answers_truly_or_not_at_all(stream: str) -> None:
    full, lines = read(stream=stream), stream.split("\r\n\r\n")
    for lost in range(len(lines)):
        kept = [f"data: {{{line[-9:]}" if number == lost else line for number, line in enumerate(lines)]
        seen = read(stream="\r\n\r\n".join(kept))
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED or seen.answer == full.answer, lost


@pytest.mark.parametrize("page", PAGES)
def test_a_cut_page_never_answers(page: str) -> None:
    assert read(page).outcome is Outcome.ANSWERED
    for size in range(len(page)):
        seen = read(page[:size])
        understood(seen)
        assert seen.outcome is not Outcome.ANSWERED, size


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
