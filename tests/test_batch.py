"""The request: what is taken, what is refused and in which words, and how many tasks it makes."""

from __future__ import annotations

import json
from math import ceil
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.batch import (
    DEFAULT_PROMPTS_PER_TASK,
    MAX_TASKS,
    ONE_TASK_EACH,
    AuditStamp,
    BatchConfig,
    batch_id_of,
)
from completions.errors import RefusedRequest

PROMPTS = "give 1 to 1000 prompts, each a text of 1 to 2047 characters that is not blank"
LANGUAGE = "give a language's name or its two-letter code, such as German or de"
CALLBACK = "give an http(s) URL, an SQS queue URL or an SQS ARN of at most 2047 characters"
MODELS = "give one of chatgpt, gemini, perplexity, copilot"
EVIDENCE = 'give a list such as ["screenshot"] or ["screenshot", "page"]'
PER_TASK = "give a whole number from 1 to 200"

WRONG: list[tuple[str, Any, str]] = [
    ("prompts", [], f"prompts []: {PROMPTS}"),
    ("prompts", "best guitars", f"prompts 'best guitars': {PROMPTS}"),
    ("prompts", None, f"prompts: {PROMPTS}"),
    ("prompts", ["ok", " \t\n"], f"prompts[1] ' \\t\\n': {PROMPTS}"),
    ("prompts", ["ok", "ok", 5], f"prompts[2] 5: {PROMPTS}"),
    ("prompts", [None], f"prompts[0] None: {PROMPTS}"),
    ("prompts", ["x" * 2048], f"prompts[0] '{'x' * 58}…: {PROMPTS} (this has 2048)"),
    ("prompts", ["half \ud83d"], f"prompts[0] 'half \\ud83d': {PROMPTS}"),
    ("model", "ChatGPT", f"model 'ChatGPT': {MODELS}"),
    ("model", "", f"model '': {MODELS}"),
    ("model", 1, f"model 1: {MODELS}"),
    ("device", "", "device '': give the name of a device as `completions devices` lists it"),
    ("device", 15, "device 15: give the name of a device as `completions devices` lists it"),
    ("device", ["iPhone 15"], "device ['iPhone 15']: give the name of a device as `completions devices` lists it"),
    ("country", "", "country '': give a two-letter country code such as US"),
    ("country", True, "country True: give a two-letter country code such as US"),
    ("country", {"code": "US"}, "country {'code': 'US'}: give a two-letter country code such as US"),
    ("subdivision", "OR", "subdivision 'OR': needs country to be given too"),
    (
        "subdivision",
        5,
        "subdivision 5: give the part of an ISO 3166-2 code after the hyphen, such as OR for Oregon",
    ),
    (
        "subdivision",
        "",
        "subdivision '': give the part of an ISO 3166-2 code after the hyphen, such as OR for Oregon",
    ),
    ("city", "Portland", "city 'Portland': needs country to be given too"),
    ("city", 7, "city 7: give the name of a city of 1 to 200 characters"),
    ("city", "x" * 201, f"city '{'x' * 58}…: give the name of a city of 1 to 200 characters (this has 201)"),
    ("language", "", f"language '': {LANGUAGE}"),
    ("language", 49, f"language 49: {LANGUAGE}"),
    ("language", ["de"], f"language ['de']: {LANGUAGE}"),
    ("display", "", f"display '': {LANGUAGE}"),
    ("display", False, f"display False: {LANGUAGE}"),
    ("display", {}, f"display {{}}: {LANGUAGE}"),
    ("format", "html", "format 'html': give one of json, rendered, raw"),
    ("format", "", "format '': give one of json, rendered, raw"),
    ("format", ["json"], "format ['json']: give one of json, rendered, raw"),
    ("expiration", 11, "expiration 11: give a number of days from 0 to 10"),
    ("expiration", -0.1, "expiration -0.1: give a number of days from 0 to 10"),
    ("expiration", "1", "expiration '1': give a number of days from 0 to 10"),
    ("expiration", True, "expiration True: give a number of days from 0 to 10"),
    ("expiration", float("nan"), "expiration nan: give a number of days from 0 to 10"),
    ("callback", "", f"callback '': {CALLBACK}"),
    ("callback", 443, f"callback 443: {CALLBACK}"),
    ("callback", "canary" * 400, f"callback '…': {CALLBACK} (this has 2400)"),
    ("callback", "https://canary/" + "x" * 2033, f"callback 'https://…': {CALLBACK} (this has 2048)"),
    ("samples", 0, "samples 0: give a whole number from 1 to 30"),
    ("samples", 31, "samples 31: give a whole number from 1 to 30"),
    ("samples", 1.5, "samples 1.5: give a whole number from 1 to 30"),
    ("samples", "3", "samples '3': give a whole number from 1 to 30"),
    ("samples", True, "samples True: give a whole number from 1 to 30"),
    ("samples", 10**400, f"samples 1{'0' * 58}…: give a whole number from 1 to 30"),
    ("prompts_per_task", 0, f"prompts_per_task 0: {PER_TASK}"),
    ("prompts_per_task", 201, f"prompts_per_task 201: {PER_TASK}"),
    ("prompts_per_task", [1], f"prompts_per_task [1]: {PER_TASK}"),
    ("evidence", "page", f"evidence 'page': {EVIDENCE}"),
    ("evidence", ["page", "video"], f"evidence[1] 'video': {EVIDENCE}"),
    ("evidence", [None], f"evidence[0] None: {EVIDENCE}"),
    ("client_ref", 5, "client_ref 5: give a text of at most 200 characters"),
    ("client_ref", "x" * 201, f"client_ref '{'x' * 58}…: give a text of at most 200 characters (this has 201)"),
    ("client_ref", ["x"], "client_ref ['x']: give a text of at most 200 characters"),
    ("rehearse", "true", "rehearse 'true': give true or false"),
    ("rehearse", 1, "rehearse 1: give true or false"),
    ("rehearse", [], "rehearse []: give true or false"),
    ("force", "yes", "force 'yes': give true or false"),
    ("force", 1, "force 1: give true or false"),
    ("force", {}, "force {}: give true or false"),
    ("prompt", "best guitars", "prompt 'best guitars': is not a field; did you mean prompts?"),
    ("Model", "chatgpt", "Model 'chatgpt': is not a field; did you mean model?"),
    ("contry", None, "contry None: is not a field; did you mean country?"),
    ("webhook", 1, "webhook 1: is not a field"),
    ("audit", {"name": "daily"}, "audit {'name': 'daily'}: is not a field"),
    ("_audit", {"name": "daily"}, "_audit {'name': 'daily'}: is not a field: it is set by audits alone"),
    ("", 1, "'' 1: is not a field"),
    ("two\nlines", 1, "'two\\nlines' 1: is not a field"),
    ("x" * 5000, 1, f"'{'x' * 58}… 1: is not a field"),
]


def refused(fields: Any) -> list[str]:
    """The sentences that refuse `fields`."""
    with pytest.raises(RefusedRequest) as error:
        BatchConfig.parse(fields)
    return str(error.value).split("\n")


@pytest.mark.parametrize(("field", "value", "sentence"), WRONG)
def test_one_sentence_names_field_value_and_way_out(field: str, value: Any, sentence: str) -> None:
    (said,) = refused({"prompts": ["best guitars"], field: value})
    assert said == sentence


def test_every_field_is_wrong_in_three_ways_above() -> None:
    ways = [field for field, *_ in WRONG]
    own = [field for field in BatchConfig.model_fields if field != "audit"]
    assert {field: ways.count(field) for field in own if ways.count(field) < 3} == {}


def test_too_many_prompts_are_counted() -> None:
    (said,) = refused({"prompts": ["a"] * 1001})
    assert said.endswith(f"…: {PROMPTS} (this has 1001)")


def test_all_bad_fields_are_told_at_once() -> None:
    fields = {"prompts": ["", "x" * 2048], "model": "bing", "samples": 99, "rehearse": "no", "promts": [], "city": 5}
    assert [sentence.split(" ")[0] for sentence in refused(fields)] == [
        "prompts[0]",
        "prompts[1]",
        "model",
        "city",
        "samples",
        "rehearse",
        "promts",
    ]


def test_a_place_without_its_country_is_refused_as_a_whole() -> None:
    assert refused({"prompts": ["a"], "subdivision": "OR", "city": "Portland"}) == [
        "subdivision 'OR': needs country to be given too",
        "city 'Portland': needs country to be given too",
    ]


@pytest.mark.parametrize("fields", [None, [], "prompts", 5, ["prompts"], True])
def test_what_is_no_object_is_refused(fields: Any) -> None:
    assert refused(fields) == [f'request {fields!r}: give a JSON object such as {{"prompts": ["…"]}}']


def test_a_request_of_many_levels_is_refused_in_a_sentence() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    assert refused({"prompts": nested}) == [f"prompts[0] (list): {PROMPTS}"]


def test_the_defaults() -> None:
    config = BatchConfig.parse({"prompts": ["best guitars"]})
    assert config.model_dump(exclude={"prompts"}) == {
        "model": "chatgpt",
        "device": None,
        "country": None,
        "subdivision": None,
        "city": None,
        "language": None,
        "display": None,
        "format": "json",
        "expiration": 1,
        "callback": None,
        "samples": 1,
        "prompts_per_task": None,
        "evidence": [],
        "client_ref": None,
        "rehearse": False,
        "force": False,
        "audit": None,
    }
    assert (config.count, config.per_task, config.tasks, config.origin) == (1, 1, 1, "live")


def test_null_is_unset() -> None:
    fields = dict.fromkeys([*BatchConfig.model_fields, "_audit"]) | {"prompts": ["a"]}
    del fields["audit"]
    assert BatchConfig.parse(fields) == BatchConfig.parse({"prompts": ["a"]})


@pytest.mark.parametrize(
    "prompt", ["x", "x" * 2047, "🦁" * 2047, "  spaces ", "a\nb", "/slash", "\u202eإ", "null", "\u00a0 x", "e\u0301"]
)
def test_prompts_are_kept_exactly(prompt: str) -> None:
    assert BatchConfig.parse({"prompts": [prompt, prompt]}).prompts == [prompt, prompt]


@pytest.mark.parametrize(
    ("prompts", "samples", "per_task", "expected"),
    [
        (1, 1, None, (1, 1)),
        (16, 1, None, (1, 16)),
        (8, 2, None, (1, 16)),
        (17, 1, None, (20, 1)),
        (9, 2, None, (20, 1)),
        (60, 1, None, (20, 3)),
        (1000, 1, None, (20, 50)),
        (1000, 20, None, (20, 1000)),
        (1000, 1, 1, (1, 1000)),
        (1000, 30, 200, (200, 150)),
        (12, 1, 5, (5, 3)),
        (3, 1, 200, (200, 1)),
    ],
)
def test_tasks(prompts: int, samples: int, per_task: int | None, expected: tuple[int, int]) -> None:
    config = BatchConfig.parse({"prompts": ["a"] * prompts, "samples": samples, "prompts_per_task": per_task})
    assert (config.per_task, config.tasks) == expected


@pytest.mark.parametrize(("samples", "per_task", "tasks"), [(30, 1, 30_000), (2, 1, 2000), (21, None, 1050)])
def test_too_many_tasks_are_refused(samples: int, per_task: int | None, tasks: int) -> None:
    fields = {"prompts": ["a"] * 1000, "samples": samples, "prompts_per_task": per_task}
    asked = f"makes {tasks} tasks of 1000 prompts x {samples} samples"
    assert refused(fields) == [f"prompts_per_task {per_task}: {asked}; raise it until there are at most 1024"]


@given(prompts=st.integers(1, 1000), samples=st.integers(1, 30), per_task=st.none() | st.integers(1, 200))
def test_tasks_hold_every_conversation_and_none_is_empty(prompts: int, samples: int, per_task: int | None) -> None:
    count = prompts * samples
    size = per_task or (1 if count <= ONE_TASK_EACH else DEFAULT_PROMPTS_PER_TASK)
    fields = {"prompts": ["a"] * prompts, "samples": samples, "prompts_per_task": per_task}
    if ceil(count / size) > MAX_TASKS:
        assert refused(fields)
        return
    config = BatchConfig.parse(fields)
    assert (config.tasks - 1) * config.per_task < config.count == count <= config.tasks * config.per_task


def test_a_batch_id_follows_from_the_run() -> None:
    assert batch_id_of("manual__1") == batch_id_of("manual__1") != batch_id_of("manual__2")
    assert UUID(batch_id_of("scheduled__2026-11-23T12:00:00+00:00")).version == 5


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
VALID = st.fixed_dictionaries(
    {"prompts": st.lists(TEXT.filter(str.strip), min_size=1, max_size=5)},
    optional={
        "model": st.sampled_from(["chatgpt", "gemini", "perplexity", "copilot"]),
        "device": TEXT,
        "country": TEXT,
        "language": TEXT,
        "display": TEXT,
        "format": st.sampled_from(["json", "rendered", "raw"]),
        "expiration": st.integers(0, 10) | st.floats(0, 10),
        "callback": TEXT,
        "samples": st.integers(1, 30),
        "prompts_per_task": st.integers(1, 200),
        "evidence": st.lists(st.sampled_from(["screenshot", "page"]), max_size=2),
        "client_ref": TEXT,
        "rehearse": st.booleans(),
        "force": st.booleans(),
    },
)


@given(VALID)
def test_a_valid_request_survives_its_json(fields: dict[str, Any]) -> None:
    config = BatchConfig.parse(fields)
    written = config.model_dump_json(by_alias=True)
    assert BatchConfig.model_validate_json(written) == config  # as the store gives it back
    assert BatchConfig.parse(json.loads(written)) == config  # as a caller who echoes it does
    assert {name: getattr(config, name) for name in fields} == fields


def test_an_audit_survives_its_json() -> None:
    stamp = AuditStamp(name="daily", run="2026-11-23", seed=7)
    config = BatchConfig.model_validate({"prompts": ["a"], "_audit": stamp})
    assert BatchConfig.model_validate_json(config.model_dump_json(by_alias=True)) == config


@pytest.mark.parametrize(
    ("fields", "forced"),
    [
        ({}, False),
        ({"force": True}, True),
        ({"_audit": {"name": "daily", "run": "1", "seed": 7}}, False),
        ({"_audit": {"name": "daily", "run": "1", "seed": 7, "forced": True}}, True),
    ],
)
def test_a_caller_or_an_audit_may_force(fields: dict[str, Any], forced: bool) -> None:
    assert BatchConfig.model_validate({"prompts": ["a"], **fields}).forced is forced


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from([*BatchConfig.model_fields, "_audit", "prompt", "Samples"]) | st.text(max_size=20)


MIXED = st.builds(dict.__or__, VALID, st.dictionaries(NAMES, ANYTHING))


@given(ANYTHING | st.dictionaries(NAMES, ANYTHING) | MIXED)
def test_whatever_is_sent_is_taken_or_refused(fields: Any) -> None:
    try:
        assert 1 <= BatchConfig.parse(fields).tasks <= MAX_TASKS
    except RefusedRequest as error:
        sentences = list(map(str, error.refusals))
    else:
        return
    assert sentences
    assert all(len(sentence.splitlines()) == 1 and sentence.encode() for sentence in sentences)
