"""How the tests visit the stand-in for Perplexity: a tiny driver of their own, written from what live pages show."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page

from completions.rehearsal import Rehearsal, normalised

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
