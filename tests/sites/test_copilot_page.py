"""Copilot's pages: words, the layers of its citations, what ends an answer, what stands in its way."""

from __future__ import annotations

import base64

import pytest

from completions.errors import Outcome
from completions.sites.scene import with_opened
from sites.copilot_shapes import (
    ALPHA,
    BRAVO,
    CHARLIE,
    CONVERSATION,
    STOP,
    URL,
    answered,
    asked,
    cards,
    chip,
    link,
    modal,
    page,
    panel,
    read,
    shell,
)

TRACKED = "https://www.bing.com/ck/a?!&p=x&u=a1" + base64.urlsafe_b64encode(ALPHA[1].encode()).decode().rstrip("=")
CODE = (
    '<div class="rounded-xl"><div class="flex"><span class="capitalize">python</span><button>Copy</button></div>'
    '<div class="rounded-b-xl"><pre><code><span class="hljs-keyword">import</span> os\nos</code></pre></div></div>'
)
KATEX = (
    '<span class="katex"><span class="katex-mathml"><math><annotation encoding="application/x-tex">x^2</annotation>'
    '</math></span><span class="katex-html" aria-hidden="true">x2</span></span>'
)


@pytest.mark.parametrize(
    ("body", "text", "markdown"),
    [
        ("<p>A <strong>b</strong>.</p><p>C.</p>", "A b.\n\nC.", "A **b**.\n\nC."),
        (f"<p>A {chip(ALPHA)}. B {chip(BRAVO, '[2]')}{chip(CHARLIE, '+3')}</p>", "A. B", "A. B"),
        (f"<p>A<sup>{chip(ALPHA)}</sup> b</p>", "A b", "A b"),
        (f'<p>A<cite>{chip(ALPHA, "Alpha")}, +2</cite> b <span class="supcontainer">2</span></p>', "A b", "A b"),
        (f'<p>A <span data-copy="false">{chip(ALPHA)}+2</span> b</p>', "A b", "A b"),
        (f"<p>See {link(ALPHA, 'alpha')}.</p>", "See alpha.", "See [alpha](https://alpha.example/a)."),
        (f"<p>By {link(('', 'ca://s?q=Fender'), 'Fender')}.</p>", "By Fender.", "By Fender."),
        (f"<p>A</p>{CODE}", "A\n\nimport os\nos", "A\n\n```python\nimport os\nos\n```"),
        (f"<p>A {KATEX}</p>", "A x^2", "A $x^2$"),
        ("<p>A</p><button>Edit in a page</button>", "A", "A"),
        (
            "<div><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody>"
            '</table><button data-testid="copy-table-button">Copy</button></div>',
            "a\tb\n1\t2",
            "| a | b |\n| --- | --- |\n| 1 | 2 |",
        ),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb", "- a\n- b"),
    ],
)
def test_words(body: str, text: str, markdown: str) -> None:
    seen = read(page(body, after=cards(ALPHA, more=2)))
    assert (seen.outcome, seen.ui_variant, seen.warnings) == (Outcome.ANSWERED, "chat", [])
    assert seen.answer
    assert (seen.answer.answer_text, seen.answer.answer_markdown) == (text, markdown)


@pytest.mark.parametrize(
    ("body", "pills"),
    [
        (f"<p>A {chip(ALPHA)}. B {chip(BRAVO)}</p>", [("Alpha", 1, 1), ("Bravo", 4, 4)]),
        (f"<p>A {chip(ALPHA)}{chip(BRAVO)} b</p>", [("Alpha", 1, 1), ("Bravo", 1, 1)]),
        (f"<p>A<cite>{chip(ALPHA)}{chip(BRAVO)}</cite> b</p>", [("Alpha", 1, 1), ("Bravo", 1, 1)]),
        (f"<p>See {link(ALPHA, 'the alpha')}.</p>", [("Alpha", 4, 13)]),  # its title is known from a card
        (f"<p>A {chip(('', TRACKED))}</p>", [("Alpha", 1, 1)]),
        (f"<p>A {chip(('Own', 'https://copilot.microsoft.com/x'))}</p>", [("Alpha", None, None)]),
        ("<p>A</p>", [("Alpha", None, None)]),  # where no mark stands among the words, the cards are all there is
    ],
)
def test_citations(body: str, pills: list[tuple[str, int | None, int | None]]) -> None:
    answer = read(page(body, after=cards(ALPHA))).answer
    assert answer
    assert [(each.title, each.char_start, each.char_end) for each in answer.citations or []] == pills
    assert {each.role for each in answer.citations or []} == {"inline"}


@pytest.mark.parametrize(
    ("after", "beside", "sources"),
    [
        ("", "", [("Alpha", True)]),
        (cards(BRAVO, more=1), "", [("Bravo", True), ("Alpha", True)]),
        (cards(ALPHA, more=1), modal(ALPHA, BRAVO), [("Alpha", True), ("Bravo", True)]),
        (cards(ALPHA), panel(BRAVO, ALPHA), [("Alpha", True), ("Bravo", True)]),
        ("", panel(BRAVO, ("Tracked", TRACKED)), [("Bravo", True), ("Tracked", True)]),
        ("", '<div data-modal-overlay="true"><a href="https://go.example/terms">Terms</a></div>', [("Alpha", True)]),
    ],
)
def test_the_layers_of_citations_are_one_list(after: str, beside: str, sources: list[tuple[str, bool]]) -> None:
    answer = read(page(f"<p>A {chip(ALPHA)}</p>", after=after, beside=beside)).answer
    assert answer
    assert [(each.title, each.cited) for each in answer.sources or []] == sources
    assert [each.url_canonical for each in answer.citations or []] == [ALPHA[1]]


def test_the_dialog_that_was_opened_and_closed_again_is_read() -> None:
    closed = page(f"<p>A {chip(ALPHA)}</p>", after=cards(ALPHA, more=1))
    seen = read(with_opened(closed, {"citations": [modal(ALPHA, BRAVO)]}))
    assert seen.answer
    assert [each.title for each in seen.answer.sources or []] == ["Alpha", "Bravo"]
    assert (seen.portions.sources_html or "").count("<a ") == 3


FRAME = '<iframe src="https://copilot.fun/frame"></iframe>'


@pytest.mark.parametrize("reactions", ["", "<div data-testid='message-item-reactions'></div>"])
def test_an_answer_in_frames(reactions: str) -> None:
    framed = f'<div class="group/ai-message-item"><p>A {chip(ALPHA)} <b>b</b>.</p></div>{cards(BRAVO)}'
    seen = read(with_opened(page(FRAME, reactions=reactions), {"frames": [framed]}))
    assert (seen.outcome, seen.ui_variant) == (Outcome.ANSWERED, "nested")
    assert seen.answer
    assert (seen.answer.answer_text, seen.answer.answer_markdown) == ("A b.", "A **b**.")
    assert [(each.title, each.char_start) for each in seen.answer.citations or []] == [("Alpha", 1)]
    assert [each.title for each in seen.answer.sources or []] == ["Bravo", "Alpha"]


@pytest.mark.parametrize("words", ["", "<p>A.</p>"])
def test_a_frame_beside_words_is_no_answer(words: str) -> None:
    seen = read(with_opened(page(words + FRAME), {"frames": ["<p>a preview</p>"] if words else []}))
    assert (seen.answer.answer_text if seen.answer else None) == words.replace("<p>", "").replace("</p>", "")
    assert seen.outcome is (Outcome.ANSWERED if words else Outcome.NO_ANSWER)


@pytest.mark.parametrize(
    ("html", "finished"),
    [
        (page("<p>A</p>"), True),
        (page("<p>A</p>", reactions='<button data-testid="message-thumbs-up-button"></button>'), True),
        (page("<p>A</p>", reactions='<button data-testid="copy-message-button"></button>'), True),  # older
        (page("<p>A</p>", reactions=""), False),
        (page("<p>A</p>", beside=STOP), False),
        (page("<p>A</p>", after='<div data-testid="loading-message"></div>'), False),
        (shell(asked() + answered("<p>Old</p>") + asked()), False),
        (shell(asked() + answered("<p>Old</p>") + asked() + answered("<p>A</p>")), True),
    ],
)
def test_finished_is_what_the_page_says(html: str, finished: bool) -> None:
    seen = read(html)
    assert (seen.page_finished, seen.outcome) == (finished, Outcome.ANSWERED if finished else Outcome.NETWORK)
    assert not finished or (seen.answer and seen.answer.answer_text == "A")


@pytest.mark.parametrize("gone", [' class="group/ai-message-item space-y-3"', ' data-content="ai-message"'])
def test_a_page_that_lost_a_name_of_its_parts_is_read_by_the_others(gone: str) -> None:
    seen = read(page(f"<p>A {chip(ALPHA)}.</p>", after=cards(ALPHA)).replace(gone, ""))
    assert seen.outcome is Outcome.ANSWERED
    assert seen.answer
    assert (seen.answer.answer_text, len(seen.answer.citations or [])) == ("A.", 1)


def test_conversations_that_the_page_hides_are_not_read() -> None:
    past = f'<div data-testid="backstage-chats">{asked("old")}{answered("<p>Old.</p>")}</div>'
    html = page("<p>A.</p>", beside=past)
    seen = read(html)
    assert seen.answer
    assert seen.answer.answer_text == "A."
    assert "old" not in (seen.portions.prompt_html or "")


def test_what_is_suggested_shown_and_where() -> None:
    picture = '<p>A</p><a href="https://alpha.example/a"><img src="https://img.example/x.png" alt="A cat"></a>'
    icon = (
        f'{chip(ALPHA, "<img src=https://img.example/favicon.ico>")}<button><img src="https://img.example/b"></button>'
    )
    offered = '<button data-testid="chat-suggestion">Why?</button><button data-testid="chat-suggestion"> Why? </button>'
    seen = read(page(picture + icon, beside=offered), url=f"{URL}?x=1")
    assert seen.answer
    assert seen.answer.follow_up_questions == ["Why?"]
    assert seen.answer.images
    assert [(each.url, each.title, each.source_url) for each in seen.answer.images] == [
        ("https://img.example/x.png", "A cat", ALPHA[1])
    ]
    assert seen.answer.conversation_url
    assert seen.answer.conversation_url.startswith(f"https://copilot.microsoft.com/chats/{CONVERSATION}")
    for never in (
        seen.answer.fan_out_queries,
        seen.answer.model_version,
        seen.answer.products,
        seen.answer.places,
        seen.answer.ads,
        seen.answer.web_search_triggered,
    ):
        assert never is None


def alone(body: str, title: str = "Microsoft Copilot") -> str:
    """A page without the chat."""
    return f"<!doctype html><html><head><title>{title}</title></head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("html", "outcome", "told"),
    [
        (alone('<a href="https://login.microsoftonline.com/x">M</a>'), Outcome.LOGIN_WALL, "login"),
        (alone('<p>Anmelden</p><a href="https://appleid.apple.com/auth">Apple</a>'), Outcome.LOGIN_WALL, "login"),
        (alone('<form action="https://accounts.google.com/o"><button>G</button></form>'), Outcome.LOGIN_WALL, "login"),
        (alone("<p>Copilot isn't available in your region.</p>"), Outcome.UNAVAILABLE_HERE, "region"),
        (alone("<p>Copilot ist in Ihrer Region noch nicht verfügbar.</p>"), Outcome.UNAVAILABLE_HERE, "not available"),
        (alone("<p>Copilot n’est pas disponible dans votre pays.</p>"), Outcome.UNAVAILABLE_HERE, "not available"),
        (alone('<div id="challenge-form">x</div>', "Just a moment..."), Outcome.CHALLENGE, "human"),
        (alone('<div id="m365-copilot-app-layout-root">Chat</div>'), Outcome.LAYOUT_CHANGED, "wrong product"),
        (alone('<div class="fai-CopilotMessage">A</div>'), Outcome.LAYOUT_CHANGED, "wrong product"),
        (alone("<p>Something new</p>"), Outcome.LAYOUT_CHANGED, "neither"),
        (alone(""), Outcome.NETWORK, "empty"),
        ("", Outcome.NETWORK, "empty"),
    ],
)
def test_what_comes_in_place_of_the_chat(html: str, outcome: Outcome, told: str) -> None:
    seen = read(html)
    assert seen.outcome is outcome
    assert told in (seen.error_message or "")
    assert seen.answer is None


TURNSTILE = '<div id="cf-turnstile"><input type="hidden" name="cf-turnstile-response" value="{}"></div>'


@pytest.mark.parametrize(
    ("html", "outcome"),
    [
        (page("", reactions="", beside=TURNSTILE.format("")), Outcome.CHALLENGE),
        (page("<p>A</p>", beside=TURNSTILE.format("0.x")), Outcome.ANSWERED),
        (page("", reactions="", after='<div role="alert">Too many requests. Wait.</div>'), Outcome.RATE_LIMITED),
        (page("", after='<div role="alert">You’ve reached your daily limit.</div>'), Outcome.RATE_LIMITED),
        (page("", after='<div role="alert">Something went wrong. Try again.</div>'), Outcome.NETWORK),
        (page("", after='<div role="alert">Da ist etwas schiefgegangen.</div>'), Outcome.NETWORK),
        (page("<p>A</p>", after='<div role="alert">Nicht gespeichert.</div>'), Outcome.ANSWERED),
        (page("<p>Copilot is not currently available in your region.</p>"), Outcome.UNAVAILABLE_HERE),
        (page("<p>Sign in to continue</p>"), Outcome.LOGIN_WALL),
        (page(""), Outcome.NO_ANSWER),
        (page("<p>Ask whether it is available in your region.</p>" + "<p>So it is said.</p>" * 40), Outcome.ANSWERED),
        (page(f"<p>A {link(('', 'https://accounts.google.com/'), 'Google')}</p>"), Outcome.ANSWERED),
    ],
)
def test_what_comes_in_place_of_an_answer(html: str, outcome: Outcome) -> None:
    assert read(html).outcome is outcome


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://login.live.com/oauth20_authorize.srf", Outcome.LOGIN_WALL),
        ("https://login.microsoftonline.com/consumers/x", Outcome.LOGIN_WALL),
        ("https://copilot.microsoft.com/login?x", Outcome.LOGIN_WALL),
        ("https://m365.cloud.microsoft/chat", Outcome.LAYOUT_CHANGED),
        ("https://www.bing.com/copilotsearch?q=a", Outcome.LAYOUT_CHANGED),
        (URL, Outcome.NETWORK),
    ],
)
def test_where_the_site_leads(url: str, outcome: Outcome) -> None:
    assert read(alone("<p>Something went wrong</p>"), url=url).outcome is outcome
