"""An answer as its reader saw it: markdown made HTML, its citations marked where they stand.

Nothing of the answer becomes markup but what markdown has: HTML in it is shown as written, links lead to http(s) alone,
and a picture is a link too, which nobody fetches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from completions.answer import Answer
from completions.links import is_web
from completions_web.pages.answer_marks import marked, raw

LONGEST = 300_000
"""Characters of markdown that are rendered; a longer one is shown as it was written."""
TOP = 3
"""The page's own headings go down to the one above."""
OUT = {"data-out": "", "target": "_blank", "rel": "noopener noreferrer nofollow"}
"""Of links to the web: out of Airflow's frame, without a word of where from."""

_FORMULA = re.compile(r"\$\$[^$]+\$\$|\$(?=\S)[^$\n]+?(?<=\S)\$(?!\d)")
"""And not two prices."""
_ALIGNED = {"text-align:right": "num", "text-align:center": "mid"}
_TABLE = '<div class="scroll" role="region" aria-label="Table" tabindex="0">'


class _Careful(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - its own name
        return is_web(url)


def _formula(state: StateInline, silent: bool) -> bool:
    """A formula as it was written: in it, nothing is markup."""
    found = _FORMULA.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("code_inline", "code", 0).content = found[0]
    state.pos = found.end()
    return True


_MARKDOWN = _Careful("commonmark", {"html": False}).enable(["table", "strikethrough"])
_MARKDOWN.inline.ruler.before("escape", "formula", _formula)


def rendered(answer: Answer) -> tuple[str, set[int]]:
    """The answer as HTML, and the positions of the citations that are marked in it."""
    if len(answer.answer_markdown) > LONGEST:
        return f'<pre dir="auto">{escape(answer.answer_markdown)}</pre>', set()
    tokens, positions = marked(answer, _MARKDOWN.parse(answer.answer_markdown))
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    dressed = list(_dressed(tokens, TOP - min(levels, default=TOP)))
    html: str = _MARKDOWN.renderer.render(dressed, _MARKDOWN.options, {})
    return html, positions


def _dressed(tokens: Iterable[Token], deeper: int) -> Iterator[Token]:
    for token in tokens:
        if token.nesting == 1 and token.level == 0:
            token.attrSet("dir", "auto")
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + deeper, 6)}"
        if isinstance(style := token.attrs.pop("style", None), str):
            token.attrSet("class", _ALIGNED.get(style, ""))
        if token.type == "inline":
            token.children = list(_inline(token.children or []))
        if token.type == "table_open":
            yield raw(_TABLE)
        yield token
        if token.type == "table_close":
            yield raw("</div>\n")


def _inline(tokens: Iterable[Token]) -> Iterator[Token]:
    links = 0
    for token in tokens:
        links += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "link_open":
            token.attrs |= OUT
        yield _picture(token, inside=links > 0) if token.type == "image" else token


def _picture(token: Token, *, inside: bool) -> Token:
    """A picture as the name of it; a link to it, unless it stands inside of one."""
    name = f"Picture: {token.content}" if token.content else "Picture"
    if inside:
        return raw(f'<span class="picture">{escape(name)}</span>')
    attributes = " ".join(f'{key}="{escape(str(value))}"' for key, value in OUT.items())
    return raw(f'<a class="picture" href="{escape(str(token.attrs["src"]))}" {attributes}>{escape(name)}</a>')
