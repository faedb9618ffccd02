"""The stand-in for Perplexity in a real browser: what it shows, what it makes hard, how it looks when it goes wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from completions.rehearsal import BY_SITE, Rehearsal, Truth, normalised
from completions.rehearsal.perplexity.results import label
from completions.rehearsal.sites import shown

pytestmark = pytest.mark.browser

EDITOR = "#ask-input[contenteditable=true]"
SUBMIT, VOICE = "button[aria-label=Submit]", "button[aria-label='Use voice mode']"
STOP = "button[aria-label='Stop response (Esc)']"
BODY = {
    "prose": "#markdown-content-0 > * .prose > [data-renderer=lm]",
    "workflow": "[data-workflow-final-text] .prose[data-renderer=lm]",
}
DONE = {"prose": "button[aria-label='Rewrite Thread']", "workflow": "[data-workflow-text-footer]"}
PROMPT = {"prose": "h1.group\\/query .select-text", "workflow": ".group\\/user-bubble .whitespace-pre-line"}
MODAL = "[role=dialog]:has-text('Continue with Google')"
READ = """(root) => {
  const copy = root.cloneNode(true);
  const noise = `.citation, .citation-nbsp, button, figcaption, .sticky, [data-testid=code-language-indicator],
    .katex-html, math mrow`;
  copy.querySelectorAll(noise).forEach((element) => element.remove());
  copy.querySelectorAll("p, li, h2, h3, tr, td, th, pre").forEach((element) => element.after("\\n"));
  return copy.textContent;
}"""
"""The visible words of an answer without chips and labels, formulas as TeX."""
MANY = [f"guitars for children {number}" for number in range(1000)]


def prompt_with(*features: str, citations: int = 4) -> str:
    """A prompt whose answer has the features (fields of the truth, or pieces of its markdown) and so many citations."""

    def has(truth: Truth, feature: str) -> bool:
        return bool(getattr(truth, feature)) if hasattr(truth, feature) else feature in truth.markdown

    truths = (shown(prompt, "perplexity") for prompt in MANY)
    found = (truth for truth in truths if all(has(truth, feature) for feature in features))
    return next(truth.prompt for truth in found if len(truth.citations) == citations)


RICH = prompt_with("```python", "\\[", "images", "\n1. ")
TABLE = prompt_with("| Price |", "\n- ", citations=6)
PLAIN = prompt_with(citations=0)


@pytest.fixture(scope="module", params=["prose", "workflow"])
def ui(request: pytest.FixtureRequest) -> str:
    front_end: str = request.param
    return front_end


@pytest.fixture(scope="module")
def serving(ui: str) -> Iterator[Rehearsal]:
    with Rehearsal(ui=ui, latency=0.4) as rehearsal:
        yield rehearsal


@pytest.fixture
def rehearsal(serving: Rehearsal) -> Rehearsal:
    """One that has forgotten all visitors."""
    serving.reset()
    return serving


def address(rehearsal: Rehearsal, path: str = "/") -> str:
    return f"http://perplexity.localhost:{urlsplit(rehearsal.url).port}{path}"


def open_page(page: Page, rehearsal: Rehearsal) -> None:
    page.goto(address(rehearsal))
    page.wait_for_selector(EDITOR)


def write(page: Page, prompt: str) -> None:
    page.click(EDITOR)
    page.keyboard.insert_text(prompt)


def ask(page: Page, rehearsal: Rehearsal, prompt: str) -> None:
    open_page(page, rehearsal)
    write(page, prompt)
    page.click(SUBMIT)


def read(page: Page, ui: str) -> str:
    """The finished answer's words."""
    page.wait_for_selector(DONE[ui])
    text: str = page.locator(BODY[ui]).evaluate(READ)
    return normalised(text)


@pytest.mark.parametrize("prompt", [RICH, TABLE, PLAIN])
def test_the_page_shows_the_truth(rehearsal: Rehearsal, ui: str, page: Page, prompt: str) -> None:
    ask(page, rehearsal, prompt)
    truth = rehearsal.truth(prompt, ui, "perplexity")
    assert read(page, ui) == normalised(truth.text)
    assert chips_of(page, ui) == chips(truth)
    assert page.locator(PROMPT[ui]).inner_text() == prompt
    (asking,) = rehearsal.asked()
    assert (asking.prompt, asking.ui, asking.site, asking.completed) == (prompt, ui, "perplexity", True)
    assert (asking.timezone, (asking.accept_language or "")[:5]) == ("Europe/Berlin", "de-DE")


def chips_of(page: Page, ui: str) -> list[tuple[str, str]]:
    """Address and words of every chip; the pages behind its "+N" have no address anywhere."""
    address = "each.dataset.pplxCitationUrl" if ui == "workflow" else "each.querySelector('a').href"
    assert page.locator(f"{BODY[ui]} a").count() == (0 if ui == "workflow" else page.locator(".citation").count())
    found = page.locator(f"{BODY[ui]} .citation").evaluate_all(f"all => all.map(each => [{address}, each.innerText])")
    return [(url, words) for url, words in found]


def chips(truth: Truth) -> list[tuple[str, str]]:
    pills = {cited.pill: [each for each in truth.citations if each.pill == cited.pill] for cited in truth.citations}
    return [
        (first.url, label(first.url) + f"+{len(more)}" * bool(more)) for first, *more in (pills[pill] for pill in pills)
    ]


def test_words_beside_the_answer_look_like_it(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    ask(page, rehearsal, RICH)
    read(page, ui)
    if ui == "workflow":  # the prompt is drawn like an answer
        assert page.locator("[data-workflow-entry='0'] .group\\/user-bubble [data-renderer=lm] p").inner_text() == RICH
        assert page.locator("[data-workflow-final-text] [title=Researched]").is_visible()
        assert page.locator("[data-workflow-final-text] + * [data-workflow-text-footer]").count() == 1
        assert page.locator("pre > figure > figcaption > span").inner_text() == "python"
    else:
        assert page.get_by_text("Prepared using turbo").is_visible()
        assert page.locator("pre [data-testid=code-language-indicator]").inner_text() == "python"
    (question,) = rehearsal.truth(RICH, ui, "perplexity").follow_ups or ()
    assert page.get_by_text(question).is_visible()


def test_generation_3_comes_in_the_ways_it_was_seen(browser: Browser) -> None:
    seen = []
    with Rehearsal(ui="workflow", latency=30) as rehearsal:
        for _ in range(4):
            page = browser.new_page()
            open_page(page, rehearsal)
            if page.locator("#cookie-consent").count():
                page.click("#cookie-consent button")
            write(page, "best guitars?")
            page.click(SUBMIT)
            page.wait_for_selector("[title=Searching], .prose p, .prose h2")
            marks = ("[data-workflow-final-text]", "[data-workflow-entry='0']")
            seen.append(tuple(page.locator(mark).count() for mark in marks))
            page.context.close()
    assert seen == [(1, 1), (0, 0), (1, 1), (0, 1)]


def test_the_page_says_that_it_is_at_work_and_then_that_it_is_done(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    ask(page, rehearsal, "best guitars?")
    page.wait_for_selector(STOP)
    page.wait_for_url(re.compile(r"/search/."))
    assert page.locator(DONE[ui]).count() == 0
    page.wait_for_selector(DONE[ui])
    expect(page.locator(STOP)).to_have_count(0)
    slug = urlsplit(page.url).path.removeprefix("/search/")
    uuid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(uuid if ui == "workflow" else r"best-guitars-[0-9a-f]{22}", slug)


def test_the_answer_grows(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    open_page(page, rehearsal)
    page.evaluate(
        """() => {
          window.lengths = [];
          const answer = () => [...document.querySelectorAll(".prose")].at(-1);
          const note = () => window.lengths.push(answer()?.textContent.length ?? 0);
          new MutationObserver(note).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    write(page, "best guitars?")
    page.click(SUBMIT)
    read(page, ui)
    assert len(set(page.evaluate("window.lengths"))) > 2


def test_nobody_but_the_rehearsal_is_contacted(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    ask(page, rehearsal, RICH)
    read(page, ui)
    assert hosts - {""} == {urlsplit(address(rehearsal)).netloc}


@pytest.mark.parametrize(("locale", "named"), [("de-AT", "Quellen"), ("ja-JP", "出典"), ("en-US", "Sources")])
def test_sources_are_listed_in_a_tab_and_in_a_pane(browser: Browser, locale: str, named: str) -> None:
    for ui in ("prose", "workflow"):
        page = browser.new_page(locale=locale)
        with Rehearsal(ui=ui, latency=0.05) as rehearsal:
            ask(page, rehearsal, TABLE)
            words = read(page, ui)
            expected = [(each.url, each.title) for each in rehearsal.truth(TABLE, ui, "perplexity").sources or ()]
            page.click(f"button:text-matches('^ *{len(expected)} {named.lower()}$')")
            assert cards_of(page, "div.fixed.inset-y-0.right-0") == expected
            page.click(".pane button[aria-label=Close]")
            page.click("[role=tab][aria-controls*=sources]")
            assert page.locator("[role=tab][aria-controls*=sources]").inner_text() == named
            assert cards_of(page, "[role=tabpanel][data-state=active]") == expected
            assert page.locator(BODY[ui]).count() == 0  # what is not chosen is not in the page
            page.click("[role=tab] >> nth=0")
            assert read(page, ui) == words
        page.context.close()


def cards_of(page: Page, panel: str) -> list[tuple[str, str]]:
    cards = page.locator(f"{panel} a[target=_blank]:has(div[class*=bg-subtler])")
    found = cards.evaluate_all("all => all.map(each => [each.href, each.querySelector('.line-clamp-2').innerText])")
    return [(url, title) for url, title in found]


@pytest.mark.parametrize(
    "prompt", ['a & b < c > d "quoted" \' <b>bold</b>', "größte 🎸 音楽?", "[1] * _x_ `y`", "x" * 2047]
)
def test_a_prompt_arrives_as_it_was_written(rehearsal: Rehearsal, ui: str, page: Page, prompt: str) -> None:
    ask(page, rehearsal, prompt)
    assert read(page, ui) == normalised(rehearsal.truth(prompt, ui, "perplexity").text)
    assert rehearsal.asked()[0].prompt == page.locator(PROMPT[ui]).inner_text() == prompt


def test_the_editor_is_its_own_master(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    open_page(page, rehearsal)
    assert page.locator(EDITOR).inner_html() == '<p dir="auto"><br></p>'
    page.evaluate("document.querySelector('#ask-input').innerHTML = '<p>by a script</p>'")
    expect(page.locator(EDITOR)).to_have_text("")
    page.locator(EDITOR).fill("something else")
    write(page, "!")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("Delete")
    write(page, "one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    page.keyboard.insert_text("twoo")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    read(page, ui)
    assert [asking.prompt for asking in rehearsal.asked()] == ["one\n\ntwo"]
    assert page.locator(PROMPT[ui]).text_content() == "one\n\ntwo"


def test_a_submit_button_is_there_only_while_it_is_needed(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    open_page(page, rehearsal)
    expect(page.locator(VOICE)).to_have_count(1)
    expect(page.locator(SUBMIT)).to_have_count(0)
    write(page, "x")
    expect(page.locator(VOICE)).to_have_count(0)
    expect(page.locator(f"{SUBMIT}[data-testid=submit-button]")).to_be_enabled()
    page.click(SUBMIT)
    read(page, ui)
    expect(page.locator(SUBMIT)).to_be_disabled()
    expect(page.locator(EDITOR)).to_have_attribute("aria-placeholder", "Ask a follow-up")


@pytest.mark.parametrize("path", ["/search?q=best+guitar", "/search/new?q=best+guitar"])
def test_it_asks_what_its_address_says(rehearsal: Rehearsal, ui: str, page: Page, path: str) -> None:
    page.goto(address(rehearsal, path))
    read(page, ui)
    assert [asking.prompt for asking in rehearsal.asked()] == ["best guitar"]


def test_stop_ends_the_answer(page: Page) -> None:
    with Rehearsal(ui="workflow", latency=30) as rehearsal:
        ask(page, rehearsal, "anything")
        page.click(STOP)
        read(page, "workflow")
        assert not rehearsal.asked()[0].completed


def test_dialogs_come_to_some_and_go_when_told(page: Page) -> None:
    with Rehearsal(ui="workflow", latency=0.05) as rehearsal:
        headers = {"host": "perplexity.localhost"}
        greetings = [
            re.findall(
                'data-(?:consent|upsell)="([a-z]*)"', httpx.get(rehearsal.url, headers=headers, trust_env=False).text
            )
            for _ in range(14)
        ]
        assert greetings == [["shown" * (n % 3 == 0), "shown" * (n % 5 == 0)] for n in range(1, 15)]
        open_page(page, rehearsal)  # the fifteenth meets both
        assert page.locator("[role=dialog]:has(#cookie-consent)").is_visible()
        assert page.locator("[data-radix-focus-guard]").count() == 2
        page.get_by_role("button", name="Necessary Cookies").click()
        expect(page.locator("#cookie-consent")).to_have_count(0)
        assert page.locator(MODAL).is_visible()
        page.click("[role=dialog] button[aria-label=Close]")
        expect(page.locator("[role=dialog], [data-radix-focus-guard]")).to_have_count(0)
        write(page, "anything")
        page.click(SUBMIT)
        read(page, "workflow")


# What can go wrong.

SHOWN: list[tuple[str, str, str]] = [
    ("challenge", "#challenge-form", ""),
    ("login_wall", MODAL, "Sign in to continue using Perplexity"),
    ("authwall", MODAL, "Sign in to continue using Perplexity"),
    ("authwall_string", MODAL, "Sign in to continue using Perplexity"),
    ("nudge", "[data-ask-input-container]", ""),
    ("nudge", ".upsell", "Sign in to save your history"),
    ("rate_limited", "[role=alert]", "reached your limit"),
    ("failed", "[role=alert]", "Something went wrong"),
    ("blocked", "[role=alert]", "Something went wrong"),
    ("http_429", "[role=alert]", "Too many requests"),
    ("http_500", "[role=alert]", "Something went wrong"),
    ("layout_changed", "body:not(:has(main, form))", "Where knowledge begins"),
]


@pytest.mark.parametrize(("fault", "mark", "text"), SHOWN)
def test_a_prompt_with_a_fault_meets_it(
    rehearsal: Rehearsal, ui: str, page: Page, fault: str, mark: str, text: str
) -> None:
    ask(page, rehearsal, f"anything [fault:{fault}]")
    expect(page.locator(mark)).to_contain_text(text)
    if text:
        expect(page.locator(mark)).to_be_visible()
    assert rehearsal.asked()[0].fault == fault


@pytest.mark.parametrize("fault", ["authwall", "authwall_string"])
def test_the_login_wall_looks_like_a_finished_answer(rehearsal: Rehearsal, ui: str, page: Page, fault: str) -> None:
    ask(page, rehearsal, f"anything [fault:{fault}]")
    assert read(page, ui) == "Sign up and repeat your request."


def test_a_nudge_leaves_the_answer_alone(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    prompt = "anything [fault:nudge]"
    ask(page, rehearsal, prompt)
    assert read(page, ui) == normalised(rehearsal.truth(prompt, ui, "perplexity").text)
    assert page.locator(MODAL).count() == 0


def test_a_challenge_is_met_by_the_page_itself(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    open_page(page, rehearsal)
    write(page, f"anything in {ui} [fault:challenge]")
    with page.expect_response(lambda response: response.request.is_navigation_request()) as navigation:
        page.click(SUBMIT)
    assert (navigation.value.status, navigation.value.headers["cf-mitigated"]) == (403, "challenge")
    expect(page).to_have_title("Just a moment...")
    assert page.evaluate("'_cf_chl_opt' in window")


def test_a_visitor_may_be_asked_to_sign_in_before_anything(page: Page) -> None:
    with Rehearsal(fault="login_wall") as rehearsal:
        open_page(page, rehearsal)
        assert page.locator(MODAL).is_visible()
        assert page.locator("button[aria-label=Close]").count() == 0
        page.keyboard.press("Escape")
        assert page.locator(MODAL).is_visible()


@pytest.mark.parametrize("fault", ["cut_stream", "pending_final"])
def test_a_stream_that_broke_off_looks_finished(rehearsal: Rehearsal, ui: str, page: Page, fault: str) -> None:
    prompt = f"anything [fault:{fault}]"
    ask(page, rehearsal, prompt)
    got, whole = read(page, ui), normalised(rehearsal.truth(prompt, ui, "perplexity").text)
    assert (20 < len(got) < len(whole) * 0.9) if fault == "cut_stream" else got == whole


@pytest.mark.parametrize(("fault", "begins"), [("stalled_stream", True), ("slow_first_token", False)])
def test_a_stream_that_hangs_stays_at_work(rehearsal: Rehearsal, ui: str, page: Page, fault: str, begins: bool) -> None:
    open_page(page, rehearsal)
    write(page, f"anything [fault:{fault}]")
    with page.expect_response("**/rest/sse/perplexity_ask"):  # its head is sent
        page.click(SUBMIT)
    if begins:
        page.wait_for_selector(".prose:has-text('Short answer')")
    page.wait_for_selector(STOP)
    assert page.get_by_text("Short answer").count() == int(begins)
    assert not rehearsal.asked()[0].completed


def test_an_ending_without_an_answer_looks_finished(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    ask(page, rehearsal, "anything [fault:no_answer]")
    assert read(page, ui) == ""


def test_a_dialog_blocks_the_page_until_it_is_dismissed(rehearsal: Rehearsal, ui: str, page: Page) -> None:
    prompt = "anything [fault:dialog]"
    said: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    ask(page, rehearsal, prompt)
    assert read(page, ui) == normalised(rehearsal.truth(prompt, ui, "perplexity").text)
    assert said == ["Session expired"]


def test_a_page_that_never_loads(page: Page) -> None:
    with Rehearsal(fault="slow_load") as rehearsal, pytest.raises(NotInTime, match="Timeout 500ms exceeded"):
        page.goto(address(rehearsal), timeout=500)


def test_every_fault_is_covered() -> None:
    elsewhere = {
        "cut_stream",
        "pending_final",
        "stalled_stream",
        "slow_first_token",
        "no_answer",
        "dialog",
        "slow_load",
    }
    assert {fault for fault, _, _ in SHOWN} | elsewhere == set(BY_SITE["perplexity"])
