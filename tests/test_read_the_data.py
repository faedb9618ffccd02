"""What docs/read-the-data.md prints is what runs: every question in every tool, on a folder and on S3."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from batches import NOW, planned, record
from completions.answer import Answer, Citation, FanOutQuery, Source
from completions.collect import collect
from completions.errors import Outcome
from completions.plan import Item, Plan
from completions.record import answer_key
from completions.store import AwsAccess, Store, open_store
from stores import new_bucket

pytest_plugins = ["stores"]

GUIDE = (Path(__file__).parents[1] / "docs" / "read-the-data.md").read_text("utf-8")
SECTIONS = re.findall(r"^##+ (.*?)\n(.*?)(?=^##|\Z)", GUIDE, re.MULTILINE | re.DOTALL)
BLOCKS = {title: re.findall(r"```(?:python|sql)\n(.*?)```", text, re.DOTALL) for title, text in SECTIONS}
TOOLS = ("DuckDB", "pandas", "Polars", "pyarrow")
SHOP, AMP = "Where can I buy a guitar?", "Which amp?"
X, Y, NEW = "https://shop.example/x", "https://shop.example/y", "https://new.example/"

Endings = dict[tuple[int, int], bool | Outcome]
# What is on hand: prompt, sample -> whether the answer names the brand, or how else it ended.
MONDAY: Endings = {(0, 0): True, (0, 1): True, (1, 0): True, (1, 1): False}
TUESDAY: Endings = {(0, 0): False, (0, 1): True, (1, 0): Outcome.TIMEOUT, (1, 1): Outcome.REFUSED}
GEMINI: Endings = {(0, 0): True, (1, 0): Outcome.REFUSED}
CACHED: Endings = {(0, 0): True, (1, 0): True}

SEEN: dict[str, list[tuple[Any, ...]]] = {
    "1. What became of what was asked?": [
        ("chatgpt", "answered", 8),
        ("chatgpt", "refused", 1),
        ("chatgpt", "timeout", 1),
        ("gemini", "answered", 2),
        ("gemini", "refused", 1),
    ],
    "2. How long does an answer take?": [("chatgpt", 3500.0, 5750.0), ("gemini", 1000.0, 1000.0)],
    "3. How often is a brand named?": [("chatgpt", 4, 7), ("gemini", 1, 2)],
    "4. Which domains are cited, and in how many answers?": [
        ("chatgpt", "fender.example", 4, 4),
        ("chatgpt", "new.example", 1, 1),
        ("chatgpt", "shop.example", 9, 6),
        ("gemini", "fender.example", 1, 1),
        ("gemini", "shop.example", 2, 1),
    ],
    "5. Which pages were consulted but not cited?": [("https://wiki.example/", 7), ("https://forum.example/", 2)],
    "6. What does the assistant search for by itself?": [("guitar shops", 6), ("best amps", 2)],
    "7. How far do repeated askings agree?": [("monday", SHOP, 2, 2), ("monday", AMP, 1, 2), ("tuesday", SHOP, 1, 2)],
    "8. Which cited pages came and went between two days?": [(NEW, False, True), (Y, True, False)],
    "9. Does the place matter?": [("DE", 1, 3), ("US", 3, 4)],
    "10. What was on the page?": [(AMP, "timeout", f"<p>{AMP}</p>", "sse")],
}


def _answer(item: Item, named: bool, searches: bool, second: str) -> Answer:
    urls = ["https://fender.example/", X, second] if named else [X]
    return Answer(
        answer_text="Try a FENDER." if named else "Try a defender.",
        answer_markdown="",
        citations=[
            Citation(position=number, role="inline", url=url, url_canonical=url, domain=url.split("/")[2])
            for number, url in enumerate(urls, 1)
        ],
        sources=[
            Source(position=number, url=url, url_canonical=url, cited=url == X)
            for number, url in enumerate([X, "https://wiki.example/", *([] if named else ["https://forum.example/"])])
        ],
        fan_out_queries=[
            FanOutQuery(query=query, order=number)
            for number, query in enumerate(["best amps", "guitar shops"] if item.index else ["guitar shops"])
        ]
        if searches
        else None,
    )


def _ask(store: Store, plan: Plan, endings: Endings, second: str, **fields: Any) -> None:
    for number, ((index, sample), ending) in enumerate(endings.items(), 1):
        [item] = [each for each in plan.items if (each.index, each.sample) == (index, sample)]
        if isinstance(ending, Outcome):
            one = record(plan, item, ending)
        else:
            given = _answer(item, ending, plan.config.model == "chatgpt", second)
            latency = (number + 4 * (plan.batch_id == "tuesday")) * 1000
            one = record(plan, item, answer=given, latency_ms=latency, **fields)
        store.put(answer_key(plan.batch_id, index, sample), one.packed())
    collect(store, plan.batch_id, NOW)


def _fill(store: Store) -> None:
    tuesday = NOW + timedelta(days=1)
    us: dict[str, Any] = {"country": "US"}
    _ask(store, planned(store, [SHOP, AMP], batch_id="monday", samples=2, **us), MONDAY, Y)
    plan = planned(store, [SHOP, AMP], batch_id="tuesday", now=tuesday, samples=2, country="DE")
    _ask(store, plan, TUESDAY, NEW)
    _ask(store, planned(store, [SHOP, AMP, SHOP], batch_id="gemini", now=tuesday, model="gemini", **us), GEMINI, Y)
    plan = planned(store, [SHOP, AMP], batch_id="cached", now=tuesday, **us)
    _ask(store, plan, CACHED, "https://old.example/", from_cache=True, cached_answer_id="1" * 32)


@pytest.fixture(scope="module", params=["folder", "bucket"])
def filled(request: pytest.FixtureRequest, s3: AwsAccess, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A Monday, a Tuesday, another site, and answers from the cache."""
    store = open_store(tmp_path_factory.mktemp("filled")) if request.param == "folder" else new_bucket(s3)
    _fill(store)
    return store


@pytest.fixture(params=TOOLS)
def opened(
    request: pytest.FixtureRequest, filled: Store, s3: AwsAccess, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, dict[str, Any]]:
    """A tool, and the names that opening the data with it leaves."""
    assert s3.endpoint_url
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint_url)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    names: dict[str, Any] = {}
    folder, bucket, then = BLOCKS[request.param]
    for block in (folder if filled.is_local else bucket, then):
        code = block.replace("s3://bucket/prefix", filled.uri).replace(".completions/", f"{filled.uri}/")
        run(code.replace('".completions"', f'"{filled.uri}"'), names)
    return request.param, names


def run(code: str, names: dict[str, Any]) -> Any:
    """Run a block as a notebook does: the value of its last line is what it shows."""
    *body, last = ast.parse(code).body
    exec(compile(ast.Module(body, []), "read-the-data.md", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "read-the-data.md", "eval"), names)
    return exec(compile(ast.Module([last], []), "read-the-data.md", "exec"), names)


def rows(shown: Any) -> list[tuple[Any, ...]]:
    """What a tool shows, as tuples."""
    if isinstance(shown, pl.DataFrame):
        return shown.rows()
    if isinstance(shown, pa.Table):
        return list(zip(*(column.to_pylist() for column in shown.columns), strict=True))
    if isinstance(shown, pd.DataFrame):
        return list(shown.itertuples(index=False, name=None))
    return list(shown)


def test_every_question_is_one_of_ten() -> None:
    assert [title for title in BLOCKS if title[0].isdigit()] == list(SEEN)
    assert [len(BLOCKS[title]) for title in SEEN] == [len(TOOLS)] * 10


def test_the_one_line(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("completions.reading.stored", lambda _: filled)
    frame = run(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)[0], {})
    assert frame["batch_id"].value_counts().to_dict() == {"monday": 4, "tuesday": 4, "cached": 2}


@pytest.mark.parametrize("question", SEEN)
def test_every_tool_gives_the_same_answer(opened: tuple[str, dict[str, Any]], question: str) -> None:
    tool, names = opened
    block = BLOCKS[question][TOOLS.index(tool)]
    shown = names["duck"].sql(block).fetchall() if tool == "DuckDB" else run(block, names)
    assert rows(shown) == SEEN[question]
