"""Perplexity's pages: their generations, what is no part of the words, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from completions.answer import Answer
from completions.errors import Outcome
from sites.perplexity_shapes import (
    ALPHA,
    BRAVO,
    CHARLIE,
    ID,
    Page,
    anchor,
    asked,
    bubble,
    chip,
    end,
    event,
    events,
    final_text,
    icon,
    prose_page,
    read,
    results,
    rows,
    whole,
    words,
    workflow,
    workflow_page,
)

Draw = Callable[..., str]
PAGES: list[Draw] = [workflow_page, prose_page]
STOP = icon("player-stop-filled")
MODAL = '<div role="dialog"><button aria-label="Close"></button><h2>{}</h2></div>'


def answered(html: str, stream: str | None = None) -> Answer:
    seen = read(html, stream)
    assert seen.outcome is Outcome.ANSWERED, seen.error_message
    assert seen.answer
    return seen.answer


def cited(answer: Answer) -> list[tuple[str, str, int | None, int | None, str | None]]:
    assert answer.citations is not None
    return [(each.url_canonical, each.role, each.pill, each.char_start, each.site_name) for each in answer.citations]


# What an answer is.


@pytest.mark.parametrize("mark", [chip, anchor])
@pytest.mark.parametrize("page", PAGES)
def test_chips_cite_and_are_no_words(page: Draw, mark: Callable[[Page], str]) -> None:
    answer = answered(page(f"<p>Two <b>stand</b> out{mark(ALPHA)}. More{mark(BRAVO)}</p>"))
    assert answer.answer_text == "Two stand out. More"
    assert answer.answer_markdown == "Two **stand** out. More"
    assert [each[:4] for each in cited(answer)] == [
        ("https://alpha.example/a", "inline", 1, 13),
        ("https://bravo.example/b", "inline", 2, 19),
    ]
    assert [(each[4] or "").lower() for each in cited(answer)] == ["alpha", "bravo"]


@pytest.mark.parametrize(("mark", "page"), [(chip, workflow_page), (anchor, prose_page)])
def test_what_is_behind_a_chip_the_wire_tells(mark: Draw, page: Draw) -> None:
    blocks = [asked("A [1][2]. B [3]"), results(ALPHA, BRAVO, CHARLIE)]
    if page is workflow_page:
        blocks = [workflow(words("A [1][2]. B [3]")), rows(ALPHA, BRAVO, CHARLIE)]
    answer = answered(page(f"<p>A {mark(ALPHA, more=1)}. B {mark(CHARLIE)}</p>"), events(event(), end(*blocks)))
    assert answer.citations
    assert [(each.title, each.role, each.pill, each.char_start) for each in answer.citations] == [
        ("About Alpha" if mark is anchor else "Alpha", "inline", 1, 1),
        ("Bravo", "more", 1, 1),
        ("About Charlie" if mark is anchor else "Charlie", "inline", 2, 4),
    ]
    assert answer.sources
    assert [each.cited for each in answer.sources] == [True, True, True]


def test_marks_that_the_page_draws_side_by_side_are_chips_of_their_own() -> None:
    stream = events(event(), end(asked("A [1][2]."), results(ALPHA, BRAVO)))
    answer = answered(prose_page(f"<p>A{anchor(ALPHA)}{anchor(BRAVO)}.</p>"), stream)
    assert answer.citations
    assert [(each.title, each.role, each.pill) for each in answer.citations] == [
        ("About Alpha", "inline", 1),
        ("About Bravo", "inline", 2),
    ]


def test_a_chip_without_an_address_cites_nothing() -> None:
    marks = '<span class="citation">x</span><span data-pplx-citation data-pplx-citation-url="javascript:x">y</span>'
    answer = answered(workflow_page(f"<p>A{marks}{chip(ALPHA)}</p>"))
    assert (answer.answer_text, [each[0] for each in cited(answer)]) == ("A", ["https://alpha.example/a"])


def test_a_number_is_no_name() -> None:
    mark = f'<a class="citation" href="{ALPHA[1]}">1</a>'
    assert [each[4] for each in cited(answered(prose_page(f"<p>A{mark}</p>")))] == [None]


@pytest.mark.parametrize(
    "noise",
    [
        '<button aria-label="Copy">Copy</button>',
        '<span class="citation-nbsp">&nbsp;</span>',
        '<div data-inline-type="image"><img src="https://img.example/a.jpg">Getty</div>',
        '<div aria-hidden="true" style="visibility: hidden"><table><tr><td>a</td></tr></table></div>',
        "<script>alert()</script>",
    ],
)
@pytest.mark.parametrize("page", PAGES)
def test_furniture_is_neither_words_nor_citation(page: Draw, noise: str) -> None:
    answer = answered(page(f"<p>One.</p>{noise}<p>Two.</p>"))
    assert answer.answer_text == answer.answer_markdown == "One.\n\nTwo."
    assert answer.citations == []


@pytest.mark.parametrize(
    "code",
    [
        "<pre><figure><figcaption><span>python</span><button>Copy</button></figcaption><code>a[1]\nb</code></figure></pre>",
        '<pre><div><button data-testid="copy-code-button"></button><div data-testid="code-language-indicator">python'
        "</div><div><span><code><span>a[1]</span><span>\n</span><span>b</span></code></span></div></div></pre>",
    ],
)
@pytest.mark.parametrize("page", PAGES)
def test_code_and_tables_and_formulas(page: Draw, code: str) -> None:
    tex = '<annotation encoding="application/x-tex">x^2</annotation>'
    table = "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    answer = answered(page(f'{code}{table}<p>So <span class="katex"><math>{tex}</math></span>.</p>'))
    assert answer.answer_markdown == ("```python\na[1]\nb\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nSo $x^2$.")
    assert answer.answer_text == "a[1]\nb\n\na\tb\n1\t2\n\nSo x^2."


def test_what_was_said_on_the_way_is_no_answer() -> None:
    thought = '<div class="contents"><div class="prose" data-renderer="lm"><p>Let me see</p></div></div>'
    page = workflow_page("<p>Said</p>").replace('<div class="contents">Finished 2 steps</div>', thought)
    assert answered(page).answer_text == "Said"


def test_the_last_turn_is_the_one_with_the_highest_number() -> None:
    """Only turns near the view are drawn, an empty slot stands for the others."""
    before = f'<div class="placeholder"></div>{bubble(3, "before")}{final_text("<p>Before</p>")}<div></div>'
    page = workflow_page("<p>Last</p>", before=before).replace('data-workflow-entry="0"', 'data-workflow-entry="4"')
    assert answered(page).answer_text == "Last"
    assert "what is it" in (read(page).portions.prompt_html or "")


@pytest.mark.parametrize("bubble_", [
    '<div class="group/user-bubble"><span class="select-text"><span class="whitespace-pre-line">q</span></span></div>',
    '<div class="group/user-bubble"><div class="prose"><div data-renderer="lm"><p>q</p></div></div></div>',
    '<div class="group/user-bubble"><div class="prose" data-renderer="lm"><p>q</p></div></div>',
    '<div class="group/user-bubble">q</div>',
])  # fmt: skip
def test_a_prompt_is_never_part_of_the_answer(bubble_: str) -> None:
    page = workflow_page("<p>Said</p>").replace(bubble(0), f"<div>{bubble_}</div>")
    seen = read(page)
    assert seen.answer
    assert (seen.outcome, seen.answer.answer_text) == (Outcome.ANSWERED, "Said")
    assert "q" in (seen.portions.prompt_html or "")
    assert "Said" in (seen.portions.completion_html or "")


@pytest.mark.parametrize(
    ("line", "model"),
    [
        ("Claude Sonnet 4.6 Thinking", "Claude Sonnet 4.6 Thinking"),
        ("", None),
    ],
)
def test_the_line_that_names_the_model(line: str, model: str | None) -> None:
    answer = answered(prose_page("<p>A</p>", model=line))
    assert (answer.model_version, answer.model_version_source) == (model, "page" if model else None)


@pytest.mark.parametrize(
    "panel",
    [
        '<div data-radix-popper-content-wrapper=""><div role="dialog"><h2>Sources</h2>{}</div></div>',
        '<div role="tabpanel" aria-labelledby="radix-1-trigger-sources">{}</div>',
        '<div class="pane fixed inset-y-0 right-0"><button aria-label="Close"></button>{}</div>',
    ],
)
@pytest.mark.parametrize("page", PAGES)
def test_an_opened_list_of_sources(page: Draw, panel: str) -> None:
    card = '<a target="_blank" href="{1}"><div class="bg-subtler"><span class="line-clamp-2">{0}</span></div></a>'
    cards = card.format(*ALPHA) + card.format(*CHARLIE) + '<a target="_blank" href="https://www.perplexity.ai/">x</a>'
    seen = read(page(f"<p>A{chip(ALPHA)}</p>", beside=panel.format(cards)))
    assert seen.answer
    assert seen.answer.sources
    assert [(each.title, each.cited) for each in seen.answer.sources] == [("Alpha", True), ("Charlie", False)]
    assert "Charlie" in (seen.portions.sources_html or "")


def test_a_page_that_lists_nothing_says_nothing_of_sources() -> None:
    menu = '<div class="fixed inset-y-0 right-0"><a target="_blank" href="https://apps.example/">App</a></div>'
    answer = answered(workflow_page("<p>A</p>", beside=menu))
    assert (answer.sources, answer.fan_out_queries, answer.images, answer.ads) == (None, None, None, None)


@pytest.mark.parametrize(
    ("url", "conversation"),
    [
        (f"https://www.perplexity.ai/search/{ID}?x=1#y", f"https://www.perplexity.ai/search/{ID}"),
        ("https://www.perplexity.ai/search/top-3-comp-wvA0dso7TgW3NpgF8Jd8tg", "https://www.perplexity.ai/search/top-3-comp-wvA0dso7TgW3NpgF8Jd8tg"),
        ("https://www.perplexity.ai/search/new?q=x", None),
        ("https://www.perplexity.ai/search?q=x", None),
        ("https://www.perplexity.ai/", None),
        (None, None),
    ],
)  # fmt: skip
def test_where_the_thread_is(url: str | None, conversation: str | None) -> None:
    seen = read(workflow_page("<p>A</p>"), url=url)
    assert seen.answer
    assert seen.answer.conversation_url == conversation


def test_page_and_wire_of_one_conversation_agree() -> None:
    page, stream = workflow_page(f"<p>A{chip(ALPHA)}.</p>"), whole("A[1].")
    both = read(page, stream)
    assert (both.outcome, both.warnings) == (Outcome.ANSWERED, [])
    assert both.answer
    assert (both.answer.answer_text, both.answer.model_version) == ("A.", "turbo")
    assert read(page, whole("B[1].")).warnings == [
        "page and stream differ in the words of the answer; the page's are given"
    ]


# When it is whole.


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("drawn", "outcome"),
    [
        ({}, Outcome.ANSWERED),
        ({"footer": False}, Outcome.NETWORK),
        ({"stop": '<button aria-label="Stop response (Esc)"></button>'}, Outcome.NETWORK),
        ({"stop": f"<button>{STOP}</button>"}, Outcome.NETWORK),
        ({"stop": f'<button aria-label="Stop dictation">{STOP}</button>'}, Outcome.ANSWERED),
        ({"beside": f'<button aria-label="Stop">{STOP}</button>'}, Outcome.ANSWERED),
    ],
)
def test_what_says_that_an_answer_is_whole(page: Draw, drawn: dict[str, str], outcome: Outcome) -> None:
    assert read(page("<p>A</p>", **drawn)).outcome is outcome


def test_copying_code_or_the_prompt_is_no_end() -> None:
    copy = f"<button>{icon('copy')}</button>"
    assert read(workflow_page(f"<p>A</p><pre>{copy}<code>b</code></pre>", footer=False)).outcome is Outcome.NETWORK


# What stands in the way.


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("said", ["Sign in to continue", "Log in or sign up", "Continue with Google", "Anmelden"])
def test_a_sign_in_dialog_is_a_wall_unless_the_answer_is_whole(page: Draw, said: str) -> None:
    assert read(page("<p>A</p>", beside=MODAL.format(said), footer=False)).outcome is Outcome.LOGIN_WALL
    seen = read(page("<p>A</p>", beside=MODAL.format(said)))
    assert (seen.outcome, seen.warnings) == (Outcome.ANSWERED, ["the site's sign-in dialog is open"])


@pytest.mark.parametrize(
    ("around", "outcome"),
    [
        ('<div data-type="portal"><div>{}</div></div>', Outcome.LOGIN_WALL),
        ('<div class="fixed">{}</div>', Outcome.NETWORK),
    ],
)
def test_a_sign_in_modal_is_a_wall_over_the_whole_page_alone(around: str, outcome: Outcome) -> None:
    modal = around.format('<div data-testid="login-modal">Anmelden</div>')
    assert read(workflow_page("<p>A</p>", beside=modal, footer=False)).outcome is outcome
    assert read(workflow_page("<p>A</p>", beside=modal)).outcome is Outcome.ANSWERED


def test_other_dialogs_are_no_wall() -> None:
    for said in ("Introducing Spaces", "We sign inscriptions"):
        assert read(workflow_page("<p>A</p>", beside=MODAL.format(said))).warnings == []
    consent = (
        '<div role="dialog"><div id="cookie-consent">Cookies when you sign in <button>Necessary</button></div></div>'
    )
    assert read(workflow_page("<p>A</p>", beside=consent)).warnings == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("Sign up and repeat your request.", Outcome.LOGIN_WALL),
        ("You've reached your limit of free searches.", Outcome.RATE_LIMITED),
        ("You’ve used all your Pro searches for today.", Outcome.RATE_LIMITED),
        ("Something went wrong. Please try again.", Outcome.NETWORK),
        ("Perplexity is not available in your region.", Outcome.UNAVAILABLE_HERE),
    ],
)
def test_what_the_site_says_in_place_of_an_answer(page: Draw, said: str, outcome: Outcome) -> None:
    assert read(page(f"<p>{said}</p>")).outcome is outcome


@pytest.mark.parametrize(
    ("html", "captured", "outcome"),
    [
        ("<title>Just a moment...</title><body><script>x</script></body>", {"status": 403}, Outcome.CHALLENGE),
        ("<body></body>", {"headers": {"cf-mitigated": "challenge"}}, Outcome.CHALLENGE),
        ('<main><div id="challenge-stage">Verify you are human</div></main>', {}, Outcome.CHALLENGE),
        (
            "<main>Sign in</main>",
            {"url": "https://www.perplexity.ai/login?redirect=x"},
            Outcome.LOGIN_WALL,
        ),
        ("<main>Too many</main>", {"status": 429}, Outcome.RATE_LIMITED),
        ("<main>No</main>", {"status": 403}, Outcome.BLOCKED),
        ("<main>No</main>", {"status": 502}, Outcome.NETWORK),
        ("<main>Nothing of ours</main>", {}, Outcome.LAYOUT_CHANGED),
        ("", {}, Outcome.NETWORK),
    ],
)
def test_what_comes_in_place_of_the_page(html: str, captured: dict[str, Any], outcome: Outcome) -> None:
    assert read(html, **captured).outcome is outcome


def test_the_start_holds_no_answer() -> None:
    seen = read('<html><body><div id="ask-input" contenteditable="true"></div></body></html>')
    assert (seen.outcome, seen.ui_variant, seen.answer) == (Outcome.NETWORK, "bare", None)


def test_the_first_generation() -> None:
    answer = '<div data-testid="answer"><div class="prose"><p>A</p></div></div><button aria-label="Copy">Copy</button>'
    seen = read(f"<html><body><h1>q</h1>{answer}</body></html>")
    assert (seen.outcome, seen.ui_variant) == (Outcome.ANSWERED, "bare")
    assert seen.answer
    assert seen.answer.answer_text == "A"


@pytest.mark.parametrize("drawn", [workflow_page, prose_page])
@pytest.mark.parametrize(
    ("state", "footer", "outcome"),
    [("closed", True, Outcome.ANSWERED), ("open", True, Outcome.NETWORK), ("closed", False, Outcome.NETWORK)],
)
def test_a_stop_button_that_stays_closed_stops_nothing(
    drawn: Callable[..., str], state: str, footer: bool, outcome: Outcome
) -> None:
    stop = f'<button aria-label="Stop response (Esc)" data-state="{state}">Stop</button>'
    assert read(drawn("<p>A.</p>", footer=footer, stop=stop)).outcome is outcome
