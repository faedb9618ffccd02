"""Gemini's frames: lengths, what is cumulative, marks and the pages they stand for, errors, where the visitor is."""

from __future__ import annotations

from time import process_time
from urllib.parse import urlsplit

import pytest

from completions.answer import Answer
from completions.errors import Outcome
from completions.sites.gemini.stream import seen_place
from sites.gemini_shapes import (
    ALPHA,
    BRAVO,
    CHARLIE,
    ICON,
    ID,
    Page,
    answering,
    chip,
    citing,
    frame,
    group,
    page,
    placed,
    read,
    refusing,
    stream,
    told,
    turn,
)


def answered(sent: str, html: str | None = None) -> Answer:
    seen = read(html, sent)
    assert seen.outcome is Outcome.ANSWERED, seen.error_message
    assert seen.answer
    return seen.answer


PAIR = [group(" [cite: 1, 2]", ALPHA, BRAVO), group(" [cite: 2, 3]", CHARLIE, CHARLIE)]


@pytest.mark.parametrize("far", [True, False])
def test_what_a_whole_answer_tells(far: bool) -> None:
    sent = stream(
        told([None, [f"c_{ID}", "r_1"], {"18": "r_1", "44": True}]),
        answering("X is", 1, whole=False),
        told([None, [f"c_{ID}", "r_1"], {"11": ["A title"]}]),
        answering("X is **Y**. [cite: 1, 2] And so on [cite: 3].", found=citing(PAIR, far=far)),
    )
    answer = answered(sent)
    assert (answer.answer_text, answer.answer_markdown) == ("X is Y. And so on.", "X is **Y**. And so on.")
    assert answer.citations
    assert [(each.url, each.title, each.role, each.pill, each.char_start) for each in answer.citations] == [
        ("https://alpha.example/a", "All about A", "inline", 1, 7),
        ("https://bravo.example/b", "Best of B", "more", 1, 7),
        ("https://charlie.example/c", "C at last", "inline", 2, 17),
    ]
    assert answer.sources
    assert [(each.url, each.cited) for each in answer.sources] == [(each.url, True) for each in answer.citations]
    assert (answer.model_version, answer.model_version_source) == ("3.6 Flash", "wire")
    assert answer.conversation_url == f"https://gemini.google.com/app/{ID}"
    assert (answer.fan_out_queries, answer.follow_up_questions, answer.places, answer.images) == (None, None, None, [])
    assert seen_place(sent.encode()) == ("Zurich, Switzerland", "CH")


@pytest.mark.parametrize(
    ("text", "groups", "cited"),
    [
        ("A.[cite_start] The [cite: 9] words.[cite: 1]", [group(" [cite: 1]", ALPHA)], [("", ["alpha"])]),
        ("A. [cite_start]The words. [cite: 1] B.", [group(" [cite: 1]", ALPHA)], [("The words.", ["alpha"])]),
        ("A. [cite: 7] B.", [group(" [cite: 1]", ALPHA)], [(None, ["alpha"])]),
        ("A.", [group(" [cite: 1, 2]", ALPHA, BRAVO)], [(None, ["alpha", "bravo"])]),
        ("A `[cite: 1]` b.", [], []),
        ("A [cite: 1-3]. B [cite: turn0search1].", [], []),
        ("A [cite: 1,2].", [group("1 2", ALPHA, BRAVO)], [("", ["alpha", "bravo"])]),
    ],
)
def test_marks(text: str, groups: list[object], cited: list[tuple[str | None, list[str]]]) -> None:
    answer = answered(stream(answering(text, found=citing(groups))))
    pills: dict[int | None, tuple[str | None, list[str]]] = {}
    for each in answer.citations or []:
        words = None if each.char_start is None else answer.answer_text[each.char_start : each.char_end]
        pills.setdefault(each.pill, (words, []))[1].append((urlsplit(each.url).hostname or "").partition(".")[0])
    assert list(pills.values()) == cited
    assert "cite" not in answer.answer_text.replace("[cite: 1] b", "")


@pytest.mark.parametrize(
    ("text", "shown", "markdown"),
    [
        ("Look:\n\nhttp://googleusercontent.com/map_content/0\n\nDone.", "Look:\n\nDone.", "Look:\n\nDone."),
        ("https://googleusercontent.com/image_collection/image_retrieval/12\nHi", "Hi", "Hi"),
        ("http://googleusercontent.com/image_collection/image_retrieval/12_0\n\nHi", "Hi", "Hi"),
        ("![A](http://googleusercontent.com/image_collection/image_retrieval/12_0)\nHi", "Hi", "Hi"),
        ("Hi http://googleusercontent.com/map_content/0\n\nDone.", "Hi\n\nDone.", "Hi\n\nDone."),
        (
            "```python?code_reference&code_event_index=1\n1\n```\n```text?code_stdout&code_event_index=1\n1\n```\nHi",
            "Hi",
            "Hi",
        ),
        ('Hi\n\n<FollowUp label="Want >1?" query="Tell me of 1 > 0"/>', "Hi", "Hi"),
        ('Hi\n\n<GenerateWidget height="1">\n{"a": 1}\n</GenerateWidget>\n\nDone.', "Hi\n\nDone.", "Hi\n\nDone."),
        ("Euler: $e^{i\\pi}+1=0$, for $5 and $10.", "Euler: e^{i\\pi}+1=0, for $5 and $10.", None),
        ("So:\n\n$$\nx=1\n$$", "So:\n\nx=1", "So:\n\n$$x=1$$"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a\tb\n1\t2", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("```python\nx = '$a_b$'\n```", "x = '$a_b$'", "```python\nx = '$a_b$'\n```"),
        ("👩🏽‍🎤 größe 高峰", "👩🏽‍🎤 größe 高峰", None),
    ],
)
def test_words(text: str, shown: str, markdown: str | None) -> None:
    answer = answered(stream(answering("earlier", 1), answering(text)))
    assert answer.answer_text == shown
    assert answer.answer_markdown == (markdown or text)


def test_a_card_in_place_of_the_text_has_the_text_beside_it() -> None:
    sent = stream(answering("http://googleusercontent.com/card_content/0", found=None))
    assert read(stream=sent).outcome is Outcome.NO_ANSWER
    candidate = placed({0: "rc_1", 1: ["http://googleusercontent.com/card_content/0"], 8: [2], 22: ["The card."]})
    assert answered(stream(told([None, [f"c_{ID}"], None, None, [candidate]]))).answer_text == "The card."


def test_images_from_the_web_and_those_made() -> None:
    web = [[["https://a.example/1.jpg"], None, None, None, "A cat"]]
    made = [[None, None, None, [None, None, None, "https://lh3.googleusercontent.com/gg/2"]]]
    found = placed({1: [web, web], 7: [[made]]})
    images = answered(stream(answering("Two.", found=found))).images
    assert images
    assert [(each.position, each.url, each.title) for each in images] == [
        (1, "https://a.example/1.jpg", "A cat"),
        (2, "https://lh3.googleusercontent.com/gg/2", None),
    ]


def test_pages_of_chips_that_the_stream_names_somewhere_are_sources_and_cite_nothing() -> None:
    found = [
        None,
        {
            "70": [
                {
                    "3": [
                        [f"{ICON}x", "https://bravo.example/b", "B"],
                        ["https://x.example/i.png", "https://y.example/", "alt"],
                    ]
                }
            ]
        },
    ]
    answer = answered(stream(answering("Words.", found=found)))
    assert answer.citations == []
    assert answer.sources
    assert [(each.url, each.title, each.cited) for each in answer.sources] == [("https://bravo.example/b", "B", False)]


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        ([1037], Outcome.RATE_LIMITED),
        ([1060], Outcome.UNAVAILABLE_HERE),
        ([1013], Outcome.NETWORK),
        ([1096], Outcome.BLOCKED),
        ([1016], Outcome.LOGIN_WALL),
        ([1013, 1037], Outcome.RATE_LIMITED),
        ([10370], Outcome.NETWORK),
    ],
)
def test_errors_alone(codes: list[int], outcome: Outcome) -> None:
    sent = stream(*map(refusing, codes))
    assert read(stream=sent).outcome is outcome
    assert read(page(turn("", footer="")), sent).outcome is outcome


def test_an_error_after_a_whole_answer_is_none_and_after_a_part_of_one_is() -> None:
    assert answered(stream(answering("Whole."), refusing(1096))).answer_text == "Whole."
    assert read(stream=stream(answering("Part", 1), refusing(1037))).outcome is Outcome.RATE_LIMITED


@pytest.mark.parametrize(
    "sent",
    [
        stream(answering("Whole."), ended=False),
        stream(answering("Part", 1)),
        stream(answering("Part", None, whole=False)),
        stream(),
        "",
        ")]}'\n\n",
        frame(["e", 7, None, None, 2000]) + frame(answering("Whole.")),
        stream(answering("Whole."), ended=False) + '31\n[["wrb.fr",null,"[null\n' + frame(["e", 7]),
        stream(told([None, ["c_1"], None, None, [["rc_1", None, None, None, None, None, None, None, [2]]]])),
    ],
)
def test_what_is_not_whole_is_no_answer(sent: str) -> None:
    seen = read(stream=sent)
    assert (seen.outcome, seen.stream_finished) == (Outcome.NETWORK, False)


def test_a_stream_of_something_else_is_not_known() -> None:
    assert read(stream="data: hello\n\n").outcome is Outcome.LAYOUT_CHANGED
    assert read(stream="<html><body>Our systems</body></html>").outcome is Outcome.LAYOUT_CHANGED


def test_an_older_stream_says_by_its_token_that_it_is_whole() -> None:
    assert answered(stream(answering("Whole.", None))).answer_text == "Whole."


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n\n", "\n"), ("\n", "\r\n"), (")]}'\n\n", ""), (")]}'", "\ufeff)]}'")],
)
def test_framing_that_tools_changed(old: str, new: str) -> None:
    sent = stream(answering("Größe 👩🏽‍🎤", 1), answering("Größe 👩🏽‍🎤 und mehr.")).replace(old, new)
    assert answered(sent).answer_text == "Größe 👩🏽‍🎤 und mehr."


def test_lengths_lead_through_json_of_several_lines() -> None:
    sent = stream(answering("👩🏽‍🎤 one.")).replace('], ["af', '],\n["af')
    assert (
        answered(sent.replace('[["wrb.fr"', '[\n["wrb.fr"', 1).replace("\n[\n[", " \n[\n[", 0)).answer_text
        == "👩🏽‍🎤 one."
    )


def test_of_several_exchanges_the_last_that_tells_something_counts() -> None:
    failed, first, second = stream(refusing(1013)), stream(answering("One.")), stream(answering("Two."))
    nothing = stream(told([None, ["c_1", "r_1"]]))
    assert answered(failed + first + nothing).answer_text == "One."
    assert answered(first + second).answer_text == "Two."
    assert read(stream=first + failed).outcome is Outcome.NETWORK


def test_the_page_says_where_and_the_stream_says_what() -> None:
    html = page(turn(f"<p>X is <b>Y</b>. {chip('Alpha', 1)} And so on.</p>"))
    answer = answered(stream(answering("X is **Y**. [cite: 1, 2] And so on.", found=citing(PAIR))), html)
    assert answer.citations
    assert [(each.url, each.role, each.char_start) for each in answer.citations] == [
        ("https://alpha.example/a", "inline", 7),
        ("https://bravo.example/b", "more", 7),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "$" + "=" * 200_000,
        "$=" * 50_000,
        "[cite: " * 50_000,
        "`" * 100_000,
        "\\(" * 50_000,
        "https://googleusercontent.com/" + "a/" * 90_000,
    ],
)
def test_time_stays_in_proportion(text: str) -> None:
    began = process_time()
    read(stream=stream(answering(text)))
    read(stream=f"{len(text)}\n" * 3 + text.replace("=", "\n1\n["))
    assert process_time() - began < 10


def test_no_page_of_its_own_is_cited() -> None:
    own: Page = ("Google", "https://support.google.com/gemini", "Help")
    answer = answered(stream(answering("A. [cite: 1, 2]", found=citing([group("[cite: 1, 2]", own, ALPHA)]))))
    assert answer.citations
    assert [each.url for each in answer.citations] == ["https://alpha.example/a"]
