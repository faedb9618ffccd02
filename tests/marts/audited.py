"""Runs of an audit made up for tests: their records, and batches with the answers given, collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from batches import planned, record
from completions.answer import Ad, Answer, Citation, FanOutQuery, Product, Source
from completions.audit_runs import Asked, AuditBatch, AuditRun, Declared, due_at, keep
from completions.audits import Person
from completions.brands import Brand
from completions.collect import collect
from completions.errors import Outcome
from completions.record import answer_key, prompt_id
from completions.store import Store

AUDIT = "lutes"
BRANDS = (
    Brand(name="Fender", aliases=("Strat",), domains=("fender.com",), own=True),
    Brand(name="Gibson", domains=("gibson.com",)),
)
NOV_2, NOV_9, NOV_16 = (f"2026-11-{day:02}T060000Z" for day in (2, 9, 16))
US, DE = {"country": "US"}, {"country": "DE"}
LUTE, HARP = "Which lute is best?", "Which harp?"

Said = str | Answer | Outcome | tuple[Any, Mapping[str, Any]]
"""What an asking came to: a text, an answer, another outcome; with other fields of its record."""
Answers = Mapping[tuple[int, int], Said]
"""By prompt and sample; what is left out was never asked."""


def answer(text: str, *links: str, more: Sequence[str] = (), listed: Sequence[str] = (), **fields: Any) -> Answer:
    """An answer that links to pages (`example.com/x`), shows some behind a `+N`, and lists others as consulted."""
    roles = [(link, "inline") for link in links] + [(link, "more") for link in more]
    return Answer.model_validate(
        {
            "answer_text": text,
            "answer_markdown": text,
            "citations": [
                Citation.model_validate(_page(link, n, role=role)) for n, (link, role) in enumerate(roles, 1)
            ],
            "sources": [Source.model_validate(_page(link, n)) for n, link in enumerate(listed, 1)],
            **fields,
        }
    )


def searches(*queries: str) -> list[FanOutQuery]:
    """Searches of the assistant."""
    return [FanOutQuery(query=query, order=number) for number, query in enumerate(queries)]


def cards(*titles: str, price: str = "$ 9") -> list[Product]:
    """Product cards of one shop."""
    return [Product(position=n, title=title, merchant="Shop", price_text=price) for n, title in enumerate(titles, 1)]


def ads(count: int) -> list[Ad]:
    """So many ads."""
    return [Ad(position=number, title="Buy") for number in range(1, count + 1)]


def asked(
    store: Store,
    run: str,
    *batches: tuple[str, Mapping[str, Any], Answers],
    prompts: Sequence[str] = (LUTE,),
    samples: int = 1,
    brands: Sequence[Brand] = BRANDS,
    rehearse: bool = True,
    collected: bool = True,
    **fields: Any,
) -> list[str]:
    """A run of the audit: of each batch the model, who asks, and what came of it. Returns the ids of the batches."""
    at = due_at(run)
    ids = [f"{run}-{number}-{'r' if rehearse else 'l'}" for number in range(len(batches))]
    for batch_id, (model, person, said) in zip(ids, batches, strict=True):
        request = {"model": model, "samples": samples, "rehearse": rehearse, "expiration": 0, **person, **fields}
        plan = planned(store, prompts, batch_id=batch_id, now=at, **request)
        for item in plan.items:
            if (item.index, item.sample) not in said:
                continue
            ending = said[item.index, item.sample]
            what, changes = ending if isinstance(ending, tuple) else (ending, {})
            if isinstance(what, Outcome):
                one = record(plan, item, what, **changes)
            else:
                given = answer(what) if isinstance(what, str) else what
                one = record(plan, item, **{"answer": given, "latency_ms": 1000, **changes})
            store.of(plan.config.origin).put(answer_key(batch_id, item.index, item.sample), one.packed())
        if collected:
            collect(store, batch_id, at + timedelta(hours=1))
    declared = Declared(
        name=AUDIT,
        prompts=list(prompts),
        models=sorted({model for model, _, _ in batches}),
        profiles=[dict(person) for _, person, _ in batches],
        samples=samples,
        brands=list(brands),
        rehearse=rehearse,
    )
    of = [
        AuditBatch(id=batch_id, model=model, profile=Person.model_validate(person).label)
        for batch_id, (model, person, _) in zip(ids, batches, strict=True)
    ]
    topics = [Asked(prompt_id=prompt_id(prompt), prompt=prompt, topic=prompt.split()[1]) for prompt in prompts]
    keep(
        store.of("rehearsal" if rehearse else "live"),
        AuditRun(audit=declared, run=run, due_at=at, prompts=topics, batches=of),
    )
    return ids


def _page(link: str, position: int, **fields: Any) -> dict[str, Any]:
    url = f"https://{link}"
    domain = ".".join(link.partition("/")[0].split(".")[-2:])
    return {"position": position, "url": url, "url_canonical": url, "domain": domain, **fields}
