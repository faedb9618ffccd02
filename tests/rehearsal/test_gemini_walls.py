"""What stands in the way at the stand-in for Gemini, and how it looks when something goes wrong."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from completions.rehearsal import BY_SITE, Rehearsal, normalised
from completions.rehearsal.sites import shown

from .gemini import PANEL, STOP, ask, finished, opened

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(rehearsal: Rehearsal, page: Page) -> Page:
    """The first that comes: no question of consent."""
    return opened(page, rehearsal)


def test_consent_is_asked_in_the_visitors_language_before_the_chat(page: Page) -> None:
    with Rehearsal(latency=0.1) as rehearsal:
        for _ in range(2):
            page.context.clear_cookies()
            expect(opened(page, rehearsal).locator("chat-app")).to_be_visible()
        page.context.clear_cookies()
        expect(opened(page, rehearsal)).to_have_title("Bevor Sie zu Google weitergehen")
        page.click("form[action*='consent.google.com/save'] >> text=Alle ablehnen")
        page.wait_for_url(re.compile("/app"))
        ask(page, "anything")
        finished(page)


REFUSED = {
    "rate_limited": "Try again later",
    "http_429": "Too many requests",
    "unavailable_here": "not currently supported in your country",
    "blocked": "(1096)",
    "code_1013": "(1013)",
    "http_500": "Something went wrong",
}
WALLED = {
    "challenge": "form#captcha-form:has(iframe[src*=recaptcha])",
    "login_wall": "input[type=email]",
    "layout_changed": "body:not(:has(chat-app))",
}


@pytest.mark.parametrize(("fault", "said"), REFUSED.items())
def test_a_refused_prompt_says_so_and_has_no_answer(rehearsal: Rehearsal, visitor: Page, fault: str, said: str) -> None:
    ask(visitor, f"anything [fault:{fault}]")
    expect(visitor.get_by_role("alert")).to_contain_text(said)
    assert visitor.locator(PANEL).inner_text() == ""
    expect(visitor.locator(".response-footer.complete")).to_have_count(0)
    expect(visitor.locator(STOP)).to_have_count(0)
    assert [(asking.fault, asking.completed) for asking in rehearsal.asked()] == [(fault, False)]


@pytest.mark.parametrize(("fault", "mark"), WALLED.items())
def test_a_wall_comes_up_once_a_prompt_is_sent(visitor: Page, fault: str, mark: str) -> None:
    with visitor.expect_navigation():
        ask(visitor, f"anything [fault:{fault}]")
    expect(visitor.locator(mark)).to_be_visible()


def test_code_1096_after_an_answer_means_nothing(visitor: Page) -> None:
    prompt = "anything [fault:code_1096_after]"
    ask(visitor, prompt)
    assert normalised(finished(visitor)) == normalised(shown(prompt, "gemini").text)
    expect(visitor.get_by_role("alert")).to_have_count(0)


def test_an_ending_without_an_answer_looks_finished(visitor: Page) -> None:
    ask(visitor, "anything [fault:no_answer]")
    assert finished(visitor) == ""


def test_a_cut_stream_looks_finished_with_half_an_answer(rehearsal: Rehearsal, visitor: Page) -> None:
    prompt = "anything [fault:cut_stream]"
    with visitor.expect_event("requestfailed"):
        ask(visitor, prompt)
    half, whole = normalised(finished(visitor)), normalised(shown(prompt, "gemini").text)
    assert 20 < len(half) < len(whole) * 0.9
    assert not rehearsal.asked()[0].completed


@pytest.mark.parametrize(("fault", "begins"), [("stalled_stream", True), ("slow_first_token", False)])
def test_a_stream_that_hangs_stays_at_work(rehearsal: Rehearsal, visitor: Page, fault: str, begins: bool) -> None:
    with visitor.expect_response(re.compile("/StreamGenerate")):
        ask(visitor, f"anything [fault:{fault}]")
    if begins:
        expect(visitor.locator(PANEL)).to_contain_text("Short answer")
    visitor.wait_for_selector(f"{PANEL}[aria-busy=true]", state="attached")
    visitor.wait_for_selector(STOP)
    assert bool(visitor.locator(PANEL).inner_text()) == begins


def test_a_dialog_blocks_the_page_until_it_is_dismissed(visitor: Page) -> None:
    said: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    visitor.on("dialog", dismiss)
    ask(visitor, "anything [fault:dialog]")
    assert normalised(finished(visitor)) == normalised(shown("anything [fault:dialog]", "gemini").text)
    assert said == ["Session expired"]


def test_a_page_that_never_loads(page: Page) -> None:
    with Rehearsal(fault="slow_load") as rehearsal, pytest.raises(NotInTime, match="Timeout 500ms exceeded"):
        page.goto(f"http://gemini.localhost:{urlsplit(rehearsal.url).port}/app", timeout=500)


def test_every_fault_is_covered() -> None:
    elsewhere = {
        "code_1096_after",
        "no_answer",
        "cut_stream",
        "stalled_stream",
        "slow_first_token",
        "dialog",
        "slow_load",
    }
    assert REFUSED.keys() | WALLED.keys() | elsewhere == BY_SITE["gemini"].keys()
