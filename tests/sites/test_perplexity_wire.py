"""Perplexity's wire: every generation of it, how blocks grow, what marks cite, and how it refuses."""

from __future__ import annotations

import json

import pytest

from completions.answer import Answer, Image, Reading
from completions.errors import Outcome
from completions.sites.perplexity.patches import COPIED, DEEPEST, LONGEST, Document, Misfit
from completions.sites.perplexity.stream import seen_country
from sites.perplexity_shapes import (
    ALPHA,
    BRAVO,
    CHARLIE,
    ID,
    Json,
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
AUTHWALL = {"name": "fraud_authwall_upsell", "upsell_type": "LOGIN", "app_location": "MODAL"}
NUDGE = {"name": "logged_out_thread_sign_in", "upsell_type": "LOGIN", "app_location": "IN_THREAD_INPUT"}
SIGN_UP = "Sign up and repeat your request."


def answered(stream: str) -> Answer:
    seen = read(stream=stream)
    assert seen.outcome is Outcome.ANSWERED, seen.error_message
    assert seen.warnings == []
    assert seen.answer
    return seen.answer


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


def test_images_are_those_of_the_media_and_no_videos() -> None:
    picture = {"medium": "image", "image": "https://img.example/a.jpg", "url": "https://a.example/", "name": "A"}
    alone = {"medium": "image", "url": "https://img.example/b.jpg"}
    video = {"medium": "video", "url": "https://v.example/", "image": "https://img.example/v.jpg"}
    shown = {"media_items": [picture, video, alone, picture, {"url": "x"}]}
    media = block("media_items", "media_block", shown)
    beside_text = block("ask_text", "markdown_block", {"answer": "A"} | shown)
    among = block("ask_text_0_images", "inline_entity_block", {"media_block": shown | {"generated_media_items": []}})
    assert read(stream=whole("A", among)).warnings == []
    assert (
        answered(whole("A", media)).images
        == answered(whole("A", beside_text)).images
        == answered(whole("A", among)).images
        == [
            Image(position=1, url="https://img.example/a.jpg", title="A", source_url="https://a.example/"),
            Image(position=2, url="https://img.example/b.jpg"),
        ]
    )
    assert answered(whole("A")).images == []


def test_places_and_products_are_read_where_their_shape_is_plain() -> None:
    inn = {"name": "Inn", "address": ["Way 1", "Ulm"], "rating": 4.5, "url": "https://inn.example/", "num_reviews": 7}
    lamp = {"title": "Lamp", "price": 9.5, "currency": "EUR", "merchant": "Shop", "link": "https://shop.example/lamp"}
    answer = answered(
        whole(
            "A",
            block("place_widgets", "maps_mode_block", {"places": [inn, inn]}),
            block("shopping_widgets", "shopping_mode_block", {"shopping_widgets": [{"products": [lamp]}]}),
        )
    )
    assert answer.places
    assert answer.products
    assert [(each.name, each.address, each.rating, each.url) for each in answer.places] == [
        ("Inn", "Way 1, Ulm", 4.5, "https://inn.example/")
    ]
    assert [(each.title, each.price_text, each.merchant, each.url) for each in answer.products] == [
        ("Lamp", "9.5 EUR", "Shop", "https://shop.example/lamp")
    ]


def test_a_block_that_is_not_read_is_named() -> None:
    blocks = [
        block("shopping_widgets", "shopping_block", {"things": [{"k": 1}]}),
        block("finance", "finance_block", {"rows": [1]}),
        block("empty", "jobs_mode_block", {"jobs_blocks": []}),
    ]
    seen = read(stream=whole("A", *blocks))
    assert seen.warnings == ["blocks of the wire that are not read: finance_block, shopping_block"]
    assert seen.answer
    assert (seen.answer.products, seen.answer.places) == (None, None)


@pytest.mark.parametrize(
    ("told", "blocks", "questions"),
    [
        ({"related_queries": ["Why?"]}, [], ["Why?"]),
        ({"related_query_items": [{"text": "Why?", "type": "DEFAULT"}]}, [], ["Why?"]),
        ({}, ["How?", {"text": "Why?"}], ["How?", "Why?"]),
        ({}, [], []),
        ({"async_rq_enabled": True}, [], None),
    ],
)
def test_follow_ups(told: Json, blocks: list[object], questions: list[str] | None) -> None:
    pending = block("pending_followups", "pending_followups_block", {"followups": blocks})
    assert answered(whole("A", pending, **told)).follow_up_questions == questions


def test_an_answer_without_a_search() -> None:
    answer = answered(events(end(workflow(words("A")))))
    assert (answer.sources, answer.fan_out_queries, answer.web_search_triggered) == ([], [], False)


@pytest.mark.parametrize(("country", "seen"), [("us", "US"), ("DE", "DE"), ("REDACTED", None), (None, None), (7, None)])
def test_where_the_site_saw_the_visitor(country: object, seen: str | None) -> None:
    assert seen_country(whole("A", _extras={"country": country}).encode()) == seen


# How it refuses.


@pytest.mark.parametrize("text", [SIGN_UP, "", "Registriere dich und wiederhole deine Anfrage."])
@pytest.mark.parametrize("upsell", [AUTHWALL, json.dumps(AUTHWALL), json.dumps(json.dumps(AUTHWALL))])
def test_the_wall_stands_in_a_normal_answer(upsell: object, text: str) -> None:
    seen = read(stream=events(event(), end(asked(text), upsell_information=upsell)))
    assert (seen.outcome, seen.stream_finished) == (Outcome.LOGIN_WALL, False), seen.error_message


@pytest.mark.parametrize(
    ("upsell", "blocks", "outcome"),
    [
        (None, [asked(SIGN_UP)], Outcome.LOGIN_WALL),
        (NUDGE, [asked(SIGN_UP)], Outcome.LOGIN_WALL),
        (NUDGE, [asked("A")], Outcome.ANSWERED),
        (AUTHWALL, [asked("A"), results(ALPHA)], Outcome.ANSWERED),
        (AUTHWALL, [asked("A"), results()], Outcome.LOGIN_WALL),
        (AUTHWALL, [workflow(searching(["q"], [ALPHA]), words("A"))], Outcome.ANSWERED),
        (AUTHWALL, [asked("A"), block("m", "maps_mode_block", {"places": [{"name": "Inn"}]})], Outcome.ANSWERED),
        (AUTHWALL, [asked("A" * 500)], Outcome.ANSWERED),
        ({"upsell_type": "LOGIN"}, [asked("A")], Outcome.LOGIN_WALL),
        ({"name": "try_pro", "upsell_type": "UPGRADE"}, [asked("A")], Outcome.ANSWERED),
        ("no json", [asked("A")], Outcome.ANSWERED),
    ],
)
def test_a_wall_is_told_from_a_nudge(upsell: object, blocks: list[Json], outcome: Outcome) -> None:
    assert read(stream=events(event(), end(*blocks, upsell_information=upsell))).outcome is outcome


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"status": "FAILED"}, Outcome.NETWORK),
        ({"status": "FAILED", "error_code": "RATE_LIMITED"}, Outcome.RATE_LIMITED),
        ({"status": "FAILED", "error_message": "You've reached your limit of free searches."}, Outcome.RATE_LIMITED),
        ({"status": "COMPLETED", "final": True, "error_code": "LOGIN_REQUIRED"}, Outcome.LOGIN_WALL),
        ({"status": "FAILED", "error_code": "CONTENT_POLICY"}, Outcome.REFUSED),
        ({"status": "FAILED", "error_code": "UNSUPPORTED_COUNTRY"}, Outcome.UNAVAILABLE_HERE),
    ],
)
def test_a_failure_is_no_answer(told: Json, outcome: Outcome) -> None:
    seen = read(stream=events(event(asked("Partly")), event(asked("Partly so")) | told))
    assert (seen.outcome, seen.finished) == (outcome, False)


@pytest.mark.parametrize(
    ("stream", "outcome"),
    [
        ("", Outcome.NETWORK),
        ("event: end_of_stream\r\ndata: {}\r\n\r\n", Outcome.LAYOUT_CHANGED),
        ("<!doctype html><html></html>", Outcome.LAYOUT_CHANGED),
        ('{"remaining": 0}', Outcome.LAYOUT_CHANGED),
        ('{"detail": "Too many requests"}', Outcome.RATE_LIMITED),
        ('{"error": {"message": "Sign in to continue"}}', Outcome.LOGIN_WALL),
        ("Something went wrong", Outcome.NETWORK),
        (events(end()), Outcome.NO_ANSWER),
    ],
)
def test_what_is_no_answer_at_all(stream: str, outcome: Outcome) -> None:
    assert read(stream=stream).outcome is outcome


def test_words_of_the_site_in_a_longer_answer_are_words() -> None:
    text = f"{SIGN_UP} That is what the site says to visitors whom it takes for robots. " + "It does so often. " * 30
    assert answered(whole(text)).answer_text.startswith(SIGN_UP)


# JSON Patch.


@pytest.mark.parametrize(
    ("value", "operations", "result"),
    [
        ({"a": [1, 2]}, [("add", "/a/1", 9)], {"a": [1, 9, 2]}),
        ({"a": [1]}, [("add", "/a/-", 2)], {"a": [1, 2]}),
        ({"a": 1}, [("replace", "/a", 2), ("add", "/b", 3)], {"a": 2, "b": 3}),
        ({"a": [1, 2]}, [("remove", "/a/0", None)], {"a": [2]}),
        ({"a/b": {"m~n": 1}}, [("replace", "/a~1b/m~0n", 2)], {"a/b": {"m~n": 2}}),
        ({"a": 1}, [("replace", "", [1])], [1]),
        ({"a": 1}, [("test", "/a", 1)], {"a": 1}),
        ({"a": 1, "b": 2}, [("move", "/c", "/a"), ("copy", "/d", "/b")], {"b": 2, "c": 1, "d": 2}),
    ],
)
def test_patches(value: object, operations: list[tuple[str, str, object]], result: object) -> None:
    document = Document(value)
    document.patch({"op": op, "path": path, "value": given, "from": given} for op, path, given in operations)
    assert document.value == result


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/b", "value": 1},
        {"op": "add", "path": "/a/9", "value": 1},
        {"op": "add", "path": "/a/01x", "value": 1},
        {"op": "add", "path": "/a/" + "9" * 5000, "value": 1},
        {"op": "add", "path": "/c/d", "value": 1},
        {"op": "add", "path": "a", "value": 1},
        {"op": "add", "path": "/" * (DEEPEST + 1), "value": 1},
        {"op": "remove", "path": "/a/1"},
        {"op": "test", "path": "/c", "value": 4},
        {"op": "move", "path": "/d", "from": "/nowhere"},
        {"op": "move", "path": "/d", "from": "/c/nowhere"},
        {"op": "shuffle", "path": "/a"},
        {"op": "add"},
        {},
    ],
)
def test_an_operation_that_does_not_fit(operation: Json) -> None:
    with pytest.raises(Misfit):
        Document({"a": [1], "c": 3}).patch([operation])


def test_patches_fill_no_memory() -> None:
    doubled: list[Json] = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 40
    document = Document({"a": [1]})
    with pytest.raises(Misfit, match="too much"):
        document.patch(doubled)
    assert document.copied <= COPIED
    with pytest.raises(Misfit):
        Document([0] * LONGEST).patch([{"op": "add", "path": "/-", "value": 1}])


def test_reading_tells_the_country_of_nothing() -> None:
    assert seen_country(b"nothing") is None


def test_a_reading_is_one_of_the_known_generations() -> None:
    seen: list[Reading] = [read(stream=each) for each in (whole(), events(end(asked("A"))))]
    assert [each.ui_variant for each in seen] == ["workflow", "prose"]
