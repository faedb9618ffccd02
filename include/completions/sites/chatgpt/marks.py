"""The marks in what the model wrote, and the text without them.

The classic wire sends markdown with private-use characters: `U+E200 kind U+E202 argument … U+E201` stands where the
page draws a citation, an entity or a card, and `U+E203 … U+E204` encloses the words that the next citation is for.
Exports of 2024 have `【0†source】` instead. The `matched_text` of a content reference is the whole mark it explains.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import html
from lxml.html import HtmlElement
from markdown_it import MarkdownIt

from completions.answer import Entity
from completions.markup import fragment, printable
from completions.sites.sight import Body, Link, Pill
from completions.sites.untrusted import load
from completions.text import POINT, tidy, without_points, words

LONGEST = 300_000
"""Characters of markdown that are rendered; a longer text is given as it was written."""

_TOKENS = re.compile(
    r"(?P<code>```.*?(?:```|\Z)|(?<!`)`[^`\n]+`(?!`))"
    "|\ue200(?P<mark>[^\ue200\ue201]*)\ue201"
    r"|(?P<old>【\d+[^【】]{0,40}】)"
    "|(?P<span>[\ue203\ue204])"
    r"|\\\((?P<inline>(?:(?!\\[()]).)+)\\\)"
    r"|\\\[(?P<display>(?:(?!\\[\[\]]).)+)\\\]"
    r"|\$\$(?P<dollars>[^$]+)\$\$"
    "|(?P<stray>[\ue200-\ue2ff])",
    re.DOTALL,
)
_MARK = re.compile("\ue200[^\ue200\ue201]*\ue201|[\ue200-\ue2ff]")
_PLACE = re.compile("\ue2f0(\\d+)\ue2f1")
_RENDERER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass
class _Resolver:
    """One pass over a text: its markdown, and the same with numbered places for what is to be rendered."""

    references: Mapping[str, Sequence[tuple[Link, ...]]]
    by_id: Mapping[str, Link]
    plain: list[str] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)
    places: list[HtmlElement] = field(default_factory=list)
    pills: list[tuple[Link, ...]] = field(default_factory=list)
    spans: list[str | None] = field(default_factory=list)
    """For each pill the place where its words begin, if the site says so."""
    entities: list[Entity] = field(default_factory=list)
    unresolved: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    begun: str | None = None

    def run(self, text: str) -> None:
        end = 0
        for token in _TOKENS.finditer(text):
            self._write(text[end : token.start()])
            self._token(token)
            end = token.end()
        self._write(text[end:])

    def _write(self, text: str) -> None:
        self.plain.append(text)
        self.placed.append(text)

    def _token(self, token: re.Match[str]) -> None:
        whole, kind = token[0], token.lastgroup
        if kind == "code":
            self._write(unmarked(whole))
        elif kind in ("mark", "old"):
            self._mark(whole, token[kind])
        elif whole == "\ue203":
            self.begun = self._point()
        elif kind in ("inline", "display", "dollars"):
            self._formula(token[kind].strip(), apart=kind != "inline")

    def _mark(self, whole: str, inner: str) -> None:
        kind, *arguments = inner.split("\ue202")
        name = kind.partition("[")[0].partition("{")[0]
        if name == "entity":
            self._entity(_list(inner))
        elif name in ("url", "link_title"):
            self._link(whole, arguments)
        elif name in ("product", "product_entity"):
            self._write(next(iter(_list(inner)[1:2]), ""))
        elif name == "cite" or whole.startswith("【"):
            self._cite(whole, arguments)

    def _cite(self, whole: str, arguments: Sequence[str]) -> None:
        links = self._resolved(whole, arguments)
        place = html.Element("cite")
        if links:
            place.set("data-at", f"pill-{len(self.pills)}")
            self.pills.append(links)
            self.spans.append(self.begun)
            self.begun = None
        self.unresolved += not links
        self._put(place)
        self.plain.append(POINT)

    def _resolved(self, whole: str, arguments: Sequence[str]) -> tuple[Link, ...]:
        """The pages behind a mark: by its text, the n-th of equal marks to the n-th reference; else by result ids."""
        candidates = self.references.get(whole, ())
        if candidates:
            turn = self.seen[whole] = self.seen.get(whole, -1) + 1
            return candidates[min(turn, len(candidates) - 1)]
        return tuple(self.by_id[each] for each in arguments if each in self.by_id)

    def _link(self, whole: str, arguments: Sequence[str]) -> None:
        title = arguments[0] if arguments else ""
        links = self._resolved(whole, arguments)
        if not links:
            self._write(title)
            return
        self.pills.append(links)
        self.spans.append(None)
        label = html.Element("a", {"href": links[0].url, "data-at": f"pill-{len(self.pills) - 1}"})
        label.text = title or links[0].title or links[0].url
        self._put(label)
        self.plain.append(f"[{label.text}]({links[0].url})")

    def _entity(self, described: Sequence[str]) -> None:
        if len(described) < 2:
            return
        name = html.Element("span", {"data-at": f"entity-{len(self.entities)}"})
        name.text = described[1]
        self.entities.append(Entity(name=described[1], category=described[0] or None))
        self._put(name)
        self.plain.append(described[1])

    def _formula(self, tex: str, *, apart: bool) -> None:
        formula = html.Element("math-display" if apart else "math-inline")
        formula.text = tex
        self._put(formula)
        self.plain.append(f"$$\n{tex}\n$$" if apart and "\n" in tex else f"$${tex}$$" if apart else f"${tex}$")

    def _point(self) -> str:
        name = f"span-{len(self.places)}"
        self._put(html.Element("cite", {"data-at": name}))
        return name

    def _put(self, element: HtmlElement) -> None:
        self.placed.append(f"\ue2f0{len(self.places)}\ue2f1")
        self.places.append(element)


def unmarked(text: str) -> str:
    """`text` without any marks."""
    return _MARK.sub("", text)


def _list(inner: str) -> list[str]:
    """The strings of a mark's JSON list: `entity["company","AT&T","…"]`."""
    written = load(inner[inner.find("[") :]) if "[" in inner else None
    return [printable(each) for each in written if isinstance(each, str)] if isinstance(written, list) else []


def resolve(
    text: str,
    references: Mapping[str, Sequence[tuple[Link, ...]]],
    by_id: Mapping[str, Link],
) -> tuple[Body, int]:
    """`text` as the page would show it, and how many of its citations nothing explains.

    `references` has the pages of each mark by its whole text, once for every time that it occurs; `by_id` those of
    single search results (`turn0search3`).
    """
    resolver = _Resolver(references, by_id)
    resolver.run(printable(text))
    root = _rendered("".join(resolver.placed), resolver.places)
    shown = words(root)
    body = Body(
        text=shown.text,
        markdown=without_points("".join(resolver.plain)).strip(),
        pills=[
            _pill(links, f"pill-{n}", resolver.spans[n], shown.at, shown.text) for n, links in enumerate(resolver.pills)
        ],
        entities=[_entity(entity, shown.at.get(f"entity-{n}")) for n, entity in enumerate(resolver.entities)],
    )
    return body, resolver.unresolved


def _pill(
    links: tuple[Link, ...],
    name: str,
    begun: str | None,
    at: Mapping[str, tuple[int, int]],
    text: str,
) -> Pill:
    start, end = at.get(name, (len(text), len(text)))
    if begun is not None and begun in at:
        start = min(at[begun][0], end)
        start += len(text[start:end]) - len(text[start:end].lstrip())
    return Pill(links, start, end)


def _entity(entity: Entity, at: tuple[int, int] | None) -> Entity:
    return entity.model_copy(update={"char_start": at[0], "char_end": at[1]}) if at else entity


def _rendered(markdown: str, places: Sequence[HtmlElement]) -> HtmlElement:
    if len(markdown) > LONGEST:
        root = html.Element("pre")
        root.text = _PLACE.sub("", markdown)
        return root
    root = fragment(_RENDERER.render(markdown))
    for element in list(root.iter()):
        _fill(element, places)
    return tidy(root)


def _fill(element: HtmlElement, places: Sequence[HtmlElement]) -> None:
    """Put the placed elements into the text of `element` and the text after it."""
    if not isinstance(element.tag, str):
        return
    first, *rest = _PLACE.split(element.text or "")
    if rest:
        element.text = first
        for number, after in reversed(list(zip(rest[::2], rest[1::2], strict=True))):
            places[int(number)].tail = after
            element.insert(0, places[int(number)])
    first, *rest = _PLACE.split(element.tail or "")
    if rest:
        element.tail = None  # or it would end up behind what is put next to the element
        for number, after in reversed(list(zip(rest[::2], rest[1::2], strict=True))):
            places[int(number)].tail = after
            element.addnext(places[int(number)])
        element.tail = first
