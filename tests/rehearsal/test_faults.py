"""Each fault in a real browser: it must look as it looks live, on both front ends, and never like an answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from completions.rehearsal import FAULTS, Rehearsal, normalised, truth_of

from .visitor import Visitor

pytestmark = pytest.mark.browser

RESULT = "[data-turn=assistant] .markdown, [data-assistant-markdown]"
UNUSUAL = "detected unusual activity coming from your system"
WRONG = "Something went wrong"

SHOWN: list[tuple[str, str, str, str]] = [
    ("a", "challenge", "#challenge-form", ""),
    ("b", "challenge", "[id^=cf-chl-widget-]", ""),
    ("a", "blocked", "[data-turn=assistant] .markdown", UNUSUAL),
    ("b", "blocked", "[data-composer-submission-status]", UNUSUAL),
    ("a", "login_wall", "[role=dialog]", "Log in to continue"),
    ("b", "login_wall", "html[data-conversation-gated] [data-conversation-gate-panel][data-gate-kind=login]", "Log in"),
    ("a", "rate_limited", "#modal-no-auth-soft-rate-limit-inline-auth[data-testid=modal-no-auth-rate-limit]", "limit"),
    ("b", "rate_limited", "dialog#no-auth-soft-rate-limit-dialog[open]", "reached our limit of messages"),
    ("a", "http_429", "[data-turn=assistant] .markdown", "Too many requests"),
    ("b", "http_429", "[data-composer-submission-status]", "Too many requests"),
    ("b", "refused", "[data-safety-dialog][open]:has([data-safety-retry][data-retry-after])", "usage policies"),
    ("b", "refused", "[data-message-intervention]", "usage policies"),
    ("a", "http_500", "[data-turn=assistant] .markdown:has(button)", WRONG),
    ("b", "http_500", "[data-conversation-recovery]:has([data-conversation-recovery-retry])", WRONG),
    ("a", "layout_changed", "body:not(:has(#thread, form))", "Ask away"),
    ("b", "layout_changed", "body:not(:has(main, form))", "Ask away"),
    ("a", "unavailable_here", "body", "not available in your country"),
    ("b", "unavailable_here", "body", "not available in your country"),
]


@pytest.mark.parametrize(("ui", "fault", "mark", "text"), SHOWN)
def test_a_prompt_with_a_fault_meets_it(page: Page, ui: str, fault: str, mark: str, text: str) -> None:
    prompt = f"anything [fault:{fault}]"
    with Rehearsal(ui=ui, latency=0.1) as rehearsal:
        Visitor(page, ui).open(rehearsal.url).ask(prompt)
        expect(page.locator(mark)).to_contain_text(text)
        if text:
            expect(page.locator(mark)).to_be_visible()
        (asking,) = rehearsal.asked()
    assert (asking.fault, asking.completed) == (fault, False)
    assert page.locator("[data-message-complete], [aria-label='Response actions']").count() == 0


@pytest.mark.parametrize("ui", ["a", "b"])
def test_a_challenge_is_met_by_the_page_itself(page: Page, ui: str) -> None:
    with Rehearsal(ui=ui) as rehearsal:
        visitor = Visitor(page, ui).open(rehearsal.url)
        visitor.write("anything [fault:challenge]")
        with page.expect_response(lambda response: response.request.is_navigation_request()) as navigation:
            visitor.send()
        assert (navigation.value.status, navigation.value.headers["cf-mitigated"]) == (403, "challenge")
        expect(page).to_have_title("Just a moment...")
        assert page.evaluate("'_cf_chl_opt' in window")


@pytest.mark.parametrize("ui", ["a", "b"])
def test_a_cut_stream_looks_finished_with_half_an_answer(page: Page, ui: str) -> None:
    prompt = "anything [fault:cut_stream]"
    with Rehearsal(ui=ui, latency=0.2) as rehearsal:
        visitor = Visitor(page, ui).open(rehearsal.url)
        with page.expect_event("requestfailed"):
            visitor.ask(prompt)
        half, whole = normalised(visitor.read()), normalised(truth_of(prompt).text)
    assert 20 < len(half) < len(whole) * 0.9
    assert not rehearsal.asked()[0].completed


@pytest.mark.parametrize("ui", ["a", "b"])
@pytest.mark.parametrize(("fault", "begins"), [("stalled_stream", True), ("slow_first_token", False)])
def test_a_stream_that_hangs_stays_at_work(page: Page, ui: str, fault: str, begins: bool) -> None:
    with Rehearsal(ui=ui, latency=0.1) as rehearsal:
        visitor = Visitor(page, ui).open(rehearsal.url)
        with page.expect_response(re.compile(r"/(f/conversation|conversation/updates)(\?|$)")):  # its head is sent
            visitor.ask(f"anything [fault:{fault}]")
        if begins:
            expect(page.locator(RESULT)).to_contain_text("Short answer")
        page.wait_for_selector("[data-testid=stop-button], [data-stop-generating]")
        assert bool(page.locator(RESULT).inner_text()) == begins
        assert not rehearsal.asked()[0].completed


@pytest.mark.parametrize("ui", ["a", "b"])
@pytest.mark.parametrize(("fault", "text"), [("no_answer", ""), ("failure_as_answer", WRONG)])
def test_an_ending_without_an_answer_looks_finished(page: Page, ui: str, fault: str, text: str) -> None:
    with Rehearsal(ui=ui, latency=0.1) as rehearsal:
        visitor = Visitor(page, ui).open(rehearsal.url)
        visitor.ask(f"anything [fault:{fault}]")
        assert visitor.read().strip().startswith(text)
        assert bool(visitor.read().strip()) == bool(text)


@pytest.mark.parametrize("ui", ["a", "b"])
def test_a_dialog_blocks_the_page_until_it_is_dismissed(page: Page, ui: str) -> None:
    prompt = "anything [fault:dialog]"
    said: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    with Rehearsal(ui=ui, latency=0.1) as rehearsal:
        visitor = Visitor(page, ui).open(rehearsal.url)
        visitor.ask(prompt)
        assert normalised(visitor.read()) == normalised(truth_of(prompt).text)
    assert said == ["Session expired"]


def test_a_page_that_never_loads(page: Page) -> None:
    with Rehearsal(fault="slow_load") as rehearsal, pytest.raises(NotInTime, match="Timeout 500ms exceeded"):
        page.goto(rehearsal.url, timeout=500)


def test_a_refusal_of_front_end_a_is_flagged_on_the_wire(page: Page) -> None:
    with Rehearsal(ui="a", latency=0.1) as rehearsal:
        Visitor(page, "a").open(rehearsal.url).ask("anything [fault:refused]")
        expect(page.locator(".moderated")).to_contain_text("usage policies")


def test_every_fault_is_covered() -> None:
    elsewhere = {
        "cut_stream",
        "stalled_stream",
        "slow_first_token",
        "no_answer",
        "failure_as_answer",
        "dialog",
        "handed_over",
        "slow_load",
    }
    assert {fault for _, fault, _, _ in SHOWN} | elsewhere == set(FAULTS)
