"""How the tests visit the stand-in for Gemini: a tiny driver of their own, written from what the live page shows."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from completions.rehearsal import Rehearsal

EDITOR, SEND, STOP = ".ql-editor", ".send-button.submit button", ".send-button.stop button"
PANEL = ".markdown.markdown-main-panel"
CHIP, CARD = "source-inline-chip button", "multi-source-hovered-card inline-source-card"
READ = """(root) => {
  const copy = root.cloneNode(true);
  const noise = "sources-carousel-inline, button, .code-block-decoration, .table-footer, rich-list-card, single-image";
  copy.querySelectorAll(noise).forEach((element) => element.remove());
  copy.querySelectorAll("[data-math]").forEach((element) => (element.textContent = element.dataset.math));
  copy.querySelectorAll("p, li, h2, h3, tr, td, th, pre, .math-block").forEach((element) => element.after("\\n"));
  return copy.textContent;
}"""
"""The visible words of an answer without chips and cards, formulas as TeX."""


def opened(page: Page, rehearsal: Rehearsal, path: str = "/app") -> Page:
    page.goto(f"http://gemini.localhost:{urlsplit(rehearsal.url).port}{path}")
    return page


def ask(page: Page, prompt: str) -> None:
    page.click(EDITOR)
    page.keyboard.insert_text(prompt)
    page.click(SEND)


def finished(page: Page) -> str:
    """The words of the answer that is whole."""
    page.wait_for_selector("model-response .response-footer.complete", state="attached")
    text: str = page.locator(PANEL).evaluate(READ)
    return text


def hovered(page: Page, number: int) -> list[tuple[str, str]]:
    """Address and title of each card of a chip, which are there no longer than the pointer."""
    page.mouse.move(640, 5)
    expect(page.locator(CARD)).to_have_count(0)
    page.locator(CHIP).nth(number).hover()
    expect(page.locator(CARD)).not_to_have_count(0)
    return [
        (link(card.locator("a").get_attribute("href")), card.locator(".title").inner_text())
        for card in page.locator(CARD).all()
    ]


def link(href: str | None) -> str:
    """Without the words that the browser is to find on the page."""
    return re.sub(r"#?:~:text=.*", "", href or "")
