from __future__ import annotations

from typing import Any, get_args

import pytest

from completions.batch import BatchConfig, Model
from completions.errors import Refused, RefusedRequest
from completions.request import accept
from completions.settings import Settings
from completions.sites import NAMES

SETTINGS = Settings.from_env(
    {
        "COMPLETIONS_LOCATION": "emulate",
        "COMPLETIONS_REHEARSAL_URL": "http://127.0.0.1:9/",
        "COMPLETIONS_CALLBACK_ALLOW": "10.0.0.7:9000",
    }
)
PROMPTS = {"prompts": ["What is a browser?"]}

BAD: list[tuple[str, Any, str]] = [
    ("prompts", [], "give 1 to 1000 prompts"),
    ("prompts", ["x"] * 1001, "(this has 1001)"),
    ("prompts", "What is a browser?", "give 1 to 1000 prompts"),
    ("prompts[1]", ["x", "y" * 2048], "each a text of 1 to 2047 characters that is not blank (this has 2048)"),
    ("prompts[0]", [" \n\t"], "that is not blank"),
    ("prompts[0]", [7], "each a text"),
    ("model", "grok", "give one of chatgpt, gemini, perplexity, copilot"),
    ("model", "ChatGPT", "give one of chatgpt"),
    ("model", ["chatgpt"], "give one of chatgpt"),
    ("device", "iPhone 99", "iPhone"),
    ("device", "", "give the name of a device"),
    ("device", 15, "give the name of a device"),
    ("country", "XX", "is not an ISO 3166-1 alpha-2 code"),
    ("country", "Germany", "DE"),
    ("country", 49, "give a two-letter country code"),
    ("subdivision", "OR", "needs country"),
    ("subdivision", "", "give the part of an ISO 3166-2 code after the hyphen"),
    ("subdivision", ["OR"], "give the part of an ISO 3166-2 code"),
    ("city", "Portland", "needs country"),
    ("city", "x" * 201, "of 1 to 200 characters (this has 201)"),
    ("city", True, "give the name of a city"),
    ("language", "Klingonese", "is not a known language"),
    ("language", "English please", "is not a known language"),
    ("language", 1, "give a language's name"),
    ("display", "Elbonian", "is not a known language"),
    ("display", "", "give a language's name"),
    ("display", {"name": "German"}, "give a language's name"),
    ("format", "html", "give one of json, rendered, raw"),
    ("format", "JSON", "give one of json"),
    ("format", 1, "give one of json"),
    ("expiration", 10.5, "give a number of days from 0 to 10"),
    ("expiration", -1, "from 0 to 10"),
    ("expiration", "1", "from 0 to 10"),
    ("callback", "ftp://example.com/", "write it as https://host/path"),
    ("callback", "http://169.254.169.254/latest", "not a public one"),
    ("callback", "https://example.com/" + "x" * 2048, "at most 2047 characters"),
    ("samples", 0, "give a whole number from 1 to 30"),
    ("samples", 31, "from 1 to 30"),
    ("samples", 1.5, "give a whole number"),
    ("prompts_per_task", 0, "give a whole number from 1 to 200"),
    ("prompts_per_task", 201, "from 1 to 200"),
    ("prompts_per_task", True, "give a whole number"),
    ("evidence", "screenshot", 'give a list such as ["screenshot"] or ["screenshot", "page"]'),
    ("evidence[0]", ["video"], 'give a list such as ["screenshot"]'),
    ("evidence", {"screenshot": True}, "give a list"),
    ("client_ref", "x" * 201, "at most 200 characters (this has 201)"),
    ("client_ref", 7, "give a text"),
    ("client_ref", ["a"], "give a text"),
    ("rehearse", "true", "give true or false"),
    ("rehearse", 1, "give true or false"),
    ("rehearse", [], "give true or false"),
    ("force", "true", "give true or false"),
    ("contry", "DE", "is not a field; did you mean country?"),
    ("_audit", {"name": "a", "run": "b", "seed": 1}, "is set by audits alone"),
]


def _refusals(fields: object, settings: Settings = SETTINGS) -> list[Refused]:
    with pytest.raises(RefusedRequest) as refused:
        accept(fields, settings)
    return list(refused.value.refusals)


@pytest.mark.parametrize(("field", "value", "way_out"), BAD)
def test_a_bad_field_is_refused_in_one_sentence(field: str, value: Any, way_out: str) -> None:
    [refusal] = _refusals({**PROMPTS, field.partition("[")[0]: value})
    assert refusal.field == field
    assert way_out in str(refusal)
    assert str(refusal).startswith(field)
    assert "\n" not in str(refusal)
    assert len(str(refusal)) < 300


def test_every_field_is_refused_for_something() -> None:
    fields = {field.partition("[")[0] for field, _, _ in BAD} - {"contry"}
    assert fields == {info.alias or name for name, info in BatchConfig.model_fields.items()}


@pytest.mark.parametrize("fields", [None, [], "prompts", 7, [PROMPTS]])
def test_what_is_no_object_is_refused(fields: object) -> None:
    [refusal] = _refusals(fields)
    assert refusal.field == "request"


def test_all_bad_fields_are_told_at_once_and_each_once() -> None:
    bad = {"prompts": [""], "samples": 99, "contry": "US", "city": "Paris", "language": "Elbonian", "model": "grok"}
    refusals = _refusals({**bad, "callback": "http://localhost/", "rehearse": True}, Settings.from_env({}))
    assert [refusal.field for refusal in refusals] == [
        *["prompts[0]", "model", "samples", "contry"],
        *["city", "language", "rehearse", "callback"],
    ]


def test_what_belongs_to_a_refused_country_is_not_blamed() -> None:
    assert [refusal.field for refusal in _refusals({**PROMPTS, "country": 1, "subdivision": "BY", "city": "Ulm"})] == [
        "country"
    ]


def test_every_site_that_a_request_may_name_has_an_adapter() -> None:
    assert get_args(Model) == NAMES


def test_a_rehearsal_must_be_known() -> None:
    [refusal] = _refusals({**PROMPTS, "rehearse": True}, Settings.from_env({}))
    assert "COMPLETIONS_REHEARSAL_URL" in str(refusal)


@pytest.mark.parametrize(
    "callback", ["http://10.0.0.7:9000/hook", "https://example.com/hook", "arn:aws:sqs:eu-west-1:123456789012:done"]
)
def test_a_callback_may_be_public_or_allowed_by_the_operator(callback: str) -> None:
    config, _ = accept({**PROMPTS, "callback": callback}, SETTINGS)
    assert config.callback == callback


def test_a_queue_at_the_operators_own_endpoint_is_taken() -> None:
    queue = "http://127.0.0.1:5000/123456789012/done"
    config, _ = accept({**PROMPTS, "callback": queue}, SETTINGS, sqs_endpoint="http://127.0.0.1:5000")
    assert config.callback == queue


def test_an_accepted_request_comes_with_who_asks_it() -> None:
    fields = {**PROMPTS, "country": "de", "city": "münchen", "language": "French", "device": "iPhone+15"}
    config, profile = accept({**fields, "display": None, "rehearse": True}, SETTINGS, seed=7)
    assert (config.prompts, config.city, config.samples) == (PROMPTS["prompts"], "münchen", 1)
    assert (profile.country, profile.subdivision, profile.city) == ("DE", "BY", "Munich")
    assert (profile.device, profile.language, profile.location_method) == ("iPhone 15", "fr", "emulated")
    assert profile.seed == 7


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"prompts": ["a [fault:chalenge]"]},
            "prompts[0] '[fault:chalenge]': the stand-in for chatgpt knows the faults ",
        ),
        ({"prompts": ["a", "a [fault:banned]"]}, "prompts[1] '[fault:banned]': the stand-in for chatgpt knows"),
        ({"prompts": ["a [fault:]"], "model": "gemini"}, "prompts[0] '[fault:]': the stand-in for gemini knows"),
    ],
)
def test_a_fault_that_the_stand_in_does_not_know_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(RefusedRequest) as refused:
        accept({**fields, "rehearse": True}, SETTINGS)
    assert str(refused.value).startswith(told)
    assert accept(fields, SETTINGS)[0].prompts == fields["prompts"]  # a live site is asked whatever it is


@pytest.mark.parametrize(
    ("prompt", "model"),
    [("a [fault:banned]", "copilot"), ("a [fault:challenge]", "chatgpt"), ("[fault:x] a", "gemini")],
)
def test_a_fault_that_it_knows_is_taken(prompt: str, model: str) -> None:
    assert accept({"prompts": [prompt], "model": model, "rehearse": True}, SETTINGS)[0].prompts == [prompt]
