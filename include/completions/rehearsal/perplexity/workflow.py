"""Generation 3 on the wire (seen 2026-09-24): searching and answering are steps of `workflow_root`.

`[n]` is the row of `sources_answer_mode` whose citation is n, and nothing that `web_results` counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from completions.rehearsal.perplexity.results import Json, found, rows, web_result
from completions.rehearsal.perplexity.thread import Block, Thread, changed, patch, pieces_of, tabs, text_of, whole
from completions.rehearsal.perplexity.widgets import widgets

USAGES = ("workflow_root",)
_BEGAN, _ENDED = "2026-11-20T09:00:00.000000+00:00", "2026-11-20T09:00:04.000000+00:00"
_PENDING = whole("pending_followups", "pending_followups_block", {"followups": []})


def head(thread: Thread) -> bytes:
    """What comes at once."""
    return thread.event(tabs(thread.draft), _PENDING)


def search(thread: Thread) -> Iterator[bytes]:
    """A step with the queries, then what was found; without any search the workflow begins empty."""
    draft = thread.draft
    if not draft.queries:
        yield thread.event(_patched(patch("replace", "", _root("WORKFLOW_EXECUTING_STEPS", []))))
        return
    step = _search_step(thread)
    begun = step | {"title": "Searching", "items": step["items"][:1], "completed_at": ""}
    yield thread.event(_patched(patch("replace", "", _root("WORKFLOW_EXECUTING_STEPS", [begun]))), telemetry_data={})
    yield thread.event(_patched(patch("replace", "/steps/0/title", step["title"])))
    results = {"progress": "IN_PROGRESS", "web_results": _results(thread)}
    yield thread.event(
        _patched(
            patch("add", "/steps/0/items/1", step["items"][1]),
            patch("replace", "/steps/0/completed_at", _ENDED),
        ),
        changed("web_results", "web_result_block", patch("replace", "", results)),
    )


def words(thread: Thread) -> Iterator[bytes]:
    """The answer piece by piece; the rows come with the first."""
    place = _place(thread)
    sources = _sources(thread, "REVIEWING")
    for number, piece in enumerate(pieces_of(text_of(thread.draft))):
        if number:
            path = f"{place}/items/0/payload/text_payload/chunks/{number}"
            yield thread.event(_patched(patch("add", path, piece)))
            continue
        step = _answer_step("WORKFLOW_PENDING", "", [piece], streaming=True)
        yield thread.event(
            _patched(patch("add", place, step)),
            changed("sources_answer_mode", "sources_mode_block", patch("replace", "", sources)) if sources else {},
        )


def ready(thread: Thread) -> bytes:
    """The first `final` event: the words are whole, the rest is not."""
    draft, place = thread.draft, _place(thread)
    payload = f"{place}/items/0/payload/text_payload"
    done = (
        patch("replace", f"{place}/status", "WORKFLOW_COMPLETED"),
        patch("replace", f"{payload}/text", text_of(draft)),
        patch("replace", f"{payload}/is_streaming", value=False),
    )
    read = [patch("replace", f"/rows/{n}/status", "REVIEWED") for n in range(draft.cited, len(draft.pages))]
    return thread.event(
        _patched(*done) if draft.blocks else {},
        changed("sources_answer_mode", "sources_mode_block", *read) if read else {},
        final=True,
        text_completed=True,
    )


def completed(thread: Thread, **more: object) -> bytes:
    """The last event."""
    text, sources = text_of(thread.draft), _sources(thread, "REVIEWED")
    searched = [_search_step(thread)] if thread.draft.queries else []
    said = [_answer_step("WORKFLOW_COMPLETED", text, pieces_of(text), streaming=False)] if text else []
    results = {"progress": "DONE", "web_results": _results(thread)}
    return thread.completed(
        tabs(thread.draft),
        whole("workflow_root", "workflow_block", _root("WORKFLOW_COMPLETED", [*searched, *said])),
        whole("web_results", "web_result_block", results) if searched else {},
        whole("sources_answer_mode", "sources_mode_block", sources) if sources else {},
        *widgets(thread.draft),
        _PENDING,
        **({"async_rq_enabled": True} | more),
    )


def _patched(*patches: Json) -> Block:
    return changed("workflow_root", "workflow_block", *patches)


def _root(status: str, steps: list[Json]) -> Json:
    ended = _ENDED if status == "WORKFLOW_COMPLETED" else ""
    times = {"started_at": _BEGAN, "completed_at": ended, "predicted_completion_at": ""}
    return {"version": "1.0", "status": status, "headline": "", **times, "steps": steps, "snapshots": []}


def _search_step(thread: Thread) -> Json:
    items: list[tuple[str, Json]] = [
        ("WORKFLOW_ITEM_QUERIES", {"queries_payload": {"queries": list(thread.draft.queries)}}),
        ("WORKFLOW_ITEM_SOURCES", {"sources_payload": {"sources": [found(page) for page in thread.draft.pages[:2]]}}),
    ]
    return _step(thread.context, "WORKFLOW_COMPLETED", "Searching for what players say", items) | {
        "started_at": _BEGAN,
        "completed_at": _ENDED,
        "icon": "search",
        "tool_name": "search_web",
        "batch_step_id": thread.context,
    }


def _answer_step(status: str, text: str, chunks: object, *, streaming: bool) -> Json:
    payload = {"text": text, "chunks": chunks, "variant": "answer", "is_streaming": streaming}
    return _step("answer", status, "", [("WORKFLOW_ITEM_TEXT", {"text_payload": payload})])


def _step(key: str, status: str, title: str, items: list[tuple[str, Json]]) -> Json:
    written = [{"id": f"{key}-item", "type": kind, "payload": payload} for kind, payload in items]
    times = {"started_at": "", "completed_at": "", "source_tier": "SOURCE_TIER_DEFAULT"}
    return {"id": f"{key}-step", "status": status, "title": title, "items": written, **times}


def _place(thread: Thread) -> str:
    return f"/steps/{int(bool(thread.draft.queries))}"


def _results(thread: Thread) -> list[Json]:
    """What was found in the order it was found, which is not that of the numbers."""
    return [web_result(page) for page in thread.draft.pages[::-1]]


def _sources(thread: Thread, read: str) -> Json:
    """The sources tab; empty without a search."""
    pages = thread.draft.pages
    if not pages:
        return {}
    return {"web_results": _results(thread), "result_count": len(pages), "rows": rows(thread.draft, read)}
