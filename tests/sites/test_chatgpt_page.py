"""ChatGPT's pages: every generation of citations, what is no part of the words, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import pytest

from completions.answer import Answer, Reading
from completions.errors import Outcome
from sites.shapes import CONVERSATION, chip, pill, react_page, read, server_page

CLUTCH = ("Clutch", "https://clutch.co/top?utm_source=chatgpt.com")
BLOG = ("Blog", "https://blog.example.net/x?utm_source=chatgpt.com")


def answered(html: str) -> Answer:
    seen = read(html)
    assert seen.outcome is Outcome.ANSWERED, seen.error_message
    assert seen.answer
    return seen.answer


def cited(answer: Answer) -> list[tuple[str, str, int | None, int | None, int | None]]:
    assert answer.citations is not None
    return [(each.url_canonical, each.role, each.pill, each.char_start, each.char_end) for each in answer.citations]


def test_a_chip_of_the_server_rendered_page_has_all_of_its_pages() -> None:
    answer = answered(server_page(f"<p>Two stand out {chip(CLUTCH, BLOG)}. More {chip(BLOG, label='Blog')}</p>"))
    assert answer.answer_text == answer.answer_markdown == "Two stand out. More"
    assert cited(answer) == [
        ("https://clutch.co/top", "inline", 1, 13, 13),
        ("https://blog.example.net/x", "more", 1, 13, 13),
        ("https://blog.example.net/x", "inline", 2, 19, 19),
    ]
    assert answer.citations
    assert (answer.citations[0].site_name, answer.citations[0].title) == ("Clutch", "About Clutch")
    assert answer.sources
    assert [(each.url_canonical, each.cited) for each in answer.sources] == [
        ("https://clutch.co/top", True),
        ("https://blog.example.net/x", True),
    ]


def test_a_pill_of_the_classic_page_has_its_first_page() -> None:
    answer = answered(react_page(f"<p>Runs on Kafka {pill('Cloudera +2', 'https://www.cloudera.com/a?x=1')}.</p>"))
    assert answer.answer_text == answer.answer_markdown == "Runs on Kafka."
    assert cited(answer) == [("https://www.cloudera.com/a?x=1", "inline", 1, 13, 13)]
    assert answer.citations
    assert answer.citations[0].site_name == "Cloudera"
    assert (answer.model_version, answer.model_version_source) == ("gpt-5-3", "page")
    assert (answer.entities, answer.places, answer.fan_out_queries) == (None, None, None)


def test_a_link_that_is_part_of_the_sentence_keeps_its_words() -> None:
    payload = escape('[{"url": "https://p.com"}]')
    reference = (
        f'<button data-content-reference-type="url" data-assistant-sources-payload="{payload}">'
        '<span data-assistant-reference-title="">Perficient</span>'
        '<span data-assistant-reference-detail="">perficient.com</span></button>'
    )
    answer = answered(server_page(f"<p>Ask {reference} first.</p>"))
    assert answer.answer_text == "Ask Perficient first."
    assert answer.answer_markdown == "Ask [Perficient](https://p.com) first."
    assert cited(answer) == [("https://p.com/", "inline", 1, 4, 14)]
    without = reference.replace(payload, "[]")
    answer = answered(server_page(f"<p>Ask {without} first.</p>"))
    assert (answer.answer_markdown, answer.citations) == ("Ask Perficient first.", [])


def test_entities_are_words_and_maps_are_not() -> None:
    payload = escape('{"query": "Ceiba", "category": "company"}')
    entity = (
        '<button data-content-reference-type="entity" data-assistant-entity-reference="" '
        f'data-assistant-entity-payload="{payload}">Ceiba</button>'
    )
    pins = escape('[{"name": "Ceiba", "category": "Software company", "rating": 4.5}, 7]')
    shown = f'<span data-content-reference-type="map"><button data-assistant-map-payload="{pins}">Map</button></span>'
    answer = answered(server_page(f"<p>Try {entity}.</p>{shown}"))
    assert answer.answer_text == "Try Ceiba."
    assert answer.entities
    assert [(each.name, each.category, each.char_start, each.char_end) for each in answer.entities] == [
        ("Ceiba", "company", 4, 9)
    ]
    assert answer.places
    assert [(each.name, each.category, each.rating) for each in answer.places] == [("Ceiba", "Software company", 4.5)]


@pytest.mark.parametrize(
    "noise",
    [
        '<div data-testid="businesses-map-widget"><a href="https://www.mapbox.com/">© Mapbox</a></div>',
        '<div class="mapboxgl-ctrl-attrib"><a href="https://www.openstreetmap.org">© OSM</a></div>',
        "<dil-widget-shell>Seoul 26°C</dil-widget-shell>",
        '<span class="contents"><div class="rounded-md">4.3 • Café • Open Website • Directions</div></span>',
        '<button aria-label="Next image">›</button>',
        '<span data-text-shimmer-text="">Searched 18 websites</span>',
        '<aside aria-label="Sponsored by X"><a href="https://x.com/?oppref=1">Buy</a></aside>',
        '<a href="https://x.com/?utm_medium=paidaeo">Buy</a>',
        '<img src="https://www.google.com/s2/favicons?domain=x.com" alt="x">',
        '<div data-assistant-product-list=""><button>Guitar 299 €</button></div>',
        '<script>alert("x")</script><style>p {}</style>',
    ],
)
@pytest.mark.parametrize("page", [server_page, react_page])
def test_furniture_is_neither_words_nor_citation(page: Callable[[str], str], noise: str) -> None:
    answer = answered(page(f"<p>One.</p>{noise}<p>Two.</p>"))
    assert answer.answer_text == "One.\n\nTwo."
    assert answer.answer_markdown == "One.\n\nTwo."
    assert answer.citations == []


def test_marks_that_the_page_left_are_no_words() -> None:
    assert answered(server_page("<p>A \ue200cite\ue202turn0search0\ue201b\ue206</p>")).answer_text == "A b"


def test_ads_are_kept_apart() -> None:
    ad = (
        '<aside aria-label="Sponsored"><a href="https://shop.com/?oppref=1"><strong>Strings</strong> for less</a>'
        "<button>Why this ad</button></aside>"
    )
    seen = read(server_page("<p>One.</p>", beside=ad))
    assert seen.answer
    assert seen.answer.ads
    [shown] = seen.answer.ads
    assert (shown.title, shown.body, shown.url) == ("Strings", "Strings for less", "https://shop.com/?oppref=1")
    assert seen.portions.ads_html == ad
    assert answered(server_page("<p>One.</p>")).ads == []


def test_images_are_listed() -> None:
    answer = answered(
        react_page('<p>See <a href="https://a.com/p"><img src="https://a.com/i.png" alt="A chart"></a></p>')
    )
    assert answer.images
    [image] = answer.images
    assert (image.url, image.title, image.source_url) == ("https://a.com/i.png", "A chart", "https://a.com/p")
    assert "![A chart](https://a.com/i.png)" in answer.answer_markdown


def test_the_classic_panel_tells_cited_from_consulted() -> None:
    entry = '<li><a href="https://{0}.com/?utm_source=chatgpt.com"><span>{0}</span><strong>About {0}</strong></a></li>'
    panel = (
        '<div data-stage-thread-flyout="" data-testid="stage-thread-flyout"><section data-testid="screen-threadFlyOut">'
        f"<ul>{entry.format('a')}{entry.format('b')}<li>More</li>{entry.format('c')}</ul></section></div>"
    )
    seen = read(react_page(f"<p>One {pill('a +1', 'https://a.com/?utm_source=chatgpt.com')}</p>", beside=panel))
    assert seen.answer
    assert seen.answer.sources
    assert [(each.url_canonical, each.title, each.site_name, each.cited) for each in seen.answer.sources] == [
        ("https://a.com/", "About a", "a", True),
        ("https://b.com/", "About b", "b", True),
        ("https://c.com/", "About c", "c", False),
    ]
    assert seen.portions.sources_html == panel


def test_only_the_last_turn_counts() -> None:
    first = server_page("<p>First answer.</p>")
    turn = first[first.index("<li data-message-role") : first.index("</ol>")]
    second = turn.replace("what is it", "and now").replace("First answer.", "Second answer.")
    page = first.replace("</ol>", second + "</ol>")
    seen = read(page)
    assert seen.answer
    assert seen.answer.answer_text == "Second answer."
    assert "and now" in (seen.portions.prompt_html or "")
    asked_again = page.replace("</ol>", '<li data-message-role="user">once more</li></ol>')
    assert (read(asked_again).outcome, read(asked_again).answer) == (Outcome.NETWORK, None)


def test_several_messages_of_one_answer_are_read_together() -> None:
    page = react_page("<p>Let me look.</p>")
    more = (
        '<div data-message-author-role="assistant"><div class="markdown"><p>Found it.</p></div></div><div role="group"'
    )
    assert answered(page.replace('<div role="group"', more, 1)).answer_text == "Let me look.\n\nFound it."


@pytest.mark.parametrize(
    ("html", "finished"),
    [
        (server_page("<p>a</p>"), True),
        (server_page("<p>a</p>", attributes="data-message-streaming"), False),
        (server_page("<p>a</p>", attributes="data-message-complete data-message-streaming"), False),
        (server_page("<p>a</p>", attributes=""), False),
        (server_page("<p>a</p>", stop="data-stop-generating"), False),
        (server_page("<p>a</p>").removesuffix("</body></html>"), False),
        (react_page("<p>a</p>"), True),
        (react_page("<p>a</p>", actions=False), False),
        (react_page("<p>a</p>", markdown="markdown streaming-animation"), False),
        (react_page("<p>a</p>", markdown="markdown result-streaming"), False),
        (react_page("<p>a</p>", beside='<button data-testid="stop-button"></button>'), False),
        (react_page("<p>a</p>").replace("<section", "<article").replace("</section", "</article"), True),  # until 2025
    ],
)
def test_an_answer_counts_when_the_page_says_it_is_whole(html: str, finished: bool) -> None:
    seen = read(html)
    assert (seen.page_finished, seen.finished) == (finished, finished)
    assert seen.outcome is (Outcome.ANSWERED if finished else Outcome.NETWORK)
    assert seen.answer
    assert seen.answer.answer_text == "a"


@pytest.mark.parametrize(
    ("beside", "outcome"),
    [
        ('<dialog id="no-auth-soft-rate-limit-dialog" open>Limit reached</dialog>', Outcome.RATE_LIMITED),
        ('<div id="modal-no-auth-rate-limit" data-testid="modal-no-auth-rate-limit">Limit</div>', Outcome.RATE_LIMITED),
        ('<dialog id="mobile-auth-dialog" open>Log in</dialog>', Outcome.LOGIN_WALL),
        ("<div data-conversation-gate><div data-conversation-gate-panel>Log in</div></div>", Outcome.LOGIN_WALL),
        ('<div data-conversation-gate data-gate-kind="limit">Limit</div>', Outcome.RATE_LIMITED),
        ("<dialog data-safety-dialog open>We cannot help with that</dialog>", Outcome.REFUSED),
        ('<div data-failure-status="429"></div>', Outcome.RATE_LIMITED),
        ('<div data-failure-status="503" data-failure-reason="unusual_activity"></div>', Outcome.BLOCKED),
        ("<div data-conversation-recovery>Something went wrong</div>", Outcome.NETWORK),
        ('<div role="alert">Too many requests. Please slow down.</div>', Outcome.RATE_LIMITED),
        ("<div data-composer-submission-status>Chat verification required</div>", Outcome.BLOCKED),
        ('<iframe src="https://challenges.cloudflare.com/x"></iframe>', Outcome.CHALLENGE),
    ],
)
def test_what_is_shown_in_place_of_an_answer(beside: str, outcome: Outcome) -> None:
    unanswered = server_page("", attributes="", beside=beside)
    assert read(unanswered).outcome is outcome
    assert read(server_page("<p>a</p>", beside=f"<div hidden>{beside}</div>")).outcome is Outcome.ANSWERED
    if "<dialog" in beside:
        assert read(server_page("<p>a</p>", beside=beside.replace(" open", ""))).outcome is Outcome.ANSWERED


def test_a_soft_limit_beside_a_whole_answer_is_only_a_warning() -> None:
    dialog = '<dialog id="no-auth-soft-rate-limit-dialog" open>Limit reached</dialog>'
    seen = read(server_page("<p>a</p>", beside=dialog))
    assert (seen.outcome, seen.warnings) == (Outcome.ANSWERED, ["the site's message limit for visitors is reached"])


def test_a_gate_is_no_warning() -> None:
    assert read(server_page("<p>a</p>").replace("<html", "<html data-conversation-gated")).outcome is Outcome.LOGIN_WALL


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("Something went wrong. If this issue persists please contact us at help.openai.com.", Outcome.NETWORK),
        ("There was an error generating a response", Outcome.NETWORK),
        ("Hmm...something seems to have gone wrong.", Outcome.NETWORK),
        ("Network error", Outcome.NETWORK),
        ("Too many concurrent requests", Outcome.RATE_LIMITED),
        ("You've reached our limit of messages per hour. Please try again later.", Outcome.RATE_LIMITED),
        ("Our systems have detected unusual activity coming from your system.", Outcome.BLOCKED),
        ("Unusual activity has been detected from your device.", Outcome.BLOCKED),
        ("Chat verification could not be completed", Outcome.BLOCKED),
        ("Network errors are errors of networks.", Outcome.ANSWERED),
        ("Something went wrong " + "in the summer of 1914. " * 30, Outcome.ANSWERED),
    ],
)
@pytest.mark.parametrize("page", [server_page, react_page])
def test_a_failure_is_no_answer_even_where_an_answer_stands(
    page: Callable[[str], str], words: str, outcome: Outcome
) -> None:
    assert read(page(f"<p>{words}</p>")).outcome is outcome


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (read("<html><title>Just a moment...</title><body>Checking</body></html>", status=403), Outcome.CHALLENGE),
        (read("<html><body><script>window._cf_chl_opt={}</script>Einen Moment</body></html>"), Outcome.CHALLENGE),
        (read(server_page("<p>a</p>"), headers={"cf-mitigated": "challenge"}), Outcome.CHALLENGE),
        (read("<html><body>Access denied</body></html>", status=403), Outcome.BLOCKED),
        (read("<html><body>Slow down</body></html>", status=429), Outcome.RATE_LIMITED),
        (read("<html><body>Bad gateway</body></html>", status=502), Outcome.NETWORK),
        (read('<html><body><form data-testid="login-form"><input></form>Log in</body></html>'), Outcome.LOGIN_WALL),
        (read("<html><body>Welcome</body></html>", url="https://auth.openai.com/log-in"), Outcome.LOGIN_WALL),
        (
            read("<html><body>OpenAI's services are not available in your country.</body></html>"),
            Outcome.UNAVAILABLE_HERE,
        ),
        (read("<html><body><div id='app'>Something new</div></body></html>"), Outcome.LAYOUT_CHANGED),
        (read("<html><head></head><body></body></html>"), Outcome.NETWORK),
        (read(""), Outcome.NETWORK),
        (read(server_page("")), Outcome.NO_ANSWER),
        (read("<div>" * 5000), Outcome.LAYOUT_CHANGED),
    ],
)
def test_pages_that_are_no_conversation(seen: Reading, outcome: Outcome) -> None:
    assert seen.outcome is outcome, seen.error_message
    assert seen.error_message


def test_login_buttons_of_the_header_are_no_wall() -> None:
    buttons = '<button data-testid="login-button">Log in</button><a href="/auth/login">Sign up</a>'
    answered(react_page("<p>a</p>", beside=buttons))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (f"https://chatgpt.com/uc/{CONVERSATION}", f"https://chatgpt.com/uc/{CONVERSATION}"),
        (f"https://chatgpt.com/g/g-1/c/{CONVERSATION}", f"https://chatgpt.com/g/g-1/c/{CONVERSATION}"),
        ("http://127.0.0.1:8123/", f"http://127.0.0.1:8123/uc/{CONVERSATION}"),
        (None, f"https://chatgpt.com/uc/{CONVERSATION}"),
    ],
)
def test_the_address_of_the_conversation(url: str | None, address: str) -> None:
    seen = read(server_page("<p>a</p>"), url=url)
    assert seen.answer
    assert seen.answer.conversation_url == address


def test_a_status_line_tells_of_a_search() -> None:
    status = '<span data-text-shimmer-text="">Searched 18 websites</span>'
    assert answered(server_page(f"{status}<p>a</p>")).web_search_triggered is True
    assert answered(server_page("<p>a</p>")).web_search_triggered is None
