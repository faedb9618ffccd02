"""Perplexity's wire: every generation of it, how blocks grow, what marks cite."""

from __future__ import annotations

import json

import pytest

from completions.answer import Answer, Reading
from completions.errors import Outcome
from completions.sites.perplexity.stream import seen_country
from sites.perplexity_shapes import (
    ALPHA,
    BRAVO,
    CHARLIE,
    ID,
    Json,
    answered,
    asked,
    block,
    diff,
    end,
    event,
    events,
    read,
    results,
    rows,
    searching,
    whole,
    words,
    workflow,
)

WORKFLOW = {"version": "1.0", "steps": []}


def cited(answer: Answer) -> list[tuple[str, str, int | None, int | None]]:
    assert answer.citations is not None
    return [(each.title or "", each.role, each.pill, each.char_start) for each in answer.citations]


def listed(answer: Answer) -> list[tuple[str | None, bool | None]]:
    assert answer.sources is not None
    return [(each.title, each.cited) for each in answer.sources]


def queries(answer: Answer) -> list[tuple[str, str | None]]:
    assert answer.fan_out_queries is not None
    return [(each.query, each.kind) for each in answer.fan_out_queries]


def within(*steps: Json) -> Json:
    """A step that is a workflow of its own."""
    return {"items": [{"payload": {"workflow_payload": {"steps": list(steps)}}}]}


# What a whole answer is.


def test_an_answer_of_the_workflow() -> None:
    stream = events(
        event(block("pending_followups", "pending_followups_block", {"followups": []})),
        event(diff("workflow_root", "workflow_block", ("replace", "", WORKFLOW))),
        event(diff("workflow_root", "workflow_block", ("add", "/steps/0", searching(["a", "b"], [ALPHA, CHARLIE])))),
        event(
            diff("workflow_root", "workflow_block", ("add", "/steps/1", words("", chunks=["**Two** [1][2] "]))),
            diff("sources_answer_mode", "sources_mode_block", ("replace", "", rows(BRAVO)["sources_mode_block"])),
        ),
        event(
            diff(
                "workflow_root",
                "workflow_block",
                ("add", "/steps/1/items/0/payload/text_payload/chunks/1", "stand out [1]."),
            ),
            rows(BRAVO, ALPHA, read=[CHARLIE]),
            final=True,
        ),
        end(),
    )
    answer = answered(stream)
    assert answer.answer_text == "Two stand out."
    assert answer.answer_markdown == "**Two** stand out."
    assert cited(answer) == [("Bravo", "inline", 1, 3), ("Alpha", "more", 1, 3), ("Bravo", "inline", 2, 13)]
    assert listed(answer) == [("Bravo", True), ("Alpha", True), ("Charlie", False)]
    assert queries(answer) == [("a", None), ("b", None)]
    assert answer.sources
    assert [each.snippet for each in answer.sources] == [None, "Alpha says", "Charlie says"]
    assert str(answer.sources[0].published_at) == "2026-05-04 00:00:00+00:00"
    assert (answer.model_version, answer.model_version_source) == ("turbo", "wire")
    assert (answer.web_search_triggered, answer.follow_up_questions) == (True, [])
    assert answer.conversation_url == f"https://www.perplexity.ai/search/{ID}"


def test_an_answer_of_the_generation_before() -> None:
    step = {"step_type": "SEARCH_WEB", "search_web_content": {"queries": [{"engine": "web", "query": "a", "limit": 8}]}}
    found = {
        "step_type": "SEARCH_RESULTS",
        "web_results_content": {"web_results": [{"name": "Charlie", "url": CHARLIE[1]}]},
    }
    plan = {"progress": "IN_PROGRESS", "steps": [step]}
    answer = answered(
        events(
            event(block("pro_search_steps", "plan_block", plan)),
            event(diff("pro_search_steps", "plan_block", ("add", "/steps/1", found)), results(ALPHA, BRAVO)),
            event(block("ask_text", "markdown_block", {"chunks": ["Two "], "chunk_starting_offset": 0})),
            event(block("ask_text", "markdown_block", {"chunks": ["stand out [1]."], "chunk_starting_offset": 1})),
            end(
                results(BRAVO, ALPHA),
                related_queries=["Why?"],
                related_query_items=[{"text": "Why?"}, {"text": "How?"}],
            ),
        )
    )
    assert answer.answer_text == "Two stand out."
    assert cited(answer) == [("Bravo", "inline", 1, 13)]  # the last list counts
    assert listed(answer) == [("Bravo", True), ("Alpha", False), ("Charlie", False)]
    assert queries(answer) == [("a", "web")]
    assert answer.follow_up_questions == ["Why?", "How?"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(
            [
                {"step_type": "INITIAL_QUERY", "content": {"query": "q"}},
                {"step_type": "SEARCH_WEB", "content": {"queries": [{"engine": "web", "query": "a"}]}},
                {"step_type": "SEARCH_RESULTS", "content": {"web_results": [{"name": "Alpha", "url": ALPHA[1]}]}},
                {
                    "step_type": "FINAL",
                    "content": {
                        "answer": json.dumps(
                            {"answer": "Two [1].", "web_results": [{"name": "Alpha", "url": ALPHA[1]}]}
                        )
                    },
                },
            ]
        ),
        json.dumps(
            {"answer": "Two [1].", "web_results": [{"name": "Alpha", "url": ALPHA[1]}], "chunks": ["Two", " [1]."]}
        ),
    ],
)
def test_an_answer_of_the_first_generation(text: str) -> None:
    stream = events(event(text="[]"), end(text=text, status="completed"))
    answer = answered(stream)
    assert read(stream=stream).ui_variant == "bare"
    assert (answer.answer_text, cited(answer), listed(answer)) == (
        "Two.",
        [("Alpha", "inline", 1, 3)],
        [("Alpha", True)],
    )


@pytest.mark.parametrize(
    ("slug", "path"),
    [
        (ID, f"/search/{ID}"),
        ("top-3-comp-wvA0dso7TgW3NpgF8Jd8tg", "/search/top-3-comp-wvA0dso7TgW3NpgF8Jd8tg"),
        ("größe-1", "/search/gr%C3%B6%C3%9Fe-1"),
        ("../settings", None),
        ("//evil.example", None),
        ("", None),
        (7, None),
    ],
)
@pytest.mark.parametrize("url", [None, "https://www.perplexity.ai/search/x?y=1"])
def test_where_the_thread_is(slug: object, path: str | None, url: str | None) -> None:
    seen = read(stream=whole("A", thread_url_slug=slug), url=url)
    assert seen.answer
    assert seen.answer.conversation_url == (f"https://www.perplexity.ai{path}" if path else None)


def test_a_thread_read_again_is_its_last_entry() -> None:
    entries = [{"backend_uuid": f"{n}", "status": "COMPLETED", "blocks": [asked(f"Answer {n}")]} for n in (1, 2)]
    assert answered(json.dumps({"entries": entries})).answer_text == "Answer 2"


def beside(text: str, variant: str | None = None, **told: str) -> Json:
    """A step that says of the item, not of its text, what it is."""
    [item] = words(text, None)["items"]
    return {"items": [item | ({"variant": variant} if variant else {}) | told]}


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        ([asked(part, f"ask_text_{n}_markdown") for n, part in ((0, "Part"), (10, "Last"), (2, "Two"))],
         "Part\n\nTwo\n\nLast"),
        ([asked("Same", "ask_text_0_markdown"), asked("Same")], "Same"),
        ([workflow(words("Thinking", "thought"), words("Said"))], "Said"),
        ([workflow(words("Said", None))], "Said"),
        ([workflow(words("One"), words("Two"))], "One\n\nTwo"),
        ([workflow(words("Said"), within(words("Within")))], "Said"),
        ([workflow(words("Found on the way")), asked("Said")], "Said"),
        ([workflow(words("Said")), asked("")], "Said"),
        ([workflow({"items": []}), asked("Said")], "Said"),
        ([workflow(beside("Thinking", "thinking"), beside("Said", "answer"))], "Said"),
        ([workflow(beside("Searching", type="WORKFLOW_ITEM_CONTENT"), words("Said"))], "Said"),
        ([workflow(words("Said", chunks=["Said", " more"]))], "Said more"),
        ([workflow(words("Said", chunks=["Sai"]))], "Said"),
    ],
)  # fmt: skip
def test_what_of_the_blocks_is_the_answer(blocks: list[Json], text: str) -> None:
    assert answered(events(end(*blocks))).answer_text == text


def test_what_workflows_in_a_workflow_searched_counts_too() -> None:
    within = {"items": [{"payload": {"workflow_payload": {"steps": [searching([{"query": "inner"}], [BRAVO])]}}}]}
    answer = answered(events(end(workflow(searching(["outer"], [ALPHA]), within, words("Said")))))
    assert (queries(answer), listed(answer)) == (
        [("outer", None), ("inner", None)],
        [("Alpha", False), ("Bravo", False)],
    )


# When it is whole.


@pytest.mark.parametrize(
    ("told", "finished"),
    [
        ({"status": "COMPLETED", "final": True}, True),
        ({"status": "COMPLETED", "final_sse_message": True}, True),
        ({"status": "COMPLETED"}, True),
        ({"status": "COMPLETED", "final": False, "final_sse_message": True}, True),
        ({"status": "PENDING", "final": True}, False),
        ({"status": "COMPLETED", "final": False}, False),
        ({"final": True}, False),
        ({}, False),
    ],
)
def test_when_the_wire_says_that_it_is_whole(told: Json, finished: bool) -> None:
    seen = read(stream=events({"backend_uuid": ID, "blocks": [asked("A")]} | told))
    assert seen.stream_finished is finished
    assert seen.outcome is (Outcome.ANSWERED if finished else Outcome.NETWORK)


@pytest.mark.parametrize(
    "lost",
    [
        [block("ask_text", "markdown_block", {"chunks": ["c"], "chunk_starting_offset": 2})],
        [diff("ask_text", "markdown_block", ("replace", "/nowhere/1", "x"))],
        [diff("ask_text", "markdown_block", ("add", "/chunks/7", "x"))],
    ],
)
def test_what_was_lost_on_the_way_is_no_answer_until_it_comes_whole(lost: list[Json]) -> None:
    begun = [event(block("ask_text", "markdown_block", {"chunks": ["a "]})), event(*lost)]
    assert read(stream=events(*begun, end())).outcome is Outcome.NETWORK
    assert answered(events(*begun, end(asked("a b c")))).answer_text == "a b c"


def test_a_line_that_cannot_be_read_may_have_held_anything() -> None:
    begun, rest = events(event(asked("A"))), events(end())
    assert read(stream=f'{begun}data: {{"blo\r\n\r\n{rest}').outcome is Outcome.NETWORK
    assert answered(f'{begun}data: {{"blo\r\n\r\n{events(end(asked("A b")))}').answer_text == "A b"


def test_what_is_told_again_after_a_reconnect_changes_nothing() -> None:
    told = [event(asked("A")), end(asked("A b"))]
    again = event(diff("ask_text", "markdown_block", ("replace", "", {"answer": "A"})))
    assert answered(events(*told, again)).answer_text == "A b"
    assert answered(events(*told, again, told[1])).answer_text == "A b"


# What marks cite.


@pytest.mark.parametrize(
    ("written", "text", "pills"),
    [
        ("One.[1] Two [2].", "One. Two.", [("Alpha", 4), ("Bravo", 8)]),
        ("One[1][2][1]", "One", [("Alpha", 3), ("Bravo", 3)]),
        ("| a | b |\n|---|---|\n| c [1] | d |", "a\tb\nc\td", [("Alpha", 5)]),
        ("Call `a[1]` or:\n\n```\nb[2]\n```", "Call a[1] or:\n\nb[2]", []),
        ("See [1](https://x.example/).", "See 1.", []),
        ("Index [0] and [1234] of x.", "Index [0] and [1234] of x.", []),
        (r"With \(x[1]\) it is.[2]", "With x[1] it is.", [("Bravo", 16)]),
        ("# Head [1]\n\n- one [2]\n- two", "Head\n\none\ntwo", [("Alpha", 4), ("Bravo", 9)]),
    ],
)
def test_marks(written: str, text: str, pills: list[tuple[str, int]]) -> None:
    answer = answered(whole(written))
    assert answer.answer_text == text
    assert [(each.title, each.char_start) for each in answer.citations or []] == pills


def test_a_mark_that_nothing_explains_is_no_word_and_is_told() -> None:
    seen = read(stream=whole("A [9][1] b [8]."))
    assert seen.answer
    assert (seen.answer.answer_text, cited(seen.answer)) == ("A b.", [("Alpha", "inline", 1, 1)])
    assert seen.warnings == ["2 citation marks of the wire have no page"]


def test_what_another_list_knows_of_a_page_its_citation_has() -> None:
    answer = answered(events(end(workflow(words("A [1].")), rows(ALPHA), results(ALPHA))))
    assert answer.citations
    assert [(each.snippet, str(each.published_at)[:10]) for each in answer.citations] == [("Alpha says", "2026-05-04")]


@pytest.mark.parametrize(
    "dated",
    [
        {"timestamp": "2026-05-04T00:00:00"},
        {"timestamp": "", "meta_data": {"published_date": "2026-05-04T00:00:00", "date": "2020-01-01"}},
        {"meta_data": {"published_date": "soon", "date": "2026-05-04"}},
    ],
)
def test_the_day_of_a_page(dated: Json) -> None:
    found = [{"name": ALPHA[0], "url": ALPHA[1]} | dated]
    answer = answered(events(end(asked("A"), block("web_results", "web_result_block", {"web_results": found}))))
    assert [str(each.published_at)[:10] for each in answer.sources or []] == ["2026-05-04"]


def test_without_any_numbered_page_marks_are_words() -> None:
    assert answered(events(end(asked("a [1] b")))).answer_text == "a [1] b"


def test_results_that_are_no_pages_are_not_listed() -> None:
    found = (
        results(ALPHA)["web_result_block"]["web_results"]
        + results(BRAVO, is_navigational=True)["web_result_block"]["web_results"]
    )
    answer = answered(events(end(asked("A"), block("web_results", "web_result_block", {"web_results": found}))))
    assert listed(answer) == [("Alpha", False)]


# What there is beside words.


def test_an_answer_without_a_search() -> None:
    answer = answered(events(end(workflow(words("A")))))
    assert (answer.sources, answer.fan_out_queries, answer.web_search_triggered) == ([], [], False)


@pytest.mark.parametrize(("country", "seen"), [("us", "US"), ("DE", "DE"), ("REDACTED", None), (None, None), (7, None)])
def test_where_the_site_saw_the_visitor(country: object, seen: str | None) -> None:
    assert seen_country(whole("A", _extras={"country": country}).encode()) == seen


def test_a_reading_is_one_of_the_known_generations() -> None:
    seen: list[Reading] = [read(stream=each) for each in (whole(), events(end(asked("A"))))]
    assert [each.ui_variant for each in seen] == ["workflow", "prose"]


@pytest.mark.parametrize(
    ("text", "shown", "cited"),
    [
        ("A [1, 2].", "A.", [("Alpha", 1), ("Bravo", 1)]),
        ("A [1,2] b [2].", "A b.", [("Alpha", 1), ("Bravo", 1), ("Bravo", 3)]),
        ("A [1][2].", "A.", [("Alpha", 1), ("Bravo", 1)]),
        ("The list [1, 9] is short.", "The list [1, 9] is short.", []),
    ],
)
def test_several_marks_in_one_bracket_cite(text: str, shown: str, cited: list[tuple[str, int]]) -> None:
    answer = answered(whole(text, rows(ALPHA, BRAVO)))
    assert answer.answer_text == shown
    assert [(each.title, each.char_end) for each in answer.citations or []] == cited
