"""The peer: the same chats by a plain Playwright script, one browser, K contexts, nothing kept but the text."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from playwright.async_api import Browser, async_playwright

from completions.browser import ARGS, program_of
from completions.sites import site

DONE = "li[data-message-role=assistant][data-message-complete]"


async def chats(url: str, prompts: Sequence[str], contexts: int) -> list[str]:
    """Ask all prompts of front end B at `url`, `contexts` at a time; returns the texts."""
    async with async_playwright() as playwright:
        program = program_of("shell", playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGS))
        gate = asyncio.Semaphore(contexts)
        texts = await asyncio.gather(*(_chat(browser, gate, url, prompt) for prompt in prompts))
        await browser.close()
        return texts


async def _chat(browser: Browser, gate: asyncio.Semaphore, url: str, prompt: str) -> str:
    async with gate:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(url, wait_until="domcontentloaded")
        await site("chatgpt").submit(page, prompt)  # the same typing: dialogs closed, the text kept
        await page.wait_for_selector(DONE, timeout=120_000)
        text = await page.inner_text(f"{DONE} [data-assistant-markdown]")
        await context.close()
        return text
