"""The classic wire's messages: the last prompt's answer, the searches that the model ran, and what it found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from completions.answer import FanOutQuery, Image, Product, ShownPlace
from completions.sites.chatgpt.events import Conversation
from completions.sites.chatgpt.failures import FAILURES
from completions.sites.chatgpt.layout import REACT
from completions.sites.chatgpt.links import link, links
from completions.sites.chatgpt.marks import resolve
from completions.sites.sight import Body, Link, Sight, Trouble
from completions.sites.untrusted import Growing, number, rows, string, table, unique, within

Message = dict[str, object]

_GROUPS = ("grouped_webpages", "grouped_webpages_v2", "webpage", "url", "alt_text", "link_title", "nav_list")
"""Types of content references that stand for cited pages."""


def read_messages(conversation: Conversation) -> Sight:
    """What the classic wire shows."""
    sight = Sight(variant=REACT.name, finished=False, conversation=_path(conversation.conversation_id))
    turn = _last_turn(list(conversation.messages.values()))
    answers = [message for message in turn if _is_answer(message)]
    if conversation.failure is not None:
        seen = next(filter(None, reversed(conversation.failure)), "no reason given")
        sight.trouble = Trouble(FAILURES.of_codes(*conversation.failure), f"the site sent an error: {seen}")
    sight.finished = conversation.ended and bool(answers) and _is_final(answers[-1])
    references = [each for message in answers for each in rows(message, "metadata", "content_references")]
    sight.body = _body(answers, references, turn, sight.warnings)
    sight.sources = _sources(references, turn)
    sight.fan_out_queries = _queries(turn)
    sight.searched = _searched(conversation, turn, sight.fan_out_queries)
    sight.model = next(filter(None, map(_model, reversed(answers))), None)
    _cards(sight, references)
    return sight


def _path(conversation_id: str | None) -> str | None:
    return f"c/{conversation_id}" if conversation_id else None


def _last_turn(messages: list[Message]) -> list[Message]:
    """What came after the last prompt."""
    prompts = [index for index, message in enumerate(messages) if string(message, "author", "role") == "user"]
    return messages[prompts[-1] + 1 :] if prompts else messages


def _is_answer(message: Message) -> bool:
    """Whether the message is words for the reader, not thoughts, a call of a tool or a hidden note."""
    return (
        string(message, "author", "role") == "assistant"
        and string(message, "recipient") in (None, "all")
        and string(message, "channel") in (None, "final")
        and string(message, "content", "content_type") in (None, "text", "multimodal_text")
        and not within(message, "metadata", "is_visually_hidden_from_conversation")
    )


def _is_final(message: Message) -> bool:
    return string(message, "status") == "finished_successfully" and message.get("end_turn") is True


def _model(message: Message) -> str | None:
    return string(message, "metadata", "resolved_model_slug") or string(message, "metadata", "model_slug")


def _parts(message: Message) -> str:
    """The text of a message as it was written; its other parts are files."""
    parts = within(message, "content", "parts")
    texts = parts if isinstance(parts, list) else []
    return "\n\n".join(filter(None, (str(text) for text in texts if isinstance(text, str | Growing))))


def _body(answers: list[Message], references: list[Message], turn: list[Message], warnings: list[str]) -> Body | None:
    text = "\n\n".join(filter(None, map(_parts, answers)))
    if not answers:
        return None
    body, unresolved = resolve(text, _by_mark(text, answers, references), _by_id(turn, references))
    if unresolved:
        warnings.append(f"{unresolved} citation marks of the wire have no reference")
    return body


def _by_mark(text: str, answers: list[Message], references: list[Message]) -> dict[str, list[tuple[Link, ...]]]:
    """The pages behind each mark, by the mark's own text."""
    marks: dict[str, list[tuple[Link, ...]]] = defaultdict(list)
    for reference in references:
        matched = within(reference, "matched_text")
        if isinstance(matched, str) and string(reference, "type") in _GROUPS and (pages := _pages(reference)):
            marks[matched].append(pages)
    for old in chain.from_iterable(rows(message, "metadata", "citations") for message in answers):
        start, end = within(old, "start_ix"), within(old, "end_ix")
        page = link(table(old, "metadata"))
        if page and isinstance(start, int) and isinstance(end, int) and 0 <= start < end:
            marks[text[start:end]].append((page,))
    return marks


def _pages(reference: Message) -> tuple[Link, ...]:
    """The pages of one reference: those of its pill, each followed by what supports it; every page once."""
    entries = list(rows(reference, "items")) or [reference]
    pages = chain.from_iterable((link(entry), *links(entry, "supporting_websites")) for entry in entries)
    return tuple(unique(filter(None, pages)))


def _by_id(turn: list[Message], references: list[Message]) -> dict[str, Link]:
    """Single search results by the id that marks use: `turn0search3`."""
    known: dict[str, Link] = {}
    for entry in _entries(turn):
        if page := link(entry):
            known[_id(table(entry, "ref_id"))] = page
    for item in chain.from_iterable(rows(reference, "items") for reference in references):
        if page := link(item):
            known |= {_id(ref): page for ref in rows(item, "refs")}
    for message in turn:
        for name, cited in table(message, "metadata", "cite_map").items():
            if page := link(cited):
                known[name] = page
    return known


def _entries(turn: list[Message]) -> Iterator[Message]:
    for message in turn:
        for group in rows(message, "metadata", "search_result_groups"):
            yield from rows(group, "entries")


def _id(ref: Message) -> str:
    return f"turn{ref.get('turn_index')}{ref.get('ref_type')}{ref.get('ref_index')}"


def _sources(references: list[Message], turn: list[Message]) -> list[Link]:
    """Everything listed as consulted: the strip under the answer, then what is cited, then what was found."""
    listed = [page for each in references if each.get("type") == "sources_footnote" for page in links(each, "sources")]
    cited = [page for each in references if each.get("type") in _GROUPS for page in _pages(each)]
    return [*listed, *cited, *filter(None, map(link, _entries(turn)))]


def _queries(turn: list[Message]) -> list[FanOutQuery]:
    """The searches the model ran by itself, each once, in order."""
    asked: dict[str, str | None] = {}
    for message in turn:
        metadata = table(message, "metadata")
        for listed in (within(metadata, "search_model_queries", "queries"), metadata.get("search_queries")):
            for entry in listed if isinstance(listed, list) else []:
                if query := string({"q": entry}, "q") or string(entry, "q") or string(entry, "query"):
                    asked.setdefault(query, string(entry, "type"))
    return [FanOutQuery(query=query, kind=kind, order=order) for order, (query, kind) in enumerate(asked.items(), 1)]


def _searched(conversation: Conversation, turn: list[Message], queries: list[FanOutQuery]) -> bool | None:
    by_web = any((string(message, "author", "name") or "").split(".")[0] == "web" for message in turn)
    if queries or by_web or conversation.searched:
        return True
    return False if conversation.ended else conversation.searched


def _cards(sight: Sight, references: list[Message]) -> None:
    """What the answer shows besides words."""
    sight.follow_up_questions = [
        prompt for each in references if each.get("type") == "followup_a" if (prompt := string(each, "prompt_text"))
    ]
    sight.products = [_product(n, title, entry) for n, (title, entry) in enumerate(_titled(references), 1)]
    sight.places = [_place(n, name, pin) for n, (name, pin) in enumerate(_pins(references), 1)]
    sight.images = [_image(n, url, entry) for n, (url, entry) in enumerate(_pictures(references), 1)]


def _titled(references: list[Message]) -> Iterator[tuple[str, Message]]:
    for each in references:
        if each.get("type") in ("products", "product_entity"):
            for entry in (*rows(each, "products"), *filter(None, [table(each, "product")])):
                if title := string(entry, "title"):
                    yield title, entry


def _product(position: int, title: str, entry: Message) -> Product:
    offer = next(rows(entry, "offers"), {})
    count = number(entry, "num_reviews")
    pictures = within(entry, "image_urls")
    return Product(
        position=position,
        title=title,
        url=string(entry, "url") or string(offer, "url"),
        price_text=string(entry, "price") or string(offer, "price"),
        merchant=string(entry, "merchants") or string(entry, "merchant_name") or string(offer, "merchant_name"),
        rating=number(entry, "rating"),
        review_count=int(count) if count is not None else None,
        description=string(entry, "description"),
        image_urls=[url for url in pictures if isinstance(url, str)] if isinstance(pictures, list) else [],
    )


def _pins(references: list[Message]) -> Iterator[tuple[str, Message]]:
    for each in references:
        if each.get("type") == "map":
            for pin in chain.from_iterable(rows(each, key) for key in ("places", "items", "businesses")):
                if name := string(pin, "name"):
                    yield name, pin


def _place(position: int, name: str, pin: Message) -> ShownPlace:
    return ShownPlace(
        position=position,
        name=name,
        category=string(pin, "category"),
        address=string(pin, "address"),
        latitude=number(pin, "latitude"),
        longitude=number(pin, "longitude"),
        rating=number(pin, "rating"),
        url=string(pin, "url"),
    )


def _pictures(references: list[Message]) -> Iterator[tuple[str, Message]]:
    for each in references:
        if each.get("type") in ("image_v2", "image_group", "image"):
            for entry in (*rows(each, "images"), *rows(each, "items")):
                if url := string(entry, "content_url") or string(entry, "image_url"):
                    yield url, entry


def _image(position: int, url: str, entry: Message) -> Image:
    return Image(position=position, url=url, title=string(entry, "title"), source_url=string(entry, "url"))
