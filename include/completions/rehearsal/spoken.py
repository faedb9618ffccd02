"""What a conversation with a stand-in comes to, without holding it: the record that a browser would bring home.

It is for long rehearsed histories, of which only the figures matter. Words, links, searches, cards and model version
are the very ones that the stand-in shows; there is neither page nor stream, and no time passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from completions.answer import Ad, Answer, Citation, Entity, FanOutQuery, Image, Product, ShownPlace, Source
from completions.errors import Outcome
from completions.links import domain, url_canonical
from completions.plan import Item, Plan
from completions.record import Record, answer_id
from completions.rehearsal.changes import STEADY, Change
from completions.rehearsal.draft import Product as Card
from completions.rehearsal.faults import BY_SITE
from completions.rehearsal.sites import front_ends, shown
from completions.rehearsal.truth import Cited, Listed, Truth
from completions.sites import site

TOOK = timedelta(seconds=3)

T = TypeVar("T")
S = TypeVar("S")


def spoken(plan: Plan, item: Item, now: datetime, change: Change = STEADY, n: int = 1) -> Record:
    """The record of one answer of a batch, asked for the `n`th time of a site that has changed so."""
    model, prompt = plan.config.model, plan.config.prompts[item.index]
    adapter, ui = site(model), front_ends(model)[0]
    outcome = Outcome(BY_SITE[model][change.fault]) if change.fault else Outcome.ANSWERED
    answered = outcome is Outcome.ANSWERED
    return Record(
        answer_id=answer_id(plan.batch_id, item.index, item.sample),
        prompt=prompt,
        generation=plan.asked_in,
        outcome=outcome,
        error_message=None if answered else f"the stand-in deals {change.fault}",
        attempts=1,
        requested_at=plan.planned_at,
        started_at=now,
        answered_at=now + TOOK if answered else None,
        latency_ms=int(TOOK.total_seconds() * 1000) if answered else None,
        login_state="logged_out",
        device_used=plan.profile.device,
        location_method=plan.profile.location_method,
        location_match="unknown",
        ui_variant=ui,
        adapter_version=adapter.version,
        answer=answer_of(shown(prompt, model, ui, change, n)) if answered else None,
    )


def answer_of(truth: Truth) -> Answer:
    """The answer as the dataset has it; what the site does not show is None."""
    searched = truth.fan_out_queries
    return Answer(
        answer_text=truth.text,
        answer_markdown=truth.markdown,
        citations=_each(truth.citations, _citation),
        sources=_each(truth.sources, _source),
        fan_out_queries=_each(searched, lambda order, query: FanOutQuery(query=query, order=order)),
        follow_up_questions=_each(truth.follow_ups, lambda _, question: question),
        products=_each(truth.products, _product),
        places=_each(truth.places, lambda at, one: ShownPlace(position=at, name=one.name, category=one.category)),
        images=_each(truth.images, lambda at, one: Image(position=at, url=one.url, title=one.title)),
        ads=_each(truth.ads, lambda at, one: Ad(position=at, title=one.title, url=one.url)),
        entities=_each(truth.entities, lambda _, name: Entity(name=name)),
        model_version=truth.model_version or None,
        model_version_source="wire" if truth.model_version else None,
        web_search_triggered=None if searched is None else bool(searched),
    )


def _each(shown: Sequence[T] | None, made: Callable[[int, T], S]) -> list[S] | None:
    """What is made of each thing shown and its place, from 1; None where such things are not shown."""
    return None if shown is None else [made(at, one) for at, one in enumerate(shown, 1)]


def _citation(position: int, cited: Cited) -> Citation:
    return Citation(
        position=position,
        role=cited.role,
        pill=cited.pill,
        url=cited.url,
        url_canonical=url_canonical(cited.url),
        domain=domain(cited.url),
        title=cited.title,
        snippet=cited.snippet,
        site_name=cited.site_name,
    )


def _source(position: int, listed: Listed) -> Source:
    return Source(
        position=position,
        url=listed.url,
        url_canonical=url_canonical(listed.url),
        domain=domain(listed.url),
        title=listed.title,
        snippet=listed.snippet,
        site_name=listed.site_name,
        cited=listed.cited,
    )


def _product(position: int, shown: Card) -> Product:
    return Product(
        position=position,
        title=shown.title,
        url=shown.url,
        price_text=shown.price,
        merchant=shown.merchant,
        rating=shown.rating,
        review_count=shown.reviews,
    )
