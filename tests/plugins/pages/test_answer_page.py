"""The page of one answer in a real Chromium, through a real Airflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from answers import ANSWERS
from batches import planned, record
from completions.answer import Answer, Citation, FanOutQuery, Source
from completions.audit_runs import begun, keep, run_name
from completions.audits import Audit
from completions.errors import Outcome
from completions.plan import Plan, make_plan
from completions.profile import Profile
from completions.record import Artifacts, Met, answer_key
from real_airflow import RealAirflow

from .looking import framed
from .prepared import PNG

pytest_plugins = ["embedded_airflow", "plugins.pages.looking"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]

NOW = datetime.now(UTC).replace(microsecond=0)
PROMPT = "Which guitar is best?"
TEXT = "Fender is best. Gibson is good.\n\nTry both."


def _link(**fields: Any) -> dict[str, Any]:
    return {"url": "https://a.example/x", "url_canonical": "https://a.example/x", "domain": "a.example", **fields}


ANSWER = Answer(
    answer_text=TEXT,
    answer_markdown="**Fender** is best. Gibson is good.\n\nTry both.",
    citations=[
        Citation(position=1, role="inline", pill=1, char_start=0, char_end=15, **_link(title="Fender's page")),
        Citation(position=2, role="more", pill=1, char_start=0, char_end=15, **_link(title="A shop", snippet="Cheap.")),
        Citation(position=3, role="inline", **_link(title="Somewhere")),
    ],
    sources=[
        Source(position=1, cited=True, **_link(title="Fender's page")),
        Source(position=2, cited=False, **_link(title="Never cited")),
    ],
    fan_out_queries=[FanOutQuery(query="best guitar 2026", order=1)],
    products=[],
    model_version="gpt-9",
    model_version_source="wire",
)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page of the browser."""
    with chromium.new_context() as context:
        yield context.new_page()


@pytest.fixture
def client(airflow: RealAirflow) -> Iterator[httpx.Client]:
    """The pages without a browser."""
    with httpx.Client(base_url=f"{airflow.api.url}/ai/pages", timeout=60, trust_env=False) as client:
        yield client


def _planned(airflow: RealAirflow, *prompts: str, **fields: Any) -> Plan:
    own = {"expiration": 0, "rehearse": True} | fields
    return planned(airflow.store, prompts or [PROMPT], batch_id=str(uuid4()), now=NOW, **own)


def _keep(airflow: RealAirflow, plan: Plan, index: int = 0, **changes: Any) -> None:
    """The record of one asking, as the task that asked leaves it."""
    item = next(item for item in plan.items if (item.index, item.sample) == (index, 0))
    key = answer_key(plan.batch_id, index, 0)
    airflow.store.of("rehearsal").put(key, record(plan, item, **changes).packed())


def _path(plan: Plan, index: int = 0, sample: int = 0) -> str:
    return f"/batches/{plan.batch_id}/answers/{index}/{sample}"


def test_an_answer_is_read_tab_by_tab(airflow: RealAirflow, page: Page) -> None:
    plan = _planned(airflow, "Before?", PROMPT, "After?", samples=2)
    kept = Artifacts(page_html="<h1>As captured</h1>", raw_stream=b"data: <b>1</b>\n", screenshot=PNG)
    _keep(airflow, plan, 1, answer=ANSWER, artifacts=kept)
    frame = framed(page, airflow.api.url, f"/ai/pages{_path(plan, 1)}")
    expect(frame.locator("h1")).to_have_text(PROMPT)
    expect(frame.locator("article")).to_contain_text("Fender is best.1 2 Gibson is good.")
    expect(frame.locator(".cited").first).to_have_text("Fender")
    frame.click("#mark-2")
    assert frame.evaluate("location.hash") == "#cited-2"
    for said in ("only consulted", "best guitar 2026", "gpt-9 (on the wire)", "no place in the words", "behind a +N"):
        expect(frame.locator("main")).to_contain_text(said)
    expect(frame.locator("p", has_text="None this time")).to_contain_text("products")
    expect(frame.locator("p", has_text="Not shown by this site")).to_contain_text("places, pictures, ads")
    frame.click("text=Page as captured")
    expect(frame.frame_locator("iframe.captured").locator("h1")).to_have_text("As captured")
    frame.click("text=Raw stream")
    expect(frame.locator("pre")).to_have_text("data: <b>1</b>")
    frame.click("nav >> text=Screenshot")
    expect(frame.locator("img.shot")).to_have_js_property("naturalWidth", 1)
    frame.click("text=JSON")
    assert json.loads(frame.inner_text("pre"))["answer"]["answer_text"] == TEXT
    frame.click("text=Next")
    expect(frame.locator("h1")).to_have_text("After?")
    frame.click("nav[aria-label=Samples] >> text=2")
    frame.wait_for_url(f"**{_path(plan, 2, 1)}")


def test_an_answer_comes_by_itself(airflow: RealAirflow, page: Page) -> None:
    plan = _planned(airflow)
    frame = framed(page, airflow.api.url, f"/ai/pages{_path(plan)}")
    expect(frame.get_by_role("status")).to_contain_text("0 of 1 answers of the batch are there")
    _keep(airflow, plan, answer=ANSWER)
    expect(frame.locator("article")).to_contain_text("Gibson is good.", timeout=20_000)
    expect(frame.get_by_role("status")).to_have_count(0)


def test_a_failure_shows_why_and_what_was_seen(airflow: RealAirflow, page: Page) -> None:
    plan = _planned(airflow)
    met = Met(status=403, url="https://chat.example/challenge", outcome=Outcome.CHALLENGE)
    kept = Artifacts(page_html="<h1>Are you human?</h1>", screenshot=PNG)
    why = "the site asks for a proof of being human"
    _keep(airflow, plan, outcome=Outcome.CHALLENGE, error_message=why, met=met, artifacts=kept)
    frame = framed(page, airflow.api.url, f"/ai/pages{_path(plan)}")
    for said in ("Challenge.", why[1:], "403", "https://chat.example/challenge", "the project stops there"):
        expect(frame.locator("main")).to_contain_text(said)
    expect(frame.locator("img.shot")).to_have_js_property("naturalWidth", 1)
    frame.click("text=The page that was seen")
    expect(frame.frame_locator("iframe.captured").locator("h1")).to_have_text("Are you human?")


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("he", "rtl"), ("ja", "ltr")])
def test_every_script_fits_a_phone(airflow: RealAirflow, page: Page, language: str, direction: str) -> None:
    words = ANSWERS[language]
    plan = _planned(airflow, words[:100])
    long = Citation(position=1, role="inline", char_start=9, char_end=9, **_link(title="W" * 300))
    answer = Answer(answer_text=words, answer_markdown=f"{words}\n\n|a|b|\n|-|-|\n|1|{'2' * 200}|", citations=[long])
    _keep(airflow, plan, answer=answer)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{airflow.api.url}/ai/pages{_path(plan)}")
    for each in ("h1", "article p"):
        assert page.eval_on_selector(each, "(one) => getComputedStyle(one).direction") == direction
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_cached_answer_leads_to_the_one_that_it_repeats(airflow: RealAirflow, client: httpx.Client) -> None:
    prompt = f"Which guitar is best? {uuid4()}"
    plan = _planned(airflow, "Another?", prompt, expiration=1)
    _keep(airflow, plan, 1, answer=ANSWER)
    original = record(plan, plan.items[1]).answer_id
    again = _planned(airflow, prompt, expiration=1)
    _keep(airflow, again, answer=ANSWER, from_cache=True, cached_answer_id=original, cache_age_seconds=3600)
    html = client.get(_path(again)).text
    assert "1 h before this one was planned" in html
    assert f'/pages{_path(plan, 1)}">The answer that it repeats</a>' in html
    elsewhere = client.get(_path(again), params={"tab": "elsewhere"}).text
    assert f"/pages{_path(plan, 1)}" in elsewhere
    assert "Fender is best." in elsewhere


def test_an_audits_answer_leads_to_other_sites_and_runs(airflow: RealAirflow, client: httpx.Client) -> None:
    prompt = f"Which guitar is best? {uuid4()}"
    audit = Audit(name=f"a{uuid4()}", prompts=["First?", prompt], models=["chatgpt", "gemini"], rehearse=True)
    asked: dict[tuple[datetime, str], Plan] = {}
    for due in (NOW - timedelta(days=7), NOW):
        batches = list(audit.batches(run_name(due)))
        keep(airflow.store.of("rehearsal"), begun(audit, due, batches, due))
        for batch_id, config in batches:
            plan = make_plan(airflow.store, config, Profile(seed=1), batch_id=batch_id, run_id="audit", now=due)
            _keep(airflow, plan, 1, answer=ANSWER)
            asked[due, config.model] = plan
    html = client.get(_path(asked[NOW, "chatgpt"], 1), params={"tab": "elsewhere"}).text
    siblings, others = html.split("in other runs</h2>")
    assert _path(asked[NOW, "gemini"], 1) in siblings
    assert _path(asked[NOW - timedelta(days=7), "chatgpt"], 1) in others.split("In other batches")[0]
    assert others.count("Fender is best.") == 2  # the other site's in the earlier run is a batch among others


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/batches/{id}/answers/0/0", 200),
        ("/batches/{id}/answers/1/0", 404),
        ("/batches/{id}/answers/0/1", 404),
        ("/batches/{id}/answers/-1/0", 422),
        ("/batches/{id}/answers/0/0?tab=nothing", 404),
        ("/batches/{id}/answers/0/0?tab=page&part=ads", 404),
        ("/batches/{id}/answers/0/0/frames/ads", 404),
        ("/batches/{id}/answers/0/0/files/screenshot.png", 404),
        ("/batches/{id}/answers/0/0/files/answer.json", 200),
        ("/batches/{id}/answers/0/0/files/..%2f..%2frequest.json", 404),
        ("/batches/6f1d2c3b-0000-4000-8000-00000000abcd/answers/0/0", 404),
        ("/batches/..%2f..%2fx/answers/0/0", 404),
    ],
)
def test_what_there_is_not_is_told_on_a_page(
    airflow: RealAirflow, client: httpx.Client, path: str, status: int
) -> None:
    plan = _planned(airflow)
    _keep(airflow, plan, artifacts=Artifacts(page_html="<p>a</p>"))
    got = client.get(path.format(id=plan.batch_id))
    assert got.status_code == status
    assert status == 200 or "<h1>" in got.text
