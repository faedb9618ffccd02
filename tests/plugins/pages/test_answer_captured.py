"""A page copy shown as one page; what reaches out of a page is taken out of it."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest

from completions_web.pages.answer_captured import as_one_page, harmless

PNG = b"\x89PNG\r\n\x1a\n"


def _copy(html: str, *parts: tuple[str, str, bytes]) -> bytes:
    """As Chromium writes it; each part has a type, an address or Content-ID, and its bytes."""
    pieces = [("text/html", "https://a.example/", html.encode()), *parts]
    written = [b'MIME-Version: 1.0\r\nContent-Type: multipart/related; type="text/html"; boundary="b"\r\n']
    for kind, at, content in pieces:
        header = f"Content-ID: <{at[4:]}>" if at.startswith("cid:") else f"Content-Location: {at}"
        encoded = b64encode(content).decode()
        lines = f"--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{header}\r\n\r\n{encoded}\r\n"
        written.append(lines.encode())
    return b"\r\n".join([*written, b"--b--\r\n"])


@pytest.mark.parametrize(
    ("html", "parts", "page"),
    [
        ("<p>a</p>", [], "<p>a</p>"),
        (
            '<link rel="stylesheet" href="cid:css-1@x">',
            [("text/css", "cid:css-1@x", b"p { color: red }")],
            "<style>p { color: red }</style>",
        ),
        (
            '<link href="https://a.example/a.css?a=1&amp;b=2">',
            [("text/css", "https://a.example/a.css?a=1&b=2", b"p { color: red }")],
            "<style>p { color: red }</style>",
        ),
        ('<link href="https://a.example/x.css">', [], '<link href="https://a.example/x.css">'),
        (
            '<img src="https://a.example/a.png">',
            [("image/png", "https://a.example/a.png", PNG)],
            '<img src="data:image/png;base64,iVBORw0KGgo=">',
        ),
        ('<img src="https://a.example/b.png">', [], '<img src="https://a.example/b.png">'),
        (
            '<iframe src="https://a.example/f.html">',
            [("text/html", "https://a.example/f.html", b"<script>x()</script>")],
            '<iframe src="https://a.example/f.html">',
        ),
        (
            '<link href="cid:c@x">',
            [("text/css", "cid:c@x", b"p{background:url(a.png)}</style><script>"), ("image/png", "a.png", PNG)],
            '<style>p{background:url("data:image/png;base64,iVBORw0KGgo=")}<\\/style><script></style>',
        ),
        (
            '<img src="x">',
            [('image/png"onload="x()', "x", b"")],
            '<img src="x">',
        ),
    ],
)
def test_a_copy_becomes_one_page(html: str, parts: list[tuple[str, str, bytes]], page: str) -> None:
    assert as_one_page(_copy(html, *parts)) == page


@pytest.mark.parametrize("junk", [b"", b"\x00\xff", b"Content-Type: multipart/related\r\n\r\n", b"a: b\r\n\r\nc"])
def test_what_holds_no_page_is_none(junk: bytes) -> None:
    assert as_one_page(junk) is None


@pytest.mark.parametrize(
    "html",
    [
        '<link rel="preconnect" href="https://a.example">',
        "<LINK\nrel=dns-prefetch href=//a.example>",
        "<link/rel=prefetch href=//a.example>",
        '<meta http-equiv="refresh" content="0;url=https://a.example">',
        "<mEtA http-equiv=refresh content=0>",
        '<base href="https://a.example/">',
        "<noscript><link rel=preload href=//a.example></noscript>",
        "<svg><link rel=preconnect href=//a.example></svg>",
    ],
)
def test_what_reaches_out_does_nothing(html: str) -> None:
    """Of two attributes with one name, the first counts."""
    shown = harmless(html)
    assert not re.search(r"<(link|base)\b", shown, re.IGNORECASE)
    assert all("http-equiv=- content=- name=- " in tag for tag in re.findall("<meta[^>]*>", shown, re.IGNORECASE))
    assert "<meta" in shown


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<a href="//a.example">', '<a href=#-  href="//a.example">'),
        ("<A\nhref=x>", "<A href=#- \nhref=x>"),
        ("<area/href=x>", "<area href=#- /href=x>"),
        ("<a>", "<a href=#- >"),
        ("<svg><a xlink:href=x>", "<svg><a href=#-  xlink:href=x>"),
    ],
)
def test_links_lead_nowhere(html: str, shown: str) -> None:
    assert harmless(html).startswith(f"{shown}<style>")


@pytest.mark.parametrize(
    "html", ["<p>link, base</p>", "<linked>", "a <b", "<header>", "<metal>", "<abbr href=/link>", "&lt;a href=x>"]
)
def test_all_else_stays(html: str) -> None:
    assert harmless(html).startswith(f"{html}<style>")
