"""Pages and streams of Perplexity in the shapes that its generations have had, made from a few words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from completions.answer import Answer
from completions.errors import Outcome
from sites.reading import reader

ID = "00000000-0000-4000-8000-0000000000a1"
ALPHA = ("Alpha", "https://alpha.example/a")
BRAVO = ("Bravo", "https://bravo.example/b?utm_source=perplexity")
CHARLIE = ("Charlie", "https://charlie.example/c")

Json = dict[str, Any]
Page = tuple[str, str]

read = reader("perplexity")
"""What the adapter makes of bytes."""

# Pages.


def icon(name: str) -> str:
    """What the site draws on a button, in whatever language."""
    return f'<svg><use xlink:href="#pplx-icon-{name}"></use></svg>'


def workflow_page(body: str, *, footer: bool = True, stop: str = "", beside: str = "", before: str = "") -> str:
    """Generation 3 with one turn, the prompt numbered 0; `before` stands in front of it in the row."""
    buttons = (
        f'<div data-workflow-text-footer=""><button aria-label="Copy">{icon("copy")}</button>'
        f'<button aria-label="Helpful">{icon("thumb-up")}</button></div>'
    )
    return _page(
        f'<div class="max-w-threadContentWidth">{before}{bubble(0)}<div class="contents">Finished 2 steps</div>'
        f"{final_text(body)}{buttons if footer else ''}</div>",
        stop,
        beside,
    )


def bubble(number: int, prompt: str = "what is it") -> str:
    """The prompt of a turn as generation 3 draws it."""
    return (
        f'<div data-workflow-entry="{number}"><div class="group/user-bubble flex"><span class="absolute">1:43 PM</span>'
        f'<div data-renderer="lm"><p>{prompt}</p></div><button aria-label="Copy query">'
        f"{icon('copy')}</button></div></div>"
    )


def final_text(body: str) -> str:
    """An answer as generation 3 draws it."""
    return (
        '<div data-workflow-final-text="" class="group/final-text"><button aria-expanded="false">'
        '<div title="Researched">Researched</div><span>4s</span></button>'
        f'<div class="prose" data-renderer="lm">{body}</div></div>'
    )


def prose_page(body: str, *, footer: bool = True, stop: str = "", beside: str = "", model: str = "") -> str:
    """Generation 2 with one turn."""
    buttons = f'<div><button aria-label="Copy">{icon("copy")}</button></div>'
    line = f'<div class="text-sm text-quiet">Prepared using {model}</div>' if model else ""
    return _page(
        '<div role="tabpanel"><h1 class="group/query relative"><span class="select-text">what is it</span></h1>'
        f'<div><div id="markdown-content-0"><div class="prose"><div data-renderer="lm">{body}</div></div></div></div>'
        f"{line}{buttons if footer else ''}</div>",
        stop,
        beside,
    )


def _page(thread: str, stop: str, beside: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><title>Perplexity</title></head><body><main>{thread}'
        '<div data-ask-input-container="true"><div id="ask-input" contenteditable="true" role="textbox"></div>'
        f"{stop}</div></main>{beside}</body></html>"
    )


def chip(page: Page, *, more: int = 0) -> str:
    """A citation as generation 3 draws it."""
    label = f"{page[0]} +{more}" if more else page[0]
    return (
        f'<span class="inline-flex"><span class="citation inline" data-pplx-citation="" '
        f'data-pplx-citation-url="{page[1]}"><span>{label}</span>'
        '<svg data-testid="trusted-citation-check"></svg></span></span>'
    )


def anchor(page: Page, *, more: int = 0) -> str:
    """A citation as generation 2 drew it in 2025."""
    label = f'{page[0].lower()}<span class="opacity-50">+{more}</span>' if more else page[0].lower()
    return (
        '<span class="citation-nbsp">&nbsp;</span><span class="citation inline" data-state="closed" '
        f'aria-label="About {page[0]}"><a href="{page[1]}" target="_blank">{label}</a></span>'
    )


# Streams.


def events(*told: Json) -> str:
    """Server-sent events as the site writes them, and its end marker."""
    lines = "".join(f"event: message\r\ndata: {json.dumps(each)}\r\n\r\n" for each in told)
    return f"{lines}event: end_of_stream\r\ndata: {{}}\r\n\r\n"


def event(*blocks: Json, **told: Any) -> Json:
    """One event while the answer is being made."""
    known = {"backend_uuid": ID, "thread_url_slug": ID, "display_model": "turbo", "status": "PENDING"}
    return known | {"blocks": list(blocks)} | told


def end(*blocks: Json, **told: Any) -> Json:
    """The last event."""
    return event(*blocks, **({"status": "COMPLETED", "final": True, "final_sse_message": True} | told))


def block(usage: str, kind: str, value: Json) -> Json:
    """A block that comes whole."""
    return {"intended_usage": usage, kind: value}


def diff(usage: str, kind: str, *patches: tuple[str, str, object]) -> Json:
    """A block that comes as JSON Patch: operation, path, value."""
    operations = [{"op": op, "path": path, "value": value} for op, path, value in patches]
    return {"intended_usage": usage, "diff_block": {"field": kind, "patches": operations}}


def words(text: str, variant: str | None = "answer", **payload: Any) -> Json:
    """A step of the workflow that says something."""
    told = {"text": text, "chunks": [text]} | ({"variant": variant} if variant else {}) | payload
    return {"title": "", "items": [{"type": "WORKFLOW_ITEM_TEXT", "payload": {"text_payload": told}}]}


def searching(queries: Iterable[object], pages: Iterable[Page]) -> Json:
    """A step of the workflow that searches."""
    found = [{"name": name, "url": url, "snippet": f"{name} says"} for name, url in pages]
    payloads = [{"queries_payload": {"queries": list(queries)}}, {"sources_payload": {"sources": found}}]
    return {"title": "Searching", "tool_name": "search_web", "items": [{"payload": each} for each in payloads]}


def workflow(*steps: Json) -> Json:
    """The block that is an answer since 2026-08."""
    return block("workflow_root", "workflow_block", {"version": "1.0", "steps": list(steps)})


def rows(*pages: Page, read: Iterable[Page] = ()) -> Json:
    """The list of sources with its numbers: those cited, then those that were read."""
    listed = [(page, "SELECTED") for page in pages] + [(page, "REVIEWED") for page in read]
    found = [
        {"web_result": {"name": name, "url": url, "timestamp": "2026-05-04T00:00:00"}, "status": status, "citation": n}
        for n, ((name, url), status) in enumerate(listed, 1)
    ]
    return block("sources_answer_mode", "sources_mode_block", {"rows": found, "result_count": len(found)})


def results(*pages: Page, **flags: bool) -> Json:
    """The list of results, whose order is the numbers before 2026-08."""
    found = [{"name": name, "url": url, "snippet": f"{name} says"} | flags for name, url in pages]
    return block("web_results", "web_result_block", {"progress": "DONE", "web_results": found})


def asked(text: str, usage: str = "ask_text") -> Json:
    """The block that was an answer before 2026-08."""
    return block(usage, "markdown_block", {"progress": "DONE", "answer": text})


def whole(text: str = "A [1].", *blocks: Json, **told: Any) -> str:
    """A stream of generation 3 that answers `text` with ALPHA and BRAVO as its numbered pages."""
    return events(event(), end(workflow(words(text)), rows(ALPHA, BRAVO), *blocks, **told))


def answered(stream: str) -> Answer:
    """The answer of a stream that is whole and leaves nothing to say."""
    seen = read(stream=stream)
    assert seen.outcome is Outcome.ANSWERED, seen.error_message
    assert seen.warnings == []
    assert seen.answer
    return seen.answer


# Whole ones, of every kind.

PLAIN = {"version": "1.0", "steps": [searching(["q"], [ALPHA])]}
STREAMS = [
    whole("A [1][2] **b** `c[1]`.", block("media_items", "media_block", {"media_items": [{"image": "https://a.b/c"}]})),
    events(
        event(diff("workflow_root", "workflow_block", ("replace", "", PLAIN))),
        event(diff("workflow_root", "workflow_block", ("add", "/steps/1", words("", chunks=["A "])))),
        event(
            diff(
                "workflow_root", "workflow_block", ("add", "/steps/1/items/0/payload/text_payload/chunks/1", "b [1].")
            ),
            rows(ALPHA, BRAVO),
            final=True,
        ),
        end(related_queries=["Why?"]),
    ),
    events(
        event(block("ask_text", "markdown_block", {"chunks": ["A "], "chunk_starting_offset": 0})),
        event(block("ask_text", "markdown_block", {"chunks": ["b [1]."], "chunk_starting_offset": 1}), results(ALPHA)),
        end(),
    ),
    events(end(text=json.dumps([{"step_type": "FINAL", "content": {"answer": json.dumps({"answer": "A b [1]."})}}]))),
]
PAGES = [
    workflow_page(f"<p>A{chip(ALPHA, more=1)} b.</p><table><tr><td>c</td></tr></table>"),
    prose_page(f"<p>A{anchor(ALPHA)} b.</p><pre><code>c</code></pre>", model="Sonar"),
]
