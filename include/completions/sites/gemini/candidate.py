"""One answer as the stream tells it: markdown with marks that cite, citations, pictures.

Positions are those of the stream's arrays in 2026 (`fields` says how they are counted); seen 2026-08.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

from completions.answer import Image
from completions.links import is_web
from completions.sites.gemini.body import PLACEHOLDERS
from completions.sites.gemini.fields import at, list_at, lists, text_at
from completions.sites.gemini.links import link
from completions.sites.sight import Body, Link, Pill
from completions.sites.untrusted import unique
from completions.sites.written import CODE, FORMULAS, Writing
from completions.text import Words, words

IN_PROGRESS, COMPLETE = 1, 2
_CARD = re.compile(r"https?://googleusercontent\.com/card_content/\d+\s*\Z")
_ICON = re.compile(r"favicon|/s2/")
_CITE = re.compile(r"\[cite:\s*([^\]\n]{1,200})\]")
_UNSHOWN = re.compile(
    r"^```\w*\?code_\w+&code_event_index=\d+\n.*?(?:^```\n?|\Z)"
    r"|<FollowUp(?:\s+\w+=\"[^\"]*\")*\s*/?>(?:\s*</FollowUp>)?"
    r"|<GenerateWidget\b.*?(?:</GenerateWidget>\n*|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""What the page makes of the text: the code that was run for it and what that printed; an offer of what to ask next, a
widget (2026-08)."""
_MARKS = re.compile(
    rf"(?P<code>{CODE})|{FORMULAS}"
    r"|\$(?=[^$\s])(?=[^$\n]{0,300}[\\^_={}])(?P<math>[^$\n]{1,300})(?<=\S)\$(?!\d)"
    r"|(?P<from>\[cite_start\])| ?\[cite:\s*(?P<cite>[^\]\n]{1,200})\]",
    re.DOTALL,
)


def progress(candidate: object) -> object:
    """`IN_PROGRESS`, `COMPLETE`, or something else where the stream does not say."""
    return at(candidate, 8, 0)


def text_of(candidate: object) -> str:
    """The whole text so far, as markdown with marks."""
    said, beside = at(candidate, 1, 0), at(candidate, 22, 0)
    text = beside if isinstance(said, str) and isinstance(beside, str) and _CARD.match(said) else said
    return _UNSHOWN.sub("", PLACEHOLDERS.sub("", text)) if isinstance(text, str) else ""


def read_text(candidate: object) -> Body:
    """The text, with a citation for each mark; what is cited without a mark has no place in it."""
    groups = list(_groups(candidate))
    pages: dict[int, Link] = {}
    for numbers, named in groups:
        for number, page in zip(numbers, named, strict=False):
            if page:
                pages.setdefault(number, page)
    writing, cited = _written(text_of(candidate))
    text = words(writing.root())
    marked = {number for numbers in cited for number in numbers}
    pills = [Pill(_linked(numbers, pages), *_where(text, mark)) for mark, numbers in enumerate(cited)]
    pills += [Pill(_linked(numbers, pages)) for numbers, _ in groups if not marked & set(numbers)]
    return Body(text.text, writing.markdown(), [pill for pill in pills if pill.links])


def listed(candidate: object) -> list[Link] | None:
    """Every page that the stream names with its icon, cited or not; None when it names none.

    Where a stream without marks names the pages of its chips is not known (2026-09): they are known by how they look.
    """
    cited = [page for _, pages in _groups(candidate) for page in pages if page]
    icons = ((text_at(each, 0), each) for each in lists(candidate))
    named = [page for icon, each in icons if icon and is_web(icon) and _ICON.search(icon) and (page := _page(each))]
    return unique([*cited, *named]) or None


def images(candidate: object) -> list[Image]:
    """Pictures from the web, then those that were made for the answer."""
    found = [(text_at(each, 0, 0, 0), text_at(each, 0, 4)) for each in list_at(candidate, 12, 1)]
    made = [(text_at(each, 0, 3, 3), None) for each in list_at(candidate, 12, 7, 0)]
    shown = {url: alt for url, alt in reversed([*found, *made]) if url and is_web(url)}
    return [Image(position=n, url=url, title=alt) for n, (url, alt) in enumerate(reversed(shown.items()), 1)]


def _written(text: str) -> tuple[Writing, list[list[int]]]:
    """The text without its marks, and the numbers of each; the n-th left `data-at="pill-n"` behind."""
    writing = Writing()
    cited: list[list[int]] = []
    for mark in writing.through(text, _MARKS):
        if mark["code"]:
            writing.write(mark["code"])
        elif mark["from"]:
            writing.put(_point(f"from-{len(cited)}"))
        elif mark["cite"]:
            writing.put(_point(f"pill-{len(cited)}"))
            cited.append(_numbers(mark["cite"]))
        else:
            apart = mark["display"] or mark["dollars"]
            writing.formula((apart or mark["inline"] or mark["math"]).strip(), apart=bool(apart))
    return writing, cited


def _point(name: str) -> html.HtmlElement:
    point = html.Element("cite")
    point.set("data-at", name)
    return point


def _groups(candidate: object) -> Iterator[tuple[list[int], list[Link | None]]]:
    """The numbers of each mark and the pages they stand for, in the same order."""
    for group in list_at(candidate, 12, 43):
        mark = text_at(group, 0, 0) or ""
        inside = _CITE.search(mark)
        yield _numbers(inside[1] if inside else mark), [_page(at(entry, 3, 0)) for entry in list_at(group, 1)]


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"(?<![\w-])\d{1,6}(?![\w-])", text)]


def _where(text: Words, mark: int) -> tuple[int | None, int | None]:
    """The words that the n-th mark cites: from their own mark on, where there is one, to where it stands."""
    if (stands := text.at.get(f"pill-{mark}")) is None:
        return None, None
    begins = text.at.get(f"from-{mark}", stands)[0]
    cited = text.text[begins : stands[1]]
    return begins + len(cited) - len(cited.lstrip()), stands[1]


def _linked(numbers: list[int], pages: dict[int, Link]) -> tuple[Link, ...]:
    return tuple(unique(pages[number] for number in numbers if number in pages))


def _page(value: object) -> Link | None:
    """A page written as `[icon, url, title]`."""
    return link(text_at(value, 1), text_at(value, 2))
