"""Pages and streams of Gemini in the shapes that were seen, made from a few words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from completions.sites.scene import with_opened
from sites.reading import reader

ID = "0123456789abcdef"
ALPHA = ("Alpha", "https://alpha.example/a", "All about A")
BRAVO = ("Bravo", "https://bravo.example/b#:~:text=b", "Best of B")
CHARLIE = ("Charlie", "https://www.google.com/url?sa=E&q=https%3A%2F%2Fcharlie.example%2Fc", "C at last")
ICON = "https://t1.gstatic.com/faviconV2?client=BARD&url="

Page = tuple[str, str, str]
"""Publisher, address, title."""

read = reader("gemini")
"""What the adapter makes of bytes."""

# Pages.


def turn(body: str, *, footer: str = "complete", busy: bool = False, before: str = "", after: str = "") -> str:
    """A prompt and its answer; `before` stands above the words, `after` below them."""
    return (
        f'<div class="conversation-container" id="{ID}"><user-query><user-query-content><span '
        'class="cdk-visually-hidden">You said</span><p class="query-text-line">what is it</p></user-query-content>'
        '</user-query><model-response><response-container><div class="response-container-content">'
        f'{before}<h2 class="cdk-visually-hidden screen-reader-model-response-label">Gemini said</h2>'
        '<structured-content-container class="model-response-text"><message-content>'
        f'<div class="markdown markdown-main-panel" aria-busy="{str(busy).lower()}">{body}</div></message-content>'
        f'{after}</structured-content-container><div class="response-footer gap {footer}"><sources-list></sources-list>'
        '</div></div><message-actions><button aria-label="Copy">copy</button></message-actions></response-container>'
        "</model-response></div>"
    )


def page(*turns: str, beside: str = "", stop: str = "submit", opened: dict[str, list[str]] | None = None) -> str:
    """The page with `turns`; `beside` stands after the conversation, `opened` is what was opened on it."""
    whole = (
        '<!doctype html><html lang="en"><head><title>Gemini</title></head><body><chat-app><chat-window>'
        f'<infinite-scroller data-test-id="chat-history-container">{"".join(turns)}</infinite-scroller>'
        '<rich-textarea><div class="ql-editor ql-blank" contenteditable="true" role="textbox"><p><br></p></div>'
        '<div class="ql-clipboard" contenteditable="true"></div></rich-textarea><bard-mode-switcher><div '
        'data-test-id="logo-pill-label-container"><span class="picker-primary-text">Flash</span>'
        f"<mat-icon>expand_more</mat-icon></div></bard-mode-switcher><gem-icon-button class='send-button {stop}'>"
        f'<button aria-label="Send message">send</button></gem-icon-button></chat-window></chat-app>'
        f"{beside}</body></html>"
    )
    return with_opened(whole, opened or {})


def chip(label: str, more: int = 0, inside: str = "") -> str:
    """A citation: a button whose pages show while the pointer rests on it."""
    count = f'<span class="source-count"> +{more} </span>' if more else ""
    return (
        '<source-footnote><sup class="superscript" data-turn-source-index="1"></sup></source-footnote>'
        '<sources-carousel-inline><source-inline-chip><div class="source-inline-chip-container"><button '
        f'aria-label="View source details for citation from {label}. Opens side panel."><span class="source-title">'
        f"{label}</span>{count}</button>{inside}</div></source-inline-chip></sources-carousel-inline>"
    )


def entry(named: Page, snippet: str = "", *, around: bool = False) -> str:
    """A page in a card or in the panel, the link in it or around it."""
    publisher, url, title = map(escape, named)
    rows = (
        f'<div class="source-path gds-title-s">{publisher}</div><div class="title gds-title-m">{title}</div>'
        f'<div class="info gds-body-s">{publisher.lower()}.example</div>' + (f"<div>{snippet}</div>" if snippet else "")
    )
    if around:
        return f'<a href="{url}"><inline-source-card>{rows}</inline-source-card></a>'
    return f'<inline-source-card><a href="{url}">{rows}</a></inline-source-card>'


def card(*pages: Page) -> str:
    """What shows over a chip."""
    return f"<multi-source-hovered-card>{''.join(map(entry, pages))}</multi-source-hovered-card>"


def panel(*pages: Page) -> str:
    """The list of sources at the side."""
    listed = "".join(entry(each, "what it says", around=True) for each in pages)
    return f"<context-sidebar><side-bar-sources><h2>Sources</h2>{listed}</side-bar-sources></context-sidebar>"


# Streams.


def frame(*envelopes: object) -> str:
    """One frame, its length in UTF-16 units."""
    text = json.dumps(envelopes, ensure_ascii=False)
    return f"{len(text.encode('utf-16-le')) // 2 + 2}\n{text}\n"


def told(inner: object, error: object = None) -> list[object]:
    """An envelope with content."""
    return ["wrb.fr", None, None if inner is None else json.dumps(inner, ensure_ascii=False), None, None, error]


def placed(values: dict[int, Any]) -> list[Any]:
    """An array with `values` at their places."""
    return [values.get(place) for place in range(max(values) + 1)]


def answering(text: str, status: int | None = 2, *, found: object = None, whole: bool = True) -> list[object]:
    """An envelope with an answer so far; `found` is what stands beside the text, `whole` whether its turn is stored."""
    candidate = placed({0: "rc_1", 1: [text], 8: [status], 12: found, 37: [["**Thinking** about it"]]})
    beside = {5: ["Zurich, Switzerland", "SWML"], 8: "CH", 25: "AwAA", 39: "fbb1", 42: "3.6 Flash"} if whole else {}
    return told(placed({1: [f"c_{ID}", "r_1"], 4: [candidate]} | beside))


def refusing(code: int) -> list[object]:
    """An envelope with an error and nothing else."""
    return told(None, [13, None, [["type.googleapis.com/assistant.boq.bard.application.BardErrorInfo", [code]]]])


def stream(*envelopes: list[object], ended: bool = True) -> str:
    """A response, a frame for each envelope."""
    end = frame(["di", 192], ["af.httprm", 191, "1", 2]) + frame(["e", 7, None, None, 2000]) if ended else ""
    return ")]}'\n\n" + "".join(map(frame, envelopes)) + end


def group(mark: str, *pages: Page) -> list[object]:
    """The pages that a mark of the text stands for."""
    return [[mark], [[None, None, None, [[f"{ICON}{url}", url, title]]] for _, url, title in pages]]


def citing(groups: Sequence[object], *, far: bool = True) -> list[object]:
    """What stands beside a text: its citations at their place, or far off under their number."""
    return [None, None, {"44": groups}] if far else [*[None] * 43, groups]


# Whole ones, of every kind.

FOUND = citing([group(" [cite: 1, 2]", ALPHA, BRAVO)])
FRAMES = [
    frame(told([None, ["c_0123456789abcdef", "r_1"], {"18": "r_1"}])),
    frame(answering("Größe", 1, whole=False)),
    frame(answering("Größe **A** 👩🏽‍🎤", 1, whole=False)),
    frame(answering("Größe **A** 👩🏽‍🎤 b. [cite: 1, 2]", found=FOUND)),
    frame(refusing(1096)),
    frame(["di", 192]),
    frame(["e", 7, None, None, 2000]),
]
HEAD = ")]}'\n\n"
WHOLE = HEAD + "".join(FRAMES)
PAGE = page(
    turn(f"<p>A{chip('Alpha', 1)} b.</p><table><tr><td>c</td></tr></table><rich-list-card>P</rich-list-card>"),
    opened={"sources": [panel(ALPHA)], "cards": [card(ALPHA, BRAVO)]},
)
SMALL = turn("<p>A b.</p><pre><code>c</code></pre>")
STREAMS = [WHOLE]
PAGES = [PAGE, SMALL]
