"""The stand-in for Perplexity in a real browser: how it looks when something goes wrong."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from completions.rehearsal import BY_SITE, Rehearsal, normalised

from .perplexity import (
    MODAL,
    STOP,
    SUBMIT,
    address,
    ask,
    open_page,
    read,
    write,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=["prose", "workflow"])
def ui(request: pytest.FixtureRequest) -> Any:
    return request.param


SHOWN: list[tuple[str, str, str]] = [
    ("challenge", "#challenge-form", ""),
    ("login_wall", MODAL, "Sign in to continue using Perplexity"),
    ("authwall", MODAL, "Sign in to continue using Perplexity"),
    ("authwall_string", MODAL, "Sign in to continue using Perplexity"),
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
