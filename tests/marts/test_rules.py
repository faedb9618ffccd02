"""What holds of every mart: numerators and denominators, what counts, and what never meets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from completions import marts
from completions.brands import Brand
from completions.errors import OBSERVED, Outcome
from completions.marts.mart import Mart
from completions.store import Store, open_store

from .audited import AUDIT, BRANDS, DE, HARP, LUTE, NOV_2, US, Answers, Said, answer, asked

Rows = list[tuple[Any, ...]]
GOLDEN = Path(__file__).parents[1] / "data" / "v1"
RATED = [mart for mart in marts.TABLES.values() if "rate" in {column.name for column in mart.columns}]


def figures(store: Store, mart: str, columns: str, where: str = "true", origin: Any = "rehearsal") -> Rows:
    """What a mart says once the audit was refreshed."""
    marts.refresh(store, AUDIT, origin=origin)
    with marts.connect(store, AUDIT, origin) as duck:
        return duck.sql(f"select {columns} from {mart} where {where} order by all").fetchall()


@pytest.mark.parametrize("mart", marts.TABLES.values(), ids=lambda mart: mart.name)
def test_every_row_says_of_whom_and_by_which_definitions(mart: Mart) -> None:
    names = [column.name for column in mart.columns]
    assert names[:7] == ["origin", "audit", "run", "run_at", "model", "profile", "batch_id"]
    assert names[-2:] == ["mart_version", "matching_version"]
    assert len({*names}) == len(names)


@pytest.mark.parametrize("mart", marts.TABLES.values(), ids=lambda mart: mart.name)
def test_rows_are_told_apart_by_what_the_mart_says(mart: Mart, duck: duckdb.DuckDBPyConnection) -> None:
    key = ", ".join(("batch_id", *mart.by))
    assert duck.sql(f"select {key} from {mart.name} group by all having count(*) > 1").fetchall() == []


@pytest.mark.parametrize("mart", RATED, ids=lambda mart: mart.name)
def test_a_rate_stands_beside_its_denominator(mart: Mart, duck: duckdb.DuckDBPyConnection) -> None:
    names = {column.name for column in mart.columns}
    assert {"n", "too_few"} < names
    assert ("k" in names) == ({"low", "high"} < names) == (mart.name != "contrast")
    wrong = "too_few <> (n < 20) or (n = 0) <> (rate is null)"
    if "k" in names:
        wrong += " or rate <> k / n or k > n or not low <= rate or not rate <= high or (low is null) <> (n = 0)"
    assert duck.sql(f"from {mart.name}").fetchall() != []
    assert duck.sql(f"from {mart.name} where {wrong}").fetchall() == []


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_was_observed_is_a_denominator(store: Store, outcome: Outcome) -> None:
    """Fender is named in one answer; another asking ends as `outcome`."""
    other: Said = "neither" if outcome is Outcome.ANSWERED else outcome
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): "Fender", (0, 1): other}), samples=2)
    n = 2 if outcome in OBSERVED else 1
    assert figures(store, "mention_rate", "k, n", "brand = 'Fender'") == [(1, n)]
    assert figures(store, "competitor_matrix", "k, n", "brand = 'Fender'") == [(1, n)]
    assert figures(store, "share_of_voice", "n", "brand = 'Fender'") == [(n,)]
    assert figures(store, "mention_citation", "n", "brand = 'Fender'") == [(n,)]
    assert figures(store, "capture_health", "planned, counted, failed") == [(2, n, 2 - n)]


REPEATED: list[tuple[str, Answers, dict[str, Any]]] = [
    ("from the cache", {(0, 0): "Fender", (1, 0): ("Gibson", {"from_cache": True})}, {"prompts": (LUTE, HARP)}),
    ("of an equal prompt", {(0, 0): "Fender"}, {"prompts": (LUTE, LUTE), "expiration": 1}),
]


@pytest.mark.parametrize(("answers", "fields"), [row[1:] for row in REPEATED], ids=[row[0] for row in REPEATED])
def test_what_repeats_an_answer_is_in_no_rate(store: Store, answers: Answers, fields: dict[str, Any]) -> None:
    asked(store, NOV_2, ("chatgpt", US, answers), **fields)
    assert figures(store, "mention_rate", "brand, k, n") == [("Fender", 1, 1), ("Gibson", 0, 1)]
    assert figures(store, "capture_health", "planned, answered, cached + duplicates, counted") == [(2, 2, 1, 1)]
    assert len(figures(store, "mentions", "*")) == 1


def test_prompts_that_are_asked_twice_are_samples_of_one(store: Store) -> None:
    """Without a cache, each of two equal prompts is asked by itself: the prompt has two answers."""
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): "Fender", (1, 0): "Gibson"}), prompts=(LUTE, LUTE))
    assert figures(store, "prompt_health", "planned, counted") == [(2, 2)]
    assert figures(store, "agreement", "pairs", "kind = 'brand'") == [(1,)]


def test_rehearsed_and_live_answers_never_meet(store: Store) -> None:
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): "Fender"}))
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): "Gibson"}), rehearse=False)
    for origin, brand in (("rehearsal", "Fender"), ("live", "Gibson")):
        named = figures(store, "mention_rate", "origin, brand, k, n", "k > 0", origin)
        assert named == [(origin, brand, 1, 1)]
    assert all(key.startswith("rehearsal/") == ("rehearsal" in key) for key in store.keys("marts"))


def test_neither_models_nor_profiles_are_blended(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The rows of a batch are the same whether or not another model, or somebody else, is asked in the same run."""
    alone, together = (open_store(tmp_path_factory.mktemp(name)) for name in ("alone", "together"))
    said: Answers = {
        (0, 0): answer("Fender, Gibson", "x.example/1", "fender.com/a"),
        (0, 1): answer("Gibson", "x.example/1"),
    }
    others: Answers = {(0, 0): answer("Strat", "x.example/1", "y.example/2"), (0, 1): Outcome.BLOCKED}
    asked(alone, NOV_2, ("chatgpt", US, said), samples=2)
    asked(together, NOV_2, ("chatgpt", US, said), ("gemini", US, others), ("chatgpt", DE, others), samples=2)
    for mart in marts.TABLES.values():
        if mart.name != "contrast":
            where = "model = 'chatgpt' and profile = 'US'"
            assert figures(alone, mart.name, "*", where) == figures(together, mart.name, "*", where)
            assert len(figures(together, mart.name, "distinct model, profile")) in (0, 1, 2, 3)
    assert figures(together, "mention_rate", "model, profile, k, n", "brand = 'Gibson'") == [
        ("chatgpt", "DE", 0, 1),
        ("chatgpt", "US", 2, 2),
        ("gemini", "US", 0, 1),
    ]


def test_profiles_with_the_same_label_are_told_apart(store: Store) -> None:
    batches = [
        ("chatgpt", {field: "German"}, {(0, 0): text}) for field, text in (("language", "Fender"), ("display", "-"))
    ]
    asked(store, NOV_2, *batches)
    found = figures(store, "mention_rate", "profile, k, n", "brand = 'Fender'")
    assert found == [("German", 1, 1), ("German (2)", 0, 1)]


@pytest.mark.parametrize(("n", "too_few"), [(19, True), (20, False)])
def test_under_twenty_is_too_few(store: Store, n: int, too_few: bool) -> None:
    asked(store, NOV_2, ("chatgpt", US, {(0, sample): "Fender" for sample in range(n)}), samples=n)
    assert figures(store, "mention_rate", "n, too_few", "brand = 'Fender'") == [(n, too_few)]
    assert figures(store, "share_of_voice", "n, too_few", "brand = 'Fender'") == [(n, too_few)]


def test_links_that_a_site_does_not_show_are_no_missing_links(store: Store) -> None:
    """Of the second answer it is not known what it links to: it is in no rate of links."""
    unknown = answer("Fender").model_copy(update={"citations": None})
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): answer("Fender", "fender.com/a"), (0, 1): unknown}), samples=2)
    assert figures(store, "mention_rate", "k, n", "brand = 'Fender'") == [(2, 2)]
    assert figures(store, "citation_domains", "k, n") == [(1, 1)]
    assert figures(store, "mention_citation", "named_and_cited, named_only, n", "brand = 'Fender'") == [(1, 0, 1)]


@pytest.mark.parametrize(
    ("link", "brand"),
    [
        ("fender.com/a", "Fender"),
        ("www.Fender.com", "Fender"),
        ("shop.fender.com:443/x?y#z", "Fender"),
        ("notfender.com/a", None),
        ("fender.com.evil.example/a", None),
        ("a.example/fender.com", None),
        ("fender.com@a.example/x", None),
    ],
)
def test_a_host_is_a_brand_s_or_it_is_not(store: Store, link: str, brand: str | None) -> None:
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): answer("-", link)}))
    assert figures(store, "citation_urls", "brand") == [(brand,)]


@pytest.mark.parametrize("declared", ["müller.de", "www.MÜLLER.de", "xn--mller-kva.de"])
@pytest.mark.parametrize("link", ["www.müller.de/x", "müller.de/x", "shop.xn--mller-kva.de/x", "xn--mller-kva.de"])
def test_a_host_of_any_script_is_the_brand_s_however_either_is_spelt(store: Store, declared: str, link: str) -> None:
    brands = [Brand(name="Müller", domains=(declared,))]
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): answer("-", link)}), brands=brands)
    assert figures(store, "citation_urls", "brand") == [("Müller",)]
    assert figures(store, "citation_domains", "brand") == [("Müller",)]


def test_a_domain_with_sz_is_not_the_one_with_ss(store: Store) -> None:
    brands = [Brand(name="Straße", domains=("straße.de",))]
    links = ("strasse.de/x", "xn--strae-oqa.de/x", "straße.de/x")
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): answer("-", *links)}), brands=brands)
    found = figures(store, "citation_urls", "url, brand")
    assert {brand for url, brand in found if "strasse" in url} == {None}
    assert {brand for url, brand in found if "strasse" not in url} == {"Straße"}


def test_a_name_or_a_domain_is_the_first_brand_s_that_has_it(store: Store) -> None:
    brands = [
        Brand(name="Fender", domains=("fender.com", "www.Fender.com")),
        Brand(name="Squier", aliases=("Fender",), domains=("fender.com",)),
        Brand(name="Fender", aliases=("Squier",)),
    ]
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): answer("Fender, Squier", "fender.com/a")}), brands=brands)
    assert figures(store, "mention_rate", "brand, k, n") == [("Fender", 1, 1), ("Squier", 1, 1)]
    assert figures(store, "citation_domains", "brand, links, all_links") == [("Fender", 1, 1)]


def test_an_audit_without_brands_has_the_other_figures(store: Store) -> None:
    asked(store, NOV_2, ("chatgpt", US, {(0, 0): answer("Fender", "fender.com/a")}), brands=())
    assert figures(store, "mention_rate", "*") == []
    assert figures(store, "citation_domains", "domain, brand, k, n") == [("fender.com", None, 1, 1)]


def test_a_batch_without_a_dataset_is_missing_and_not_zero(store: Store) -> None:
    asked(store, NOV_2, ("chatgpt", US, {}), prompts=(LUTE, HARP), samples=3, collected=False)
    assert figures(store, "capture_health", "planned, missing, failed, counted, p50_ms") == [(6, 6, 0, 0, None)]
    assert figures(store, "capture_outcomes", "outcome, k, n") == [("missing", 6, 6)]
    assert figures(store, "mention_rate", "k, n, rate") == [(0, 0, None)] * len(BRANDS)


def test_one_batch_by_itself_has_the_same_figures(weeks: Store, duck: duckdb.DuckDBPyConnection) -> None:
    ((batch_id,),) = duck.sql(
        f"select batch_id from capture_health where run = '{NOV_2}' and model = 'chatgpt' and profile = 'US'"
    ).fetchall()
    with marts.of_batch(weeks, batch_id, BRANDS) as alone:
        assert alone.sql("select distinct audit, run, profile from mention_rate").fetchall() == [(None, batch_id, "US")]
        for name in marts.TABLES:
            if name == "contrast":
                continue
            figures = f"select * exclude (audit, run, run_at{', topic' if name == 'prompt_health' else ''}) from {name}"
            assert alone.sql(figures).fetchall() == duck.sql(f"{figures} where batch_id = '{batch_id}'").fetchall()


def test_what_the_first_version_wrote_is_still_counted() -> None:
    with marts.of_batch(GOLDEN, "golden", BRANDS) as duck:
        assert duck.sql("select planned, answered, refused, no_answer, failed from capture_health").fetchall() == [
            (5, 2, 1, 0, 2)
        ]
        assert duck.sql("select n from mention_rate").fetchall() == [(2,)] * len(BRANDS)
