"""The stand-in for Copilot in a real browser: it shows what the truth says, and its walls look as they are known to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Dialog, Frame, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from completions.rehearsal import BY_SITE, Rehearsal, normalised

from .copilot import MANY, client_of, host_of, truth_of

READ = """(root) => {
  const copy = root.cloneNode(true);
  const noise = "a[rel], button, .sr-only, .capitalize, .katex-html, math mrow, [data-copy=false]";
  copy.querySelectorAll(noise).forEach((element) => element.remove());
  copy.querySelectorAll("p, li, h2, h3, tr, td, th, pre").forEach((element) => element.after("\\n"));
  return copy.textContent;
}"""
CITED = """(root) => [...root.querySelectorAll("a[href], span[data-url^=http]")].map((each) =>
  each.getAttribute("href") ?? each.dataset.url)"""
FINISHED = "[data-testid=ai-message] [data-testid=message-item-reactions]"
STOP, SUBMIT, INPUT = "[data-testid=stop-button]", "[data-testid=submit-button]", "#userInput"
ITEM = "[class*=ai-message-item]"
SUGGESTION = "[data-testid=chat-suggestion]"


def at(rehearsal: Rehearsal, path: str = "/") -> str:
    return f"http://{host_of(rehearsal)}{path}"


def ask(page: Page, rehearsal: Rehearsal, prompt: str) -> None:
    page.goto(at(rehearsal))
    page.fill(INPUT, prompt)
    page.click(SUBMIT)


def place_of(page: Page, ui: str) -> Page | Frame:
    """Where the words are: on front end `nested` in a frame of bytes within a frame."""
    if ui == "chat":
        return page
    (inner,) = (frame for frame in page.frames if frame.url.startswith("blob:"))
    assert inner.parent_frame
    assert "copilot.fun" in inner.parent_frame.url
    return inner


def rich(ui: str = "chat") -> str:
    """A prompt with citations in dialog and words, a picture, a table, code and math."""
    truths = (truth_of(prompt, ui) for prompt in MANY)
    marks = ("More at", "| Price |", "```python", "\\[")
    return next(
        truth.prompt
        for truth in truths
        if truth.images and len(truth.sources or ()) > 3 and all(mark in truth.markdown for mark in marks)
    )


PLAIN = next(prompt for prompt in MANY if not truth_of(prompt).citations)


@pytest.mark.browser
@pytest.mark.parametrize("ui", ["chat", "nested"])
@pytest.mark.parametrize("prompt", [rich(), PLAIN])
def test_the_page_shows_the_truth(page: Page, ui: str, prompt: str) -> None:
    with Rehearsal(ui=ui, latency=0.3) as rehearsal:
        ask(page, rehearsal, prompt)
        page.wait_for_selector(SUGGESTION)
        truth, place = truth_of(prompt, ui), place_of(page, ui)
        cards = place.locator("[data-testid=citation-cards-row]")
        expect(cards).to_have_count(1 if truth.sources else 0)
        item = place.locator(ITEM)
        assert normalised(item.evaluate(READ)) == normalised(truth.text)
        assert item.evaluate(CITED) == [cited.url for cited in truth.citations]
        assert listed_in(page, place) == [(source.url, source.title) for source in truth.sources or ()]
        assert page.locator(SUGGESTION).all_inner_texts() == list(truth.follow_ups or ())
        assert place.locator(".picture").count() == len(truth.images or ())
        (asked,) = rehearsal.asked()
    assert (asked.prompt, asked.ui, asked.site, asked.completed) == (prompt, ui, "copilot", True)
    assert (asked.timezone, asked.accept_language) == ("Europe/Berlin", "de-DE")
    assert page.locator("[data-testid=copy-ai-message-button]").count() == (ui == "chat")
    assert re.fullmatch(r"/chats/[A-Za-z0-9]{21}", urlsplit(page.url).path)
    expect(page).to_have_title(re.compile(r"^Microsoft Copilot: About guitars"))


def listed_in(page: Page, place: Page | Frame) -> list[tuple[str, str]]:
    """Every card: those below the answer, then those behind the button that has no stable name."""
    row = place.locator("[data-testid=citation-cards-row]")
    links = [(link.get_attribute("href") or "", link.get_attribute("title") or "") for link in row.locator("a").all()]
    if row.locator("button").count():
        row.locator("button").click()
        more = page.locator("[data-modal-overlay=true] a[href]").all()
        links += [(link.get_attribute("href") or "", link.locator("div").nth(2).inner_text()) for link in more]
        page.keyboard.press("Escape")
        expect(page.locator("[data-modal-overlay]")).to_have_count(0)
    return links


@pytest.mark.browser
def test_every_second_visitor_gets_a_panel_of_references(page: Page) -> None:
    with Rehearsal(latency=0.1) as rehearsal, client_of(rehearsal) as client:
        client.get("/")
        ask(page, rehearsal, rich())
        panel = page.locator("div.relative.h-full.overflow-hidden.will-change-auto[style*='width:'] a[href]")
        expect(panel).to_have_count(len(truth_of(rich()).sources or ()))
        assert page.locator("[data-testid=ai-message] .will-change-auto").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("ui", ["chat", "nested"])
def test_the_page_says_that_it_is_at_work_then_done_and_cites_a_while_later(page: Page, ui: str) -> None:
    with Rehearsal(ui=ui, latency=0.4) as rehearsal:
        ask(page, rehearsal, rich())
        page.wait_for_selector("[data-testid=loading-message]")
        page.wait_for_selector(STOP)
        assert page.locator(FINISHED).count() == 0
        page.wait_for_selector(FINISHED)
        links = place_of(page, ui).locator(f"{ITEM} a[href]")
        assert links.count() == 0
        expect(page.locator(f"{STOP}, [data-testid=loading-message]")).to_have_count(0)
        expect(links).not_to_have_count(0)
        expect(page.locator(SUBMIT)).to_be_disabled()


@pytest.mark.browser
def test_nobody_but_the_rehearsal_is_contacted(page: Page) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda wire: hosts.add(urlsplit(wire.url).netloc))
    with Rehearsal(ui="nested", latency=0.1) as rehearsal:
        ask(page, rehearsal, rich())
        page.wait_for_selector(SUGGESTION)
        assert hosts - {""} == {host_of(rehearsal)}


@pytest.mark.browser
@pytest.mark.parametrize("prompt", ["two\nlines", "<b>a</b> & \"b\" 'c'", "größte 🎸 音楽?", "x" * 2047])
def test_a_prompt_arrives_as_it_was_written(page: Page, prompt: str) -> None:
    with Rehearsal(latency=0.05) as rehearsal:
        ask(page, rehearsal, prompt)
        page.wait_for_selector(FINISHED)
        assert [asked.prompt for asked in rehearsal.asked()] == [prompt]
        assert page.locator("[data-content=user-message]").inner_text() == prompt


@pytest.mark.browser
def test_enter_sends_and_shift_makes_a_new_line(page: Page) -> None:
    with Rehearsal(latency=0.05) as rehearsal:
        page.goto(at(rehearsal))
        page.click(INPUT)
        page.keyboard.insert_text("one")
        page.keyboard.press("Shift+Enter")
        page.keyboard.insert_text("two")
        page.keyboard.press("Enter")
        page.wait_for_selector(FINISHED)
        page.goto(at(rehearsal, "/?q=three"))
        page.wait_for_selector(FINISHED)
        assert [asked.prompt for asked in rehearsal.asked()] == ["one\ntwo", "three"]


@pytest.mark.browser
def test_stop_ends_the_answer(page: Page) -> None:
    with Rehearsal(latency=30) as rehearsal:
        with page.expect_websocket() as opening:
            ask(page, rehearsal, "anything")
        opening.value.wait_for_event("framereceived")
        page.click(STOP)
        page.wait_for_selector(FINISHED)
        assert not rehearsal.asked()[0].completed


@pytest.mark.browser
def test_some_visitors_are_greeted_by_what_they_may_close(page: Page) -> None:
    banner = page.locator("#cookie-banner.max-w-cookie-banner")
    with Rehearsal(latency=0.05) as rehearsal, client_of(rehearsal) as client:
        pages = [client.get("/", headers={"cookie": ""}).text for _ in range(14)]
        greeted = [re.findall(r'data-(?:cookies|nudge)="(\w*)"', html) for html in pages]
        assert greeted == [["shown" * (n % 3 == 0), "shown" * (n % 5 == 0)] for n in range(1, 15)]
        page.goto(at(rehearsal))  # the fifteenth meets both
        nudge = page.locator("[data-testid=prompt-sign-in-composer-action]")
        expect(nudge).to_be_visible()
        banner.locator("button").last.click()
        expect(banner).to_have_count(0)
        nudge.locator("[data-testid=maybe-later-button]").click()
        expect(nudge).to_have_count(0)
        page.reload()
        page.wait_for_selector(INPUT)
        expect(banner).to_have_count(0)


@pytest.mark.browser
def test_every_seventh_visitor_must_close_a_bubble_before_sending(page: Page) -> None:
    with Rehearsal(latency=0.05) as rehearsal, client_of(rehearsal) as client:
        for _ in range(6):
            client.get("/", headers={"cookie": ""})
        page.goto(at(rehearsal))
        page.fill(INPUT, "anything")
        with pytest.raises(NotInTime):
            page.click(SUBMIT, timeout=300)
        page.click("[aria-label=Dismiss]")
        page.click(SUBMIT)
        page.wait_for_selector(FINISHED)


LABELLED = [("en-GB", "New chat"), ("ko-KR", "새로운 채팅 시작"), ("is-IS", "New chat")]


@pytest.mark.parametrize(("locale", "label"), LABELLED)
def test_labels_are_in_the_visitors_language(locale: str, label: str) -> None:
    with Rehearsal() as rehearsal, client_of(rehearsal) as client:
        html = client.get("/", headers={"accept-language": locale}).text
    assert f'lang="{locale}"' in html
    assert label in html


WALLS = [
    ("challenge", "#challenge-form", ""),
    ("login_wall", "a[href*='login.microsoftonline.com']", "Microsoft"),
    ("unavailable_here", "body:not(:has(#userInput))", "available in your region"),
    ("m365", "#m365-copilot-app-layout-root", ""),
    ("layout_changed", "body:not(:has(textarea))", "Ask away"),
]
WITHIN = [
    ("challenge_after", "#cf-turnstile:has(input[name=cf-turnstile-response])", ""),
    ("banned", "[role=dialog]", "suspended"),
    ("region_error", "[role=alert]", "available in your region"),
    ("invalid_event", "[role=alert]", "went wrong"),
    ("message_error", "[role=alert]", "went wrong"),
    ("http_429", "[role=alert]", "Too many requests"),
    ("http_500", "[role=alert]", "went wrong"),
]
ELSEWHERE = {"no_answer", "cut_stream", "stalled_stream", "slow_first_token", "slow_load", "dialog"}


@pytest.mark.browser
@pytest.mark.parametrize(("fault", "mark", "text"), WALLS + WITHIN)
def test_a_prompt_with_a_fault_meets_it(page: Page, fault: str, mark: str, text: str) -> None:
    with Rehearsal(latency=0.1) as rehearsal:
        ask(page, rehearsal, f"anything [fault:{fault}]")
        expect(page.locator(mark)).to_contain_text(text)
        (asked,) = rehearsal.asked()
        assert (asked.fault, asked.completed) == (fault, False)
        assert page.locator(FINISHED).count() == 0
        assert page.locator(INPUT).count() == (fault in {name for name, _, _ in WITHIN})


@pytest.mark.parametrize(("fault", "mark", "text"), WALLS)
def test_a_wall_for_everyone_takes_the_place_of_the_page(fault: str, mark: str, text: str) -> None:
    with Rehearsal(fault=fault) as rehearsal, client_of(rehearsal) as client:
        response = client.get("/")
    assert "userInput" not in response.text
    assert text in response.text
    assert (response.status_code, response.headers.get("cf-mitigated")) == (
        (403, "challenge") if fault == "challenge" else (200, None)
    )


def test_a_page_that_never_loads() -> None:
    with Rehearsal(fault="slow_load") as rehearsal, client_of(rehearsal) as client, pytest.raises(httpx.ReadTimeout):
        client.get("/", timeout=0.5)


@pytest.mark.browser
@pytest.mark.parametrize("fault", ["cut_stream", "no_answer"])
def test_an_ending_without_the_whole_answer_looks_finished(page: Page, fault: str) -> None:
    prompt = f"anything [fault:{fault}]"
    with Rehearsal(ui="chat", latency=0.1) as rehearsal:
        ask(page, rehearsal, prompt)
        page.wait_for_selector(FINISHED)
    half, whole = (normalised(text) for text in (page.locator(ITEM).evaluate(READ), truth_of(prompt).text))
    assert len(half) < len(whole) * 0.9
    assert bool(half) == (fault == "cut_stream")


@pytest.mark.browser
def test_a_dialog_blocks_the_page_until_it_is_dismissed(page: Page) -> None:
    prompt, said = "anything [fault:dialog]", []

    def dismiss(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    with Rehearsal(ui="chat", latency=0.1) as rehearsal:
        ask(page, rehearsal, prompt)
        page.wait_for_selector(FINISHED)
        assert normalised(page.locator(ITEM).evaluate(READ)) == normalised(truth_of(prompt).text)
    assert said == ["Session expired"]


def test_every_fault_is_covered() -> None:
    assert {fault for fault, _, _ in WALLS + WITHIN} | ELSEWHERE == set(BY_SITE["copilot"])
