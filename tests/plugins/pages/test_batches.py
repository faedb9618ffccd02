"""Batches as people see them: in a real Chromium, in the frame that a real Airflow shows the pages in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from batches import ask, planned
from completions.collect import collect
from completions.errors import Outcome
from real_airflow import RealAirflow

from .looking import framed

pytest_plugins = ["embedded_airflow", "plugins.pages.looking"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]

PAGES = "/ai/pages/batches"
WAIT = 120_000
"""Milliseconds that what comes by itself may take on a busy machine."""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that nobody looked at yet."""
    page = chromium.new_page()
    page.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    yield page
    page.close()


def _submit(airflow: RealAirflow, *prompts: str, **fields: Any) -> str:
    request = {"prompts": list(prompts), "rehearse": True, **fields}
    answer = httpx.post(f"{airflow.api.url}/ai/batches", json=request, timeout=60, trust_env=False)
    return str(answer.raise_for_status().json()["id"])


def _confirmed(frame: Frame, button: str, sure: str) -> None:
    frame.get_by_role("button", name=button).click()
    frame.get_by_role("dialog").get_by_role("button", name=sure).click()


def _mark(frame: Frame) -> None:
    """Leave a mark that a reload would take away."""
    frame.evaluate("window.marked = true")


def _is_marked(frame: Frame) -> bool:
    return bool(frame.evaluate("window.marked === true"))


def test_a_batch_is_watched_to_its_end_then_retried_and_resubmitted(airflow: RealAirflow, page: Page) -> None:
    airflow.rehearsal.script("Which wall is highest?", "login_wall", times=1)
    batch_id = _submit(airflow, "Which wall is highest?", "Which lute is best?")
    frame = framed(page, airflow.api.url, f"{PAGES}/{batch_id}")
    _mark(frame)
    expect(frame.locator("#state")).to_have_text("done, 1 without an answer rehearsed: stand-ins answered")
    assert _is_marked(frame)
    expect(frame.locator("#p0")).to_contain_text("login wall")
    expect(frame.locator("#p1")).to_contain_text("answered")
    expect(frame.locator("#why")).to_contain_text("The site wanted a login")
    expect(frame.locator("#made")).to_contain_text(f"where batch_id = '{batch_id}'")

    airflow.wait(f"api__{batch_id}")  # the dataset stands before its run has ended, and till then it is not retried
    _confirmed(frame, "Retry failed", "Retry")
    expect(frame.get_by_text("What failed is being asked again.")).to_be_visible()
    _mark(frame)
    expect(frame.locator("#state")).to_contain_text("done rehearsed")
    expect(frame.locator("#p0")).to_contain_text("answered")
    expect(frame.locator("#state")).to_contain_text("generation 2")
    assert _is_marked(frame)

    _confirmed(frame, "Resubmit as new", "Submit it")
    expect(frame.get_by_text("The same is being asked as a new batch, this one.")).to_be_visible()
    assert batch_id not in frame.url
    expect(frame.locator("#state")).to_contain_text("all from the cache")
    frame.goto(frame.url)
    expect(frame.get_by_text("The same is being asked as a new batch, this one.")).to_have_count(0)

    page.goto(f"{airflow.api.url}/dags/batch_completions/runs/api__{batch_id}/plugin/prompts")
    tab = page.frame_locator("iframe")
    expect(tab.locator("h1")).to_contain_text(batch_id)
    with page.expect_navigation(url=f"**/runs/retry__{batch_id}__g2"):
        tab.get_by_role("link", name="run and task logs").click()


def test_a_batch_is_cancelled_from_the_list_and_is_seen_to_end(airflow: RealAirflow, page: Page) -> None:
    batch_id = _submit(airflow, *(f"Which harp is no. {number}?" for number in range(40)), prompts_per_task=40)
    frame = framed(page, airflow.api.url, f"{PAGES}?q={batch_id}")
    row = frame.locator(f"#row-{batch_id}")
    expect(row).to_contain_text("40 prompts")
    _confirmed(frame, f"Cancel {batch_id}", "Yes")
    expect(frame.get_by_text("It is being cancelled.")).to_be_visible()
    _mark(frame)
    expect(row.locator(".now .tag")).to_have_text("cancelled")
    expect(row.get_by_role("button", name="Retry failed")).to_be_visible()
    assert _is_marked(frame)


def test_prompts_and_batches_are_filtered(airflow: RealAirflow, page: Page) -> None:
    now, ref = datetime.now(UTC), f"filtered {uuid4()}"
    plan = planned(airflow.store, ["a b", "b c", "c d"], batch_id=str(uuid4()), now=now, client_ref=ref)
    ask(airflow.store, plan, lambda item: Outcome.TIMEOUT if item.index == 1 else Outcome.ANSWERED)
    collect(airflow.store, plan.batch_id, now)
    frame = framed(page, airflow.api.url, PAGES)
    frame.get_by_label("Prompt, reference or id").fill(ref)
    frame.get_by_role("button", name="Filter").click()
    expect(frame.locator("tbody tr")).to_have_count(1)
    frame.get_by_role("link", name=ref).click()
    rows = frame.locator("#prompts tbody tr")
    expect(rows).to_have_count(3)
    frame.locator("select[name=show]").select_option("timeout")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("ended as timeout")
    frame.get_by_role("link", name="What was seen of prompt 2").click()
    expect(frame.locator("h1")).to_contain_text("b c")


@pytest.mark.parametrize("to", ["", "https://elsewhere.example/", "//elsewhere.example", "/dags"])
def test_a_button_leads_back_to_our_own_pages_and_says_once_what_came_of_it(airflow: RealAirflow, to: str) -> None:
    now = datetime.now(UTC)
    plan = planned(airflow.store, ["a"], batch_id=str(uuid4()), now=now)
    ask(airflow.store, plan)
    collect(airflow.store, plan.batch_id, now)
    address = f"{PAGES}/{plan.batch_id}"
    with httpx.Client(base_url=airflow.api.url, timeout=60, trust_env=False) as client:
        answer = client.post(f"{address}/cancel", data={"to": to})
        assert (answer.status_code, answer.headers["location"]) == (303, address)
        assert [client.get(address).text.count("is done already") for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    ("run", "dag", "said"), [("none", "site_health", "ask no prompts"), ("none", "", "not planned")]
)
def test_a_run_without_a_batch_says_so(airflow: RealAirflow, page: Page, run: str, dag: str, said: str) -> None:
    query = f"?dag={dag}" if dag else ""
    page.goto(f"{airflow.api.url}/ai/pages/runs/{run}{query}")
    expect(page.locator("main")).to_contain_text(said)
