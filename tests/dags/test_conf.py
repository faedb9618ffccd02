from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from completions.batch import batch_id_of
from completions.errors import Refused
from completions_airflow.conf import MAX_BYTES, batch_of, request_in

BATCH = "0c8f5a3e-7a52-4d6c-9a0e-8f1d2b3c4d5e"


def _run(conf: dict[str, Any] | None) -> Any:
    return SimpleNamespace(run_id="manual__1", conf=conf)


@pytest.mark.parametrize(
    ("conf", "batch_id"),
    [
        (None, batch_id_of("manual__1")),
        ({"prompts": ["x"]}, batch_id_of("manual__1")),
        ({"prompts": ["x"], "batch_id": None}, batch_id_of("manual__1")),
        ({"batch_id": BATCH}, BATCH),
        ({"batch_id": BATCH.upper().replace("-", "")}, BATCH),
    ],
)
def test_a_run_has_the_batch_it_refers_to_or_one_of_its_own(conf: dict[str, Any] | None, batch_id: str) -> None:
    assert batch_of(_run(conf)) == batch_id


@pytest.mark.parametrize("reference", ["", "x", "../../etc", 7, [BATCH], {}, True])
def test_a_reference_that_is_no_uuid_is_refused(reference: object) -> None:
    with pytest.raises(Refused, match="give the UUID of a batch"):
        batch_of(_run({"batch_id": reference}))


@pytest.mark.parametrize(
    ("conf", "fields"),
    [
        (None, {}),
        ({"prompts": ["x"], "batch_id": None, "model": None}, {"prompts": ["x"], "model": None}),
        ({"batch_id": BATCH}, None),
        ({"batch_id": BATCH, "prompts": [], "model": "chatgpt", "samples": 1, "expiration": 1, "city": None}, None),
    ],
)
def test_a_conf_is_a_request_or_a_reference(conf: dict[str, Any] | None, fields: dict[str, Any] | None) -> None:
    assert request_in(_run(conf)) == fields


@pytest.mark.parametrize("extra", [{"prompts": ["x"]}, {"expiration": 0}, {"rehearse": True}, {"city": ""}, {"x": 1}])
def test_a_reference_stands_alone(extra: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=f"leave out {next(iter(extra))}"):
        request_in(_run({"batch_id": BATCH, **extra}))


@pytest.mark.parametrize(("length", "taken"), [(MAX_BYTES - 17, True), (MAX_BYTES - 16, False)])
def test_a_conf_has_a_limit_in_bytes(length: int, taken: bool) -> None:
    run = _run({"prompts": ["é" * (length // 2) + "x" * (length % 2)]})
    if taken:
        assert request_in(run)
    else:
        with pytest.raises(Refused, match="submit larger requests with"):
            request_in(run)
