"""The wire of 2024 and 2025: all of it as JSON in the string `text`, made into the blocks that came after it.

A list of steps `{step_type, content}` with INITIAL_QUERY, SEARCH_WEB, SEARCH_RESULTS and FINAL, whose `answer` is JSON
in a string again: `{answer, web_results, chunks}`. Before, that object alone; where there is nothing else, plain words.
"""

from __future__ import annotations

from completions.sites.perplexity.events import Block, Entry
from completions.sites.untrusted import load, rows, string, table

_STEPS = {"SEARCH_WEB": "search_web_content", "SEARCH_RESULTS": "web_results_content"}


def modernise(entry: Entry) -> None:
    """Give the entry the blocks that its text stands for, where it has no answer in blocks."""
    text = string(entry.told, "text")
    if not text or entry.of_kind("workflow_block") or entry.of_kind("markdown_block"):
        return
    written = load(text) if text.startswith(("[", "{")) else None
    steps = list(rows({"steps": written}, "steps"))
    final = table(next((step for step in steps if step.get("step_type") == "FINAL"), None), "content")
    said = string(final, "answer") if steps else text
    answer = table(load(said)) or table(written)
    if not answer and (written is not None or (said or "").startswith(("{", "[{"))):
        return  # cut on its way, or not there yet
    _put(entry, "pro_search_steps", "plan_block", {"steps": [_step(step) for step in steps]})
    _put(entry, "web_results", "web_result_block", {"web_results": list(rows(answer, "web_results"))})
    entry.early = True
    if words := string(answer, "answer") or (None if answer else said):
        _put(entry, "ask_text", "markdown_block", {"answer": words})


def _put(entry: Entry, usage: str, kind: str, value: dict[str, object]) -> None:
    entry.blocks.setdefault((usage, kind), Block(value, stale=False))


def _step(step: dict[str, object]) -> dict[str, object]:
    return {_STEPS.get(str(step.get("step_type")), "content"): table(step, "content")}
