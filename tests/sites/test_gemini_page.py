"""Gemini's page: its words, chips and what they hide, places, pictures, when it is whole, what stands in its way."""

from __future__ import annotations

import pytest

from completions.answer import Answer
from completions.errors import Outcome
from sites.gemini_shapes import ALPHA, BRAVO, CHARLIE, ICON, ID, card, chip, entry, page, panel, read, turn

URL = f"https://gemini.google.com/app/{ID}"
SORRY = (
    '<html><body><form id="captcha-form" action="index" method="post"><iframe title="reCAPTCHA"></iframe></form>'
    "<b>About this page</b> Our systems have detected unusual traffic from your computer network.</body></html>"
)
CODE = (
    '<response-element><code-block><div class="code-block"><div class="code-block-decoration header-formatted">'
    '<span>{}</span><div class="buttons"><button aria-label="Copy code">copy</button></div></div>'
    '<pre><code data-test-id="code-content">x = <span>1</span>\ny = 2\n</code></pre></div></code-block>'
    "</response-element>"
)


def answered(html: str, **captured: str) -> Answer:
    seen = read(html, **captured)
    assert seen.outcome is Outcome.ANSWERED, seen.error_message
    assert seen.answer
    return seen.answer


@pytest.mark.parametrize(
    ("body", "text", "markdown"),
    [
        ('<p data-path-to-node="0">A <b>bold</b> <i>one</i>.<!----></p>', "A bold one.", "A **bold** *one*."),
        (CODE.format("Python"), "x = 1\ny = 2", "```python\nx = 1\ny = 2\n```"),
        (CODE.format("Bash").replace("code-block>", "div>"), "x = 1\ny = 2", "```bash\nx = 1\ny = 2\n```"),
        (CODE.format("Code snippet"), "x = 1\ny = 2", "```\nx = 1\ny = 2\n```"),
        (
            "<p>To <inline-location><button>Café<mat-icon>place</mat-icon></button></inline-location>.</p>",
            "To Café.",
            "To Café.",
        ),
        ("<p>A</p><single-image><img><div><a href='https://p.example/'>Publisher</a></div></single-image>", "A", "A"),
        (
            '<p>So <span class="math-inline" data-math="a_1"><span class="katex"><span>a</span><span>1</span></span>'
            "</span>.</p>",
            "So a_1.",
            "So $a_1$.",
        ),
        (
            '<div data-path-to-node="4"><div class="math-block" data-math="x=1"><span class="katex-display">x=1</span>'
            "</div></div>",
            "x=1",
            "$$\nx=1\n$$",
        ),
        (
            '<table-block><div class="table-content"><table><thead><tr><th><span>a</span></th></tr></thead><tbody><tr>'
            '<td><span>1</span></td></tr></tbody></table></div><div class="table-footer"><button>Export to Sheets'
            "</button></div></table-block>",
            "a\n1",
            "| a |\n| --- |\n| 1 |",
        ),
        (
            '<p>See <response-element><link-block><a href="https://www.google.com/url?q=https://a.example/x">x</a>'
            "</link-block></response-element>.</p>",
            "See x.",
            "See [x](https://a.example/x).",
        ),
        ("<p>Here: http://googleusercontent.com/map_content/0</p><p>There.</p>", "Here:\n\nThere.", "Here:\n\nThere."),
        ('<p>Pick one.</p><form><label>Step 1/4</label></form><div role="radiogroup">Yes No</div>', "Pick one.", None),
        ("<p>A <inline-location>Café Uno</inline-location>.</p>", "A Café Uno.", None),
        (f"<p>A claim.{chip('Alpha', 2)} More.</p>", "A claim. More.", None),
        ('<p data-at="pill-0">Not ours.</p>', "Not ours.", None),
    ],
)
def test_words(body: str, text: str, markdown: str | None) -> None:
    answer = answered(page(turn(body)))
    assert answer.answer_text == text
    assert answer.answer_markdown == (text if markdown is None else markdown)


def test_what_the_model_only_thought_is_no_part_of_the_answer() -> None:
    thoughts = (
        '<model-thoughts><button>Show thinking</button><div class="thoughts-content"><structured-content-container '
        'class="model-response-text"><message-content><p>Let me think</p><img src="https://a.example/t.png">'
        "</message-content></structured-content-container></div></model-thoughts>"
    )
    inside = turn(f"{thoughts.replace('model-response-text', '')}<p>Said.</p>", before=thoughts)
    answer = answered(page(inside))
    assert (answer.answer_text, answer.images) == ("Said.", [])


def test_chips_are_the_pages_of_the_cards_that_were_opened_over_them() -> None:
    body = f"<p>One.{chip('Alpha', 1)} Two.{chip('Bravo')}</p><p>Three{chip('Charlie')}.</p>"
    html = page(turn(body), opened={"cards": [card(ALPHA, BRAVO), "", card(CHARLIE)]})
    seen = read(html)
    assert seen.warnings == ["1 of the 3 chips that cite were not opened"]
    assert seen.answer
    assert seen.answer.answer_text == "One. Two.\n\nThree."
    assert [
        (each.url, each.title, each.site_name, each.role, each.pill, each.char_start)
        for each in seen.answer.citations or []
    ] == [
        ("https://alpha.example/a", "All about A", "Alpha", "inline", 1, 4),
        ("https://bravo.example/b", "Best of B", "Bravo", "more", 1, 4),
        ("https://charlie.example/c", "C at last", "Charlie", "inline", 2, 16),
    ]


@pytest.mark.parametrize(
    ("inside", "title", "name"),
    [
        (f'<div class="cdk-overlay-popover">{card(ALPHA)}</div>', "All about A", "Alpha"),
        (
            '<inline-source-card><a href="https://alpha.example/a"><div>Alpha Ltd</div><div>All about A</div>'
            "<div>Some words.</div></a></inline-source-card>",
            "All about A",
            "Alpha Ltd",
        ),
        ('<a href="https://alpha.example/a#:~:text=x">All about A</a>', "All about A", "Alpha"),
    ],
)
def test_a_card_that_stood_open_when_the_page_was_saved(inside: str, title: str, name: str) -> None:
    answer = answered(page(turn(f"<p>One.{chip('Alpha', inside=inside)}</p>")))
    assert answer.answer_text == "One."
    assert answer.citations
    assert [(each.url, each.title, each.site_name) for each in answer.citations] == [
        ("https://alpha.example/a", title, name)
    ]


def test_cards_belong_to_the_chips_of_their_own_turn() -> None:
    both = page(
        turn(f"<p>One.{chip('Alpha')}</p>"),
        turn(f"<p>Two.{chip('Bravo')}</p>"),
        opened={"cards": [card(ALPHA), card(BRAVO)]},
    )
    answer = answered(both)
    assert answer.answer_text == "Two."
    assert answer.citations
    assert [each.url for each in answer.citations] == ["https://bravo.example/b"]


def test_the_list_of_sources_says_what_was_read_besides() -> None:
    html = page(turn(f"<p>One.{chip('Alpha')}</p>"), opened={"sources": [panel(BRAVO, ALPHA)], "cards": [card(ALPHA)]})
    seen = read(html)
    assert seen.answer
    assert [(each.url, each.title, each.snippet, each.site_name, each.cited) for each in seen.answer.sources or []] == [
        ("https://bravo.example/b", "Best of B", "what it says", "Bravo", False),
        ("https://alpha.example/a", "All about A", "what it says", "Alpha", True),
    ]
    assert "Best of B" in (seen.portions.sources_html or "")


@pytest.mark.parametrize(
    ("html", "sources"),
    [
        (page(turn("<p>A.</p>")), None),
        (page(turn("<p>A.</p>"), opened={"sources": [""], "cards": []}), []),
        (page(turn("<p>A.</p>"), beside=panel(ALPHA)), ["https://alpha.example/a"]),
        (page(turn("<p>Q.</p>"), turn("<p>A.</p>"), beside=panel(ALPHA)), None),  # it may be the other turn's
    ],
)
def test_no_list_an_empty_one_and_one_left_open(html: str, sources: list[str] | None) -> None:
    listed = answered(html).sources
    assert (None if listed is None else [each.url for each in listed]) == sources


def test_footnotes_of_long_reports_count_through_their_list() -> None:
    body = "".join(
        f'<p>N{n}<source-footnote><sup data-turn-source-index="{n}"></sup></source-footnote>.</p>'
        for n in (2, 9, "x", 1)
    )
    lists = f"<deep-research-source-lists>{entry(ALPHA)}{entry(BRAVO)}</deep-research-source-lists>"
    answer = answered(page(turn(body), beside=lists))
    assert answer.answer_text == "N2.\n\nN9.\n\nNx.\n\nN1."
    assert answer.citations
    assert [(each.url, each.char_start) for each in answer.citations] == [
        ("https://bravo.example/b", 2),
        ("https://alpha.example/a", 17),
    ]


@pytest.mark.parametrize(
    "cards",
    [
        "<rich-list-card><button><div><div><div>Luthier &amp; Son</div><!---->"
        "<rich-list-row><span>4.5 stars rating</span></rich-list-row><rich-list-row><span> Open </span></rich-list-row>"
        "</div></div></button></rich-list-card>"
        '<rich-list-card><a href="https://maps.example/2">Frets</a><rich-list-row>Closed</rich-list-row>'
        "</rich-list-card>",
        '<rich-list-card><rich-list-row><div class="title">Luthier &amp; Son</div>'
        '<div aria-label="4,5 stars">4,5 ★ · Shop</div></rich-list-row>'
        '<rich-list-row><a href="https://maps.example/2">Frets</a></rich-list-row></rich-list-card>',
    ],
)
def test_places(cards: str) -> None:
    answer = answered(page(turn(f"<p>Go to</p>{cards}<p>soon.</p>")))
    assert answer.answer_text == "Go to\n\nsoon."
    assert answer.places
    assert [(each.position, each.name, each.rating, each.url) for each in answer.places] == [
        (1, "Luthier & Son", 4.5, None),
        (2, "Frets", None, "https://maps.example/2"),
    ]


def test_pictures_and_no_icons() -> None:
    body = (
        '<p>Look.</p><single-image><button class="image-button"><img src="https://a.example/1.jpg" alt="One"></button>'
        '<a href="https://www.google.com/url?q=https://one.example/">One</a></single-image>'
        '<single-image><a href="https://b.example/"><img src="data:image/png;base64,x" '
        'data-full-size-image-uri="https://b.example/2.jpg"></a></single-image>'
        f'<img src="{ICON}x"><img src="https://a.example/1.jpg">{chip("Alpha", inside=f"<img src={ICON}>")}'
        '<rich-list-card>P<img src="https://p.example/p.png"></rich-list-card>'
    )
    after = '<generated-image><img src="https://lh3.googleusercontent.com/gg/3" alt=""></generated-image>'
    answer = answered(page(turn(body, after=after)))
    assert (answer.answer_text, answer.answer_markdown) == ("Look.", "Look.")
    assert answer.images
    assert [(each.url, each.title, each.source_url) for each in answer.images] == [
        ("https://a.example/1.jpg", "One", "https://one.example/"),
        ("https://b.example/2.jpg", None, "https://b.example/"),
        ("https://lh3.googleusercontent.com/gg/3", None, None),
    ]


def test_what_else_the_page_shows() -> None:
    seen = read(page(turn("<p>A.</p>")), url=URL)
    assert seen.answer
    assert (seen.answer.model_version, seen.answer.model_version_source) == ("Flash", "page")
    assert seen.answer.conversation_url == URL
    assert "what is it" in (seen.portions.prompt_html or "")
    assert "Gemini said" in (seen.portions.completion_html or "")
    assert seen.ui_variant == "gem"
    assert answered(page(turn("<p>A.</p>")), url="https://gemini.google.com/app").conversation_url is None


def test_a_page_that_was_shared_has_no_model_response() -> None:
    html = (
        "<html><body><share-viewer><share-turn-viewer><user-query><p class='query-text-line'>q</p></user-query>"
        "<response-container><div class='response-container-content'><message-content><div class='markdown'><p>A.</p>"
        "</div></message-content><div class='response-footer complete'></div></div></response-container>"
        "</share-turn-viewer></share-viewer></body></html>"
    )
    seen = read(html)
    assert seen.answer
    assert seen.answer.answer_text == "A."
    assert seen.outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    ("html", "outcome"),
    [
        (page(turn("<p>A.</p>", footer="")), Outcome.NETWORK),
        (page(turn("<p>A.</p>", busy=True)), Outcome.NETWORK),
        (page(turn("<p>A.</p>"), stop="stop"), Outcome.NETWORK),
        (page(turn("<p>A.</p>"), turn("", footer="", busy=True)), Outcome.NETWORK),
        (page(), Outcome.NETWORK),
        (page(turn("")), Outcome.NO_ANSWER),
        (page(turn("<p>Something went wrong. Try again.</p>")), Outcome.NETWORK),
        (page(turn("<p>I encountered an error doing what you asked. Could you try again?</p>")), Outcome.NETWORK),
        (page(turn("<p>You've reached your daily limit for 3.1 Pro.</p>")), Outcome.RATE_LIMITED),
        (page(turn("<p>Rate limit: how often one may ask.</p>")), Outcome.ANSWERED),
        (page(turn("<p>Too many requests is what HTTP 429 means.</p>")), Outcome.ANSWERED),
        (
            "<html><body><h1>Gemini isn’t currently supported in your country. Stay tuned!</h1></body></html>",
            Outcome.UNAVAILABLE_HERE,
        ),
        (page(turn("<p>Gemini isn't available in your country, it says.</p>" + "<p>Why?</p>" * 200)), Outcome.ANSWERED),
        (SORRY, Outcome.CHALLENGE),
        ('<html><body><h1>Sign in</h1><input type="email" id="identifierId"></body></html>', Outcome.LOGIN_WALL),
        ("<html><body><div id='root'><h1>Ask away</h1></div></body></html>", Outcome.LAYOUT_CHANGED),
    ],
)
def test_how_it_ended(html: str, outcome: Outcome) -> None:
    assert read(html).outcome is outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("Usage limit reached. Try again later.", Outcome.RATE_LIMITED),
        ("Gemini is not currently supported in your country.", Outcome.UNAVAILABLE_HERE),
        ("Something went wrong (1013)", Outcome.NETWORK),
        ("Sorry, something went wrong. Please try your request again.", Outcome.NETWORK),
    ],
)
def test_what_a_bar_at_the_bottom_says(said: str, outcome: Outcome) -> None:
    bar = f'<simple-snack-bar><div class="mat-mdc-snack-bar-label" role="alert">{said}</div></simple-snack-bar>'
    seen = read(page(turn("", footer=""), beside=bar))
    assert seen.outcome is outcome
    assert said in (seen.error_message or "")
    assert read(page(turn("<p>A.</p>"), beside=bar)).outcome is Outcome.ANSWERED


def test_a_bar_that_says_something_else_is_no_failure() -> None:
    bar = '<simple-snack-bar><div class="mat-mdc-snack-bar-label">Copied to clipboard</div></simple-snack-bar>'
    assert (
        read(page(turn("<p>A", footer=""), beside=bar)).error_message
        == "the page does not say that the answer is whole"
    )


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://www.google.com/sorry/index?continue=https://gemini.google.com/app", Outcome.CHALLENGE),
        ("https://accounts.google.com/v3/signin/identifier?continue=x", Outcome.LOGIN_WALL),
        ("https://accounts.google.com/ServiceLogin?continue=https://gemini.google.com/sorry/", Outcome.LOGIN_WALL),
        ("https://gemini.google.com/app?continue=https://accounts.google.com/ServiceLogin", Outcome.ANSWERED),
    ],
)
def test_where_the_site_led(url: str, outcome: Outcome) -> None:
    assert read(page(turn("<p>A.</p>")), url=url, status=429 if "/sorry/" in url else 200).outcome is outcome
