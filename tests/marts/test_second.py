"""The figures against a second implementation: intervals as statsmodels has them, rates and shares in pandas."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from completions.brands import Brand
from completions.dataset import TABLES
from completions.errors import OBSERVED, Outcome
from completions.manifest import Manifest, PartFile
from completions.marts.computing import compute
from completions.marts.mart import written
from completions.marts.runs import Batch, Run
from completions.record import prompt_id
from completions.store import Store, open_store

BRANDS = (Brand(name="Fender", domains=("f.com",)), Brand(name="Gibson", domains=("g.com",)), Brand(name="Ibanez"))
BATCHES = ("a", "b")
KEYS = ["batch_id", "brand"]


@pytest.fixture(scope="module")
def macros() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for statement in duckdb.extract_statements(written("base")):
        if "create macro" in statement.query:
            connection.execute(statement)
    return connection


@given(st.lists(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1))
def test_an_interval_is_wilson_s(macros: duckdb.DuckDBPyConnection, counts: list[tuple[int, int]]) -> None:
    given_ = pa.table({"k": [k for k, _ in counts], "n": [n for _, n in counts]})
    macros.register("counts", given_)
    found = macros.sql("select unnest(rates(k, n)) from counts").to_df()
    for (k, n), (rate, low, high, too_few) in zip(counts, found.itertuples(index=False), strict=True):
        wanted = proportion_confint(k, n, alpha=0.05, method="wilson")
        assert (rate, low, high) == pytest.approx((k / n, *wanted), abs=1e-12)
        assert 0 <= low <= rate <= high <= 1
        assert too_few == (n < 20)


def test_nothing_is_known_of_nothing(macros: duckdb.DuckDBPyConnection) -> None:
    assert macros.sql("select unnest(rates(0, 0))").fetchall() == [(None, None, None, True)]


LINK = st.tuples(st.sampled_from(["f.com", "g.com", "x.example", "y.example"]), st.sampled_from(["inline", "more"]))
ANSWER = st.fixed_dictionaries(
    {
        "batch_id": st.sampled_from(BATCHES),
        "prompt": st.sampled_from(["one", "two"]),
        "outcome": st.sampled_from([Outcome.ANSWERED] * 6 + [Outcome.REFUSED, Outcome.TIMEOUT]),
        "from_cache": st.sampled_from([False] * 5 + [True]),
        "words": st.lists(st.sampled_from(["Fender", "gibson", "IBANEZ", "Fenders", "lute"]), max_size=6),
        "links": st.lists(LINK, max_size=5),
    }
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANSWER, max_size=24))
def test_rates_and_shares_are_pandas_own(tmp_path: Path, answers: list[dict[str, Any]]) -> None:
    found = _marts(open_store(tmp_path), answers)
    seen = pd.DataFrame(answers, columns=["batch_id", "prompt", "outcome", "from_cache", "words", "links"])
    seen = seen[seen["outcome"].isin(OBSERVED) & ~seen["from_cache"].astype(bool)].reset_index(drop=True)
    seen["words"] = seen["words"].where(seen["outcome"] == Outcome.ANSWERED, seen["words"].map(lambda _: []))
    seen["links"] = seen["links"].where(seen["outcome"] == Outcome.ANSWERED, seen["links"].map(lambda _: []))
    _check_mentions(seen, found)
    _check_links(seen, found["citation_domains"])
    _check_quadrants(seen, found["mention_citation"])
    _check_agreement(seen, found["agreement"])


def _check_mentions(seen: pd.DataFrame, found: dict[str, pd.DataFrame]) -> None:
    n = seen.groupby("batch_id").size().reindex(BATCHES, fill_value=0)
    words = seen["words"].explode().dropna().str.title().rename("brand")
    words = words[words.isin([brand.name for brand in BRANDS])].to_frame().join(seen["batch_id"])
    every = pd.MultiIndex.from_product([BATCHES, [brand.name for brand in BRANDS]], names=KEYS)
    mentions = words.groupby(KEYS).size().reindex(every, fill_value=0)
    answers = words.reset_index().groupby(KEYS)["index"].nunique().reindex(every, fill_value=0)
    rate = found["mention_rate"].set_index(KEYS)
    voice = found["share_of_voice"].set_index(KEYS)
    assert rate["k"].sort_index().to_dict() == answers.to_dict()
    assert {key: n[key[0]] for key in every} == rate["n"].to_dict() == voice["n"].to_dict()
    for share, counts in (("share_by_mentions", mentions), ("share_by_answers", answers)):
        wanted = counts / counts.groupby("batch_id").transform("sum")
        assert voice[share].astype(float).to_dict() == pytest.approx(wanted.to_dict(), nan_ok=True)


def _check_links(seen: pd.DataFrame, found: pd.DataFrame) -> None:
    links = seen[["batch_id", "links"]].explode("links").dropna()
    links["domain"] = links["links"].map(lambda link: link[0])
    by = links.reset_index().groupby(["batch_id", "domain"])
    share = by.size() / by.size().groupby("batch_id").transform("sum")
    rate = by["index"].nunique() / seen.groupby("batch_id").size()
    indexed = found.set_index(["batch_id", "domain"])
    assert indexed["share"].to_dict() == pytest.approx(share.to_dict())
    assert indexed["rate"].to_dict() == pytest.approx(rate.dropna().to_dict())


def _check_quadrants(seen: pd.DataFrame, found: pd.DataFrame) -> None:
    for row in found.to_dict("records"):
        domains = next(brand.domains for brand in BRANDS if brand.name == row["brand"])
        of = seen[seen["batch_id"] == row["batch_id"]]
        named = of["words"].map(lambda words, name=row["brand"]: name in [word.title() for word in words]).astype(bool)
        cited = of["links"].map(lambda links, own=domains: any(domain in own for domain, _ in links)).astype(bool)
        counted = (row["named_and_cited"], row["named_only"], row["cited_only"], row["neither"])
        assert counted == (
            (named & cited).sum(),
            (named & ~cited).sum(),
            (cited & ~named).sum(),
            (~named & ~cited).sum(),
        )


def _check_agreement(seen: pd.DataFrame, found: pd.DataFrame) -> None:
    names = {brand.name for brand in BRANDS}
    sets = {
        "brand": seen["words"].map(lambda words: names & {word.title() for word in words}),
        "domain": seen["links"].map(lambda links: {domain for domain, _ in links}),
    }
    for row in found[found["kind"] != "url"].to_dict("records"):
        of = sets[row["kind"]][seen["batch_id"] == row["batch_id"]]
        pairs = [pair for _, group in of.groupby(seen["prompt"]) for pair in itertools.combinations(group.tolist(), 2)]
        compared = [len(one & two) / len(one | two) for one, two in pairs if one | two]
        assert (row["pairs"], row["identical"]) == (len(pairs), sum(one == two for one, two in pairs))
        assert row["pairs_compared"] == len(compared)
        mean = sum(compared) / len(compared) if compared else None
        assert (None if pd.isna(row["mean_jaccard"]) else row["mean_jaccard"]) == pytest.approx(mean)


def _marts(store: Store, answers: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    batches = [Batch(id_, "chatgpt", id_, len(answers), _written(store, id_, answers)) for id_ in BATCHES]
    run = Run("live", "x", "now", datetime(2026, 11, 2, tzinfo=UTC), BRANDS, (), tuple(batches))
    return {mart.name: rows.to_pandas() for mart, rows in compute(store, run, {}, {})}


def _written(store: Store, batch_id: str, answers: list[dict[str, Any]]) -> Manifest:
    """The batch's rows as Parquet, and a manifest that names them."""
    own = [(number, answer) for number, answer in enumerate(answers) if answer["batch_id"] == batch_id]
    rows = [_row(number, answer) for number, answer in own]
    schema = TABLES[0].schema
    key = f"datasets/completions/schema=v1/date=2026-11-02/batch={batch_id}/part.parquet"
    Path(store.uri_of(key)).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), store.uri_of(key))
    part = PartFile(key=key, uri=store.uri_of(key), bytes=0, sha256="", table="completions", rows=len(rows))
    fields: dict[str, Any] = {"batch_id": batch_id, "count": len(rows), "generation": 1, "files": [part]}
    return Manifest.model_construct(**fields)


def _row(number: int, answer: dict[str, Any]) -> dict[str, Any]:
    answered = answer["outcome"] is Outcome.ANSWERED
    links = [
        {"position": at, "role": role, "url": url, "url_canonical": url, "domain": domain}
        for at, (domain, role) in enumerate(answer["links"], 1)
        for url in [f"https://{domain}/{at}"]
    ]
    return {
        **{name: answer[name] for name in ("batch_id", "prompt", "outcome", "from_cache")},
        "answer_id": f"{number:032x}",
        "prompt_id": prompt_id(answer["prompt"]),
        "prompt_index": 0,
        "sample_index": number,
        "origin": "live",
        "observed": answer["outcome"] in OBSERVED,
        "answer_text": " ".join(answer["words"]) if answered else None,
        "answer_sha256": prompt_id(" ".join(answer["words"])) if answered else None,
        "citations": links if answered else None,
    }
