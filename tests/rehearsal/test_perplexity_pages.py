"""The stand-in for Perplexity in a real browser: what it shows, and what it makes hard."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from completions.rehearsal import Rehearsal, Truth, normalised
from completions.rehearsal.perplexity.results import label

from .perplexity import (
    BODY,
    DONE,
    EDITOR,
    MODAL,
    PROMPT,
    STOP,
    SUBMIT,
    VOICE,
    address,
    ask,
    open_page,
    read,
    write,
)
from .prompts import prompt_with

pytestmark = pytest.mark.browser

RICH = prompt_with("```python", "\\[", "images", "\n1. ", site="perplexity")
TABLE = prompt_with("| Price |", "\n- ", citations=6, site="perplexity")
PLAIN = prompt_with(citations=0, site="perplexity")


@pytest.fixture(scope="module", params=["prose", "workflow"])
def ui(request: pytest.FixtureRequest) -> Any:
    return request.param


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
