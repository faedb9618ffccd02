"""The form that starts a batch: all fields of the request, and nothing asked for by what is sent untouched."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import ValidationError, validate

from completions.batch import BatchConfig
from completions.devices import names as device_names
from completions.gazetteer import countries
from completions.languages import names as languages
from completions_airflow.conf import request_in
from completions_airflow.form import LABELS

Form = dict[str, dict[str, Any]]


@pytest.fixture
def form(read: Callable[[str], dict[str, Any]]) -> Form:
    """Value and schema of each field."""
    params: Form = read("batch_completions")["params"]
    return params


def _sent(form: Form, **filled: Any) -> Any:
    """The run that the form starts."""
    conf = {name: field["value"] for name, field in form.items()} | filled
    for name, value in conf.items():
        validate(value, form[name]["schema"])
    return SimpleNamespace(run_id="manual__1", conf=conf)


def test_it_has_every_field_with_its_help(form: Form) -> None:
    assert set(form) == set(BatchConfig.model_fields) - {"audit"} | {"batch_id"}
    for name, field in BatchConfig.model_fields.items():
        if name != "audit":
            assert form[name]["schema"]["description_md"].startswith(field.description)


def test_its_lists_are_what_a_request_accepts(form: Form) -> None:
    known = {f"{name} ({code})": code for code, name in countries().items()}
    assert set(form["country"]["schema"]["examples"]) == set(known), "scripts/build_choices.py is due"
    for suggested, code in known.items():
        assert BatchConfig.parse(request_in(_sent(form, prompts=["x"], country=suggested))).country == code
    assert form["device"]["schema"]["examples"] == device_names()
    assert form["language"]["schema"]["examples"] == [language.name for language in languages()]
    for name, labels in LABELS.items():
        schema = form[name]["schema"]
        assert set(labels) == set(schema.get("enum") or schema["examples"])


def test_what_nobody_touched_is_unset(form: Form) -> None:
    assert BatchConfig.parse(request_in(_sent(form, prompts=["x"]))) == BatchConfig(prompts=["x"])
    assert request_in(_sent(form, batch_id="0c8f5a3e-7a52-4d6c-9a0e-8f1d2b3c4d5e")) is None


def test_what_is_emptied_is_unset(form: Form) -> None:
    emptied = {name: None for name, field in form.items() if "null" in field["schema"]["type"]}
    assert len(emptied) == len(form) - 3
    assert BatchConfig.parse(request_in(_sent(form, prompts=["x"], **emptied))) == BatchConfig(prompts=["x"])


@pytest.mark.parametrize("lines", [["x", ""], ["", "x"], ["x", " ", "\t", ""]])
def test_blank_lines_are_left_out(form: Form, lines: list[str]) -> None:
    assert BatchConfig.parse(request_in(_sent(form, prompts=lines))).prompts == ["x"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("prompts", ["one", "two"]),
        ("model", "gemini"),
        ("format", "raw"),
        ("evidence", ["page"]),
        ("expiration", 0.5),
        ("samples", 30),
        ("prompts_per_task", 200),
        ("rehearse", True),
        ("force", True),
        ("city", "Łódź"),
    ],
)
def test_what_is_filled_in_is_asked_for(form: Form, name: str, values: Any) -> None:
    config = BatchConfig.parse(request_in(_sent(form, **{"prompts": ["x"], "country": "PL", name: values})))
    assert getattr(config, name) == values


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompts", ["x" * 2048]),
        ("model", "grok"),
        ("format", None),
        ("evidence", ["video"]),
        ("expiration", 11),
        ("samples", 0),
    ],
)
def test_what_cannot_be_meant_is_refused_in_the_form(form: Form, name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        _sent(form, **{name: value})
