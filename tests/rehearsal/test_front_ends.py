"""Both front ends in a real browser: what a visitor does, what they show, and what they make hard."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from completions.rehearsal import Rehearsal, normalised, truth_of

from .prompts import prompt_with
from .visitor import Visitor

pytestmark = pytest.mark.browser

SEND, STOP = "[data-testid=send-button]", "[data-testid=stop-button]"
PILL = "[data-testid=webpage-citation-pill]"
REJECT = "input[name=action][value=reject]"
SUBMIT = "[data-composer-submit]"


@pytest.fixture(scope="module", params=["a", "b"])
def ui(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def visitor(ui: str, page: Page) -> Visitor:
    return Visitor(page, ui)


RICH = prompt_with("```python", "\\[", "places", "\n1. ")
SPONSORED = prompt_with("| Price |", "ads", "\n- ", citations=6)
PLAIN = prompt_with(citations=0)


@pytest.mark.parametrize("prompt", [RICH, SPONSORED, PLAIN])
def test_the_page_shows_the_truth(rehearsal: Rehearsal, visitor: Visitor, prompt: str) -> None:
    visitor.open(rehearsal.url).ask(prompt)
    truth = truth_of(prompt)
    assert normalised(visitor.read()) == normalised(truth.text)
    assert shown_citations(visitor) == [(cited.url, cited.role) for cited in truth.citations]
    assert visitor.page.locator("aside[aria-label^=Sponsored]").count() == len(truth.ads or ())
    (asking,) = rehearsal.asked()
    assert (asking.prompt, asking.ui, asking.timezone, asking.completed) == (prompt, visitor.ui, "Europe/Berlin", True)
    assert (asking.accept_language or "").startswith("de-DE")


def shown_citations(visitor: Visitor) -> list[tuple[str, str]]:
    """Every link behind a pill: on A those behind a "+N" show up on hovering."""
    if visitor.ui == "b":
        triggers = visitor.page.locator("[data-assistant-sources-payload]").all()
        groups = [json.loads(trigger.get_attribute("data-assistant-sources-payload") or "") for trigger in triggers]
        links = [[page["url"] for page in group] for group in groups]
    else:
        links = [hovered(visitor.page, number) for number in range(visitor.page.locator(PILL).count())]
    assert all("utm_source=chatgpt.com" in url for group in links for url in group)
    return [(untracked(url), "more" if rank else "inline") for group in links for rank, url in enumerate(group)]


def hovered(page: Page, number: int) -> list[str]:
    page.mouse.move(0, 0)
    expect(page.locator("[data-radix-popper-content-wrapper]")).to_have_count(0)
    page.locator(PILL).nth(number).hover()
    links: list[str] = page.locator("[data-radix-popper-content-wrapper] a").evaluate_all("all => all.map(a => a.href)")
    assert page.locator(f"{PILL} a").nth(number).get_attribute("href") == links[0]
    return links


def untracked(url: str) -> str:
    return re.sub(r"[?&]utm_source=chatgpt\.com", "", url)


def test_the_sources_panel_lists_what_the_front_end_shows(rehearsal: Rehearsal, visitor: Visitor) -> None:
    prompt = prompt_with("sources")
    visitor.open(rehearsal.url).ask(prompt)
    visitor.finished()
    visitor.page.get_by_role("button", name="Sources", exact=True).click()
    panel = visitor.page.locator("[data-stage-thread-flyout] a, [id^=sources-] article a")
    hrefs = [link.get_attribute("href") or "" for link in panel.all()]
    expected = rehearsal.truth(prompt, "a" if visitor.ui == "a" else "b").sources
    assert [untracked(href) for href in hrefs] == [source.url for source in expected or ()]
    visitor.page.get_by_role("button", name="Close" if visitor.ui == "a" else "Sources", exact=True).click()
    expect(panel).to_have_count(0)


def test_the_page_says_that_it_is_at_work_and_then_that_it_is_done(rehearsal: Rehearsal, visitor: Visitor) -> None:
    visitor.open(rehearsal.url).ask("best guitars?")
    page = visitor.page
    at_work = {
        "a": [STOP, ".markdown.streaming-animation"],
        "b": ["li[data-message-streaming]", "[data-stop-generating]"],
    }
    for mark in at_work[visitor.ui]:
        page.wait_for_selector(mark, state="attached")
    visitor.finished()
    for mark in at_work[visitor.ui]:
        expect(page.locator(mark)).to_have_count(0)
    ids = page.locator("[data-message-role=assistant], [data-message-author-role=assistant]")
    key = ids.get_attribute("data-message-id") if visitor.ui == "a" else ids.get_attribute("id")
    assert re.fullmatch(r"[0-9a-f-]{36}", key or "")
    page.wait_for_url(re.compile(r"/u?c/[0-9a-f-]{36}$"))
    assert urlsplit(page.url).path.startswith("/c/" if visitor.ui == "a" else "/uc/")


def test_the_answer_grows(rehearsal: Rehearsal, visitor: Visitor) -> None:
    root = "[data-turn=assistant] .markdown" if visitor.ui == "a" else "[data-assistant-markdown]"
    visitor.open(rehearsal.url)
    visitor.page.evaluate(
        """(root) => {
          window.lengths = [];
          const note = () => window.lengths.push(document.querySelector(root)?.textContent.length ?? 0);
          new MutationObserver(note).observe(document.body, { childList: true, subtree: true });
        }""",
        root,
    )
    visitor.ask("best guitars?")
    visitor.finished()
    assert len(set(visitor.page.evaluate("window.lengths"))) > 2


def test_nobody_but_the_rehearsal_is_contacted(rehearsal: Rehearsal, visitor: Visitor) -> None:
    made: set[Request] = set()
    kept_back: set[Request] = set()  # by the page's own policy: never sent
    visitor.page.on("request", lambda request: made.update({request}))
    visitor.page.on("requestfailed", lambda request: kept_back.update({request} if request.failure == "csp" else ()))
    visitor.open(rehearsal.url).ask(prompt_with("places", "images"))
    visitor.finished()
    assert kept_back
    hosts = {urlsplit(request.url).netloc for request in made - kept_back} - {""}
    assert hosts == {urlsplit(rehearsal.url).netloc}


@pytest.mark.parametrize(
    "prompt", ["two\nlines", 'a & b < c > d "quoted" \' <b>bold</b>', "größte 🎸 音楽?", "x" * 2047]
)
def test_a_prompt_arrives_as_it_was_written(rehearsal: Rehearsal, visitor: Visitor, prompt: str) -> None:
    visitor.open(rehearsal.url).ask(prompt)
    assert normalised(visitor.read()) == normalised(truth_of(rehearsal.asked()[0].prompt).text)
    # One stroke of typing loses line breaks on front end A, as it does live.
    expected = prompt.replace("\n", " ") if visitor.ui == "a" else prompt
    assert rehearsal.asked()[0].prompt == expected
    assert visitor.page.locator(".whitespace-pre-wrap, [data-user-message-copy]").inner_text() == expected


def test_front_end_a_keeps_lines_that_are_typed_or_pasted(page: Page) -> None:
    with Rehearsal(ui="a", latency=0.05) as rehearsal:
        visitor = Visitor(page, "a").open(rehearsal.url)
        visitor.write("one")
        page.keyboard.press("Shift+Enter")
        page.keyboard.insert_text("two")
        page.keyboard.press("Enter")
        visitor.finished()
        page.goto(rehearsal.url)
        page.wait_for_selector("div#prompt-textarea")
        page.evaluate(
            """() => {
              const clipboardData = new DataTransfer();
              clipboardData.setData("text/plain", "one\\n\\ntwo");
              const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
              document.querySelector("div#prompt-textarea").dispatchEvent(pasted);
            }"""
        )
        visitor.send()
        visitor.finished()
        assert [asking.prompt for asking in rehearsal.asked()] == ["one\ntwo", "one\n\ntwo"]


def test_front_end_a_has_a_send_button_only_while_there_is_text(page: Page) -> None:
    with Rehearsal(ui="a") as rehearsal:
        visitor = Visitor(page, "a").open(rehearsal.url)
        page.wait_for_selector("[data-testid=composer-speech-button]")
        expect(page.locator(SEND)).to_have_count(0)
        visitor.write("x")
        expect(page.locator(SEND)).to_have_count(1)
        page.keyboard.press("Backspace")
        expect(page.locator(SEND)).to_have_count(0)
        assert page.locator("textarea[name=prompt-textarea]").is_hidden()


def test_front_end_b_loses_what_was_typed_before_it_was_ready(page: Page) -> None:
    with Rehearsal(ui="b") as rehearsal:
        page.goto(rehearsal.url, wait_until="commit")
        page.fill("#mobile-composer-prompt", "too early")
        expect(page.locator("#mobile-composer-prompt")).to_have_value("")
        expect(page.locator(SUBMIT)).to_have_attribute("aria-disabled", "true")
        page.fill("#mobile-composer-prompt", "in time")
        expect(page.locator(f"{SUBMIT}:not([aria-disabled=true])")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator("#mobile-composer-prompt")).to_have_value("in time\n")
        assert rehearsal.asked() == []


def test_front_end_b_asks_what_its_address_says(page: Page) -> None:
    with Rehearsal(ui="b", latency=0.05) as rehearsal:
        Visitor(page, "b").open(f"{rehearsal.url}/?q=best+guitar").finished()
        assert [asking.prompt for asking in rehearsal.asked()] == ["best guitar"]


def test_stop_ends_the_answer(page: Page) -> None:
    for ui in ("a", "b"):
        with Rehearsal(ui=ui, latency=30) as rehearsal:
            visitor = Visitor(page, ui).open(rehearsal.url)
            visitor.ask("anything")
            page.click(STOP if ui == "a" else "[data-stop-generating]")
            visitor.finished()
            assert not rehearsal.asked()[0].completed


@pytest.mark.parametrize("ui", ["a", "b"])
def test_consent_and_upsell_come_to_some_and_go_when_told(page: Page, ui: str) -> None:
    consent = {"a": "[role=dialog]:has(a[href$=cookie-policy])", "b": "[data-octane-static-cookie-consent]"}
    reject = {
        "a": page.get_by_role("button", name="Reject non-essential"),
        "b": page.locator(f"form:has({REJECT}) button"),
    }
    stay = {"a": page.get_by_text("Stay logged out"), "b": page.locator("[data-bottom-sheet-dismiss-button]")}
    with Rehearsal(ui=ui, latency=0.05) as rehearsal:
        greetings = [
            re.findall('data-(?:consent|upsell|state)="([a-z]*)"', httpx.get(rehearsal.url).text) for _ in range(14)
        ]
        assert greetings == [["shown" * (n % 3 == 0), "shown" * (n % 5 == 0)] for n in range(1, 15)]
        visitor = Visitor(page, ui).open(rehearsal.url)  # the fifteenth meets both
        stay[ui].click()
        expect(page.locator(consent[ui])).to_be_visible()
        reject[ui].click()
        if ui == "b":  # the choice loads the page again, and the offer with it
            stay[ui].click()
        expect(page.locator(consent[ui])).not_to_be_visible()
        visitor.ask("anything")
        visitor.finished()
