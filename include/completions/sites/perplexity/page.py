"""What the page shows of the answer: its words, the pages that its chips cite, and what stands around it.

A citation is a chip among the words, `example +1`, with the address of its first page in an attribute or a link; what
is behind the `+1` only the wire tells. The list of sources is in the page once a visitor has opened it.
"""

from __future__ import annotations

import re
from dataclasses import replace as changed
from urllib.parse import urlsplit

from lxml import html
from lxml.html import HtmlElement

from completions.links import is_web
from completions.markup import closest, drop, following, found, replace
from completions.sites.perplexity.layout import CONVERSATION, FINAL, LOOKS, PROSE
from completions.sites.scene import Scene, outer
from completions.sites.sight import Body, Link, Pill, Sight
from completions.sites.untrusted import is_of, unique
from completions.text import markdown, tidy, words

_CITED = "data-pplx-citation-url"
_CHIPS = f"[data-pplx-citation], [{_CITED}], span.citation, a.citation"
_TABS = '[role="tabpanel"][aria-labelledby*="sources"], [role="tabpanel"][aria-labelledby*="citations"]'
_PANES = "div.fixed.inset-y-0.right-0, [data-radix-popper-content-wrapper]"  # at the right; over the page, 2026-10
_CARDS = 'a[target="_blank"][href]'
_TITLES = '[class*="line-clamp-"]'
_MODEL = re.compile(r"\s*Prepared (?:using|by) (\S[^\n]{0,80}?)\s*")
"""The line below an answer that says which model wrote it; English, the only form known."""


def read_answer(scene: Scene, sight: Sight) -> None:
    """Add to `sight` what the page shows of the last prompt's answer."""
    sight.conversation = _conversation(scene)
    panels = [tab for tab in found(scene.root, _TABS) if found(tab, _CARDS)]
    panels += [pane for pane in found(scene.root, _PANES) if any(map(_card_title, found(pane, _CARDS)))]
    sight.portions = sight.portions.model_copy(update={"sources_html": outer(panels)})
    listed = unique(link for panel in panels for link in _listed(panel))
    sight.sources = listed or None
    if scene.answers:
        final = [answer for answer in scene.answers if closest(answer, FINAL) is not None]
        sight.body = _body(changed(scene, answers=final or scene.answers).words())
        sight.model = _model(scene) if scene.layout is PROSE else None


def _body(root: HtmlElement) -> Body:
    """The answer in `root`, which is taken to pieces on the way."""
    for element in found(root, "[data-at]"):
        del element.attrib["data-at"]
    pills = _pills(root)
    drop(root, LOOKS.noise)
    tidy(root)
    text = words(root)
    placed = [Pill((link,), *text.at[name]) for n, link in enumerate(pills) if (name := f"pill-{n}") in text.at]
    return Body(text.text, markdown(root), placed)


def _pills(root: HtmlElement) -> list[Link]:
    """Take the chips out of `root`; the n-th leaves `data-at="pill-n"` behind."""
    pills: list[Link] = []
    chips = found(root, _CHIPS)
    inner = {below for chip in chips for below in chip.iterdescendants()}
    for chip in (chip for chip in chips if chip not in inner and chip.getparent() is not None):
        place = html.Element("cite")
        if url := _address(chip):
            place.set("data-at", f"pill-{len(pills)}")
            pills.append(Link(url, title=_title(chip), site_name=_label(chip)))
        replace(chip, place)
    return pills


def _address(chip: HtmlElement) -> str | None:
    """Where a chip leads: its first page."""
    named = [each.get(_CITED, "") for each in found(chip, f"[{_CITED}]")]
    linked = [each.get("href", "") for each in found(chip, "a[href]")]
    return next((url.strip() for url in (*named, *linked) if is_web(url)), None)


def _label(chip: HtmlElement) -> str | None:
    """The name of the site; the oldest chips had a number instead."""
    label = re.sub(r"\s*\+\s*\d+$", "", " ".join(chip.text_content().split()))
    return None if not label or label.strip("[]").isdecimal() else label


def _title(chip: HtmlElement) -> str | None:
    return next((title for each in found(chip, "[aria-label]") if (title := each.get("aria-label", "").strip())), None)


def _listed(panel: HtmlElement) -> list[Link]:
    """The cards of an opened list of sources: links with the title in a clamped line."""
    cards = [(url, card) for card in found(panel, _CARDS) if is_web(url := card.get("href", ""))]
    return [Link(url, title=_card_title(card)) for url, card in cards if not is_of(url, LOOKS.hosts)]


def _card_title(card: HtmlElement) -> str | None:
    titles = (" ".join(each.text_content().split()) for each in found(card, _TITLES))
    return next(filter(None, titles), None)


def _model(scene: Scene) -> str | None:
    lines = (_MODEL.fullmatch(line.text_content()) for line in following(scene.answers[-1], "div:not(:has(div))"))
    return next((line[1] for line in lines if line), None)


def _conversation(scene: Scene) -> str | None:
    canonical = (link.get("href", "") for link in found(scene.root, 'link[rel="canonical"]'))
    for url in (scene.url or "", *canonical):
        if is_web(url) and re.match(CONVERSATION, urlsplit(url).path):
            return url.partition("?")[0].partition("#")[0]
    return None
