"""Pages and streams of ChatGPT in the shapes that its front ends have had, made from a few words."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from sites.reading import reader

CONVERSATION = "6ac0aaaa-0000-83ea-0000-000000000001"
MESSAGE = "00000000-0000-4000-8000-0000000000a1"

read = reader("chatgpt")
"""What the adapter makes of bytes."""


def server_page(body: str, *, attributes: str = "data-message-complete", beside: str = "", stop: str = "") -> str:
    """The server-rendered page with one turn; `beside` stands after the conversation."""
    return (
        '<!doctype html><html lang="en"><head><title>ChatGPT</title></head><body><main data-app-shell="">'
        f'<section data-web-mobile-conversation="" data-conversation-id="{CONVERSATION}">'
        '<ol data-conversation-transcript="">'
        '<li data-message-role="user"><h4 data-message-attribution="">You said:</h4>'
        '<p data-user-message-copy="">what is it</p></li>'
        f'<li data-message-role="assistant" {attributes}><h4 data-message-attribution="">ChatGPT said:</h4>'
        f'<div data-assistant-markdown="">{body}</div>'
        '<div data-message-intervention="" hidden></div>'
        '<div data-assistant-message-actions="" role="group"><button data-copy-message="">Copy</button></div></li>'
        f'</ol></section>{beside}<form data-mobile-composer=""><textarea id="mobile-composer-prompt"></textarea>'
        f'<button data-composer-submit="" {stop}></button></form></main></body></html>'
    )


def react_page(body: str, *, markdown: str = "markdown prose", actions: bool = True, beside: str = "") -> str:
    """The classic page with one turn."""
    group = (
        '<div role="group" aria-label="Response actions"><button data-testid="copy-turn-action-button"></button></div>'
    )
    return (
        '<!doctype html><html><body><div id="thread"><section data-testid="conversation-turn-1" data-turn="user">'
        '<h4 class="sr-only">You said:</h4><div data-message-author-role="user"><div>what is it</div></div>'
        '<button data-testid="copy-turn-action-button"></button></section>'
        '<section data-testid="conversation-turn-2" data-turn="assistant"><h4 class="sr-only">ChatGPT said:</h4>'
        '<div data-message-author-role="assistant" data-message-model-slug="gpt-5-3">'
        f'<div class="{markdown}">{body}</div></div>'
        f'{group if actions else ""}</section></div>{beside}<form data-type="unified-composer"></form></body></html>'
    )


def chip(*pages: tuple[str, str], label: str = "Clutch +1") -> str:
    """A citation as the server-rendered page draws it: a button with all of its pages."""
    listed = [{"attribution": name, "title": f"About {name}", "url": url, "sourceIndex": 0} for name, url in pages]
    return (
        '<span data-assistant-content-reference="" data-assistant-grouped-webpages="" '
        'data-content-reference-type="grouped_webpages"><span role="group" aria-label="Sources">'
        '<span data-assistant-grouped-webpages-item=""><button data-assistant-sources-trigger="" '
        f'data-assistant-grouped-webpages-trigger="" data-assistant-sources-payload="{escape(json.dumps(listed))}">'
        '<span aria-hidden="true" data-assistant-source-icon="">C</span>'
        f'<span data-assistant-reference-title="">{label}</span></button></span></span></span>'
    )


def pill(name: str, url: str) -> str:
    """A citation as the classic page draws it: an anchor to the first of its pages."""
    return (
        f'<span data-testid="webpage-citation-pill"><a href="{url}" alt="{url}" target="_blank">'
        f'<span class="max-w-[15ch]">{name}</span></a></span>'
    )


def delta(value: Any, path: str | None = None, operation: str | None = None, channel: int | None = None) -> str:
    """One event in delta encoding v1; what is None is left to carry over."""
    named = {"p": path, "o": operation, "c": channel}
    return f"event: delta\ndata: {json.dumps({k: v for k, v in named.items() if v is not None} | {'v': value})}\n\n"


def message(text: str, role: str = "assistant", message_id: str = MESSAGE, **fields: Any) -> dict[str, Any]:
    """A message of the classic wire."""
    author = {"role": role, "name": fields.pop("name", None)}
    content = {"content_type": "text", "parts": [text]}
    whole = {"status": "finished_successfully", "end_turn": role == "assistant", "metadata": {}}
    return {"id": message_id, "author": author, "content": content} | whole | fields


def events(*messages: dict[str, Any], end: str = "data: [DONE]\n\n") -> str:
    """A whole stream of the classic wire."""
    opened = (
        delta({"message": each, "conversation_id": CONVERSATION}, "", "add", n) for n, each in enumerate(messages)
    )
    return "".join(('event: delta_encoding\ndata: "v1"\n\n', *opened, end))


def frame(content: str) -> str:
    """One frame of the server-rendered wire."""
    return f'<template data-web-mobile-dpu-frame="{len(content)}">{content}</template>\n'


def block(index: int, content: str, target: str | None = None, tag: str = "p", apply: str = "replace") -> str:
    """A frame that draws one block of the answer."""
    drawn = f'<{tag} data-assistant-stream-block="" data-assistant-stream-block-index="{index}">{content}</{tag}>'
    place = f"assistant-pending-{MESSAGE}-{target or f'committed-block-{index}'}"
    return frame(f'<template for="{place}" data-web-mobile-dpu-apply="{apply}">{drawn}</template>')


def control(kind: str, **details: str) -> str:
    """A frame that tells the page something."""
    named = " ".join(f'data-{name.replace("_", "-")}="{escape(value)}"' for name, value in details.items())
    return frame(f'<span hidden data-conversation-control="{kind}" {named}></span>')


# Whole ones, of every kind.

REFERENCE = {"type": "grouped_webpages", "matched_text": "\ue200cite\ue202x\ue201", "items": [{"url": "https://a.com"}]}
STREAMS = [
    events(
        message("q", "user", "u"), message("A \ue200cite\ue202x\ue201 b.", metadata={"content_references": [REFERENCE]})
    ),
    control("started") + block(0, f"A {chip(('Clutch', 'https://clutch.co'))} b.") + control("complete"),
    '{"type":"content","messageId":"m","markdown":"A **b**","mode":"replace"}\n{"type":"end"}\n',
]
PAGES = [
    server_page(f"<p>A {chip(('Clutch', 'https://clutch.co'))} b.</p><table><tr><td>c</td></tr></table>"),
    react_page(f"<p>A {pill('Clutch', 'https://clutch.co')} b.</p><pre><code>c</code></pre>"),
]
