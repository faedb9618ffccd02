"""What an answer shows besides words: pictures, and cards of products and places.

The names of the blocks are known (bundles of the site, 2026), of their contents `media_items` and the fields of a place
alone. A card in any other shape is read as far as its fields go by their usual names; a block that holds none is named
in a warning and stays in the stream.
"""

from __future__ import annotations

from collections.abc import Iterator

from completions.answer import Image, Product, ShownPlace
from completions.links import is_web
from completions.sites.perplexity.events import Entry
from completions.sites.untrusted import number, rows, string, table, within

Card = dict[str, object]

_PICTURES = ("media_block", "image_mode_block", "markdown_block")
_AMONG_WORDS = "inline_entity_block"
"""Holds a block of another kind."""
_PRODUCTS = ("shopping_block", "shopping_mode_block")
_PLACES = ("maps_mode_block", "hotels_mode_block", "places_block", "place_widget_block")
_READ = (
    *("workflow_block", "web_result_block", "sources_mode_block", "plan_block", "answer_tabs_block"),
    *("pending_followups_block", "reasoning_plan_block", *_PICTURES, *_PRODUCTS, *_PLACES),
)
"""Kinds of blocks that are read, or are known to hold nothing that is."""
_DEEP = 4
_MOST = 100
"""Cards of one kind that are read."""


def images(entry: Entry) -> list[Image] | None:
    """The pictures shown; None while the answer is not whole."""
    blocks = [block.value for kind in _PICTURES for block in entry.of_kind(kind).values()]
    within_words = [_pictured(block.value) for block in entry.of_kind(_AMONG_WORDS).values()]
    items = [each for block in (*blocks, *within_words) for each in rows(block, "media_items")]
    shown = {url: each for each in items if each.get("medium") in ("image", None) and (url := _picture(each))}
    listed = [
        Image(
            position=position, url=url, title=string(each, "name") or string(each, "title"), source_url=_page(each, url)
        )
        for position, (url, each) in enumerate(shown.items(), 1)
    ]
    return listed if listed or entry.ended else None


def products(entry: Entry) -> list[Product] | None:
    """The cards of things to buy; None where there is no block of them, or one that cannot be read."""
    cards = list(_cards(entry, _PRODUCTS))
    return [_product(position, title, card) for position, (title, card) in enumerate(cards, 1)] or None


def places(entry: Entry) -> list[ShownPlace] | None:
    """The pins and cards of places; None as with products."""
    cards = list(_cards(entry, _PLACES))
    return [_place(position, name, card) for position, (name, card) in enumerate(cards, 1)] or None


def unread(entry: Entry) -> list[str]:
    """Kinds of blocks that hold something of which nothing was read."""
    filled = {
        kind for (_, kind), block in entry.blocks.items() if _is_filled(block.value) and not _pictured(block.value)
    }
    lost = {kind for kind in (*_PRODUCTS, *_PLACES) if kind in filled and not list(_cards(entry, (kind,)))}
    return sorted(lost | (filled - set(_READ)))


def _pictured(block: object) -> dict[str, object]:
    """The block of pictures within one that stands among the words."""
    return table(block, "media_block")


def _is_filled(value: object) -> bool:
    """Whether a block holds anything that could be shown: a list or an object with something in it."""
    inner = value.values() if isinstance(value, dict) else ()
    return any(each for each in inner if isinstance(each, list | dict))


def _cards(entry: Entry, kinds: tuple[str, ...]) -> Iterator[tuple[str, Card]]:
    """Each card once, by its name."""
    seen: set[tuple[str, str | None]] = set()
    for kind in kinds:
        for block in entry.of_kind(kind).values():
            for name, card in _named(block.value, _DEEP):
                if (key := (name, _address(card))) not in seen and len(seen) < _MOST:
                    seen.add(key)
                    yield name, card


def _named(value: object, deep: int) -> Iterator[tuple[str, Card]]:
    """The objects with a name in the lists of `value`; what stands within one belongs to it."""
    if isinstance(value, list):
        for each in value[:_MOST]:
            name = string(each, "name") or string(each, "title")
            if name and isinstance(each, dict):
                yield name, each
            elif deep:
                yield from _named(each, deep - 1)
    elif isinstance(value, dict) and deep:
        for inner in value.values():
            yield from _named(inner, deep - 1)


def _product(position: int, title: str, card: Card) -> Product:
    reviews = number(card, "num_reviews") or number(card, "review_count")
    pictures = (
        within(card, "image_urls") or within(card, "images") or [within(card, "image_url") or within(card, "image")]
    )
    return Product(
        position=position,
        title=title,
        url=_address(card),
        price_text=_price(card),
        merchant=string(card, "merchant") or string(card, "merchant_name") or string(card, "merchant", "name"),
        rating=number(card, "rating"),
        review_count=int(reviews) if reviews is not None else None,
        description=string(card, "description"),
        image_urls=[url for url in pictures if isinstance(url, str) and is_web(url)]
        if isinstance(pictures, list)
        else [],
    )


def _place(position: int, name: str, card: Card) -> ShownPlace:
    address = within(card, "address")
    lines = [string(line) for line in address] if isinstance(address, list) else [string(card, "address")]
    return ShownPlace(
        position=position,
        name=name,
        category=string(card, "category") or string(card, "type"),
        address=", ".join(filter(None, lines)) or None,
        latitude=number(card, "latitude") or number(card, "lat"),
        longitude=number(card, "longitude") or number(card, "lng"),
        rating=number(card, "rating"),
        url=_address(card),
    )


def _address(card: Card) -> str | None:
    return next((url for key in ("url", "link", "product_url") if is_web(url := string(card, key) or "")), None)


def _price(card: Card) -> str | None:
    """The price as it is written, an amount and its currency where those are told apart."""
    amount, currency = number(card, "price"), string(card, "currency")
    if amount is not None:
        return " ".join(filter(None, (f"{amount:g}", currency)))
    return string(card, "price") or string(card, "price_text") or string(card, "price_str")


def _picture(item: Card) -> str | None:
    return next((url for key in ("image", "url", "thumbnail") if is_web(url := string(item, key) or "")), None)


def _page(item: Card, picture: str) -> str | None:
    """The page that a picture is from."""
    address = string(item, "url") or ""
    return address if is_web(address) and address != picture else None
