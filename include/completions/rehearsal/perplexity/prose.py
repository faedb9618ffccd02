"""Generation 2 on the wire (seen 2026-05): the words in `ask_text`, `[n]` is the n-th of the last `web_results`."""

from __future__ import annotations

from collections.abc import Iterator

from completions.rehearsal.perplexity.results import Json, not_of_the_web, web_result
from completions.rehearsal.perplexity.thread import Block, Thread, changed, patch, pieces_of, tabs, text_of, whole
from completions.rehearsal.perplexity.widgets import widgets

USAGES = ("ask_text_0_markdown",)


def head(thread: Thread) -> bytes:
    """What comes at once."""
    return thread.event(tabs(thread.draft))


def search(thread: Thread) -> Iterator[bytes]:
    """The plan: what was searched for, and what was found, in another order than at the end."""
    draft = thread.draft
    if not draft.queries:
        return
    first, then = _steps(thread)
    yield thread.event(
        whole("pro_search_steps", "plan_block", {"progress": "IN_PROGRESS", "steps": [first]}), _goals(50)
    )
    found = [web_result(page) for page in draft.pages[::-1][:2]]
    yield thread.event(
        changed("pro_search_steps", "plan_block", patch("add", "/steps/1", then)),
        _results("IN_PROGRESS", [*found, not_of_the_web()]),
    )


def words(thread: Thread) -> Iterator[bytes]:
    """The answer piece by piece, twice: as pieces with the place of the first, and as patches."""
    for number, piece in enumerate(pieces_of(text_of(thread.draft))):
        begun = {"progress": "IN_PROGRESS", "chunks": [piece], "chunk_starting_offset": number}
        patched = patch("add", f"/chunks/{number}", piece) if number else patch("replace", "", begun)
        yield thread.event(
            whole("ask_text", "markdown_block", begun),
            changed("ask_text_0_markdown", "markdown_block", patched),
        )


def ready(thread: Thread) -> bytes:
    """The first `final` event: the words are whole, the rest is not."""
    done = patch("replace", "/progress", "DONE")
    said = bool(thread.draft.blocks)
    return thread.event(
        changed("ask_text_0_markdown", "markdown_block", done) if said else {},
        final=True,
        text_completed=True,
    )


def completed(thread: Thread, **more: object) -> bytes:
    """The last event."""
    draft, text = thread.draft, text_of(thread.draft)
    answer = {"progress": "DONE", "answer": text, "chunks": pieces_of(text), "chunk_starting_offset": 0}
    results = [web_result(page) for page in draft.pages]
    searched = {"progress": "DONE", "steps": list(_steps(thread))}
    return thread.completed(
        tabs(draft),
        *((whole("pro_search_steps", "plan_block", searched), _goals(100)) if draft.queries else ()),
        *((_results("DONE", results),) if results else ()),
        *(whole(usage, "markdown_block", answer) for usage in ("ask_text_0_markdown", "ask_text")),
        *widgets(draft),
        **more,
    )


def _steps(thread: Thread) -> tuple[Json, Json]:
    draft = thread.draft
    queries = [{"engine": "web", "query": query, "limit": 8} for query in draft.queries]
    results = [web_result(page) for page in draft.pages[::-1]]
    return (
        {"step_type": "SEARCH_WEB", "uuid": thread.entry, "search_web_content": {"goal_id": "0", "queries": queries}},
        {
            "step_type": "SEARCH_RESULTS",
            "uuid": thread.context,
            "web_results_content": {"goal_id": "0", "web_results": results},
        },
    )


def _goals(done: int) -> Block:
    goal = {"id": "0", "description": "Finding what players say", "final": done == 100, "todo_task_status": "PENDING"}
    return whole("plan", "plan_block", {"goals": [goal], "eta_seconds_remaining": 0, "pct_complete": done})


def _results(progress: str, results: list[Json]) -> Block:
    return whole("web_results", "web_result_block", {"progress": progress, "web_results": results})
