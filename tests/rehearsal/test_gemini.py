"""The stand-in for Gemini in a real browser: what it shows, and what it makes hard."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from completions.rehearsal import Rehearsal, Truth, normalised
from completions.rehearsal.sites import shown

from .gemini import CHIP, EDITOR, PANEL, SEND, STOP, ask, finished, hovered, link, opened
from .prompts import prompt_with

pytestmark = pytest.mark.browser

RICH = prompt_with("```python", "\\[", "places", "images", site="gemini")
TABLE = prompt_with("| Price |", "\n- ", citations=6, site="gemini")
PLAIN = prompt_with(citations=0, site="gemini")


@pytest.fixture
def visitor(rehearsal: Rehearsal, page: Page) -> Page:
    """The first that comes: no question of consent, a panel at the side."""
    return opened(page, rehearsal)


@pytest.mark.parametrize("prompt", [RICH, TABLE, PLAIN])
def test_the_page_shows_the_truth(rehearsal: Rehearsal, visitor: Page, prompt: str) -> None:
    ask(visitor, prompt)
    truth = shown(prompt, "gemini")
    assert normalised(finished(visitor)) == normalised(truth.text)
    groups = [[each for each in truth.citations if each.pill == number + 1] for number in range(pills(truth))]
    expect(visitor.locator(CHIP)).to_have_count(len(groups))
    for number, group in enumerate(groups):
        assert hovered(visitor, number) == [(each.url, each.title) for each in group]
        chip = visitor.locator(CHIP).nth(number)
        assert chip.locator(".source-title").inner_text() == group[0].site_name
        assert chip.locator(".source-count").all_inner_texts() == ([f"+{len(group) - 1}"] if group[1:] else [])
    names = visitor.locator("rich-list-row .title").all_inner_texts()
    assert names == [place.name for place in truth.places or ()]
    images = [(each.get_attribute("src"), each.get_attribute("alt")) for each in visitor.locator(f"{PANEL} img").all()]
    assert images == [(image.url, image.title) for image in truth.images or ()]
    (asking,) = rehearsal.asked()
    assert (asking.prompt, asking.site, asking.ui, asking.completed) == (prompt, "gemini", "gem", True)
    assert (asking.accept_language or "").startswith("de-DE")


def pills(truth: Truth) -> int:
    return max((each.pill for each in truth.citations), default=0)


def test_chips_come_after_the_words(visitor: Page) -> None:
    visitor.evaluate(
        """([chip, complete]) => {
          window.seen = [];
          new MutationObserver(() => {
            const now = document.querySelector(chip) ? "chips" : document.querySelector(complete) ? "complete" : "busy";
            if (window.seen.at(-1)?.[0] !== now) window.seen.push([now, performance.now()]);
          }).observe(document.body, { childList: true, subtree: true, attributes: true });
        }""",
        [CHIP, ".response-footer.complete"],
    )
    ask(visitor, TABLE)
    visitor.wait_for_selector(CHIP)
    states = dict(visitor.evaluate("window.seen"))
    assert list(states) == ["busy", "complete", "chips"]
    assert states["chips"] - states["complete"] > 900


def test_the_sources_are_behind_the_more_menu_on_every_second_visit(rehearsal: Rehearsal, visitor: Page) -> None:
    truth = shown(TABLE, "gemini")
    view = visitor.get_by_role("menuitem", name="View sources")
    ask(visitor, TABLE)
    visitor.wait_for_selector(CHIP)
    visitor.click("[data-test-id=more-menu-button] button")
    view.click()
    cards = visitor.locator("context-sidebar side-bar-sources a[href]:has(inline-source-card)")
    assert [link(card.get_attribute("href")) for card in cards.all()] == [each.url for each in truth.sources or ()]
    rows = [(card.locator(".title").inner_text(), card.locator(".source-path").inner_text()) for card in cards.all()]
    assert rows == [(each.title, each.site_name) for each in truth.sources or ()]
    visitor.click("context-sidebar [data-test-id=close-button]")
    expect(cards).to_have_count(0)
    visitor.context.clear_cookies()
    ask(opened(visitor, rehearsal), TABLE)
    visitor.wait_for_selector(CHIP)
    visitor.click("[data-test-id=more-menu-button] button")
    expect(visitor.get_by_role("menuitem")).to_have_count(2)
    expect(view).to_have_count(0)
    visitor.keyboard.press("Escape")
    expect(visitor.get_by_role("menuitem")).to_have_count(0)


def test_page_and_wire_know_each_other_by_their_ids(visitor: Page) -> None:
    with visitor.expect_response(re.compile("/StreamGenerate")) as came:
        ask(visitor, PLAIN)
    assert came.value.request.resource_type == "xhr"
    finished(visitor)
    conversation, reply = re.findall(r'\\"([cr]_[0-9a-f]{16})\\"', came.value.text())[:2]
    assert urlsplit(visitor.url).path == f"/app/{conversation[2:]}"
    assert visitor.locator(".conversation-container").get_attribute("id") == reply[2:]
    assert visitor.locator("message-content").get_attribute("id") == f"message-content-id-{reply}"
    assert visitor.locator(PANEL).get_attribute("id") == f"model-response-message-content{reply}"
    log = visitor.locator("response-container").get_attribute("jslog") or ""
    assert re.search(rf'BardVeMetadataKey:\[\["{reply}","{conversation}",null,"rc_[0-9a-f]{{16}}"', log)


def test_the_page_says_that_it_is_at_work_and_that_it_is_done(visitor: Page) -> None:
    ask(visitor, PLAIN)
    for mark in (STOP, f"{PANEL}[aria-busy=true]"):
        visitor.wait_for_selector(mark, state="attached")
    finished(visitor)
    for mark in (STOP, SEND, f"{PANEL}[aria-busy=true]"):
        expect(visitor.locator(mark)).to_have_count(0)
    # what is there from the first moment to the last tells nothing
    expect(visitor.locator(".processing-state-visible.has-thoughts")).to_have_count(1)


def test_nobody_but_the_rehearsal_is_contacted(visitor: Page) -> None:
    came: set[str] = set()
    failed: set[tuple[str, str | None]] = set()
    visitor.on("requestfinished", lambda request: came.add(urlsplit(request.url).netloc))
    visitor.on("requestfailed", lambda request: failed.add((request.resource_type, request.failure)))
    with visitor.expect_event("requestfailed"):
        ask(visitor, RICH)
    finished(visitor)
    assert (came, failed) == ({urlsplit(visitor.url).netloc}, {("image", "csp")})


# The composer.


def test_the_editor_comes_late_and_its_button_only_with_text(visitor: Page) -> None:
    visitor.wait_for_selector(f"{EDITOR}.ql-blank[role=textbox][data-placeholder='Ask Gemini']")
    expect(visitor.locator(".send-button")).to_have_count(0)
    visitor.click(EDITOR)
    visitor.keyboard.type("x")
    expect(visitor.locator(SEND)).to_have_attribute("aria-label", "Nachricht senden")
    expect(visitor.locator(f"{EDITOR}.ql-blank")).to_have_count(0)
    visitor.keyboard.press("Backspace")
    expect(visitor.locator(".send-button")).to_have_count(0)
    expect(visitor.locator(f"{EDITOR}.ql-blank")).to_have_count(1)


def test_what_a_script_writes_is_taken_back(rehearsal: Rehearsal, visitor: Page) -> None:
    visitor.wait_for_selector(EDITOR)
    visitor.evaluate(
        """(editor) => {
          document.querySelector(editor).innerHTML = "<p>by script</p>";
          document.querySelector(editor).dispatchEvent(new InputEvent("input", { bubbles: true }));
        }""",
        EDITOR,
    )
    expect(visitor.locator(EDITOR)).to_have_text("")
    expect(visitor.locator(".send-button")).to_have_count(0)
    visitor.keyboard.press("Enter")
    assert rehearsal.asked() == []


def insert(page: Page, prompt: str) -> None:
    page.click(EDITOR)
    page.keyboard.insert_text(prompt)


def fill(page: Page, prompt: str) -> None:
    page.fill(EDITOR, prompt)


def type_lines(page: Page, prompt: str) -> None:
    page.click(EDITOR)
    for number, line in enumerate(prompt.split("\n")):
        if number:
            page.keyboard.press("Shift+Enter")
        page.keyboard.type(line)


def paste(page: Page, prompt: str) -> None:
    page.wait_for_selector(EDITOR)
    page.evaluate(
        """([editor, text]) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          document.querySelector(editor).dispatchEvent(pasted);
          document.querySelector(editor).focus();
        }""",
        [EDITOR, prompt],
    )


@pytest.mark.parametrize("write", [insert, fill, type_lines, paste])
@pytest.mark.parametrize("prompt", ["two\n\nlines", 'a & b < c > d "q" \' <b>b</b>  x', "größte 🎸 音楽?"])
def test_a_prompt_arrives_as_it_was_written(
    rehearsal: Rehearsal, visitor: Page, write: Callable[[Page, str], None], prompt: str
) -> None:
    write(visitor, prompt)
    visitor.keyboard.press("Enter")
    assert normalised(finished(visitor)) == normalised(shown(prompt, "gemini").text)
    assert rehearsal.asked()[0].prompt == prompt
    assert visitor.locator("user-query .query-text-line").all_inner_texts() == prompt.split("\n")
    expect(visitor.locator(EDITOR)).to_have_text("")


def test_stop_ends_the_answer(page: Page) -> None:
    with Rehearsal(latency=30) as rehearsal:
        ask(opened(page, rehearsal), "anything")
        page.click(STOP)
        finished(page)
        assert not rehearsal.asked()[0].completed
