"""Starting a batch by Airflow's own form, in a real Chromium: a link opens it filled in, and mistakes are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from batches import planned
from completions.plan import submit
from real_airflow import RealAirflow

from .looking import framed

pytest_plugins = ["embedded_airflow", "plugins.pages.looking"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]

BATCH = "5d3c0c1e-0000-4000-8000-00000000f001"
ASKED: dict[str, Any] = {
    "prompts": ["Where can I buy a lute?", "بيتزا؟"],
    "model": "gemini",
    "rehearse": True,
    "country": "DE",
    "subdivision": "BY",
    "city": "Munich",
    "language": "German",
    "device": "iPhone 15",
    "format": "raw",
    "evidence": ["screenshot", "page"],
    "expiration": 0,
    "samples": 2,
    "prompts_per_task": 3,
    "force": True,
}
"""Every kind of field that the form has, none as it is by itself."""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that is patient: the machine may be busy."""
    page = chromium.new_page(viewport={"width": 1280, "height": 1200})
    page.set_default_timeout(120_000)
    yield page
    page.close()


def _started(airflow: RealAirflow, page: Page) -> dict[str, Any]:
    """Press the form's own button; the run that it starts."""
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/dagRuns" in answer.url) as told:
        page.get_by_test_id("trigger-dag-submit").click()
    assert told.value.ok, told.value.text()
    run: dict[str, Any] = told.value.json()
    return run


def test_a_link_opens_the_form_filled_in_with_a_batch(airflow: RealAirflow, page: Page) -> None:
    plan = planned(airflow.store, batch_id=BATCH, **ASKED, client_ref="mine")
    submit(airflow.store, BATCH, plan.config)
    frame = framed(page, airflow.api.url, f"/ai/pages/batches/{BATCH}")
    frame.locator("a[data-fill]").first.click()
    expect(page.get_by_text(f"Filled in from batch {BATCH}")).to_be_visible(timeout=60_000)
    run = _started(airflow, page)
    sent = {name: value for name, value in run["conf"].items() if value is not None}
    assert sent == ASKED
    airflow.api.request("PATCH", f"/dags/batch_completions/dagRuns/{run['dag_run_id']}", json={"state": "failed"})


def test_a_page_by_itself_is_shown_within_airflow_and_opens_the_form_there(airflow: RealAirflow, page: Page) -> None:
    plan = planned(airflow.store, batch_id=BATCH, **ASKED, client_ref="mine")
    submit(airflow.store, BATCH, plan.config)
    page.goto(f"{airflow.api.url}/ai/pages/batches/{BATCH}?show=open")
    page.get_by_role("link", name="New batch like this").click()
    expect(page.get_by_text(f"Filled in from batch {BATCH}")).to_be_visible(timeout=60_000)
    page.go_back()
    page.wait_for_url(f"**/plugin/batches/ai/pages/batches/{BATCH}?show=open")
    expect(page.frame_locator("iframe").locator("h1")).to_contain_text(BATCH)
    expect(page.locator("#element_prompts")).to_have_count(0)


def test_an_empty_form_is_opened_and_a_mistake_is_told_in_the_runs_tab(airflow: RealAirflow, page: Page) -> None:
    frame = framed(page, airflow.api.url, "/ai/pages/batches")
    frame.get_by_role("link", name="New batch").click()
    page.locator("#element_prompts").fill("Which lute is best?\n")
    page.get_by_role("button", name="Who asks").click()
    suggested = page.locator("#list_country option[value^='Germ']").get_attribute("value")
    page.locator("#element_country").fill(suggested or "")
    page.locator("#element_city").fill("Atlantis")
    run = _started(airflow, page)
    assert run["conf"]["country"] == "Germany (DE)"
    assert run["conf"]["prompts"] == ["Which lute is best?", ""]
    airflow.wait(run["dag_run_id"])
    page.goto(f"{airflow.api.url}/ai/pages/runs/{run['dag_run_id']}")
    said = page.locator("main").inner_text()
    assert "The request was refused, and nothing was asked" in said
    assert "city 'Atlantis'" in said
    assert "no such city is known in DE" in said  # the code of the country that was suggested by name


def test_what_the_form_itself_refuses_it_says_there(airflow: RealAirflow, page: Page) -> None:
    page.goto(f"{airflow.api.url}/dags/batch_completions")
    page.get_by_test_id("trigger-dag-button").click()
    page.locator("#element_prompts").fill("?" * 2048)
    page.get_by_test_id("trigger-dag-submit").click()
    expect(page.get_by_role("dialog")).to_contain_text("Invalid input for param prompts", timeout=60_000)
