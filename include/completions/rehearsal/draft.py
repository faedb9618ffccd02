"""What the stand-ins say: a made-up answer to any prompt, a function of the site, the prompt and the voice alone.

The answers talk about guitars, so that brands and their own domains occur, and quote no more of the prompt than its
letters and digits. The links are for show: nothing ever follows them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from completions.rehearsal.document import (
    Block,
    Code,
    Display,
    Entity,
    Formula,
    Listing,
    Map,
    Paragraph,
    Piece,
    Pieces,
    Pill,
    Table,
    Words,
)


@dataclass(frozen=True)
class WebPage:
    """A page that the answer rests on; `url` without tracking, `published` an ISO date."""

    url: str
    title: str
    site_name: str
    snippet: str | None
    published: str | None


@dataclass(frozen=True)
class Place:
    """A pin of the map."""

    name: str
    category: str


@dataclass(frozen=True)
class Ad:
    """A sponsored entry."""

    advertiser: str
    title: str
    url: str


@dataclass(frozen=True)
class Product:
    """A card of something to buy; `price` as it is shown."""

    title: str
    price: str
    merchant: str
    url: str
    rating: float
    reviews: int


@dataclass(frozen=True)
class Picture:
    """An image from the web, and the page it is from."""

    url: str
    title: str
    page: str


@dataclass(frozen=True)
class Draft:
    """Everything behind one answer: the first `cited` of `pages` are cited, the others merely consulted.

    A site shows of it what the real one is known to show; the rest stays behind.
    """

    blocks: tuple[Block, ...]
    pages: tuple[WebPage, ...]
    cited: int
    queries: tuple[str, ...]
    places: tuple[Place, ...]
    ads: tuple[Ad, ...]
    follow_ups: tuple[str, ...]
    model: str
    products: tuple[Product, ...] = ()
    images: tuple[Picture, ...] = ()


_MAKERS = ("Fender", "Gibson", "Ibanez", "Yamaha", "Epiphone", "Höfner", "Duesenberg", "Müller & Söhne", "高峰ギター")
_VIRTUES = ("a clear tone", "a light neck", "tuners that hold", "a naïvely simple wiring", "R&D that shows", "très bon")
_PAGES = (
    ("https://www.fender.com/en-US/electric-guitars/", "Electric guitars", "Fender"),
    ("https://www.gibson.com/en-US/Collection", "The collection", "Gibson"),
    ("https://en.wikipedia.org/wiki/Electric_guitar", "Electric guitar", "Wikipedia"),
    ("https://de.wikipedia.org/wiki/H%C3%B6fner", "Höfner – Wikipedia", "Wikipedia"),
    ("https://www.example.com/guides/first-guitar?page=2", "Your first guitar: a buyer's guide", "Example Guides"),
    ("https://blog.example.net/strats-vs-les-pauls", "Strats & Les Pauls, compared", "Strings Blog"),
    ("https://news.example.org/2026/09/makers", "Makers <in> motion", "Example News"),
    ("https://forum.example.org/t/42#post-7", "Which one holds its tune?", "Fretboard Forum"),
    ("https://shop.example.com/bestsellers", "Best sellers this month", "Example Shop"),
    ("https://www.yamaha.com/en/musical_instruments/", "Musical instruments", "Yamaha"),
)
_CODE = Code(
    "python",
    """from math import log2

def cents(ratio: float) -> float:
    return 1200 * log2(ratio) if ratio > 0 else 0""",
)
_VARIANCE = Formula(r"\sigma^2 \le 4", "σ<sup>2</sup>≤4")
_PITCH = Formula(r"f_n = f_0 \cdot 2^{n/12}", "f<sub>n</sub>=f<sub>0</sub>⋅2<sup>n/12</sup>")
_SHOPS = (
    Place("Saitenwerk Köln", "music_store"),
    Place("Pickup & Co", "music_store"),
    Place("Bridge Repair", "luthier"),
)
_AD = Ad("Loud Ltd", "Amps for every room", "https://ads.example.com/loud?utm_medium=paidaeo&oppref=r1")
_PRODUCTS = (
    Product("Fender Player II Stratocaster", "899,00 €", "Example Shop", "https://shop.example.com/p/strat", 4.7, 312),
    Product("Yamaha Pacifica 112V", "$329.99", "Fretboard Outlet", "https://outlet.example.net/p/112v", 4.5, 1204),
    Product("Höfner Ignition „Beatles“ Bass", "379 €", "Example Shop", "https://shop.example.com/p/bass?c=1", 4.2, 57),
)
_PICTURES = (
    Picture("https://img.example.com/strat.jpg", "A red Stratocaster", "https://www.example.com/guides/first-guitar"),
    Picture("https://img.example.net/lp.webp", "Les Paul, close up", "https://blog.example.net/strats-vs-les-pauls"),
)
_MODELS = {
    "chatgpt": ("gpt-5-3", "gpt-5-3-mini", "gpt-5-5"),
    "gemini": ("3.6 Flash", "3.5 Flash-Lite"),
    "perplexity": ("turbo",),
    "copilot": ("",),
}
_ITEMS = 4


def draft_of(site: str, prompt: str, voice: int = 0) -> Draft:
    """The answer of `site` to `prompt`: a function of the two and of the voice, which samples may differ in."""
    said = f"{site}\n{prompt}" + f"\n{voice}" * bool(voice)
    rng = Random(hashlib.sha256(said.encode()).digest())
    subject = subject_of(prompt)
    cited = rng.randint(0, 5)
    pages = _pages(rng, cited + rng.randint(1, 3)) if cited else ()
    places = _SHOPS if rng.random() < 0.25 else ()
    return Draft(
        blocks=(*_verdict(rng, subject, _pills(rng, cited)), *_extras(rng), *_closing(rng, subject, cited, places)),
        pages=pages,
        cited=cited,
        queries=(f"{subject} review", f"best {subject} 2026") if cited else (),
        places=places,
        ads=(_AD,) if rng.random() < 0.2 else (),
        follow_ups=(f"What should I avoid in {subject}?",),
        model=rng.choice(_MODELS[site]),
        products=_PRODUCTS[: rng.choice((0, 0, 2, 3))],
        images=_PICTURES[: rng.choice((0, 0, 1, 2))],
    )


def subject_of(prompt: str) -> str:
    """The prompt's letters and digits, shortened: safe to repeat in any markup."""
    return " ".join(re.findall(r"[^\W_]+", prompt.partition(" [fault:")[0])[:8]) or "that"


def _pages(rng: Random, count: int) -> tuple[WebPage, ...]:
    return tuple(
        WebPage(url, title, site_name, snippet, published)
        for url, title, site_name in rng.sample(_PAGES, count)
        for snippet in (rng.choice((None, f"What {site_name} says about “{title}”, in brief.")),)
        for published in (rng.choice((None, f"2026-{rng.randint(1, 9):02}-{rng.randint(1, 28):02}")),)
    )


def _pills(rng: Random, cited: int) -> list[Pill]:
    """Labels for pages 0 to `cited`, alone or in groups of up to three."""
    pills, first = [], 0
    while first < cited:
        size = min(rng.choice((1, 1, 2, 3)), cited - first)
        pills.append(Pill(tuple(range(first, first + size))))
        first += size
    return pills


def _verdict(rng: Random, subject: str, pills: list[Pill]) -> Iterator[Block]:
    """The opening and a list of makers; each statement takes a label as long as there are some."""
    makers = rng.sample(_MAKERS, _ITEMS)
    labels = iter(pills)
    yield Paragraph((Words("Short answer"),), level=2)
    yield Paragraph(
        (
            Words("For "),
            Words(subject, "strong"),
            Words(", "),
            Entity(makers[0], "company", f"{makers[0]} guitars"),
            Words(f" is the safest choice and {makers[1]} the bold one: of {rng.randint(1000, 999_999):,} players "),
            Words("asked this year", "em"),
            Words(f", {rng.randint(51, 98)} % would buy again 🎸. "),
            *_next(labels),
        )
    )
    yield Listing(tuple(_item(rng, maker, labels) for maker in makers), ordered=rng.random() < 0.5)


def _item(rng: Random, maker: str, labels: Iterator[Pill]) -> Pieces:
    words = Words(f" – {rng.choice(_VIRTUES)}, from {rng.randint(2, 20) * 50 - 1} €")
    label = _next(labels)
    # The label stands before the full stop or after it: both occur.
    if label and rng.random() < 0.5:
        return (Words(maker, "strong"), words, Words(" "), *label, Words("."))
    return (Words(maker, "strong"), words, Words(". "), *label)


def _next(labels: Iterator[Pill]) -> Pieces:
    label = next(labels, None)
    return (label,) if label else ()


def _extras(rng: Random) -> Iterator[Block]:
    """What not every answer has: a table, math, code."""
    if rng.random() < 0.5:
        rows = tuple((maker, f"{rng.randint(2, 20)}49 €", f"{rng.randint(30, 50) / 10} / 5") for maker in _MAKERS[:3])
        yield Table((("Maker", "Price", "Rating"), *rows))
    if rng.random() < 0.3:
        yield Paragraph((Words("The ratings hardly spread ("), _VARIANCE, Words("); the pitch of a fret is")))
        yield Display(_PITCH)
    if rng.random() < 0.3:
        yield Paragraph((Words("To check the intonation yourself, call "), Words("cents", "code"), Words(":")))
        yield _CODE


def _closing(rng: Random, subject: str, cited: int, places: tuple[Place, ...]) -> Iterator[Block]:
    if places:
        yield Map()
    again: tuple[Piece, ...] = (Pill((0,)),) if cited > 1 and rng.random() < 0.3 else ()
    yield Paragraph((Words("In short"),), level=3)
    yield Paragraph(
        (Words(f"Try before you buy — “best” for {subject} means < 100 € to some & 音楽 to others. "), *again)
    )
