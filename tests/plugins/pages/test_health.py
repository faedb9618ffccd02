"""The page of the sites' health, served by a real Airflow; the button that checks them, pressed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

import httpx
import pytest
from lxml import html

from completions.batch import Model
from completions.lately import checks, lately
from completions.manners import state
from completions.store import Store
from completions_web.pages.health_view import standing
from real_airflow import RealAirflow

from .prepared import PNG, prepare

pytest_plugins = ["embedded_airflow"]
pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def client(airflow: RealAirflow) -> Iterator[httpx.Client]:
    """The pages, once there was something to tell."""
    prepare(airflow.store, "rehearsal", 8)
    with httpx.Client(base_url=f"{airflow.api.url}/ai/pages/", trust_env=False, timeout=120) as client:
        yield client


def _words(answer: httpx.Response) -> str:
    return " ".join(html.fromstring(answer.raise_for_status().text).text_content().split())


def test_it_is_told_how_each_site_stands(store: Store) -> None:
    prepare(store, "live", 8)
    looked = standing(lately(store), checks(store), {site: state(store, site) for site in get_args(Model)})
    cards = {card.site: card for card in looked.cards}
    assert {site: card.state for site, card in cards.items()} == {
        "chatgpt": "passed",
        "gemini": "passed",
        "perplexity": "passed",
        "copilot": "changed",
    }
    assert "selector composer (react); field citations" in cards["copilot"].sentence
    assert "28 checks since" in str(cards["copilot"].drawn)
    assert "26 passed, 1 changed, 1 not told" in str(cards["copilot"].drawn)
    assert [card.breakers for card in cards.values() if card.site != "gemini"] == [[], [], []]
    assert cards["gemini"].breakers[0].startswith("Left alone through exit-1-DE until ")
    assert cards["perplexity"].shares == {"outcomes": {"answered": 7, "layout_changed": 1}, "count": 8, "cached": 0}
    assert cards["chatgpt"].shares is None


def test_a_site_that_was_never_checked_says_so(store: Store) -> None:
    looked = standing(lately(store), checks(store), {site: state(store, site) for site in get_args(Model)})
    assert {(card.state, card.drawn) for card in looked.cards} == {("not checked", None)}


def test_live_and_rehearsed_are_apart(client: httpx.Client) -> None:
    said = "which says nothing of the sites themselves"
    assert said not in _words(client.get("health"))
    rehearsed = _words(client.get("health", params={"origin": "rehearsal"}))
    assert said in rehearsed
    assert "through an exit" in rehearsed


def test_what_a_failed_check_left_is_handed_out_to_keep(client: httpx.Client, airflow: RealAirflow) -> None:
    page = client.get("health", params={"origin": "rehearsal"}).text
    found = re.search(r'href="(/ai/pages/health/evidence/[^"]+/screenshot.png)"', page)
    assert found
    link = f"{airflow.api.url}{found[1]}"
    answer = client.get(link)
    assert (answer.status_code, answer.content[:4]) == (200, PNG[:4])
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert client.get(link.replace("/202", "/102")).status_code == 404


@pytest.mark.parametrize("path", ["live/gemini/x/page.html", "live/bing/20261128T100000000000/page.html", "../health"])
def test_nothing_else_is_handed_out(client: httpx.Client, path: str) -> None:
    assert client.get(f"health/evidence/{path}").status_code in (404, 422)


def test_the_button_starts_a_check_of_the_stand_ins(client: httpx.Client, airflow: RealAirflow) -> None:
    answer = client.post("health", data={"origin": "rehearsal", "site": ["gemini", "copilot"]})
    assert answer.status_code == 303
    said = client.get(f"{airflow.api.url}{answer.headers['location']}")
    assert "The check of gemini and copilot has begun" in _words(said)
    runs = airflow.api.request("GET", "/dags/site_health/dagRuns")["dag_runs"]
    run = next(run for run in runs if run["dag_run_id"].startswith("page__"))
    assert run["conf"] == {"sites": ["gemini", "copilot"], "rehearse": True}
    airflow.wait(run["dag_run_id"], "site_health")


@pytest.mark.parametrize("form", [{}, {"site": "bing"}, {"site": "gemini", "origin": "moon"}])
def test_a_check_of_what_is_none_is_refused(client: httpx.Client, form: dict[str, str]) -> None:
    assert client.post("health", data=form).status_code == 422
