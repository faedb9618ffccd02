"""Recorded pages and streams, read as `completions parse` reads them. Skipped where the recordings are not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from completions.answer import Reading
from completions.errors import Outcome
from completions.sites import parse, site

CAPTURES = Path(os.environ.get("COMPLETIONS_CAPTURES", Path(__file__).parents[3] / "shared" / "captures"))

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="no recordings here")


def reading(name: str, of: str = "chatgpt", upto: int | None = None) -> Reading:
    """The recording `name` of a site, whole or as far as so many bytes."""
    data = (CAPTURES / of / name).read_bytes()[:upto]
    is_page = name.endswith(".html") and ".partial." not in name
    return parse(site(of), html=data if is_page else None, stream=None if is_page else data)


@pytest.mark.parametrize(
    ("name", "outcome", "variant", "page_finished", "stream_finished"),
    [
        ("SYNTHETIC_conversation_get_search.json", "answered", "react", None, True),
        ("SYNTHETIC_sse_delta_v1_search.txt", "answered", "react", None, True),
        ("SYNTHETIC_unauth_mweb_updates.partial.html", "answered", "server", None, True),
        ("SYNTHETIC_unauth_mweb_failed.partial.html", "rate_limited", "server", None, False),
        ("SYNTHETIC_variantB_answer_with_sources.html", "answered", "server", True, None),
        ("covai_chatgpt-chat_2026-05.html", "answered", "react", True, None),
        ("rashidazarang_chatgpt-live-shapes.html", "network", "react", None, None),  # messages without their turn
    ],
)
def test_verdicts(
    name: str, outcome: str, variant: str, page_finished: bool | None, stream_finished: bool | None
) -> None:
    seen = reading(name)
    assert seen.outcome == outcome, seen.error_message
    assert (seen.ui_variant, seen.page_finished, seen.stream_finished) == (variant, page_finished, stream_finished)
    assert seen.finished is (seen.outcome is Outcome.ANSWERED)
    assert seen.warnings == []


@pytest.mark.parametrize("name", ["SYNTHETIC_conversation_get_search.json", "SYNTHETIC_sse_delta_v1_search.txt"])
def test_the_classic_wire(name: str) -> None:
    answer = reading(name).answer
    assert answer
    assert answer.answer_text == "MCP is an open protocol.\n\nIt links tools to models."
    assert answer.answer_markdown == "**MCP** is an open protocol.\n\n- It links tools to models."
    assert answer.citations
    assert [(each.url, each.role, each.pill, each.char_start, each.site_name) for each in answer.citations] == [
        ("https://docs.example.com/page0?utm_source=chatgpt.com", "inline", 1, 23, "Example Docs"),
        ("https://news.example.org/page1?utm_source=chatgpt.com", "inline", 2, 50, "Example News"),
        ("https://blog.example.net/page2?utm_source=chatgpt.com", "more", 2, 50, "Blog"),
    ]
    assert [each.domain for each in answer.citations] == ["example.com", "example.org", "example.net"]
    assert answer.sources
    assert [(each.url_canonical, each.cited) for each in answer.sources] == [
        ("https://docs.example.com/page0", True),
        ("https://news.example.org/page1", True),
        ("https://blog.example.net/page2", True),
    ]
    assert answer.fan_out_queries
    assert [(each.query, each.order) for each in answer.fan_out_queries] == [("what is mcp", 1), ("mcp meaning", 2)]
    assert (answer.model_version, answer.model_version_source) == ("gpt-5-3", "wire")
    assert answer.web_search_triggered is True
    assert answer.conversation_url == "https://chatgpt.com/c/6ac0aaaa-0000-83ea-0000-000000000001"
    assert (answer.follow_up_questions, answer.products, answer.ads) == ([], [], None)


@pytest.mark.parametrize(
    "name", ["SYNTHETIC_unauth_mweb_updates.partial.html", "SYNTHETIC_variantB_answer_with_sources.html"]
)
def test_the_server_rendered_front_end(name: str) -> None:
    answer = reading(name).answer
    assert answer
    assert answer.answer_text == "Two agencies stand out.\n\nAcme GmbH for retail"
    assert answer.answer_markdown == "Two agencies stand out.\n\n- Acme GmbH for retail"
    assert answer.citations
    assert [(each.url_canonical, each.role, each.title, each.snippet) for each in answer.citations] == [
        ("https://clutch.example.co/top", "inline", "Top agencies", "List."),
        ("https://blog.example.net/agencies", "more", "Agencies compared", None),
    ]
    assert answer.sources
    assert [each.url_canonical for each in answer.sources] == [each.url_canonical for each in answer.citations]
    assert answer.entities
    [entity] = answer.entities
    assert (entity.name, entity.category) == ("Acme GmbH", "company")
    assert answer.answer_text[entity.char_start : entity.char_end] == "Acme GmbH"
    assert (answer.fan_out_queries, answer.model_version, answer.follow_up_questions) == (None, None, None)
    assert answer.conversation_url == "https://chatgpt.com/uc/6ac0aaaa-0000-83ea-0000-000000000001"


def test_the_page_shows_what_its_stream_does_not() -> None:
    seen = reading("SYNTHETIC_variantB_answer_with_sources.html")
    assert seen.answer
    assert seen.answer.places
    assert [(each.name, each.category) for each in seen.answer.places] == [("Acme GmbH", "agency")]
    assert seen.answer.ads == []
    assert "best retail agencies in berlin" in (seen.portions.prompt_html or "")
    assert "Two agencies" in (seen.portions.completion_html or "")
    assert (seen.portions.sources_html or "").count("<li>") == 2
    assert seen.portions.ads_html is None


def test_page_and_wire_of_one_conversation_agree() -> None:
    page, stream = (
        (CAPTURES / "chatgpt" / name).read_bytes()
        for name in ("SYNTHETIC_variantB_answer_with_sources.html", "SYNTHETIC_unauth_mweb_updates.partial.html")
    )
    both = parse(site("chatgpt"), html=page, stream=stream)
    assert (both.outcome, both.warnings) == (Outcome.ANSWERED, [])
    assert both.answer == reading("SYNTHETIC_variantB_answer_with_sources.html").answer


def test_a_real_page_with_code_a_table_and_a_formula() -> None:
    answer = reading("covai_chatgpt-chat_2026-05.html").answer
    assert answer
    assert answer.answer_text.startswith(
        "Here is a short example response with the requested formatting:\n\nThis paragraph"
    )
    assert "a link to deadrat.in. Markdown formatting" in answer.answer_text
    assert "\nSweden\t4,200\t36\t25\t65%\n" in answer.answer_text
    assert answer.answer_text.endswith("Euler’s Identity:\n\ne^{i\\pi}+1=0")
    for noise in ("ChatGPT said", "Copy", "elixir", "Show more", "ChatGPT can make mistakes", "iπ"):
        assert noise not in answer.answer_text
    written = answer.answer_markdown
    assert (
        "**bold text**, *italic text*, and a link to [deadrat.in](https://www.deadrat.in/?utm_source=chatgpt.com)."
        in written
    )
    assert (
        '```elixir\ndefmodule Hello do\n  def world do\n    IO.puts("Hello, world!")\n  end\nend\n\nHello.world()\n```'
        in written
    )
    assert "| Denmark | 5,500 | 37 | 25 | 67% |" in written
    assert written.endswith("$e^{i\\pi}+1=0$")
    assert answer.citations == []  # a link among the words cites nothing
    assert (answer.model_version, answer.model_version_source) == ("gpt-5-5", "page")


def test_shapes_that_a_maintainer_mirrored() -> None:
    answer = reading("rashidazarang_chatgpt-live-shapes.html").answer
    assert answer
    assert answer.answer_markdown == (
        "## Audit Heading\n\n**Bold** text, *italic* text, and inline variance $\\sigma^2$.\n\n$$\ny=x^2\n$$\n\n"
        "```TypeScript\nconst value = 1;\nconsole.log(value);\n```\n\n"
        "| Feature | Status | Notes |\n| --- | --- | --- |\n| Tables | Stable | Flatten spans |\n\n"
        "- Parent item\n  - Child item\n\n> Quoted synthetic result.\n\n"
        "See [Doc \\[A\\]](<https://example.com/a)b>).\n\nsample-report.csv\n\naudit-notes.md"
    )


def test_a_whole_stream_of_gemini() -> None:
    seen = reading("streamgenerate-SYNTHETIC-full.txt", "gemini")
    assert (seen.outcome, seen.ui_variant, seen.stream_finished, seen.warnings) == ("answered", "gem", True, [])
    answer = seen.answer
    assert answer
    assert answer.answer_text == answer.answer_markdown == "According to recent reports, X is Y."
    assert [(each.url, each.title, each.role, each.char_start) for each in answer.citations or []] == [
        ("https://example.com/a", "Title A", "inline", 36),
        ("https://example.org/b", "Title B", "more", 36),
    ]
    assert [(each.url, each.title) for each in answer.images or []] == [
        ("https://example.com/web-image.jpg", "alt text"),
    ]
    assert (answer.model_version, answer.model_version_source) == ("3.6 Flash", "wire")
    assert answer.conversation_url == "https://gemini.google.com/app/d3196a0c0eeafd4a"


def test_a_real_page_of_gemini() -> None:
    seen = reading("covai__gemini-chat.html", "gemini")
    assert (seen.outcome, seen.ui_variant, seen.page_finished, seen.warnings) == ("answered", "gem", True, [])
    answer = seen.answer
    assert answer
    assert answer.answer_text.startswith("Here is a concise response combining your requested elements.")
    assert "\nDenmark\t~$44,000\t37\t25\t~65%\n" in answer.answer_text
    for noise in ("Gemini said", "You said", "Copy", "Elixir", "More options", "iπ", "Please write"):
        assert noise not in answer.answer_text
    written = answer.answer_markdown
    assert "a quick [link to deadrat.in](https://www.deadrat.in/) to fulfill" in written
    assert '```elixir\nIO.puts("Hello, World!")\n```' in written
    assert "| Denmark | ~$44,000 | 37 | 25 | ~65% |" in written
    assert written.endswith("$$\ne^{i\\pi} + 1 = 0\n$$")
    assert (answer.citations, answer.places, answer.images) == ([], [], [])
    assert (answer.model_version, answer.model_version_source) == ("Pro", "page")


@pytest.mark.parametrize("name", ["covai__gemini-chat.html", "streamgenerate-SYNTHETIC-full.txt"])
def test_a_cut_recording_of_gemini_never_gives_another_answer(name: str) -> None:
    below = {"model_version", "model_version_source"}  # the page names the model below the answer
    size, whole = (CAPTURES / "gemini" / name).stat().st_size, reading(name, "gemini").answer
    assert whole
    for end in range(0, size, max(1, size // 150)):
        seen = reading(name, "gemini", end)
        if seen.outcome is Outcome.ANSWERED:
            assert seen.answer
            assert seen.answer.model_dump(exclude=below) == whole.model_dump(exclude=below), end


@pytest.mark.parametrize(
    ("name", "outcome", "variant", "page_finished", "stream_finished"),
    [
        ("ak2k__ask-turbo-workflow-2026-09-24.EXCERPT.events.jsonl", "answered", "workflow", None, True),
        ("ak2k__ask-multi-step-sources.events.jsonl", "answered", "prose", None, True),
        ("ak2k__fetch-url__no-completed-marker.events.jsonl", "network", "prose", None, False),
        ("covai__perplexity-chat.html", "answered", "prose", True, None),
    ],
)
def test_verdicts_of_perplexity(
    name: str, outcome: str, variant: str, page_finished: bool | None, stream_finished: bool | None
) -> None:
    seen = reading(name, "perplexity")
    assert (seen.outcome, seen.warnings) == (outcome, []), seen.error_message
    assert (seen.ui_variant, seen.page_finished, seen.stream_finished) == (variant, page_finished, stream_finished)


def test_what_perplexity_searched_and_cites_is_told_by_its_workflow() -> None:
    answer = reading("ak2k__ask-turbo-workflow-2026-09-24.EXCERPT.events.jsonl", "perplexity").answer
    assert answer
    assert "[1]" not in answer.answer_text + answer.answer_markdown
    assert answer.answer_text.endswith("lack of stream awareness creates the HTTP/2 problem.")
    assert "\nSituation\tHTTP/2 over TCP\tHTTP/3 over QUIC\n" in answer.answer_text
    assert answer.citations
    assert [(each.domain, each.role, each.pill) for each in answer.citations] == [
        *[("mozilla.org", "inline", 1), ("ietf.org", "more", 1), ("mozilla.org", "inline", 2)],
        *[("salesforce.com", "more", 2), ("ietf.org", "inline", 3), ("apnic.net", "inline", 4)],
    ]
    for each in answer.citations:
        assert each.char_start == each.char_end
        assert answer.answer_text[: each.char_start].endswith(".")
    assert answer.sources
    assert [each.cited for each in answer.sources] == [True] * 5 + [False] * 5
    assert len(answer.fan_out_queries or []) == 3
    assert (answer.follow_up_questions, answer.images, answer.model_version) == (None, [], "turbo")


def test_the_last_list_of_perplexitys_results_is_what_marks_count() -> None:
    answer = reading("ak2k__ask-multi-step-sources.events.jsonl", "perplexity").answer
    assert answer
    assert answer.answer_text == "Price is $45 at shop A; score 93 per B."
    assert [(each.title, each.char_start) for each in answer.citations or []] == [("Page echo", 22), ("Page bravo", 38)]


def test_a_real_page_of_perplexity() -> None:
    answer = reading("covai__perplexity-chat.html", "perplexity").answer
    assert answer
    written = answer.answer_markdown
    assert written.startswith("Here's a response hitting all four elements:\n\n---\n\nThis is a **bold statement**")
    assert "check out [deadrat.in](https://www.deadrat.in/) — you might" in written
    assert '```elixir\ndefmodule Hello do\n  def world do\n    IO.puts("Hello, World!")\n  end\nend\n' in written
    assert "| Denmark | ~3,800 | 37 | 25+ | ~67% |" in written
    assert "$$\ne^{i\\pi} + 1 = 0\n$$" in written
    for noise in ("Prepared using", "Copy", "Show more", "Please write"):
        assert noise not in answer.answer_text
    assert answer.citations == []
    assert (answer.model_version, answer.model_version_source) == ("Claude Sonnet 4.6 Thinking", "page")


@pytest.mark.parametrize(
    ("name", "outcome", "variant", "page_finished", "stream_finished"),
    [
        ("SYNTHETIC_answer_with_citations.html", "answered", "chat", True, None),
        ("SYNTHETIC_ws_answer_with_citations.jsonl", "answered", None, None, True),
        ("SYNTHETIC_ws_challenge.jsonl", "challenge", None, None, False),
        ("SYNTHETIC_ws_region_error.jsonl", "unavailable_here", None, None, False),
        ("covai_copilot_2026.html", "answered", "chat", True, None),
        ("covai_copilot-m365_2026.html", "layout_changed", None, None, None),
    ],
)
def test_verdicts_of_copilot(
    name: str, outcome: str, variant: str | None, page_finished: bool | None, stream_finished: bool | None
) -> None:
    seen = reading(name, "copilot")
    assert (seen.outcome, seen.warnings) == (outcome, []), seen.error_message
    assert (seen.ui_variant, seen.page_finished, seen.stream_finished) == (variant, page_finished, stream_finished)


def test_the_other_copilot_is_the_wrong_product() -> None:
    seen = reading("covai_copilot-m365_2026.html", "copilot")
    assert (seen.error_message or "").startswith("wrong product")
    assert seen.answer is None


def test_what_copilot_cites_by_page_and_by_socket() -> None:
    page, socket = (
        reading(name, "copilot").answer
        for name in ("SYNTHETIC_answer_with_citations.html", "SYNTHETIC_ws_answer_with_citations.jsonl")
    )
    assert page
    assert page.answer_text == "MCP is an open protocol. See news.example.org."
    assert [(each.title, each.char_start, each.char_end) for each in page.citations or []] == [
        ("Title 0", 23, 23),
        ("Title 1", 29, 45),  # a link that the sentence needs
    ]
    assert [(each.title, each.cited) for each in page.sources or []] == [(f"Title {n}", True) for n in range(3)]
    assert page.follow_up_questions == ["How do I build an MCP server?"]
    assert socket
    assert socket.answer_markdown == "**MCP** is an open protocol. It links tools to models."
    assert [(each.title, each.char_start) for each in socket.citations or []] == [("Title 0", 23), ("Title 1", 50)]
    assert socket.follow_up_questions == ["How do I build an MCP server?", "Who created MCP?"]
    assert socket.conversation_url == "https://copilot.microsoft.com/chats/H9b7SYNTHETICconvId01"


def test_a_real_page_of_copilot() -> None:
    answer = reading("covai_copilot_2026.html", "copilot").answer
    assert answer
    assert answer.answer_text.startswith("Here is the comparison you requested:\n\nThis statement highlights bold")
    written = answer.answer_markdown
    assert "with a reference to [deadrat.in](https://deadrat.in)." in written
    assert '```elixir\nIO.puts "Hello, world!"\n```' in written
    assert written.endswith("| Sweden | ~$3,200 | 40 |")
    for noise in ("Copilot said", "Copy", "Like", "elixir", "Please write"):
        assert noise not in answer.answer_text


LATE = {"follow_up_questions"}
"""Copilot suggests them a while after the end of its answer."""
RECORDINGS = [
    (of, path.name) for of in ("chatgpt", "copilot", "perplexity") for path in sorted((CAPTURES / of).glob("*"))
]


@pytest.mark.parametrize(("of", "name"), RECORDINGS)
def test_a_cut_recording_is_never_taken_for_a_whole_one(of: str, name: str) -> None:
    size, whole = (CAPTURES / of / name).stat().st_size, reading(name, of)
    for end in range(0, size, max(1, size // 150)):
        seen = reading(name, of, end)
        if seen.outcome is Outcome.ANSWERED:
            assert seen.answer
            assert whole.answer
            assert seen.answer.model_dump(exclude=LATE) == whole.answer.model_dump(exclude=LATE), end
