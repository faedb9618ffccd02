"""Pages and events of Copilot in the shapes that they have had, made from a few words."""

from __future__ import annotations

import json
from typing import Any

from completions.sites.scene import with_opened
from sites.reading import reader

CONVERSATION = "H9b7madeUpConversa01x"
URL = f"https://copilot.microsoft.com/chats/{CONVERSATION}"
MESSAGE = "m1"
ALPHA = ("Alpha", "https://alpha.example/a")
BRAVO = ("Bravo", "https://bravo.example/b")
CHARLIE = ("Charlie", "https://charlie.example/c")

Page = tuple[str, str]

read = reader("copilot")
"""What the adapter makes of bytes."""

# Pages.

REACTIONS = (
    '<div data-testid="message-item-reactions"><button data-testid="copy-ai-message-button">Copy</button>'
    '<button data-testid="message-thumbs-up-button">Like</button></div>'
)
STOP = '<button data-testid="stop-button">Stop</button>'


def page(body: str, *, after: str = "", reactions: str = REACTIONS, beside: str = "", before: str = "") -> str:
    """The chat with one turn: `after` follows the words in the message, `beside` the conversation."""
    return shell(f"{before}{asked()}{answered(body, after + reactions)}", beside)


def shell(conversation: str, beside: str = "") -> str:
    """The page around a conversation."""
    return (
        '<!doctype html><html lang="de"><head><title>Microsoft Copilot: What is it</title></head><body><main>'
        f'<div data-testid="chat-page"><div data-content="conversation">{conversation}</div>{beside}'
        '<textarea id="userInput" data-testid="composer-input"></textarea></div></main></body></html>'
    )


def asked(prompt: str = "what is it") -> str:
    """A prompt."""
    return (
        '<div class="group/user-message space-y-1" role="article"><h5 class="sr-only">You said</h5>'
        f'<div data-content="user-message">{prompt}</div></div>'
    )


def answered(body: str, after: str = REACTIONS) -> str:
    """An answer."""
    return (
        '<div class="group/ai-message" data-content="ai-message" data-testid="ai-message" role="article">'
        '<h6 class="sr-only">Copilot said</h6><div data-testid="ai-message-body">'
        f'<div class="group/ai-message-item space-y-3">{body}</div>{after}</div></div>'
    )


def chip(page: Page, label: str = "1") -> str:
    """A citation: a number that leads to its page."""
    title, url = page
    return f'<a href="{url}" title="{title}" target="_blank" rel="noopener noreferrer">{label}</a>'


def link(page: Page, label: str) -> str:
    """A link that the sentence needs."""
    return f'<span class="font-bold cursor-pointer" role="button" data-url="{page[1]}">{label}</span>'


def cards(*pages: Page, more: int = 0) -> str:
    """The cards under an answer."""
    button = f'<button title="Noch {more} Quellen anzeigen">+{more}</button>' if more else ""
    return (
        f'<div data-copy="false"><div data-testid="citation-cards-row">{"".join(map(card, pages))}{button}</div></div>'
    )


def card(page: Page) -> str:
    """A page in a list of citations: its title in the third box."""
    title, url = page
    return f'<a href="{url}" target="_blank"><div><div>Publisher</div><div>{title}</div></div></a>'


def modal(*pages: Page) -> str:
    """The dialog that lists the citations that had no room."""
    return f'<div data-modal-overlay="true"><h2>Sources</h2>{"".join(map(card, pages))}</div>'


def panel(*pages: Page) -> str:
    """The references beside the chat."""
    return (
        '<div class="relative h-full overflow-hidden will-change-auto" style="width: 320px">'
        f"{''.join(map(card, pages))}</div>"
    )


# Events.


def events(*several: dict[str, Any]) -> str:
    """A recording: one event a line."""
    return "".join(f"{json.dumps(each)}\n" for each in several)


def event(name: str, **told: Any) -> dict[str, Any]:
    """One event."""
    return {"event": name, "id": "0.0001", **told}


def said(text: str, part: str = "p1", message: str = MESSAGE) -> dict[str, Any]:
    """Words of an answer."""
    return event("appendText", messageId=message, partId=part, text=text)


def cited(page: Page, part: str = "p1") -> dict[str, Any]:
    """What the words before are taken from."""
    return event("citation", messageId=MESSAGE, partId=part, title=page[0], url=page[1], iconUrl="")


CONNECTED = event("connected")
RECEIVED = event("received", conversationId=CONVERSATION, messageId="u1")
STARTED = event("startMessage", conversationId=CONVERSATION, messageId=MESSAGE)
DONE = event("done", messageId=MESSAGE)


def turn(*told: dict[str, Any], end: tuple[dict[str, Any], ...] = (DONE,)) -> str:
    """A whole socket in which one prompt is answered by `told`."""
    return events(CONNECTED, RECEIVED, STARTED, *told, *end)


# Whole ones, of every kind.

STREAMS = [
    turn(said("A **b**"), cited(ALPHA), said(". C `d`."), cited(BRAVO)),
    turn(
        event("challenge", method="hashcash", parameter="s:1"), said("A"), event("imageGenerated", url="https://a.b/c")
    ),
    json.dumps(turn(said("| a |\n|---|\n| 1 |"), cited(ALPHA), said("\n\n```\nb\n```"), cited(BRAVO))) + "\n",
    json.dumps(
        {
            "results": [
                {"author": {"type": "ai"}, "content": [{"type": "text", "text": "A."}]},
                {"author": {"type": "human"}},
            ]
        }
    ),
]
CODE = '<div class="rounded-xl"><div><span class="capitalize">c</span></div><pre><code>x</code></pre></div>'
PAGES = [
    page(f"<p>A {chip(ALPHA)} {link(BRAVO, 'b')}.</p>{CODE}", after=cards(ALPHA, BRAVO), beside=panel(BRAVO)),
    with_opened(
        page('<iframe src="https://copilot.fun/frame"></iframe>'),
        {"frames": [f"<p>A {chip(ALPHA)}</p>{cards(BRAVO)}"], "citations": [modal(BRAVO)]},
    ),
]
