"""HTML as words and as markdown: tables of what is written and what is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.markup import Unreadable, decoded, fragment, parsed
from completions.text import markdown, tidy, words

KATEX = (
    '<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>σ</mi></mrow>'
    '<annotation encoding="application/x-tex">\\sigma_1^2</annotation></semantics></math></span>'
    '<span class="katex-html" aria-hidden="true">σ12</span></span>'
)

CASES = [
    ("<p>a  b\n c</p><p>d</p>", "a b c\n\nd", "a b c\n\nd"),
    ("a<br>b<br><br>c", "a\nb\n\nc", "a  \nb  \n  \nc"),
    ("<h2>Head <i>x</i></h2>text", "Head x\n\ntext", "## Head *x*\n\ntext"),
    ("<ul><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ul>", "a\nb\nc", "- a\n  - b\n- c"),
    ('<ol start="3"><li>x</li><li>y</li></ol>', "x\ny", "3. x\n4. y"),
    ("<blockquote><p>q</p></blockquote>", "q", "> q"),
    (
        "<table><thead><tr><th>A</th><th>B|C</th></tr></thead><tr><td>1<br>2</td><td></td></tr></table>z",
        "A\tB|C\n1 2\n\nz",
        "| A | B\\|C |\n| --- | --- |\n| 1 2 |  |\n\nz",
    ),
    ("<table><tr><td></td><td>b</td><td></td><td>d</td></tr></table>", "\tb\t\td".lstrip("\t"), None),
    ('<pre><code class="language-py">a\n  b\n</code></pre>', "a\n  b", "```py\na\n  b\n```"),
    ("<pre>```</pre>", "```", "````\n```\n````"),
    (
        '<pre><div class="header"><span>elixir</span><button>Copy</button></div>'
        '<div class="cm-content"><span>x = 1</span><br><br><span>  y</span></div></pre>',
        "x = 1\n\n  y",
        "```elixir\nx = 1\n\n  y\n```",
    ),
    ("<p>run <code>a`b</code></p>", "run a`b", "run `` a`b ``"),
    (f"<p>the {KATEX}.</p>", "the \\sigma_1^2.", "the $\\sigma_1^2$."),
    (f'<p>x</p><span class="katex-display">{KATEX}</span>', "x\n\n\\sigma_1^2", "x\n\n$$\n\\sigma_1^2\n$$"),
    (f'<span data-assistant-math-rendered="display">{KATEX}</span>', "\\sigma_1^2", "$$\n\\sigma_1^2\n$$"),
    ('<a href="https://a.com/a)b">Doc [A]</a>', "Doc [A]", "[Doc \\[A\\]](<https://a.com/a)b>)"),
    ('<p><img src="https://a/b.png" alt="al"><img alt="none"></p>', "", "![al](https://a/b.png)"),
    ("<p>1. no list</p><p># none</p><p>- neither</p>", None, "1\\. no list\n\n\\# none\n\n\\- neither"),
    ("<p>5+ years, #1, 3.5</p>", None, "5+ years, #1, 3.5"),
    ("<p>5 * 3, *x*, snake_case, _y_, &lt;b&gt;, a &lt; b, [1], [a](b)</p>", None, None),
    ('<p>a<span class="sr-only">hidden</span><button>b</button><i hidden>c</i><svg>d</svg></p>', "a", "a"),
    ("<p>soft\u00adhyphen no\u00a0break 👍🏽 مرحبا</p>", "soft\u00adhyphen no\u00a0break 👍🏽 مرحبا", None),
    ("<p>a<!-- b -->c<?marker d?>e</p>", "ace", "ace"),
    ("<div>" * 400 + "<b>deep</b>" + "</div>" * 400, "deep", None),
]


@pytest.mark.parametrize(("html", "text", "written"), CASES)
def test_words_and_markdown(html: str, text: str | None, written: str | None) -> None:
    root = tidy(fragment(html))
    if text is not None:
        assert words(root).text == text
    if written is not None:
        assert markdown(root) == written


def test_markup_in_the_words_is_escaped_and_nothing_else() -> None:
    root = tidy(fragment("<p>5 * 3, *x*, snake_case, _y_, &lt;b&gt;, a &lt; b, [1], [a](b), a\\b</p>"))
    assert markdown(root) == "5 * 3, \\*x\\*, snake_case, \\_y\\_, \\<b>, a < b, [1], [a\\](b), a\\\\b"


@pytest.mark.parametrize(
    ("html", "at"),
    [
        ('<p>word <cite data-at="x"></cite>.</p>', ("word.", 4, 4)),
        ('<p>word <cite data-at="x"></cite> more</p>', ("word more", 4, 4)),
        ('<p>word</p><p><cite data-at="x"></cite></p><p>more</p>', ("word\n\nmore", 4, 4)),
        ('<p>see <span data-at="x"> Acme  GmbH </span> now</p>', ("see Acme GmbH now", 4, 13)),
        ('<ul><li>a</li><li data-at="x">b c</li></ul>', ("a\nb c", 2, 5)),
        ('<p>😀 <b data-at="x">x</b></p>', ("😀 x", 2, 3)),  # code points, not UTF-16 units
    ],
)
def test_where_things_stand(html: str, at: tuple[str, int, int]) -> None:
    found = words(tidy(fragment(html)))
    assert (found.text, *found.at["x"]) == at


def test_a_citation_leaves_nothing_in_the_markdown() -> None:
    cited = '<p>One <cite data-at="a"></cite><cite data-at="b"></cite>, two <cite data-at="c"></cite></p>'
    assert markdown(tidy(fragment(cited))) == "One, two"


@given(
    st.lists(st.sampled_from(["<p>", "</p>", "<li>", "<td>", "<pre>", "</pre>", " a ", "b", "<br>", '<i data-at="x">']))
)
def test_offsets_are_within_the_text(pieces: list[str]) -> None:
    found = words(tidy(fragment("".join(pieces))))
    assert found.text == found.text.strip(" ") or "<pre>" in pieces
    for start, end in found.at.values():
        assert 0 <= start <= end <= len(found.text)


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    root = tidy(fragment(text))
    words(root), markdown(root)


def test_html_nested_beyond_all_reason_is_refused() -> None:
    with pytest.raises(Unreadable):
        parsed("<div>" * 5000)


@pytest.mark.parametrize(
    "data",
    [
        "<p>größe</p>".encode(),
        "<p>größe</p>".encode("utf-8-sig"),
        "<p>größe</p>".encode("utf-16"),
        b'<meta charset="iso-8859-1"><p>gr\xf6\xdfe</p>',
    ],
)
def test_saved_pages_come_in_any_encoding(data: bytes) -> None:
    assert "größe" in decoded(data)
