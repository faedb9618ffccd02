from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answers import ANSWERS
from batches import BATCH, NOW, answer, planned, record
from completions.answer import Answer, Citation, Entity, FanOutQuery
from completions.caps import ANSWER_BYTES, ENTRIES, PAGE_BYTES, STREAM_BYTES, capped
from completions.columns import TEXT, TIME, WHOLE, arrow_type
from completions.dataset import GROUP_ROWS, GROUP_SIZE, TABLES, PartWriter, Table
from completions.errors import Outcome
from completions.manifest import CODE_VERSION
from completions.plan import Plan
from completions.profile import Profile
from completions.record import Artifacts, Record
from completions.store import Store

pytest_plugins = ["stores"]

LIGHT, HEAVY = TABLES
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def plan(folder: Store) -> Plan:
    return planned(folder, ["a", "b"])


def written(table: Table, plan: Plan, records: Iterable[Record], file: Path) -> pq.ParquetFile:
    """A part with one row for each record, all of them the plan's first item's."""
    writer = PartWriter(table, plan, file)
    for one in records:
        writer.add(table.row(plan, plan.items[0], one))
    writer.close()
    return pq.ParquetFile(file)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_is_filled_by_name(table: Table, plan: Plan) -> None:
    for outcome in Outcome:
        row = table.row(plan, plan.items[0], record(plan, plan.items[0], outcome))
        assert sorted(row) == sorted(table.schema.names)


def test_names_are_lower_snake_case_and_no_path_keys() -> None:
    for table in TABLES:
        names = table.schema.names
        assert len(names) == len(set(names))
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
        assert not {"schema", "date", "batch"} & set(names)


@pytest.mark.parametrize(
    ("annotation", "type_"),
    [
        (str, pa.string()),
        (int | None, pa.int64()),
        (float | None, pa.float64()),
        (datetime, TIME),
        (bool | None, pa.bool_()),
        (list[str] | None, pa.list_(pa.string())),
        (Entity, pa.struct({"name": TEXT, "category": TEXT, "char_start": WHOLE, "char_end": WHOLE})),
        (list[FanOutQuery] | None, pa.list_(pa.struct({"query": TEXT, "kind": TEXT, "order": WHOLE}))),
    ],
)
def test_types_follow_from_the_models(annotation: Any, type_: pa.DataType) -> None:
    assert arrow_type(annotation) == type_


def test_a_row_says_what_was_asked_and_what_came_of_it(folder: Store) -> None:
    asked: dict[str, Any] = {
        "device": "iPhone 15",
        "country": "de",
        "city": "München",
        "language": "de",
        "client_ref": "c",
    }
    audit = {"name": "w", "run": "r", "seed": 1}
    plan = planned(folder, ["a", "b", "b"], format="raw", rehearse=True, _audit=audit, **asked)
    row = LIGHT.row(plan, plan.items[2], record(plan, plan.items[1], Outcome.REFUSED))

    assert (
        row
        | {
            "batch_id": BATCH,
            "run_id": "manual__1",
            "prompt_index": 2,
            "sample_index": 0,
            "duplicate_of": 1,
            "prompt": "b",
            "model": "chatgpt",
            "device_requested": "iPhone 15",
            "country_requested": "de",
            "subdivision_requested": None,
            "city_requested": "München",
            "language_requested": "de",
            "display_requested": None,
            "client_ref": "c",
            "audit": "w",
            "format": "raw",
            "origin": "rehearsal",
            "generation": 1,
            "schema_version": 1,
            "status": "failed",
            "observed": True,
            "outcome": "refused",
            "error_message": "ended as refused",
            "requested_at": NOW,
            "from_cache": False,
            "answer_text": None,
            "answer_sha256": None,
            "citations": None,
        }
        == row
    )


@pytest.mark.parametrize(
    ("language", "warnings"),
    [("de", []), ("fr", ["the answer is in German, asked for was French"]), (None, [])],
)
def test_a_row_tells_the_language_of_its_answer(folder: Store, language: str | None, warnings: list[str]) -> None:
    plan = planned(folder, ["a"]).model_copy(update={"profile": Profile(seed=1, language=language)})
    german = Answer(answer_text=ANSWERS["de"], answer_markdown=f"# {ANSWERS['de']}")
    row = LIGHT.row(plan, plan.items[0], record(plan, plan.items[0]).model_copy(update={"answer": german}))
    assert (row["answer_language"], row["warnings"]) == ("de", warnings)


@pytest.mark.parametrize(
    ("outcome", "status", "observed"),
    [
        (Outcome.ANSWERED, "succeeded", True),
        (Outcome.REFUSED, "failed", True),
        (Outcome.NO_ANSWER, "failed", True),
        *((outcome, "failed", False) for outcome in list(Outcome)[3:]),
    ],
)
def test_only_answers_succeed(plan: Plan, outcome: Outcome, status: str, observed: bool) -> None:
    row = LIGHT.row(plan, plan.items[0], record(plan, plan.items[0], outcome))
    assert (row["status"], row["observed"]) == (status, observed)


SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    NoneType: st.none(),
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value of a model's field."""
    kind, inner = get_origin(annotation), get_args(annotation)
    if kind in (Union, UnionType):
        return st.one_of(*map(values, inner))
    if kind is list:
        return st.lists(values(inner[0]), max_size=2)
    if kind is Literal:
        return st.sampled_from(inner)
    if annotation in SCALARS:
        return SCALARS[annotation]
    return st.builds(annotation, **{name: values(field.annotation) for name, field in annotation.model_fields.items()})


@given(st.lists(values(Answer), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_any_answer_comes_back_from_parquet(plan: Plan, tmp_path: Path, answers: list[Answer]) -> None:
    """Nothing becomes another value: no None an empty list, no empty list a None, no text another."""
    records = [record(plan, plan.items[0], answer=one) for one in answers]
    rows = written(LIGHT, plan, records, tmp_path / "part").read().to_pylist()
    assert [Answer.model_validate({name: row[name] for name in Answer.model_fields}) for row in rows] == answers


def test_what_was_kept_comes_back_from_parquet(plan: Plan, tmp_path: Path) -> None:
    kept = {name: f"<p>{name}" for name in ("page_html", "prompt_html", "completion_html", "sources_html", "ads_html")}
    binary = {name: bytes(range(256)) for name in ("raw_stream", "screenshot", "page_copy")}
    full = Artifacts.model_validate({**kept, **binary, "raw_stream_kind": "sse", "cut": ["page_html"]})
    records = [record(plan, plan.items[0], artifacts=one) for one in (full, Artifacts())]

    first, empty = written(HEAVY, plan, records, tmp_path / "part").read().to_pylist()

    for name, content in (kept | binary).items():
        assert first[name] == content
        assert first[f"{name}_sha256"] == sha256(content.encode() if isinstance(content, str) else content).hexdigest()
        assert first[f"{name}_truncated"] is (name == "page_html")
        assert (empty[name], empty[f"{name}_sha256"], empty[f"{name}_truncated"]) == (None, None, False)
    assert (first["raw_stream_kind"], empty["raw_stream_kind"]) == ("sse", None)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_same_records_make_the_same_bytes(table: Table, plan: Plan, tmp_path: Path) -> None:
    records = [record(plan, plan.items[0], outcome) for outcome in Outcome] * 20
    written(table, plan, records, tmp_path / "first")
    written(table, plan, records, tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_how_a_part_is_written(plan: Plan, tmp_path: Path) -> None:
    for table in TABLES:
        records = [record(plan, plan.items[0])] * (2 * GROUP_ROWS + 1)
        part = written(table, plan, records, tmp_path / table.name)
        about = {key: value for key, value in part.metadata.metadata.items() if key != b"ARROW:schema"}
        groups = [part.metadata.row_group(number) for number in range(part.num_row_groups)]
        leaves = [groups[0].column(number) for number in range(groups[0].num_columns)]

        assert part.schema_arrow.equals(table.schema)
        assert about == {b"schema_version": b"1", b"batch_id": BATCH.encode(), b"code_version": CODE_VERSION.encode()}
        assert [group.num_rows for group in groups] == [GROUP_ROWS, GROUP_ROWS, 1]
        assert {leaf.compression for leaf in leaves} == {"ZSTD"}
        assert {leaf.path_in_schema for leaf in leaves if leaf.has_dictionary_page} == {
            column.name for column in table.columns if column.repeats
        }
        assert {leaf.path_in_schema for leaf in leaves if leaf.is_stats_set} == {
            column.name for column in table.columns if not column.bulky and not pa.types.is_list(column.type)
        }


def test_heavy_rows_make_small_groups(plan: Plan, tmp_path: Path) -> None:
    page = Artifacts(page_html="x" * (GROUP_SIZE // 4 + 1))
    part = written(HEAVY, plan, [record(plan, plan.items[0], artifacts=page)] * 9, tmp_path / "part")
    assert [part.metadata.row_group(number).num_rows for number in range(part.num_row_groups)] == [4, 4, 1]


@pytest.mark.parametrize(
    ("kept", "capped_to", "cut"),
    [
        ({"page_html": "x" * PAGE_BYTES}, {"page_html": "x" * PAGE_BYTES}, []),
        ({"page_html": "x" * PAGE_BYTES + "y"}, {"page_html": "x" * PAGE_BYTES}, ["page_html"]),
        ({"completion_html": "ü" * PAGE_BYTES}, {"completion_html": "ü" * (PAGE_BYTES // 2)}, ["completion_html"]),
        ({"page_html": "x" + "ü" * PAGE_BYTES}, {"page_html": "x" + "ü" * (PAGE_BYTES // 2 - 1)}, ["page_html"]),
        ({"page_html": "half a \ud83d"}, {"page_html": "half a ?"}, ["page_html"]),
        ({"raw_stream": b"x" * STREAM_BYTES}, {"raw_stream": b"x" * STREAM_BYTES}, []),
        ({"raw_stream": b"x" * STREAM_BYTES + b"y"}, {"raw_stream": b"x" * STREAM_BYTES}, ["raw_stream"]),
        ({"screenshot": b"x" * (STREAM_BYTES + 1)}, {"screenshot": None}, ["screenshot"]),
        ({"page_copy": b"x" * (STREAM_BYTES + 1)}, {"page_copy": None}, ["page_copy"]),
        ({"page_html": "short", "cut": ["page_html"]}, {"page_html": "short"}, ["page_html"]),
    ],
)
def test_what_is_kept_has_a_cap(plan: Plan, kept: dict[str, Any], capped_to: dict[str, Any], cut: list[str]) -> None:
    once = capped(record(plan, plan.items[0], artifacts=Artifacts.model_construct(**kept)))

    assert once.artifacts == Artifacts(**capped_to, cut=cut)
    assert capped(once) == once


@pytest.mark.parametrize(
    ("changes", "capped_to", "warnings"),
    [
        ({}, {}, []),
        ({"answer_text": "x" * ANSWER_BYTES}, {}, []),
        (
            {"answer_text": "x" * ANSWER_BYTES + "y"},
            {"answer_text": "x" * ANSWER_BYTES},
            ["answer_text was cut at 1000000 bytes"],
        ),
        (
            {"answer_markdown": "€" * ANSWER_BYTES},
            {"answer_markdown": "€" * (ANSWER_BYTES // 3)},
            ["answer_markdown was cut at 1000000 bytes"],
        ),
        ({"follow_up_questions": ["?"] * ENTRIES}, {}, []),
        ({"citations": None}, {}, []),
        (
            {"follow_up_questions": ["?"] * (ENTRIES + 1)},
            {"follow_up_questions": ["?"] * ENTRIES},
            ["follow_up_questions was cut at 500 entries"],
        ),
    ],
)
def test_an_answer_has_a_cap(
    plan: Plan, changes: dict[str, Any], capped_to: dict[str, Any], warnings: list[str]
) -> None:
    given = answer("a").model_copy(update=changes)
    once = capped(record(plan, plan.items[0], answer=given, warnings=["before"]))

    assert once.answer == given.model_copy(update=capped_to)
    assert once.warnings == ["before", *warnings]
    assert capped(once) == once


def test_citations_have_a_cap(plan: Plan) -> None:
    many = [Citation(position=number, role="inline", url="u", url_canonical="u") for number in range(1, 600)]
    once = capped(record(plan, plan.items[0], answer=answer("a").model_copy(update={"citations": many})))

    assert once.answer
    assert once.answer.citations == many[:500]
    assert once.warnings == ["citations was cut at 500 entries"]


def test_the_reference_is_current() -> None:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec
    assert spec.loader
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    for name, text in reference.pages().items():
        assert (reference.REFERENCE / name).read_text("utf-8") == text, "run: python scripts/reference.py"
