"""The classic wire: its events in every form, its private marks, and what it adds to the page."""

from __future__ import annotations

import json
from time import process_time
from typing import Any

import pytest

from completions.answer import Answer
from completions.errors import Outcome
from sites.shapes import CONVERSATION, MESSAGE, delta, events, message, pill, react_page, read

CITE = "\ue200cite\ue202turn0search0\ue201"
DONE = "data: [DONE]\n\n"


def reference(mark: str, *urls: str, **more: Any) -> dict[str, Any]:
    first, *others = urls
    supporting = [{"url": url, "title": url} for url in others]
    item = {"url": first, "title": "First", "attribution": "Pub", "pub_date": 1760000000.0, "snippet": "s"}
    return {
        "type": "grouped_webpages",
        "matched_text": mark,
        "items": [item | {"supporting_websites": supporting}],
    } | more


def answered(stream: str, html: str | None = None) -> Answer:
    seen = read(html, stream)
    assert seen.outcome is Outcome.ANSWERED, seen.error_message
    assert seen.answer
    return seen.answer


def referring(text: str, *references: dict[str, Any], **metadata: Any) -> str:
    return events(message(text, metadata={"content_references": list(references)} | metadata))


def test_deltas_carry_path_operation_and_channel_over() -> None:
    stream = (
        'event: delta_encoding\ndata: "v1"\n\n'
        + delta({"message": message("q", "user", "u"), "conversation_id": CONVERSATION}, "", "add", 0)
        + delta({"message": message("", status="in_progress", end_turn=None)}, channel=1)
        + delta("Hel", "/message/content/parts/0", "append")
        + delta("lo ")
        + delta("wrld")
        + delta("Hello w", operation="replace")
        + delta("orlds", operation="append")
        + delta(11, operation="truncate")
        + delta(
            [
                {"p": "/message/content/parts/0", "o": "append", "v": "!"},
                {"p": "/message/metadata/content_references", "o": "append", "v": []},
                {"p": "/message/metadata", "o": "append", "v": {"model_slug": "gpt-x"}},
                {"p": "/message/status", "o": "replace", "v": "finished_successfully"},
                {"p": "/message/end_turn", "o": "replace", "v": True},
                {"p": "/nowhere/at/all", "o": "append", "v": "x"},
            ],
            "",
            "patch",
        )
        + DONE
    )
    answer = answered(stream)
    assert (answer.answer_text, answer.model_version) == ("Hello world!", "gpt-x")
    assert answer.conversation_url == f"https://chatgpt.com/c/{CONVERSATION}"


@pytest.mark.parametrize(
    ("stream", "finished"),
    [
        (events(message("a")), True),
        (events(message("a"), end='data: {"type": "message_stream_complete"}\n\n'), True),
        (events(message("a"), end=""), False),
        (events(message("a", end_turn=None)), False),
        (events(message("a", status="in_progress")), False),
        (events(message("a", "user")), False),
        (events(message("a", recipient="web.run")), False),
        (events(message("a", channel="commentary")), False),
    ],
)
def test_a_stream_is_whole_when_message_and_stream_say_so(stream: str, finished: bool) -> None:
    seen = read(stream=stream)
    assert (seen.stream_finished, seen.outcome is Outcome.ANSWERED) == (finished, finished)


def test_the_older_stream_of_whole_messages() -> None:
    versions = [message("Hel", status="in_progress", end_turn=None), message("Hello")]
    lines = [f"data: {json.dumps({'message': each, 'conversation_id': CONVERSATION})}\n\n" for each in versions]
    assert answered("".join(lines) + DONE).answer_text == "Hello"


def test_the_hand_over_to_a_socket() -> None:
    handed = f"data: {json.dumps({'type': 'stream_handoff', 'conversation_id': CONVERSATION})}\n\n"
    items = [delta({"message": message("", status="in_progress", end_turn=None)}, "", "add", 0)]
    items += [delta("Hello", "/message/content/parts/0", "append"), delta(" world")]
    finished = [
        {"p": f"/message/{key}", "o": "replace", "v": value}
        for key, value in (("status", "finished_successfully"), ("end_turn", True))
    ]
    items.append(delta(finished, "", "patch"))

    def sent(kind: str, **payload: Any) -> str:
        turn = {"type": "conversation-turn-stream", "payload": {"type": kind} | payload}
        return json.dumps({"type": "message", "topic_id": "t", "payload": turn}) + "\n"

    frames = [sent("stream-item", encoded_item=item, stream_item_id=str(n)) for n, item in enumerate(items)]
    caught_up = "".join(
        [*frames[:3], json.dumps([json.loads(frame) for frame in frames]) + "\n"]
    )  # comes again, listed
    assert read(stream=handed + caught_up).outcome is Outcome.NETWORK
    assert answered(handed + caught_up + sent("done")).answer_text == "Hello world"
    assert read(stream=handed + DONE).outcome is Outcome.NETWORK


def test_a_resumed_stream_starts_over() -> None:
    cut = events(message("Hel", status="in_progress", end_turn=None), end="")
    assert answered(cut + events(message("Hello"))).answer_text == "Hello"


def test_of_a_conversation_the_branch_that_is_shown() -> None:
    nodes = {
        "root": (None, None),
        "q": ("root", message("q", "user", "q")),
        "old": ("q", message("old", message_id="old")),
    }
    nodes |= {"new": ("q", message("new", message_id="new")), "q0": (None, message("other", "user", "q0"))}
    mapping = {name: {"id": name, "parent": parent, "message": said} for name, (parent, said) in nodes.items()}
    document = {"mapping": mapping, "current_node": "new", "conversation_id": CONVERSATION}
    for indent in (None, 1):
        assert answered(json.dumps(document, indent=indent)).answer_text == "new"
    mapping["root"]["parent"] = "new"  # a loop
    assert read(stream=json.dumps(document)).outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    ("text", "references", "shown", "written", "cited"),
    [
        (f"A b {CITE}.", [reference(CITE, "https://a.com/")], "A b.", "A b.", [("https://a.com/", "inline", 3, 3)]),
        (
            f"One {CITE} two {CITE}.",
            [reference(CITE, "https://a.com/", "https://b.com/"), reference(CITE, "https://c.com/")],
            "One two.",
            "One two.",
            [("https://a.com/", "inline", 3, 3), ("https://b.com/", "more", 3, 3), ("https://c.com/", "inline", 7, 7)],
        ),
        (
            f"It is \ue203**really** so\ue204{CITE}.",
            [reference(CITE, "https://a.com/")],
            "It is really so.",
            "It is **really** so.",
            [("https://a.com/", "inline", 6, 15)],
        ),
        (
            'By \ue200entity\ue202["company","AT&T","x"]\ue201 and \ue200entity["company","Müller & Söhne"]\ue201',
            [],
            "By AT&T and Müller & Söhne",
            "By AT&T and Müller & Söhne",
            [],
        ),
        (
            "See \ue200url\ue202The page\ue202turn0search0\ue201 now",
            [reference("\ue200url\ue202The page\ue202turn0search0\ue201", "https://a.com/", type="url")],
            "See The page now",
            "See [The page](https://a.com/) now",
            [("https://a.com/", "inline", 4, 12)],
        ),
        ("\ue200i\ue202turn0image0\ue201A \ue200navlist\ue202x\ue201b\ue206c", [], "A bc", "A bc", []),
        ("A【0†source】b", [], "Ab", "Ab", []),
        ("Let \\(x_1\\) and\n\\[\ny^2\n\\]", [], "Let x_1 and\n\ny^2", "Let $x_1$ and\n$$y^2$$", []),
        ("`\\(x\\)` and\n```\n\\[y\\]\n```", [], "\\(x\\) and\n\n\\[y\\]", "`\\(x\\)` and\n```\n\\[y\\]\n```", []),
        ("a | b\n--|--\n1 | 2", [], "a\tb\n1\t2", "a | b\n--|--\n1 | 2", []),
        ("<b>x</b> & <script>", [], "<b>x</b> & <script>", "<b>x</b> & <script>", []),
    ],
)
def test_marks(
    text: str,
    references: list[dict[str, Any]],
    shown: str,
    written: str,
    cited: list[tuple[str, str, int, int]],
) -> None:
    answer = answered(referring(text, *references))
    assert (answer.answer_text, answer.answer_markdown) == (shown, written)
    assert answer.citations is not None
    assert [(each.url, each.role, each.char_start, each.char_end) for each in answer.citations] == cited


def test_entities_of_the_wire_stand_where_they_are_shown() -> None:
    answer = answered(referring('**By** \ue200entity["company","AT&T","a carrier"]\ue201.'))
    assert answer.entities
    [entity] = answer.entities
    assert (entity.name, entity.category) == ("AT&T", "company")
    assert answer.answer_text[entity.char_start : entity.char_end] == "AT&T"


def test_a_mark_without_reference_is_looked_up_among_the_results() -> None:
    ref = {"turn_index": 0, "ref_type": "search", "ref_index": 0}
    group = {"type": "search_result_group", "entries": [{"url": "https://a.com/", "title": "A", "ref_id": ref}]}
    tool = message("", "tool", "t", name="web.run", metadata={"search_result_groups": [group]})
    answer = answered(events(tool, message(f"A b {CITE}.")))
    assert answer.citations
    assert [(each.url, each.title) for each in answer.citations] == [("https://a.com/", "A")]
    mapped = answered(referring(f"A b {CITE}.", cite_map={"turn0search0": {"url": "https://m.com/"}}))
    assert mapped.citations
    assert mapped.citations[0].url == "https://m.com/"
    seen = read(stream=referring(f"A b {CITE}."))
    assert seen.answer
    assert (seen.answer.citations, seen.warnings) == ([], ["1 citation marks of the wire have no reference"])


def test_citations_of_2024() -> None:
    text = "A b【0†source】."
    citation = {"start_ix": 3, "end_ix": 13, "metadata": {"type": "webpage", "title": "A", "url": "https://a.com/"}}
    answer = answered(referring(text, citations=[citation]))
    assert (answer.answer_text, answer.citations and answer.citations[0].url) == ("A b.", "https://a.com/")


def test_what_the_wire_knows_besides_words() -> None:
    tool = message("", "tool", "t", name="web.run", metadata={
        "search_model_queries": {"queries": ["a", "b", "a"]}, "search_queries": [{"q": "c", "type": "search"}, 7, None],
        "search_result_groups": [{"entries": [{"url": "https://unused.com/"}, {"url": "javascript:alert(1)"}]}],
    })  # fmt: skip
    footnote = {"type": "sources_footnote", "sources": [{"url": "https://a.com/?utm_source=chatgpt.com", "title": "A"}]}
    follow_up = {"type": "followup_a", "prompt_text": "And now?"}
    product = {"type": "products", "products": [{"title": "Guitar", "price": "299 €", "rating": 4.5, "num_reviews": 7}]}
    answer = answered(events(tool, message(f"A {CITE}", metadata={
        "model_slug": "gpt-y", "resolved_model_slug": "gpt-x", "default_model_slug": "auto",
        "content_references": [reference(CITE, "https://a.com/"), footnote, follow_up, product],
    })))  # fmt: skip
    assert answer.fan_out_queries
    assert [(each.query, each.kind, each.order) for each in answer.fan_out_queries] == [
        ("a", None, 1), ("b", None, 2), ("c", "search", 3),
    ]  # fmt: skip
    assert answer.sources
    assert [(each.url_canonical, each.title, each.snippet, each.cited) for each in answer.sources] == [
        ("https://a.com/", "A", "s", True),
        ("https://unused.com/", None, None, False),
    ]
    assert answer.citations
    assert str(answer.citations[0].published_at) == "2025-10-09 08:53:20+00:00"
    assert (answer.model_version, answer.model_version_source) == ("gpt-x", "wire")
    assert answer.follow_up_questions == ["And now?"]
    assert answer.products
    assert [(each.title, each.price_text, each.rating, each.review_count) for each in answer.products] == [
        ("Guitar", "299 €", 4.5, 7)
    ]


@pytest.mark.parametrize(
    ("metadata", "searched"),
    [
        ({"tool_invoked": True, "tool_name": "SonicWebTool"}, True),
        ({"tool_invoked": True, "tool_name": "python"}, False),
        ({"tool_invoked": False, "tool_name": None}, False),
    ],
)
def test_whether_a_search_ran(metadata: dict[str, Any], searched: bool) -> None:
    told = f"data: {json.dumps({'type': 'server_ste_metadata', 'metadata': metadata})}\n\n"
    assert answered(events(message("a"), end=told + DONE)).web_search_triggered is searched


@pytest.mark.parametrize(
    ("stream", "outcome"),
    [
        ('{"detail": {"code": "rate_limit_exceeded", "message": "Too many requests"}}', Outcome.RATE_LIMITED),
        ('{"detail": "Unusual activity has been detected from your device."}', Outcome.BLOCKED),
        ('{"error": {"code": "unsupported_country_region_territory"}}', Outcome.UNAVAILABLE_HERE),
        ('{"detail": {"code": "login_required"}}', Outcome.LOGIN_WALL),
        ('data: {"type": "error", "error": "Internal server error"}\n\n', Outcome.NETWORK),
        (events(message("a"), end='data: {"moderation_response": {"blocked": true}}\n\n' + DONE), Outcome.REFUSED),
        ("Too many requests", Outcome.RATE_LIMITED),
        ("", Outcome.NETWORK),
        ("hello", Outcome.LAYOUT_CHANGED),
        ('event: message\ndata: {"final": true}\n\n', Outcome.LAYOUT_CHANGED),  # some other site's
    ],
)
def test_what_comes_in_place_of_a_stream(stream: str, outcome: Outcome) -> None:
    assert read(stream=stream).outcome is outcome


def test_the_wire_completes_what_the_page_shows() -> None:
    first, second = "https://a.com/?utm_source=chatgpt.com", "https://c.com/"
    page = react_page(f"<p>It is <b>really</b> so {pill('A +1', first)}. Also {pill('C', second)}</p>")
    other = CITE.replace("search0", "search1")
    stream = referring(
        f"It is \ue203**really** so\ue204 {CITE}. Also {other}",
        reference(CITE, first, "https://b.com/"),
        reference(other, second),
    )
    answer = answered(stream, page)
    assert answer.answer_text == "It is really so. Also"
    assert answer.citations
    assert [(each.url_canonical, each.role, each.pill, each.title, each.char_start, each.char_end)
            for each in answer.citations] == [
        ("https://a.com/", "inline", 1, "First", 6, 15),
        ("https://b.com/", "more", 1, "https://b.com/", 6, 15),
        ("https://c.com/", "inline", 2, "First", 21, 21),
    ]  # fmt: skip
    assert (answer.images, answer.ads, answer.fan_out_queries) == ([], [], [])


def test_a_disagreement_of_page_and_wire_is_told() -> None:
    seen = read(react_page("<p>One.</p>"), events(message("Two.")))
    assert seen.answer
    assert (seen.outcome, seen.answer.answer_text) == (Outcome.ANSWERED, "One.")
    assert seen.warnings == ["page and stream differ in the words of the answer; the page's are given"]


@pytest.mark.parametrize(
    ("html", "stream", "outcome", "text"),
    [
        (react_page("<p>One.</p>", actions=False), events(message("One. Two.")), Outcome.NETWORK, "One. Two."),
        (react_page("<p>One.</p>"), events(message("One."), end=""), Outcome.NETWORK, "One."),
        ("<html><body>new</body></html>", events(message("One.")), Outcome.LAYOUT_CHANGED, "One."),
        (react_page("<p>One.</p>"), "", Outcome.NETWORK, "One."),
    ],
)
def test_an_answer_needs_all_that_is_given_to_be_whole(html: str, stream: str, outcome: Outcome, text: str) -> None:
    seen = read(html, stream)
    assert (seen.outcome, seen.answer and seen.answer.answer_text) == (outcome, text)


def test_ten_megabytes_are_read_in_seconds() -> None:
    begun = delta({"message": message("", status="in_progress", end_turn=None)}, "", "add", 0)
    finished = [{"p": "/message/status", "o": "replace", "v": "finished_successfully"}]
    finished.append({"p": "/message/end_turn", "o": "replace", "v": True})  # type: ignore[dict-item]
    tokens = delta("word", "/message/content/parts/0", "append") + delta(" word") * 230_000
    stream = begun + tokens + delta(finished, "", "patch") + DONE
    assert len(stream) > 7_000_000
    before = process_time()
    assert answered(stream).answer_text.count("word") == 230_001
    assert process_time() - before < 15


def test_a_message_sent_twice_is_one() -> None:
    assert MESSAGE in events(message("a"))
    assert answered(events(message("a"), message("a b"))).answer_text == "a b"
