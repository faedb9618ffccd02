"""A tiny browser driver of the tests' own, written from what the live pages are known to show."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page

READ = """(root) => {
  const copy = root.cloneNode(true);
  const noise = `[data-testid=webpage-citation-pill], [data-testid$=-widget], [data-assistant-product-list], .sticky,
    button:not([data-assistant-entity-reference]), .katex-html, math mrow, pre > [aria-hidden]`;
  copy.querySelectorAll(noise).forEach((element) => element.remove());
  copy.querySelectorAll("p, li, h2, h3, tr, td, th, br, pre").forEach((element) => element.after("\\n"));
  return copy.textContent;
}"""
"""The visible words of an answer without labels and widgets, formulas as TeX."""


@dataclass
class Visitor:
    """One page on one front end."""

    page: Page
    ui: str

    def open(self, url: str) -> Visitor:
        """Go there."""
        self.page.goto(url)
        return self

    def write(self, prompt: str) -> None:
        """Fill the composer, again where the page was not ready for it."""
        if self.ui == "a":
            self.page.click("div#prompt-textarea")
            self.page.keyboard.insert_text(prompt)
            return
        while not self.page.locator("[data-composer-submit]:not([aria-disabled=true])").count():
            self.page.fill("#mobile-composer-prompt", prompt)

    def send(self) -> None:
        """Press the button that sends."""
        self.page.click("[data-testid=send-button]" if self.ui == "a" else "[data-composer-submit]")

    def ask(self, prompt: str) -> None:
        """Write and send."""
        self.write(prompt)
        self.send()

    def finished(self) -> Locator:
        """The answer's body, once the page says that it is done."""
        done = {
            "a": "[data-turn=assistant] [aria-label='Response actions']",
            "b": "[data-message-role=assistant][data-message-complete]",
        }
        self.page.wait_for_selector(done[self.ui])
        return self.page.locator("[data-turn=assistant] .markdown" if self.ui == "a" else "[data-assistant-markdown]")

    def read(self) -> str:
        """The finished answer's words."""
        text: str = self.finished().evaluate(READ)
        return text
