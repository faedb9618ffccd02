"""What an adapter got, against what the stand-in showed, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from completions.answer import Answer
from completions.rehearsal.sites import shown
from completions.rehearsal.truth import Truth, normalised

Facts = list[Hashable] | None
"""One entry for each thing that was shown; None where such things are not shown at all."""


@dataclass(frozen=True)
class Compared:
    """One field of one answer."""

    given: Facts
    """What the stand-in showed."""
    got: Facts
    """What the adapter made of it."""

    @property
    def matched(self) -> int:
        """How many of the facts given were got."""
        return (Counter(self.given or ()) & Counter(self.got or ())).total()

    @property
    def exact(self) -> bool:
        """Whether all of it was got in its order, and nothing else."""
        return self.given == self.got


def compare(answer: Answer, truth: Truth) -> dict[str, Compared]:
    """Every field of `answer` beside what `truth` says was shown."""
    given, got = _given(truth), _got(answer)
    return {field: Compared(given[field], got[field]) for field in given}


def _given(truth: Truth) -> dict[str, Facts]:
    return {
        "answer_text": [normalised(truth.text)],
        "citations": [(each.url, each.title, each.role, each.pill) for each in truth.citations],
        "sources": _each((each.url, each.cited) for each in truth.sources) if truth.sources is not None else None,
        "fan_out_queries": _each(truth.fan_out_queries),
        "follow_up_questions": _each(truth.follow_ups),
        "products": None
        if truth.products is None
        else [(each.title, each.price, each.merchant, each.url, each.rating, each.reviews) for each in truth.products],
        "places": None if truth.places is None else [each.name for each in truth.places],
        "images": None if truth.images is None else [(each.url, each.title) for each in truth.images],
        "ads": None if truth.ads is None else [(each.title, each.url) for each in truth.ads],
        "entities": _each(truth.entities),
        "model_version": [truth.model_version] if truth.model_version else None,
    }


def _got(answer: Answer) -> dict[str, Facts]:
    products, sources = answer.products, answer.sources
    return {
        "answer_text": [normalised(answer.answer_text)],
        "citations": [(each.url_canonical, each.title, each.role, each.pill) for each in answer.citations or []],
        "sources": None if sources is None else [(each.url_canonical, each.cited) for each in sources],
        "fan_out_queries": None if answer.fan_out_queries is None else [each.query for each in answer.fan_out_queries],
        "follow_up_questions": _each(answer.follow_up_questions),
        "products": None
        if products is None
        else [
            (each.title, each.price_text, each.merchant, each.url, each.rating, each.review_count) for each in products
        ],
        "places": None if answer.places is None else [each.name for each in answer.places],
        "images": None if answer.images is None else [(each.url, each.title) for each in answer.images],
        "ads": None if answer.ads is None else [(each.title, each.url) for each in answer.ads],
        "entities": None if answer.entities is None else [each.name for each in answer.entities],
        "model_version": [answer.model_version] if answer.model_version else None,
    }


def _each(facts: Iterable[Hashable] | None) -> Facts:
    return None if facts is None else list(facts)


def telling(site: str, ui: str, prompts: Iterable[str]) -> list[str]:
    """Few of `prompts` in whose answers front end `ui` of `site` shows something of every field it ever shows."""
    seen = {prompt: {field for field, facts in _given(shown(prompt, site, ui)).items() if facts} for prompt in prompts}
    missing, chosen = set[str]().union(*seen.values()), list[str]()
    while missing:
        chosen.append(max(seen, key=lambda prompt: len(seen[prompt] & missing)))
        missing -= seen[chosen[-1]]
    return chosen
