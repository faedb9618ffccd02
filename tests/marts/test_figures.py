"""Each mart against figures counted by hand from the three weeks of `conftest.three_weeks`."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from completions import marts

from .audited import HARP, LUTE, NOV_2, NOV_9, NOV_16

US_CHATGPT = f"run = '{NOV_2}' and model = 'chatgpt' and profile = 'US'"
LATER = f"run = '{NOV_16}'"

Row = tuple[Any, ...]
THIRD = 1 / 3

# Of chatgpt as the US on 2 November: what is named; what is linked to (+ behind a +N, ~ only listed).
#   lute 0: Fender Gibson Fender   fender/a x/1 +x/2 ~y/9 ~x/1        harp 0: refused
#   lute 1: Gibson                 x/1 fender/c                       harp 1: timeout
#   lute 2:                        ~gibson/z                          harp 2: Gibson Fender   gibson/b fender/a
# Five answers count: harp 1 does not, harp 0 does.
FIGURES: list[tuple[str, str, str, list[Row]]] = [
    # Six were asked for. Times of the answers: 4, 1, 1, 1 s; the 95th percentile is 85 % of the way from 1 to 4.
    (
        "capture_health",
        "planned, missing, answered, refused, no_answer, failed, cached, counted, k, n, timed, p50_ms, p95_ms",
        US_CHATGPT,
        [(6, 0, 4, 1, 0, 1, 0, 5, 4, 6, 4, 1000, 3550)],
    ),
    ("capture_outcomes", "outcome, k, n", US_CHATGPT, [("answered", 4, 6), ("refused", 1, 6), ("timeout", 1, 6)]),
    (
        "prompt_health",
        "prompt, topic, planned, observed, failed, counted, counted_links",
        US_CHATGPT,
        [(HARP, "harp?", 3, 2, 1, 2, 2), (LUTE, "lute", 3, 3, 0, 3, 3)],
    ),
    ("mention_rate", "brand, own, k, n, rate", US_CHATGPT, [("Fender", True, 2, 5, 0.4), ("Gibson", False, 3, 5, 0.6)]),
    # Fender is named 2 + 1 times, Gibson 1 + 1 + 1 times; in 2 and in 3 answers.
    (
        "share_of_voice",
        "brand, mentions, all_mentions, share_by_mentions, answers, all_answers, share_by_answers, n",
        US_CHATGPT,
        [("Fender", 3, 6, 0.5, 2, 5, 0.4, 5), ("Gibson", 3, 6, 0.5, 3, 5, 0.6, 5)],
    ),
    # Fender is first in lute 0, second in harp 2, at 0 and 8 of 16 characters; Gibson second (13 of 26), first, first.
    (
        "position",
        "brand, k, n, mean_rank, median_rank, mean_depth",
        US_CHATGPT,
        [("Fender", 1, 2, 1.5, 1.5, 0.25), ("Gibson", 2, 3, 4 / 3, 1, 1 / 6)],
    ),
    # Seven links. Lute 0 lists x too, but links to it.
    (
        "citation_domains",
        "domain, brand, inline, more, links, all_links, share, k_inline, k_listed, k, n",
        US_CHATGPT,
        [
            ("fender.com", "Fender", 3, 0, 3, 7, 3 / 7, 3, 0, 3, 5),
            ("gibson.com", "Gibson", 1, 0, 1, 7, 1 / 7, 1, 1, 1, 5),
            ("x.example", None, 2, 1, 3, 7, 3 / 7, 2, 0, 2, 5),
            ("y.example", None, 0, 0, 0, 7, 0, 0, 1, 0, 5),
        ],
    ),
    (
        "citation_urls",
        "url, brand, inline, more, links, k_inline, k_listed, k, n",
        f"{US_CHATGPT} and domain <> 'y.example'",
        [
            ("https://fender.com/a", "Fender", 2, 0, 2, 2, 0, 2, 5),
            ("https://gibson.com/b", "Gibson", 1, 0, 1, 1, 0, 1, 5),
            ("https://gibson.com/z", "Gibson", 0, 0, 0, 0, 1, 0, 5),
            ("https://shop.fender.com/c", "Fender", 1, 0, 1, 1, 0, 1, 5),
            ("https://x.example/1", None, 2, 0, 2, 2, 0, 2, 5),
            ("https://x.example/2", None, 0, 1, 1, 0, 0, 1, 5),
        ],
    ),
    (
        "prompt_citations",
        "prompt, url, links, k, n",
        US_CHATGPT,
        [
            (HARP, "https://fender.com/a", 1, 1, 2),
            (HARP, "https://gibson.com/b", 1, 1, 2),
            (LUTE, "https://fender.com/a", 1, 1, 3),
            (LUTE, "https://shop.fender.com/c", 1, 1, 3),
            (LUTE, "https://x.example/1", 2, 2, 3),
            (LUTE, "https://x.example/2", 1, 1, 3),
        ],
    ),
    # Fender is named and linked to in lute 0 and harp 2, only linked to in lute 1.
    (
        "mention_citation",
        "brand, named_and_cited, named_only, cited_only, neither, n",
        US_CHATGPT,
        [("Fender", 2, 0, 1, 2, 5), ("Gibson", 1, 2, 0, 2, 5)],
    ),
    # Brands: {F G} {G} {} and {} {F G}: 1/2, 0, 0, 0. Domains: lute 0 and 1 have the same two. URLs: 1 of 4 in common.
    (
        "agreement",
        "kind, prompts, pairs, identical, identical_rate, pairs_compared, mean_jaccard",
        US_CHATGPT,
        [("brand", 2, 4, 0, 0, 4, 1 / 8), ("domain", 2, 4, 1, 1 / 4, 4, 1 / 4), ("url", 2, 4, 0, 0, 4, 1 / 16)],
    ),
    # Two answers that name nothing are the same, and say nothing of how far sets agree.
    (
        "agreement",
        "kind, prompts, pairs, identical, pairs_compared, mean_jaccard",
        f"run = '{NOV_2}' and model = 'gemini' and kind = 'brand'",
        [("brand", 1, 1, 1, 0, None)],
    ),
    (
        "competitor_matrix",
        "prompt, brand, k, n, mentions, first, others, standing",
        US_CHATGPT,
        [
            (HARP, "Fender", 1, 2, 1, 0, 0, "ties"),
            (HARP, "Gibson", 1, 2, 1, 1, 0, "ties"),
            (LUTE, "Fender", 1, 3, 2, 1, 1, "trails"),
            (LUTE, "Gibson", 2, 3, 2, 1, 0, "leads"),
        ],
    ),
    (
        "competitor_matrix",
        "prompt, brand, k, n, standing",
        f"{LATER} or (run = '{NOV_2}' and model = 'gemini')",
        [
            (HARP, "Fender", 0, 0, None),
            (HARP, "Fender", 1, 1, "leads"),
            (HARP, "Gibson", 0, 0, None),
            (HARP, "Gibson", 0, 1, "lost"),
            (LUTE, "Fender", 0, 2, "lost"),
            (LUTE, "Fender", 0, 2, "none"),
            (LUTE, "Gibson", 0, 2, "none"),
            (LUTE, "Gibson", 2, 2, "leads"),
        ],
    ),
    ("co_mentions", "brand, other, k, n", US_CHATGPT, [("Fender", "Gibson", 2, 2), ("Gibson", "Fender", 2, 3)]),
    # Known of lute 0 (1 search), 1 (2) and 2 (none).
    ("fan_out", "k, n, queries, mean_queries", US_CHATGPT, [(2, 3, 3, 1)]),
    (
        "fan_out_words",
        "word, change, k, n",
        US_CHATGPT,
        [
            ("best", "kept", 2, 2),
            ("is", "dropped", 2, 2),
            ("lute", "kept", 2, 2),
            ("reviews", "added", 1, 2),
            ("shops", "added", 1, 2),
            ("which", "dropped", 2, 2),
        ],
    ),
    # Both answers that searched for `best lute` link to x and fender; only one lists y.
    (
        "fan_out_domains",
        "word, domain, brand, k, n",
        US_CHATGPT,
        [
            ("best", "fender.com", "Fender", 2, 2),
            ("best", "x.example", None, 2, 2),
            ("lute", "fender.com", "Fender", 2, 2),
            ("lute", "x.example", None, 2, 2),
        ],
    ),
    # Pairs that count: lute 0, lute 2, harp 0, harp 2. The US name Fender Gibson, -, -, both; Germany Gibson, F, F, -.
    (
        "contrast",
        "other_profile, differs, brand, in_both, only_here, only_there, in_neither, n, rate, other_rate, difference",
        f"run = '{NOV_2}'",
        [
            ("DE", "place", "Fender", 0, 2, 2, 0, 4, 0.5, 0.5, 0),
            ("DE", "place", "Gibson", 1, 1, 0, 2, 4, 0.5, 0.25, -0.25),
        ],
    ),
    (
        "product_shelf",
        "product, merchant, brand, cards, all_cards, share, mean_position, price_text, k, n",
        US_CHATGPT,
        [
            ("Fender X", "Shop", "Fender", 2, 3, 2 / 3, 1, "$ 9", 2, 3),
            ("Lyre", "Shop", None, 1, 3, THIRD, 2, "$ 9", 1, 3),
        ],
    ),
    ("ads", "k, n, shown", US_CHATGPT, [(1, 2, 2)]),
    (
        "versions",
        "what, value, k, n",
        f"{US_CHATGPT} and what <> 'adapter_version'",
        [
            ("location_match", "exact", 4, 5),
            ("location_match", None, 1, 5),
            ("model_version", None, 5, 5),
            ("ui_variant", "a", 4, 5),
            ("ui_variant", None, 1, 5),
        ],
    ),
    # On 16 November: lute 0: Gibson, x/1; lute 1: Gibson, x/1 z/1; harp 0: Fender, nothing. Two weeks before is the run
    # to compare with. Brands: of each prompt one is kept and one lost; their shares were a half each, now one has all.
    # Domains: lute keeps x (3 of 5, now 2 of 3), gains z, loses fender; harp loses both of its. URLs: lute keeps x/1
    # (2 of 5, now 2 of 3).
    (
        "volatility",
        "previous_run, kind, prompts, compared, kept, gained, lost, mean_jaccard, stability",
        LATER,
        [
            (NOV_2, "brand", 2, 2, 2, 0, 2, 0.5, 0.5),
            (NOV_2, "domain", 2, 2, 1, 1, 3, 1 / 6, 0.3),
            (NOV_2, "url", 2, 2, 1, 1, 5, 0.1, 0.2),
        ],
    ),
    (
        "url_changes",
        "prompt, url, brand, change, k_before, n_before, k, n, too_few",
        LATER,
        [
            (HARP, "https://fender.com/a", "Fender", "lost", 1, 2, 0, 1, True),
            (HARP, "https://gibson.com/b", "Gibson", "lost", 1, 2, 0, 1, True),
            (LUTE, "https://fender.com/a", "Fender", "lost", 1, 3, 0, 2, True),
            (LUTE, "https://shop.fender.com/c", "Fender", "lost", 1, 3, 0, 2, True),
            (LUTE, "https://x.example/2", None, "lost", 1, 3, 0, 2, True),
            (LUTE, "https://z.example/1", None, "gained", 0, 3, 1, 2, True),
        ],
    ),
    (
        "change_points",
        "previous_run, what, before, after, k_before, n_before, k, n",
        LATER,
        [
            (NOV_2, "model_version", None, "next", 0, 5, 3, 3),
            (NOV_2, "place_mismatch", None, "mismatch", 0, 5, 1, 3),
            (NOV_2, "ui_variant", "a", "b", 4, 5, 3, 3),
        ],
    ),
    # Sample 0 of the first prompt names Fender at 0 and 20, Gibson at 13 of 26.
    (
        "mentions",
        "brand, mention_count, first_offset, depth, rank",
        f"{US_CHATGPT} and prompt = '{LUTE}' and sample_index = 0",
        [("Fender", 2, 0, 0, 1), ("Gibson", 1, 13, 0.5, 2)],
    ),
]


@pytest.mark.parametrize(("mart", "columns", "where", "expected"), FIGURES, ids=[figure[0] for figure in FIGURES])
def test_the_figures(duck: duckdb.DuckDBPyConnection, mart: str, columns: str, where: str, expected: list[Row]) -> None:
    found = duck.sql(f"select {columns} from {mart} where {where} order by all").fetchall()
    assert [*map(pytest.approx, expected)] == found


def test_every_mart_has_figures() -> None:
    assert {figure[0] for figure in FIGURES} == {*marts.TABLES}


def test_a_week_without_answers_is_a_gap(duck: duckdb.DuckDBPyConnection) -> None:
    """Everything of 9 November was blocked: no rate, no zero, and nothing that was lost."""
    gap = f"where run = '{NOV_9}'"
    assert (
        duck.sql(f"select k, n, rate, low, high from mention_rate {gap}").fetchall() == [(0, 0, None, None, None)] * 2
    )
    assert duck.sql(f"select outcome, k, n from capture_outcomes {gap}").fetchall() == [("blocked", 6, 6)]
    compared = duck.sql(f"select prompts, compared, kept, gained, lost, mean_jaccard, stability from volatility {gap}")
    assert {*compared.fetchall()} == {(0, 0, 0, 0, 0, None, None)}
    assert duck.sql(f"from url_changes {gap}").fetchall() == []
    assert duck.sql(f"from change_points {gap}").fetchall() == []
