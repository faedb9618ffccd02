"""The questions of the larger marts as an analyst puts them to pandas, a run at a time, keeping what the next needs."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import combinations
from typing import Any

import pandas as pd

import completions
from marts_made import BRANDS

WHO = ["model", "country_requested"]
COLUMNS = [*WHO, "answer_id", "prompt_id", "outcome", "observed", "from_cache", "duplicate_of", "latency_ms"]
PATTERNS = {brand.name: re.compile(rf"\b{brand.name}\b|\b{re.escape(brand.domains[0])}\b", re.I) for brand in BRANDS}

Frames = dict[str, pd.DataFrame]


def run(store: str, at: datetime, before: Frames) -> Frames:
    """The figures of one run; `before` are those of the run before."""
    columns = [*COLUMNS, "answer_text", "citations", "sources", "fan_out_queries"]
    rows = completions.load("completions", since=at.date(), until=at.date(), columns=columns, store=store)
    health = rows.groupby([*WHO, "outcome"]).agg(k=("answer_id", "size"), p50=("latency_ms", "median"))
    counted = rows[rows["observed"] & ~rows["from_cache"] & rows["duplicate_of"].isna()]
    n = counted.groupby(WHO).size()
    named = _named(counted)
    links = _links(counted, "citations", ["domain", "url_canonical", "role"])
    listed = _links(counted, "sources", ["domain", "url_canonical"])
    prompts = links.groupby([*WHO, "prompt_id", "url_canonical"])["answer_id"].agg(["size", "nunique"]).reset_index()
    return {
        "health": health.reset_index(),
        "mentions": _mentions(named, n),
        "domains": _cited(links, listed, n, "domain"),
        "urls": _cited(links, listed, n, "url_canonical"),
        "quadrants": _quadrants(named, links, n),
        "agreement": _agreement(named, counted),
        "prompts": prompts,
        "matrix": named.groupby([*WHO, "prompt_id", "brand"])["answer_id"].nunique().reset_index(),
        "searches": _searches(counted),
        "changes": _changes(prompts, before.get("prompts")),
    }


def _named(counted: pd.DataFrame) -> pd.DataFrame:
    texts = counted["answer_text"].fillna("")
    found = []
    for brand, pattern in PATTERNS.items():
        hits = counted.loc[
            texts.str.contains(pattern.pattern, case=False), [*WHO, "answer_id", "prompt_id", "answer_text"]
        ]
        text = hits.pop("answer_text").astype(object)
        first = text.map(lambda one, own=pattern: own.search(one).start())
        count = text.map(lambda one, own=pattern: len(own.findall(one)))
        found.append(hits.assign(brand=brand, first=first, count=count, depth=first / text.str.len()))
    named = pd.concat(found, ignore_index=True)
    named["rank"] = named.groupby("answer_id")["first"].rank(method="first")
    return named


def _mentions(named: pd.DataFrame, n: Any) -> pd.DataFrame:
    by = named.assign(top=named["rank"] == 1).groupby([*WHO, "brand"])
    figures = by.agg(
        k=("answer_id", "nunique"),
        mentions=("count", "sum"),
        first=("top", "sum"),
        mean_rank=("rank", "mean"),
        depth=("depth", "mean"),
    ).reset_index()
    figures["n"] = [n[model, country] for model, country in zip(*(figures[name] for name in WHO), strict=True)]
    figures["rate"] = figures["k"] / figures["n"]
    figures["share"] = figures["mentions"] / figures.groupby(WHO)["mentions"].transform("sum")
    return figures


def _links(counted: pd.DataFrame, column: str, fields: list[str]) -> pd.DataFrame:
    links = counted[[*WHO, "answer_id", "prompt_id", column]].explode(column).dropna(subset=[column])
    entries = links.pop(column)
    return links.assign(**{field: entries.struct.field(field) for field in fields})


def _cited(links: pd.DataFrame, listed: pd.DataFrame, n: Any, by: str) -> pd.DataFrame:
    cited = links.groupby([*WHO, by]).agg(links=("answer_id", "size"), k=("answer_id", "nunique"))
    inline = links[links["role"] == "inline"].groupby([*WHO, by]).size().rename("inline")
    pairs = pd.merge(
        listed[["answer_id", *WHO, by]].drop_duplicates(),
        links[["answer_id", by]].drop_duplicates(),
        on=["answer_id", by],
        how="left",
        indicator=True,
    )
    only = pairs[pairs["_merge"] == "left_only"].groupby([*WHO, by]).size().rename("only_listed")
    figures = pd.concat([cited, inline, only], axis=1).fillna(0).reset_index()
    figures["share"] = figures["links"] / figures.groupby(WHO)["links"].transform("sum")
    figures["n"] = [n[model, country] for model, country in zip(*(figures[name] for name in WHO), strict=True)]
    return figures.assign(rate=figures["k"] / figures["n"])


def _quadrants(named: pd.DataFrame, links: pd.DataFrame, n: Any) -> pd.DataFrame:
    owner = {domain: brand.name for brand in BRANDS for domain in brand.domains}
    own = links.assign(brand=links["domain"].map(owner)).dropna(subset=["brand"])
    cited = own[[*WHO, "answer_id", "brand"]].drop_duplicates()
    both = pd.merge(named[[*WHO, "answer_id", "brand"]], cited, how="outer", indicator=True)
    return both.groupby([*WHO, "brand", "_merge"], observed=True).size().reset_index(name="answers")


def _agreement(named: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    brands = named.groupby("answer_id")["brand"].agg(frozenset)
    sets = counted[[*WHO, "prompt_id", "answer_id"]].merge(brands, left_on="answer_id", right_index=True, how="left")
    found = []
    for who, group in sets.groupby([*WHO, "prompt_id"])["brand"]:
        kept = [one if isinstance(one, frozenset) else frozenset() for one in group]
        found += [(*who[:2], len(a & b) / len(a | b) if a | b else None) for a, b in combinations(kept, 2)]
    return pd.DataFrame(found, columns=[*WHO, "jaccard"]).groupby(WHO)["jaccard"].agg(["mean", "size"]).reset_index()


def _searches(counted: pd.DataFrame) -> pd.DataFrame:
    queries = _links(counted, "fan_out_queries", ["query"])
    words = queries.assign(word=queries["query"].astype(object).str.lower().str.findall(r"\w+")).explode("word")
    words = words[[*WHO, "answer_id", "word"]].drop_duplicates()
    return words.groupby([*WHO, "word"]).size().reset_index(name="k")


def _changes(now: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    if before is None:
        return pd.DataFrame()
    on = [*WHO, "prompt_id", "url_canonical"]
    both = pd.merge(now, before, on=on, how="outer", indicator=True)
    return both[both["_merge"] != "both"]
