"""An entry of the wire, read: the answer, its marks resolved, the searches behind it, and how it stands.

Since 2026-08 (`workflow`) answer, searches and pages are items of the steps of one `workflow_block`, and the number in
a mark is the `citation` of a row of `sources_mode_block`. Before (`prose`) the answer was the `markdown_block` for
`ask_text`, searches were steps of a `plan_block`, and a mark counted the results of the last `web_result_block`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from urllib.parse import quote

from completions.answer import FanOutQuery
from completions.errors import Outcome
from completions.links import url_canonical
from completions.sites.failures import LONGEST
from completions.sites.perplexity.cards import images, places, products, unread
from completions.sites.perplexity.events import Block, Entry
from completions.sites.perplexity.failures import FAILURES
from completions.sites.perplexity.layout import BARE, PROSE, WORKFLOW
from completions.sites.perplexity.links import link, links
from completions.sites.perplexity.marks import resolve
from completions.sites.sight import Link, Sight, Trouble
from completions.sites.untrusted import rows, string, table, unique, within

Item = dict[str, object]

NUDGE = "logged_out_thread_sign_in"
"""Names the line that invites to sign in, beside answers as good as any."""
_SERVED = ("shopping_block", "shopping_mode_block", "hotels_mode_block", "maps_mode_block", "media_block")
"""Kinds of blocks that are an answer without a single page being cited."""
_PART = re.compile(r"ask_text_(\d{1,4})_markdown")
_NESTED = 4
"""Workflows in workflows that are read."""


def read_entry(entry: Entry) -> Sight:
    """What the entry shows."""
    sight = Sight(variant=_variant(entry), conversation=_conversation(entry), model=string(entry.told, "display_model"))
    steps = list(_steps(entry))
    text, whole = _written(entry, steps)
    sight.sources = _sources(entry, steps)
    known = {url_canonical(page.url): page for page in sight.sources or []}
    pages = {number: page.filled(known.get(url_canonical(page.url), page)) for number, page in _numbered(entry).items()}
    sight.cited_apart = [page.url for row in _rows(entry) if row.get("status") == "SELECTED" for page in _page(row)]
    sight.fan_out_queries = _queries(entry, steps)
    sight.searched = True if sight.fan_out_queries or sight.sources else False if entry.ended else None
    sight.follow_up_questions = _follow_ups(entry)
    sight.images, sight.products, sight.places = images(entry), products(entry), places(entry)
    sight.trouble = _failure(entry) or _wall(entry, sight, text or "")
    sight.finished = entry.ended and whole and (sight.trouble is None or sight.trouble.yields)
    if text is not None:
        sight.body, unresolved = resolve(text, pages)
        sight.warnings += [f"{unresolved} citation marks of the wire have no page"] * bool(unresolved)
    if kinds := unread(entry):
        sight.warnings.append(f"blocks of the wire that are not read: {', '.join(kinds)}")
    return sight


def country(entry: Entry) -> str | None:
    """The country that the site saw the visitor in, as ISO 3166-1 alpha-2; told with the end of an answer."""
    seen = string(entry.told, "_extras", "country") or ""
    return seen.upper() if re.fullmatch(r"[A-Za-z]{2}", seen) else None


def _variant(entry: Entry) -> str:
    return BARE.name if entry.early else WORKFLOW.name if entry.of_kind("workflow_block") else PROSE.name


def _conversation(entry: Entry) -> str | None:
    slug = string(entry.told, "thread_url_slug") or ""
    return f"/search/{quote(slug, safe='%')}" if re.fullmatch(r"[\w.~%-]{1,300}", slug) else None


# What the answer says.


def _steps(entry: Entry) -> Iterator[Item]:
    """The steps of the workflows, those of the workflows within them too."""
    waiting = [(block.value, 0) for block in entry.of_kind("workflow_block").values()]
    while waiting:
        workflow, depth = waiting.pop(0)
        for step in rows(workflow, "steps"):
            yield step | {"depth": depth}
            if depth < _NESTED:
                inner = (table(item, "payload", "workflow_payload") for item in rows(step, "items"))
                waiting.extend((each, depth + 1) for each in inner if each)


def _payloads(steps: list[Item], name: str) -> Iterator[Item]:
    """The payloads of this name of all items, in their order."""
    for step in steps:
        for item in rows(step, "items"):
            if payload := table(item, "payload", name):
                yield payload


def _written(entry: Entry, steps: list[Item]) -> tuple[str | None, bool]:
    """The answer as it was written, and whether all of it is here; None where there is none yet.

    A block of its own has the last word: beside one, what the steps say is what was found on the way to it.
    """
    blocks = _asked(entry)
    pieces = [_joined(table(block.value), "answer") for block in blocks.values()]
    if not any(text.strip() for text, _ in pieces):
        blocks = entry.of_kind("workflow_block") or blocks
        pieces = [_joined(each, "text") for each in _answers(step for step in steps if not step["depth"])]
    whole = all(ok for _, ok in pieces) and not any(block.stale for block in blocks.values())
    text = "\n\n".join(filter(None, (text for text, _ in pieces)))
    return (text or None), whole


def _answers(steps: Iterable[Item]) -> Iterator[Item]:
    """The texts of the steps that answer: said of the text or of its item, else of any item that is only a text."""
    for item in chain.from_iterable(rows(step, "items") for step in steps):
        payload = table(item, "payload", "text_payload")
        said = string(payload, "variant") or string(item, "variant")
        if payload and (said == "answer" or (said is None and item.get("type") in (None, "WORKFLOW_ITEM_TEXT"))):
            yield payload


def _asked(entry: Entry) -> dict[str, Block]:
    """The blocks of the answer before 2026-08: in one, or else in numbered parts."""
    blocks = {usage: block for usage, block in entry.of_kind("markdown_block").items() if "ask_text" in usage}
    if "ask_text" in blocks:
        return {"ask_text": blocks["ask_text"]}
    parts = sorted((int(part[1]), usage) for usage in blocks if (part := _PART.fullmatch(usage)))
    return {usage: blocks[usage] for _, usage in parts} or blocks


def _joined(written: Item, name: str) -> tuple[str, bool]:
    """The text of one part, by its name unless the chunks have more of it; and whether none of them is missing."""
    whole, chunks = written.get(name), written.get("chunks")
    pieces = chunks if isinstance(chunks, list) else []
    known = [each for each in pieces if isinstance(each, str)]
    joined, complete = "".join(known), len(known) == len(pieces)
    if isinstance(whole, str) and whole.strip() and not (complete and joined.startswith(whole)):
        return whole, True
    return joined, complete


# What the answer rests on.


def _rows(entry: Entry) -> Iterator[Item]:
    for block in entry.of_kind("sources_mode_block").values():
        yield from rows(block.value, "rows")


def _page(row: Item) -> list[Link]:
    page = link(table(row, "web_result"))
    return [page] if page else []


def _numbered(entry: Entry) -> dict[int, Link]:
    """The page of each mark."""
    numbered: dict[int, Link] = {}
    for row in _rows(entry):
        number = row.get("citation")
        for page in _page(row):
            if isinstance(number, int):
                numbered.setdefault(number, page)
    if numbered:
        return numbered
    results = next(filter(None, (list(rows(block.value, "web_results")) for block in _results(entry))), [])
    listed = ((number, link(each)) for number, each in enumerate(results, 1))
    return {number: shown for number, shown in listed if shown}


def _results(entry: Entry) -> list[Block]:
    """The lists of results, that of the answer first."""
    blocks = entry.of_kind("web_result_block")
    first = sorted(blocks, key=lambda usage: usage != "web_results")
    return [*(blocks[usage] for usage in first), *entry.of_kind("sources_mode_block").values()]


def _sources(entry: Entry, steps: list[Item]) -> list[Link] | None:
    """Everything listed as consulted; None while the wire has no list."""
    shown = [page for row in _rows(entry) for page in _page(row)]
    found = chain.from_iterable(links(block.value, "web_results") for block in _results(entry))
    read = chain.from_iterable(links(each, "sources") for each in _payloads(steps, "sources_payload"))
    planned = chain.from_iterable(links(each, "web_results_content", "web_results") for each in _planned(entry))
    pages = unique([*shown, *found, *read, *planned])
    return pages if pages or entry.ended else None


def _planned(entry: Entry) -> Iterator[Item]:
    for block in entry.of_kind("plan_block").values():
        yield from rows(block.value, "steps")


def _queries(entry: Entry, steps: list[Item]) -> list[FanOutQuery]:
    """The searches that were run, each once, in order."""
    lists = [within(each, "queries") for each in _payloads(steps, "queries_payload")]
    lists += [within(step, "search_web_content", "queries") for step in _planned(entry)]
    asked: dict[str, str | None] = {}
    for each in chain.from_iterable(listed for listed in lists if isinstance(listed, list)):
        if query := string(each, "query") if isinstance(each, dict) else string(each):
            asked.setdefault(query, string(each, "engine"))
    return [FanOutQuery(query=query, kind=kind, order=order) for order, (query, kind) in enumerate(asked.items(), 1)]


def _follow_ups(entry: Entry) -> list[str] | None:
    """The questions offered below the answer; None where they come by another way, or have not come yet."""
    lists = [entry.told.get("related_queries"), entry.told.get("related_query_items")]
    lists += [within(block.value, "followups") for block in entry.of_kind("pending_followups_block").values()]
    offered = list(chain.from_iterable(each for each in lists if isinstance(each, list)))
    texts = dict.fromkeys(string(each) or string(each, "text") or string(each, "query") for each in offered)
    questions = [text for text in texts if text]
    return questions if questions or (entry.ended and not entry.told.get("async_rq_enabled")) else None


# How it stands.


def _failed(entry: Entry) -> bool:
    return (string(entry.told, "status") or "").upper() == "FAILED" or bool(string(entry.told, "error_code"))


def _failure(entry: Entry) -> Trouble | None:
    if not _failed(entry):
        return None
    code, said = string(entry.told, "error_code"), string(entry.told, "error_message")
    seen = ", ".join(filter(None, (code, said))) or "no reason given"
    return Trouble(FAILURES.of_codes(code, said), f"the site sent a failure: {seen}")


def _wall(entry: Entry, sight: Sight, text: str) -> Trouble | None:
    """Whether the site wants a login in place of an answer; what it asks for beside one is a nudge."""
    for name, upsell in entry.upsells.items():
        wants = "authwall" in name or (string(upsell, "upsell_type") == "LOGIN" and name != NUDGE)
        if wants:
            served = bool(sight.sources or sight.images) or len(text) > LONGEST or _serves(entry)
            return Trouble(Outcome.LOGIN_WALL, f"the site wants a login: {name or 'LOGIN'}", yields=served)
    return None


def _serves(entry: Entry) -> bool:
    return any(block.value for kind in _SERVED for block in entry.of_kind(kind).values())
