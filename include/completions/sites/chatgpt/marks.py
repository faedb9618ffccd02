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

from completions.answer import Entity
from completions.markup import printable
from completions.sites.sight import Body, Link, Pill
from completions.sites.untrusted import load
from completions.sites.written import CODE, FORMULAS, Writing
from completions.text import POINT, words

_TOKENS = re.compile(
    rf"(?P<code>{CODE})"
    "|\ue200(?P<mark>[^\ue200\ue201]*)\ue201"
    r"|(?P<old>【\d+[^【】]{0,40}】)"
    "|(?P<span>[\ue203\ue204])"
    rf"|{FORMULAS}"
    "|(?P<stray>[\ue200-\ue2ff])",
    re.DOTALL,
)
_MARK = re.compile("\ue200[^\ue200\ue201]*\ue201|[\ue200-\ue2ff]")


@dataclass
class _Resolver(Writing):
    """One pass over a text, its marks made what they stand for."""

    references: Mapping[str, Sequence[tuple[Link, ...]]] = field(default_factory=dict)
    by_id: Mapping[str, Link] = field(default_factory=dict)
    pills: list[tuple[Link, ...]] = field(default_factory=list)
    spans: list[str | None] = field(default_factory=list)
    """For each pill the place where its words begin, if the site says so."""
    entities: list[Entity] = field(default_factory=list)
    unresolved: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    begun: str | None = None

    def token(self, token: re.Match[str]) -> None:
        """Go on with what `token` stands for."""
        whole, kind = token[0], token.lastgroup
        if kind == "code":
            self.write(unmarked(whole))
        elif kind in ("mark", "old"):
            self._mark(whole, token[kind])
        elif whole == "\ue203":
            self.begun = self._point()
        elif kind in ("inline", "display", "dollars"):
            self.formula(token[kind].strip(), apart=kind != "inline")

    def _mark(self, whole: str, inner: str) -> None:
        kind, *arguments = inner.split("\ue202")
        name = kind.partition("[")[0].partition("{")[0]
        if name == "entity":
            self._entity(_list(inner))
        elif name in ("url", "link_title"):
            self._link(whole, arguments)
        elif name in ("product", "product_entity"):
            self.write(next(iter(_list(inner)[1:2]), ""))
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
        self.put(place, POINT)

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
            self.write(title)
            return
        self.pills.append(links)
        self.spans.append(None)
        label = html.Element("a", {"href": links[0].url, "data-at": f"pill-{len(self.pills) - 1}"})
        label.text = title or links[0].title or links[0].url
        self.put(label, f"[{label.text}]({links[0].url})")

    def _entity(self, described: Sequence[str]) -> None:
        if len(described) < 2:
            return
        name = html.Element("span", {"data-at": f"entity-{len(self.entities)}"})
        name.text = described[1]
        self.entities.append(Entity(name=described[1], category=described[0] or None))
        self.put(name, described[1])

    def _point(self) -> str:
        name = f"span-{len(self.places)}"
        self.put(html.Element("cite", {"data-at": name}))
        return name


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
    resolver = _Resolver(references=references, by_id=by_id)
    for token in resolver.through(printable(text), _TOKENS):
        resolver.token(token)
    shown = words(resolver.root())
    body = Body(
        text=shown.text,
        markdown=resolver.markdown(),
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
