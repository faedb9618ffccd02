"""Answers as HTML: what markdown has becomes markup and nothing else does; citations stand where they stood."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.answer import Answer, Citation
from completions.markup import fragment
from completions_web.pages.answer_markdown import LONGEST, rendered

OUT = ' data-out="" target="_blank" rel="noopener noreferrer nofollow"'


def _answer(markdown: str, text: str | None = None, *places: tuple[int, int]) -> Answer:
    cited = [
        Citation(position=n, role="inline", url="https://a.example", url_canonical="", char_start=start, char_end=end)
        for n, (start, end) in enumerate(places, 1)
    ]
    return Answer(answer_text=markdown if text is None else text, answer_markdown=markdown, citations=cited)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A\n\n### B", '<h3 dir="auto">A</h3>\n<h5 dir="auto">B</h5>\n'),
        ("#### A", '<h3 dir="auto">A</h3>\n'),
        ("<script>x()</script>", '<p dir="auto">&lt;script&gt;x()&lt;/script&gt;</p>\n'),
        ("<img src=x onerror=x()>", '<p dir="auto">&lt;img src=x onerror=x()&gt;</p>\n'),
        ("a <b onclick=x()>b</b>", '<p dir="auto">a &lt;b onclick=x()&gt;b&lt;/b&gt;</p>\n'),
        ("[a](javascript:x())", '<p dir="auto">[a](javascript:x())</p>\n'),
        ("[a](JAVASCRIPT&#58;x())", '<p dir="auto">[a](JAVASCRIPT:x())</p>\n'),
        ("[a](data:text/html,x)", '<p dir="auto">[a](data:text/html,x)</p>\n'),
        ("[a](//b.example)", '<p dir="auto">[a](//b.example)</p>\n'),
        ("[a](/ai/batches)", '<p dir="auto">[a](/ai/batches)</p>\n'),
        ("<javascript:x()>", '<p dir="auto">&lt;javascript:x()&gt;</p>\n'),
        ("[a](https://b.example)", f'<p dir="auto"><a href="https://b.example"{OUT}>a</a></p>\n'),
        ("<https://b.example>", f'<p dir="auto"><a href="https://b.example"{OUT}>https://b.example</a></p>\n'),
        (
            '![a"b](https://b.example/"onload=x)',
            f'<p dir="auto"><a class="picture" href="https://b.example/%22onload=x"{OUT}>Picture: a&quot;b</a></p>\n',
        ),
        ("![a](data:image/png;base64,AA)", '<p dir="auto">![a](data:image/png;base64,AA)</p>\n'),
        ("```html\n<script>\n```", '<pre><code class="language-html">&lt;script&gt;\n</code></pre>\n'),
        ("$a\\,_b_$ c", '<p dir="auto"><code>$a\\,_b_$</code> c</p>\n'),
        ("$$\na_1 * b_1\n$$", '<p dir="auto"><code>$$\na_1 * b_1\n$$</code></p>\n'),
        ("$5 *or* $6, $7-$8", '<p dir="auto">$5 <em>or</em> $6, $7-$8</p>\n'),
        ("~~a~~ **b**", '<p dir="auto"><s>a</s> <strong>b</strong></p>\n'),
    ],
)
def test_only_markdown_becomes_markup(markdown: str, html: str) -> None:
    assert rendered(_answer(markdown)) == (html, set())


def test_columns_are_aligned_without_inline_styles() -> None:
    html, _ = rendered(_answer("|a|b|c|\n|--|-:|:-:|\n|1|2|3|"))
    assert '<td>1</td>\n<td class="num">2</td>\n<td class="mid">3</td>' in html
    assert "style" not in html


def _marks(html: str) -> str:
    """The words of `html`, with `[1 2]` where marks stand and braces around cited words."""
    html = re.sub(r'<sup class="marks">(.*?)</sup>', lambda sup: f"[{re.sub('<.*?>', '', sup[1])}]", html)
    html = re.sub(r'<span class="cited">(.*?)</span>', r"{\1}", html)
    return str(fragment(html).text_content()).strip()


@pytest.mark.parametrize(
    ("markdown", "text", "places", "marked"),
    [
        ("One. Two.", "One. Two.", [(4, 4), (9, 9)], "One.[1] Two.[2]"),
        ("**One**. Two.", "One. Two.", [(4, 4), (4, 4), (9, 9)], "One.[1 2] Two.[3]"),
        ("One *two* three", "One two three", [(4, 7)], "One {two}[1] three"),
        ("One two three", "One two three", [(4, 13)], "One {two three}[1]"),
        ("One two three", "One two three", [(0, 3), (4, 7)], "{One}[1]{ two}[2] three"),
        ("One **two** three", "One two three", [(0, 13)], "{One }{two}{ three}[1]"),
        ("**One** two", "One two", [(0, 7)], "{One}{ two}[1]"),
        ("- One\n- Two", "One\nTwo", [(3, 3), (7, 7)], "One[1]\nTwo[2]"),
        ("|A|B|\n|--|--|\n|1|2|", "A\tB\n1\t2", [(5, 5)], "A\nB\n\n\n\n\n1[1]\n2"),
        ("[One](https://a.example) two", "One two", [(2, 2)], "One[1] two"),
        ("$x^2$ is it. $y$ too.", "x^2 is it. y too.", [(10, 10), (17, 17)], "$x^2$ is it.[1] $y$ too.[2]"),
        ("![p](https://a.example) a a a", "a a a", [(3, 3)], "Picture: p a a[1] a"),
        ("`a b` c", "a b c", [(3, 3)], "a b[1] c"),
        ("```\na b\n```\n\nc", "a b\n\nc", [(1, 1), (6, 6)], "a b\n\n[1]c[2]"),
        ("吉他。很好。", "吉他。很好。", [(3, 3), (6, 6)], "吉他。[1]很好。[2]"),
        ("🎸 a 🎸 b", "🎸 a 🎸 b", [(5, 5)], "🎸 a 🎸[1] b"),
        ("גיטרה טובה.", "גיטרה טובה.", [(11, 11)], "גיטרה טובה.[1]"),
        ("One", "One", [(0, 0)], "[1]One"),
        ("One", "Something else entirely", [(23, 23)], "One"),
        ("One", "One", [(500, 900)], "One[1]"),
    ],
)
def test_citations_are_marked_where_they_stand(
    markdown: str, text: str, places: list[tuple[int, int]], marked: str
) -> None:
    html, positions = rendered(_answer(markdown, text, *places))
    assert _marks(html) == marked
    assert positions == {int(n) for n in re.findall(r'id="mark-(\d+)"', html)}


def test_a_mark_in_a_link_comes_after_it() -> None:
    html, _ = rendered(_answer("[One two](https://a.example)", "One two", (3, 3)))
    assert html.index("</a>") < html.index("<sup")


def test_what_is_too_long_to_be_rendered_is_shown_as_written() -> None:
    html, positions = rendered(_answer("<b>" * LONGEST, "", (0, 0)))
    assert html == f'<pre dir="auto">{"&lt;b&gt;" * LONGEST}</pre>'
    assert positions == set()


@given(st.text(), st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60))), st.text())
def test_any_answer_is_rendered(markdown: str, places: list[tuple[int, int]], text: str) -> None:
    html, _ = rendered(_answer(markdown, text, *places))
    assert _tags(html) <= {
        "a",
        "sup",
        "span",
        "p",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "br",
        "ul",
        "ol",
        "li",
        "pre",
        "code",
        "em",
        "strong",
        "s",
        "blockquote",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "div",
    }


def _tags(html: str) -> set[Any]:
    return {element.tag for element in fragment(html).iterdescendants()}
