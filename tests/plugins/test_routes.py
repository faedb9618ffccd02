"""The routes of the HTTP API in a real API server, over batches that the tests leave in its store."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from batches import ask, planned
from completions.collect import collect
from completions.errors import Outcome
from completions.plan import Plan
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = pytest.mark.airflow

NOW = datetime.now(UTC)
BATCH = {"prompts": ["What is an API?"], "rehearse": True}


@pytest.fixture(scope="module")
def client(airflow: RealAirflow) -> Iterator[httpx.Client]:
    """The API of the embedded Airflow."""
    with httpx.Client(base_url=f"{airflow.api.url}/ai", timeout=120, trust_env=False) as client:
        yield client


def _done(airflow: RealAirflow, **fields: Any) -> Plan:
    """A batch of three prompts that is done: the second timed out, the third repeats the first."""
    plan = planned(airflow.store, ["a", "b", "a"], batch_id=str(uuid4()), now=NOW, rehearse=True, **fields)
    ask(airflow.store, plan, lambda item: Outcome.TIMEOUT if item.index == 1 else Outcome.ANSWERED)
    collect(airflow.store, plan.batch_id, NOW)
    return plan


def _problem(answer: httpx.Response, status: int) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body = answer.json()
    assert body["status"] == status
    return str(body["detail"])


@pytest.mark.drill
def test_a_hundred_posts_with_one_key_are_one_batch_and_one_run(airflow: RealAirflow, client: httpx.Client) -> None:
    headers, start = {"Idempotency-Key": str(uuid4())}, threading.Barrier(100)

    def post(_: int) -> httpx.Response:
        start.wait()
        return client.post("/batches", json=BATCH, headers=headers)

    before = airflow.api.request("GET", "/dags/batch_completions/dagRuns")["total_entries"]
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(post, range(100)))
    assert {answer.status_code for answer in answers} == {202}
    [batch_id] = {answer.json()["id"] for answer in answers}
    assert airflow.api.request("GET", "/dags/batch_completions/dagRuns")["total_entries"] == before + 1
    other = client.post("/batches", json=BATCH | {"samples": 2}, headers=headers)
    assert "Idempotency-Key" in _problem(other, 409)
    written_otherwise = json.dumps(BATCH | {"samples": None}, indent=4)
    headers["Content-Type"] = "application/json"
    assert client.post("/batches", content=written_otherwise, headers=headers).json()["id"] == batch_id
    client.delete("/batches", params={"id": batch_id})
    airflow.wait(f"api__{batch_id}")


@pytest.mark.parametrize("key", ["", "x" * 256, "two words"])
def test_a_key_is_short_and_one_word(client: httpx.Client, key: str) -> None:
    assert "Idempotency-Key" in _problem(client.post("/batches", json=BATCH, headers={"Idempotency-Key": key}), 422)


def test_the_list_is_newest_first_and_has_each_batch_once(airflow: RealAirflow, client: httpx.Client) -> None:
    future = NOW + timedelta(days=400)
    made = [str(uuid4()) for _ in range(5)]
    for number, batch_id in enumerate(made):
        rehearse = number % 2 == 0
        planned(airflow.store, batch_id=batch_id, now=future + timedelta(seconds=number), rehearse=rehearse)
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = client.get("/batches/list", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [body["id"] for body in page["batches"]]
        cursor = page["next_cursor"]
    assert seen[:5] == made[::-1]
    assert "cursor" in _problem(client.get("/batches/list", params={"cursor": "../x"}), 422)
    for limit in (0, 101, "x"):
        _problem(client.get("/batches/list", params={"limit": limit}), 422)


def test_the_archive_comes_in_ranges(airflow: RealAirflow, client: httpx.Client) -> None:
    plan = _done(airflow)
    link = client.get("/batches", params={"id": plan.batch_id}).json()["url"]
    whole = client.get(link)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "application/zip")
    assert f"{plan.batch_id}-g1.zip" in whole.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert archive.testzip() is None
        assert "answers.jsonl" in archive.namelist()
    size = len(whole.content)
    head = client.head(link)
    assert (head.status_code, int(head.headers["content-length"]), head.content) == (200, size, b"")
    for given, (first, end) in {"0-9": (0, 10), "-7": (size - 7, size), f"{size - 1}-": (size - 1, size)}.items():
        part = client.get(link, headers={"Range": f"bytes={given}", "If-Range": whole.headers["etag"]})
        assert (part.status_code, part.content) == (206, whole.content[first:end])
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
    assert client.get(link, headers={"Range": "bytes=0-9", "If-Range": '"other"'}).content == whole.content
    for none in ("lines=1-2", "bytes=x", "bytes=9-1"):
        assert client.get(link, headers={"Range": none}).status_code == 200
    beyond = client.get(link, headers={"Range": f"bytes={size}-"})
    _problem(beyond, 416)
    assert beyond.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize(
    ("form", "kind", "body"),
    [("rendered", "text/html; charset=utf-8", b"<p>a</p>"), ("raw", "text/plain; charset=utf-8", b"data: \xff\n")],
)
def test_pages_and_streams_go_out_as_files(
    airflow: RealAirflow, client: httpx.Client, form: str, kind: str, body: bytes
) -> None:
    plan = _done(airflow, format=form)
    answer = client.get("/completions", params={"id": plan.batch_id, "index": 2})
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, kind, body)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    failed = client.get("/completions", params={"id": plan.batch_id, "index": 1}).json()
    assert (failed["outcome"], failed["answer"]) == ("timeout", None)


def test_one_answer_of_a_batch(airflow: RealAirflow, client: httpx.Client) -> None:
    plan = _done(airflow)
    asked: dict[str, Any] = {"id": plan.batch_id, "index": 0}
    whole = client.get("/completions", params=asked).json()
    assert (whole["query"], whole["html"], whole["answer"]["answer_text"]) == ("a", "<p>a</p>", "a 0")
    some = client.get("/completions", params=asked | {"fields": "query, outcome"}).json()
    assert some == {"query": "a", "outcome": "answered"}
    assert "fields" in _problem(client.get("/completions", params=asked | {"fields": "query,colour"}), 422)
    assert "0 to 2" in _problem(client.get("/completions", params=asked | {"index": 3}), 404)
    _problem(client.get("/completions", params=asked | {"sample": 1}), 404)
    _problem(client.get("/completions", params=asked | {"id": str(uuid4())}), 404)


def test_an_answer_that_is_not_there_yet_is_the_status(airflow: RealAirflow, client: httpx.Client) -> None:
    plan = planned(airflow.store, ["a", "b"], batch_id=str(uuid4()), now=NOW, rehearse=True)
    ask(airflow.store, plan, lambda item: Outcome.ANSWERED if item.index == 0 else None)
    assert client.get("/completions", params={"id": plan.batch_id, "index": 0}).status_code == 200
    waits = client.get("/completions", params={"id": plan.batch_id, "index": 1})
    assert (waits.status_code, waits.json()["status"]) == (202, "retrieving")
    assert "no archive yet" in _problem(client.get("/batches/archive", params={"id": plan.batch_id}), 404)


def test_what_a_request_accepts(client: httpx.Client) -> None:
    assert "iPhone 15" in client.get("/devices").json()
    assert {"code": "US", "name": "United States"} in client.get("/countries").json()
    oregon = {"code": "OR", "name": "Oregon", "part_of": None}
    assert oregon in client.get("/subdivisions", params={"country": "us"}).json()
    asked = {"country": "US", "subdivision": "OR", "q": "PORTLAND"}
    cities = client.get("/cities", params=asked).json()
    assert [(one["city"], one["subdivision"], one["timezone"]) for one in cities] == [
        ("Portland", "OR", "America/Los_Angeles"),
        ("North Portland", "OR", "America/Los_Angeles"),
    ]
    assert {"code": "de", "name": "German", "autonym": "Deutsch"} in client.get("/languages").json()
    for path in ("/subdivisions", "/cities"):
        assert "country" in _problem(client.get(path, params={"country": "XX"}), 422)
        assert "country" in _problem(client.get(path), 422)


def test_a_batch_that_is_done_is_not_cancelled(airflow: RealAirflow, client: httpx.Client) -> None:
    plan = _done(airflow)
    assert "done" in _problem(client.delete("/batches", params={"id": plan.batch_id}), 409)
    for method, path in (("DELETE", "/batches"), ("POST", "/batches/retry")):
        _problem(client.request(method, path, params={"id": str(uuid4())}), 404)


@pytest.mark.browser
@pytest.mark.drill
def test_what_was_cancelled_or_failed_is_asked_again(airflow: RealAirflow, client: httpx.Client) -> None:
    request = {"prompts": [f"Which harp is number {number}?" for number in range(12)], "rehearse": True}
    batch_id = client.post("/batches", json=request | {"prompts_per_task": 12, "expiration": 0}).json()["id"]
    asked = {"id": batch_id}
    airflow.until(lambda: client.get("/batches", params=asked).json()["successful"] > 0)
    _problem(client.post("/batches/retry", params=asked), 409)
    assert client.delete("/batches", params=asked).json()["cancelled"] is True
    airflow.wait(f"api__{batch_id}")
    body = client.get("/batches", params=asked).json()
    assert (body["status"], body["cancelled"]) == ("successful", True)
    assert body["outcomes"]["cancelled"] == 12 - body["successful"] > 0
    assert client.delete("/batches", params=asked).json() == body
    again = client.post("/batches/retry", params=asked)
    assert again.status_code == 202, again.text
    airflow.wait(again.json()["run_id"])
    body = client.get("/batches", params=asked).json()
    assert (body["successful"], body["cancelled"]) == (12, False)
    assert "no failed answer" in _problem(client.post("/batches/retry", params=asked), 409)


def test_a_thousand_long_prompts_are_taken(airflow: RealAirflow, client: httpx.Client) -> None:
    prompts = [f"{number:04d}{'中' * 2043}" for number in range(1000)]
    answer = client.post("/batches", json={"prompts": prompts, "rehearse": True, "prompts_per_task": 200})
    assert (answer.status_code, answer.json()["count"]) == (202, 1000)
    batch_id = answer.json()["id"]
    assert client.delete("/batches", params={"id": batch_id}).json()["cancelled"] is True
    airflow.wait(f"api__{batch_id}")
    assert client.get("/batches", params={"id": batch_id}).json()["cancelled"] is True
