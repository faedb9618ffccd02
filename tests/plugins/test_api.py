"""The HTTP API in a real API server: what it refuses, and that a batch goes through; `test_auth` has who may."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from completions.settings import PROJECT
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = pytest.mark.airflow

BATCH = {"prompts": ["What is an API?"], "rehearse": True}


@pytest.fixture(scope="module")
def client(airflow: RealAirflow) -> Iterator[httpx.Client]:
    """The API of the embedded Airflow, where everybody is an administrator."""
    with httpx.Client(base_url=airflow.api.url, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def reluctant(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of a batch, by the status with which the core answered; see `reluctant.py`."""
    home = tmp_path_factory.mktemp("reluctant")
    env = os.environ | {"AIRFLOW_HOME": str(home), "COMPLETIONS_STORE": str(home / "store")}
    env["PYTHONPATH"] = str(PROJECT / "plugins")
    script = Path(__file__).with_name("reluctant.py")
    subprocess.run([sys.executable, str(script), f"{home}/results"], env=env, check=True, capture_output=True)
    results: dict[str, Any] = json.loads((home / "results").read_text())
    return results


def _problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["status"]) == ("about:blank", status)
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.browser
def test_a_batch_goes_in_and_its_status_comes_out(airflow: RealAirflow, client: httpx.Client) -> None:
    taken = client.post("/ai/batches", json=BATCH)
    assert taken.status_code == 202
    batch_id = taken.json()["id"]
    assert taken.json() == {"id": batch_id, "count": 1}
    airflow.wait(f"api__{batch_id}")
    body = client.get("/ai/batches", params={"id": batch_id}).json()
    assert (body["id"], body["status"], body["successful"]) == (batch_id, "successful", 1)


def test_every_bad_field_is_named(client: httpx.Client) -> None:
    body = _problem(client.post("/ai/batches", json={"prompts": ["a", ""], "contry": "US", "samples": 99}), 422)
    assert [(error["field"], error["value"]) for error in body["errors"]] == [
        ("prompts[1]", ""),
        ("samples", 99),
        ("contry", "US"),
    ]
    assert body["errors"][2]["detail"] == "contry 'US': is not a field; did you mean country?"
    assert body["detail"].splitlines() == [error["detail"] for error in body["errors"]]


def test_a_refused_value_is_told_in_part_when_it_is_long_and_not_at_all_when_it_is_missing(
    client: httpx.Client,
) -> None:
    body = _problem(client.post("/ai/batches", json={"device": "x" * 5000}), 422)
    missing, device = body["errors"]
    assert (missing["field"], "value" in missing) == ("prompts", False)
    assert len(device["value"]) == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe\x00", 400),
        (b"[" * 100_000, 400),
        (b'{"prompts": ["x"], "expiration": NaN}', 400),
        (b'{"prompts": ["x"], "prompts": ["y"]}', 400),
        (b'{"prompts": ["x"], "samples": ' + b"9" * 5000 + b"}", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"prompts": ["\\ud800"]}', 422),
        (b'{"prompts": ["x"], "expiration": 1e400}', 422),
        (b" " * (32 * 1024 * 1024 + 1), 413),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_that_is_no_request_is_refused(client: httpx.Client, body: bytes, status: int) -> None:
    _problem(client.post("/ai/batches", content=body, headers={"Content-Type": "application/json"}), status)


def test_other_sites_cannot_submit_with_a_visitors_cookie(client: httpx.Client) -> None:
    """A form or a fetch without CORS can send any of these, but not application/json."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        _problem(client.post("/ai/batches", content=json.dumps(BATCH), headers={"Content-Type": kind}), 415)


def test_an_unknown_batch_is_404_and_what_is_no_uuid_422(client: httpx.Client) -> None:
    _problem(client.get("/ai/batches", params={"id": str(uuid4())}), 404)
    [error] = _problem(client.get("/ai/batches", params={"id": "../x"}), 422)["errors"]
    assert error["value"] == "../x"
    assert error["detail"].startswith("id '../x': give the id of a batch, a UUID such as ")
    assert _problem(client.get("/ai/batches"), 422)["errors"][0]["field"] == "id"


def test_what_there_is_not_is_a_problem_too(client: httpx.Client) -> None:
    _problem(client.get("/ai/nothing"), 404)
    _problem(client.put("/ai/batches", json=BATCH), 405)


def test_the_api_describes_itself(client: httpx.Client) -> None:
    described = client.get("/ai/openapi.json").json()
    assert described["servers"] == [{"url": "/ai"}]
    lists = {"/devices", "/countries", "/subdivisions", "/cities", "/languages"}
    batches = {"/batches", "/batches/list", "/batches/retry", "/batches/archive", "/completions"}
    assert set(described["paths"]) == batches | lists
    request = described["paths"]["/batches"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert request["required"] == ["prompts"]
    assert "_audit" not in request["properties"]
    assert "openapi.json" in client.get("/ai/docs").text


@pytest.mark.parametrize(
    ("core", "status", "kept"),
    [(200, 202, 2), (400, 503, 0), (401, 401, 0), (403, 403, 0), (404, 503, 0), (409, 503, 0), (500, 503, 0)],
)
def test_a_batch_that_airflow_does_not_take_leaves_nothing(
    reluctant: dict[str, Any], core: int, status: int, kept: int
) -> None:
    result = reluctant[str(core)]
    assert (result["status"], len(result["kept"])) == (status, kept)
    bearer, cookie, run = result["asked"][0]
    assert result["asked"] == [[bearer, cookie, run]] * (3 if core == 500 else 1), "it is told the same again"
    assert (bearer, cookie) == ("Bearer mine", "_token=mine")
    assert run["dag_run_id"] == f"api__{run['conf']['batch_id']}"
    if kept:
        assert result["body"]["id"] == run["conf"]["batch_id"]
    else:
        assert result["body"]["detail"] == f"Airflow did not take the batch: the core says {core}"
