"""The wire of the server-rendered front end: fragments of the page, or the markdown they are made from.

`text/vnd.openai.web-mobile-partial+html` (since July 2026) is a row of frames, each an instruction to the page::

    <template data-web-mobile-dpu-frame="224">
      <template for="assistant-pending-<id>-committed-block-0" data-web-mobile-dpu-apply="replace">
        <p data-assistant-stream-block="" data-assistant-stream-block-index="0">…</p></template></template>

`application/vnd.openai.conversation-source+ndjson` (since October 2026) is one JSON object a line: `content` with
markdown that replaces or is appended, `control`, `shared` with HTML, `end`. Neither tells the searches or the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import html
from lxml.html import HtmlElement

from completions.markup import found, fragment
from completions.sites.chatgpt.body import read_body
from completions.sites.chatgpt.failures import FAILURES
from completions.sites.chatgpt.layout import SEARCHING, SERVER
from completions.sites.chatgpt.marks import resolve
from completions.sites.sight import Sight, Trouble
from completions.sites.untrusted import Growing, load, string, table, within

FRAME = "<template data-web-mobile-dpu-frame="
CONTROL = "data-conversation-control"
BLOCK = "data-assistant-stream-block-index"

_TEMPLATE = re.compile(r"<(/?)template\b[^<>]*>")
_TARGET = re.compile(
    r"""<template\b[^<>]*?\bfor=["']assistant-[^"'<>]*?-(pending-tail|reasoning|committed-block-\d{1,6})["']"""
)
_BLOCK = re.compile(rf"""\b{BLOCK}=["']?(\d{{1,6}})""")


@dataclass
class _Turn:
    """What the frames or lines amount to so far."""

    blocks: dict[int, list[str]] = field(default_factory=dict)
    """The last frame that drew each block, then what was appended to the block since."""
    whole: str | None = None
    """The finished message, where it was sent in one piece."""
    markdown: dict[str, Growing] = field(default_factory=dict)
    """By message."""
    statuses: list[str] = field(default_factory=list)
    ended: bool = False
    failed: tuple[str | None, ...] | None = None
    conversation: str | None = None


def read_partial(stream: str) -> Sight:
    """What the frames show."""
    turn = _Turn()
    for frame in _frames(stream):
        _apply(turn, frame)
    return _sight(turn)


def read_lines(stream: str) -> Sight:
    """What the lines of the negotiated variant show."""
    turn = _Turn()
    for line in stream.split("\n"):
        _line(turn, load(line))
    return _sight(turn)


def _frames(stream: str) -> Iterator[str]:
    """The content of every whole frame; a cut one at the end is none."""
    depth = begin = 0
    for tag in _TEMPLATE.finditer(stream):
        if tag[1]:
            depth = max(0, depth - 1)
            if not depth and begin:
                yield stream[begin : tag.start()]
                begin = 0
        else:
            begin = begin if depth else tag.end()
            depth += 1


def _apply(turn: _Turn, frame: str) -> None:
    if CONTROL in frame:
        for control in found(fragment(frame), f"[{CONTROL}]"):
            _control(turn, control.get(CONTROL, ""), {str(name): str(value) for name, value in control.items()})
    target = _TARGET.search(frame)
    part = target[1] if target else ""
    if part == "reasoning":
        turn.statuses.append(frame)
    elif numbers := _BLOCK.findall(frame) or re.findall(r"\d+", part):
        turn.blocks |= {int(number): [frame] for number in numbers}
    elif part == "pending-tail" and turn.blocks:
        turn.blocks[max(turn.blocks)].append(frame)
    elif "data-assistant-markdown" in frame:
        turn.whole = frame
    elif "data-text-shimmer-text" in frame:
        turn.statuses.append(frame)


def _control(turn: _Turn, kind: str, details: dict[str, str]) -> None:
    if kind == "started":
        turn.blocks.clear()
        turn.ended, turn.failed = False, None
    elif kind in ("complete", "message-stream-complete"):
        turn.ended = True
    elif kind == "failed":
        codes = ("data-failure-status", "data-failure-reason", "data-failure-origin", "data-gate-kind")
        turn.failed = tuple(details.get(code) for code in codes)
    if path := details.get("data-canonical-path") or details.get("data-conversation-id"):
        turn.conversation = path if path.startswith("/") else f"/uc/{path}"


def _line(turn: _Turn, line: object) -> None:
    kind = string(line, "type")
    if kind == "content":
        written = turn.markdown.setdefault(string(line, "messageId") or "", Growing())
        if string(line, "mode") != "append":
            written.pieces.clear()
        text = within(line, "markdown")
        written.pieces.append(text if isinstance(text, str) else "")
    elif kind == "shared":
        _apply(turn, string(line, "html") or "")
    elif kind == "control":
        _control(turn, string(line, "detail", "kind") or "", _attributes(table(line, "detail")))
    elif kind == "end":
        turn.ended = True
    elif kind == "error":
        turn.failed = (string(line, "code"), string(line, "detail", "kind"), string(line, "message"))


def _attributes(detail: dict[str, object]) -> dict[str, str]:
    """A control's details by the names that they have as attributes: `conversationId` is `data-conversation-id`."""
    short = {"reason": "failure-reason", "status": "failure-status", "origin": "failure-origin"}
    names = {name: short.get(name) or re.sub("[A-Z]", lambda letter: "-" + letter[0].lower(), name) for name in detail}
    return {f"data-{names[name]}": str(value) for name, value in detail.items() if value is not None}


def _sight(turn: _Turn) -> Sight:
    sight = Sight(variant=SERVER.name, finished=turn.ended and turn.failed is None, conversation=turn.conversation)
    if turn.failed is not None:
        said = ", ".join(filter(None, turn.failed)) or "no reason given"
        sight.trouble = Trouble(FAILURES.of_codes(*turn.failed), f"the site sent a failure: {said}")
    if (root := _drawn(turn)) is not None:
        shown = read_body(root)
        sight.body, sight.sources, sight.warnings = shown.body, shown.listed, shown.warnings
        sight.places, sight.images = shown.places, shown.images
    elif turn.markdown:
        sight.body, unresolved = resolve(str(list(turn.markdown.values())[-1]), {}, {})
        sight.warnings += [f"{unresolved} citations of the wire have no address"] * bool(unresolved)
    if any(SEARCHING.search(fragment(status).text_content()) for status in turn.statuses):
        sight.searched = True
    return sight


def _drawn(turn: _Turn) -> HtmlElement | None:
    """The answer as the frames drew it; None when they drew nothing."""
    root = html.Element("div")
    if turn.blocks:
        for number, (frame, *more) in sorted(turn.blocks.items()):
            block = _block(frame, number)
            for tail in more:
                _append(block, _content(tail))
            root.append(block)
    elif turn.whole is not None:
        root.extend(found(fragment(turn.whole), SERVER.body)[-1:])
    return root if len(root) else None


def _block(frame: str, number: int) -> HtmlElement:
    content = _content(frame)
    return next(iter(found(content, f'[{BLOCK}="{number}"]')[::-1]), content)


def _content(frame: str) -> HtmlElement:
    """What a frame puts into the page, inside one element."""
    drawn = fragment(frame)
    for template in found(drawn, "template"):
        template.tag = "div"
    return drawn


def _append(block: HtmlElement, content: HtmlElement) -> None:
    """Continue `block` with `content`: what a tail holds goes on in the same line."""
    for template in found(content, "div"):
        template.tag = "span"
    block.append(content)
