"""Rows of marts made up for an audit of six weeks, as the marts' reference has them: names and answers are hostile.

Week 3 is missing (nobody ran it), week 4 of chatgpt is blocked, in week 5 chatgpt has another model version, and in
week 6 it no longer names the first brand.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from completions.marts.columns import MARTS
from completions.report.evidence import Evidence, evidence
from completions.report.history import Asked, History
from completions.report.statistics import Count, wilson

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
OWN, ARABIC, CHINESE = "Fender", "شركة الجيتارات المحدودة للآلات الموسيقية", "北京吉他制造有限公司"
BRANDS = (OWN, "Gibson", HOSTILE, ARABIC, CHINESE, "A brand whose name is so long that no chart has the room " * 2)
MODELS = ("chatgpt", "gemini", "perplexity", "copilot")
PROFILES = ("US, OR, Portland, English", "DE, Munich, German, iPhone 15")
DOMAINS = ("fender.com", "gibson.com", "reddit.com", "example.org", "bücher.example", "wikipedia.org", "shop.example")
WEEKS = (1, 2, 4, 5, 6)
FIRST = datetime(2026, 10, 19, 6, tzinfo=UTC)
N = 60


def run_of(week: int) -> str:
    return f"{FIRST + timedelta(weeks=week - 1):%Y-%m-%dT%H%M%SZ}"


def history(weeks: tuple[int, ...] = WEEKS) -> History:
    marts: dict[str, list[dict[str, Any]]] = {mart.name: [] for mart in MARTS}
    for name, row in _rows(random.Random(4), weeks):
        marts[name].append(row)
    return History("guitar-shops", marts, run_of(weeks[-1]), [(FIRST + timedelta(weeks=2), "missed")])


def answers(history: History, many: int = 40) -> list[Evidence]:
    from completions.brands import Brand

    batches = {row["batch_id"]: Asked(row["model"], row["profile"]) for row in history.of("capture_health")}
    rows = [_answer(number, list(batches)[number % len(batches)]) for number in range(many)]
    return evidence(rows, [Brand(name=name, own=name == OWN) for name in BRANDS], batches)


def _answer(number: int, batch_id: str) -> dict[str, Any]:
    text = (
        f"{'Well. ' * 60 if number % 2 else ''}I like {OWN} & {HOSTILE}, and {CHINESE}也很好. \x00 {ARABIC}. "
        + "More. " * 200
    )
    link = {
        "url": 'https://fender.com/a?b=1&c="><script>',
        "title": HOSTILE,
        "site_name": None,
        "domain": "fender.com",
        "role": "inline",
    }
    bad: dict[str, Any] = {**link, "url": "javascript:alert(1)", "domain": None, "role": "more"}
    return {
        "answer_id": f"{number:032x}",
        "batch_id": batch_id,
        "prompt_index": number // 8,
        "prompt_id": f"{number // 8:032x}",
        "sample_index": number % 3,
        "prompt": f"Prompt {number // 8} {HOSTILE}",
        "outcome": "blocked" if number == 7 else "answered",
        "error_message": HOSTILE if number == 7 else None,
        "answer_text": None if number == 7 else text,
        "citations": None if number == 7 else [link, bad] * 6,
        "model_version": HOSTILE if number == 3 else "gpt-5.1",
        "ui_variant": "react",
        "answered_at": FIRST,
        "location_match": ("exact", "country", "mismatch", "unknown", None)[number % 5],
        "location_method": "proxy",
        "egress_country": "US",
        "egress_city": "Portland",
        "egress_source": "trace",
        "conversation_url": "javascript:alert(3)" if number % 2 else "https://chatgpt.com/c/1",
        "from_cache": False,
        "duplicate_of": None,
    }


def _rows(draw: random.Random, weeks: tuple[int, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    for week in weeks:
        for model in MODELS:
            for profile in PROFILES:
                keys = _keys(week, model, profile)
                blocked = week == 4 and model == "chatgpt"
                yield from ((name, {**keys, **row}) for name, row in _captured(draw, week, model, blocked))
                if not blocked:
                    yield from ((name, {**keys, **row}) for name, row in _said(draw, week, model, profile))


def _keys(week: int, model: str, profile: str) -> dict[str, Any]:
    at = FIRST + timedelta(weeks=week - 1)
    own: dict[str, Any] = {"origin": "rehearsal", "audit": "guitar-shops", "run": run_of(week), "run_at": at}
    batch = f"{week:08d}-0000-4000-8000-{MODELS.index(model):04d}{PROFILES.index(profile):08d}"
    return {**own, "model": model, "profile": profile, "batch_id": batch, "mart_version": 1, "matching_version": 1}


def _rate(k: int, n: int) -> dict[str, Any]:
    low, high = wilson(Count(k, n))
    return {"k": k, "n": n, "rate": k / n if n else None, "low": low, "high": high, "too_few": n < 20}


def _captured(draw: random.Random, week: int, model: str, blocked: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    answered = 0 if blocked else N - draw.randrange(4)
    left = {
        "planned": N,
        "missing": 0,
        "refused": 0,
        "no_answer": 0,
        "failed": N - answered,
        "cached": 0,
        "duplicates": 0,
    }
    timed = {"timed": answered, "p50_ms": 8123.0 if answered else None, "p95_ms": 24567.0 if answered else None}
    yield "capture_health", {**left, "answered": answered, "counted": answered, **_rate(answered, N), **timed}
    yield "capture_outcomes", {"outcome": "blocked" if blocked else "timeout", **_rate(N - answered, N)}
    if answered:
        yield "capture_outcomes", {"outcome": "answered", **_rate(answered, N)}
    for prompt in range(20):
        told = {"prompt_id": f"{prompt:032x}", "prompt": f"Prompt {prompt} {HOSTILE if not prompt else ''}"}
        yield "prompt_health", {**told, "planned": 3, "observed": 3, "failed": 0, "counted": 3}
    version = "gpt-5.1" if week >= 5 else "gpt-5"
    for what, value in (
        ("model_version", version),
        ("ui_variant", "react"),
        ("adapter_version", "3"),
        ("location_match", "exact"),
    ):
        yield "versions", {"what": what, "value": value, **_rate(answered, answered)}
    if week == 5 and model == "chatgpt":
        before = {"previous_run": run_of(2), "previous_batch_id": "x", "k_before": N, "n_before": N}
        yield (
            "change_points",
            {**before, "what": "model_version", "before": "gpt-5", "after": "gpt-5.1", "k": N, "n": N},
        )


def _said(draw: random.Random, week: int, model: str, profile: str) -> Iterator[tuple[str, dict[str, Any]]]:
    gone = week == 6 and model == "chatgpt"
    usual = {brand: 0.75 / (1 + number) for number, brand in enumerate(BRANDS)}
    named = {
        brand: 0 if gone and brand == OWN else sum(draw.random() < usual[brand] for _ in range(N)) for brand in BRANDS
    }
    mentions = {brand: 2 * k for brand, k in named.items()}
    for brand, k in named.items():
        who = {"brand": brand, "own": brand == OWN}
        yield "mention_rate", {**who, **_rate(k, N)}
        voice = {
            "mentions": mentions[brand],
            "all_mentions": sum(mentions.values()),
            "answers": k,
            "all_answers": sum(named.values()),
        }
        yield "share_of_voice", {**who, **voice, "n": N, "too_few": False}
        yield (
            "position",
            {
                **who,
                **_rate(k // 2, k),
                "mean_rank": 1.5 if k else None,
                "median_rank": 1.0 if k else None,
                "mean_depth": 0.2 if k else None,
            },
        )
        yield (
            "mention_citation",
            {
                **who,
                "named_and_cited": k // 2,
                "named_only": k - k // 2,
                "cited_only": 3,
                "neither": N - k - 3,
                "n": N,
                "too_few": False,
            },
        )
        yield (
            "contrast",
            {
                **who,
                "other_profile": PROFILES[1],
                "other_batch_id": "y",
                "differs": "place + device",
                "in_both": 10,
                "only_here": k // 3,
                "only_there": 2,
                "in_neither": 5,
                "n": 17 + k // 3,
                "rate": 0.0,
                "other_rate": 0.0,
                "difference": (2 - k // 3) / (17 + k // 3),
                "too_few": k < 9,
            },
        )
        for other in set(BRANDS) - {brand}:
            yield "co_mentions", {**who, "other": other, **_rate(min(k, named[other]) // 2, k)}
        for prompt in range(20):
            told = {"prompt_id": f"{prompt:032x}", "prompt": f"Prompt {prompt} {HOSTILE if not prompt else ''}"}
            yield (
                "competitor_matrix",
                {
                    **told,
                    **who,
                    **_rate(min(3, k // 20), 3),
                    "mentions": 1,
                    "first": 0,
                    "others": 0,
                    "standing": "leads",
                },
            )
    for number, domain in enumerate(DOMAINS):
        k = (
            0
            if domain == "shop.example" and week < 6
            else sum(draw.random() < 0.6 / (1 + number % 5) for _ in range(N))
        )
        if k:
            counts: dict[str, Any] = {
                "inline": k,
                "more": k // 3,
                "links": k + k // 3,
                "all_links": 200,
                "share": (k + k // 3) / 200,
                "k_inline": k,
                "k_listed": 0,
            }
            whose: dict[str, Any] = {"domain": domain, "brand": {"fender.com": OWN, "gibson.com": "Gibson"}.get(domain)}
            yield "citation_domains", {**whose, **counts, **_rate(k, N)}
            yield (
                "citation_urls",
                {**whose, "url": f"https://{domain}/{HOSTILE}", "title": HOSTILE, **counts, **_rate(k, N)},
            )
            since: dict[str, Any] = {
                "previous_run": run_of(2),
                "previous_batch_id": "x",
                "prompt_id": "0" * 32,
                "prompt": HOSTILE,
            }
            yield (
                "url_changes",
                {
                    **since,
                    **whose,
                    "url": f"https://{domain}/",
                    "change": "gained",
                    "k_before": 0,
                    "n_before": 3,
                    "k": 2,
                    "n": 3,
                    "too_few": True,
                },
            )
    for kind in ("brand", "domain", "url"):
        yield (
            "agreement",
            {
                "kind": kind,
                "prompts": 20,
                "pairs": 60,
                "identical": 20,
                "identical_rate": 1 / 3,
                "pairs_compared": 55,
                "mean_jaccard": 0.6,
                "too_few": False,
            },
        )
        yield (
            "volatility",
            {
                "kind": kind,
                "previous_run": None,
                "previous_batch_id": None,
                "prompts": 20,
                "compared": 20,
                "kept": 30,
                "gained": 10,
                "lost": 12,
                "mean_jaccard": 0.6,
                "stability": 0.7,
                "too_few": False,
            },
        )
    yield "fan_out", {**_rate(50, N), "queries": 120, "mean_queries": 2.0}
    for word, change in (("best", "added"), ("2026", "added"), ("guitar", "kept"), ("vintage", "dropped")):
        yield "fan_out_words", {"word": word, "change": change, **_rate(20, 50)}
    yield "fan_out_domains", {"word": "best", "domain": "reddit.com", "brand": None, **_rate(10, 20)}
    yield (
        "product_shelf",
        {
            "product": HOSTILE,
            "merchant": "Shop",
            "brand": OWN,
            "cards": 9,
            "all_cards": 30,
            "share": 0.3,
            "mean_position": 1.5,
            "price_text": "$ 1,299",
            **_rate(9, N),
        },
    )
    yield "ads", {**_rate(3, N), "shown": 4}
