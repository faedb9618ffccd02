"""Who is shown the pages and has their buttons, with real users: of the configuration, and of the database."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from lxml import html
from playwright.sync_api import Browser

from api_servers import FAB_USERS, USERS, Server
from real_airflow import RealAirflow

from .prepared import Prepared, prepare

pytest_plugins = ["api_servers", "plugins.routing", "plugins.pages.looking"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]

MAY = {
    "boss": {"READ", "START", "START_CHECKS", "START_AUDIT"},
    "chief": {"READ", "START", "START_CHECKS", "START_AUDIT"},
    "maker": {"READ", "START", "START_CHECKS", "START_AUDIT"},
    "reader": {"READ"},
    "guest": set(),
}
"""What users of each server may: they have the same names and rights on both."""
FILLED = {
    "index": "0",
    "sample": "0",
    "part": "page",
    "name": "page.html",
    "origin": "live",
    "site": "gemini",
    "at": "20261128T100000000000",
    "run_id": "manual__1",
}
"""Of a path; all else is the id of a batch that there is not."""
DAGS = {"START_CHECKS": "site_health", "START_AUDIT": "audit_page.html"}
"""Whose runs are started, where that is not a batch's."""
DONE = (200, 303, 307, 404, 422)
"""How those are answered who may: with a page, or that there is no such thing, or that the form lacks a field."""


@pytest.fixture
def asked(routes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Method, path and permission of every route of the pages."""
    pages = [route for route in routes if route["path"].startswith("/pages") and "asks" in route]
    assert len(pages) > 8
    return [(method, _path(route["path"]), route["asks"]) for route in pages for method in route["methods"]]


@pytest.fixture(scope="module")
def prepared(airflow: RealAirflow) -> Prepared:
    """Batches and checks to look at."""
    return prepare(airflow.store, "rehearsal", 8)


def _path(template: str) -> str:
    def filled(name: re.Match[str]) -> str:
        return FILLED.get(name[1], str(uuid4()))

    return "/ai" + re.sub(r"\{(\w+)(?::path)?\}", filled, template)


def _words(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "text/html; charset=utf-8", answer.text
    main = html.fromstring(answer.text).get_element_by_id("main")
    return " ".join(main.text_content().split())


@pytest.mark.parametrize("server", ["strict", pytest.param("fab", marks=pytest.mark.drill)])
@pytest.mark.parametrize("user", list(MAY))
def test_each_route_is_for_whom_airflow_lets(
    request: pytest.FixtureRequest, asked: list[tuple[str, str, str]], server: str, user: str
) -> None:
    found: Server = request.getfixturevalue(server)
    assert user in USERS
    assert user in FAB_USERS
    bearer = found.login(user)
    for method, path, asks in asked:
        answer = found.ask(method, path, bearer)
        if asks in MAY[user]:
            assert answer.status_code in DONE, (method, path, answer.text)
        else:
            doing = "see" if asks == "READ" else "start"
            dag = DAGS.get(asks, "batch_completions")
            assert answer.status_code == 403, (method, path)
            assert f"may not {doing} runs of the DAG {dag}." in _words(answer)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_nobody_is_shown_how_to_log_in(strict: Server, asked: list[tuple[str, str, str]], method: str) -> None:
    paths = {path for _, path, _ in asked} | {"/ai/pages/", "/ai/pages/nothing", "/ai/pages/static"}
    for path in paths - {"/ai/pages/static"}:
        answer = strict.ask(method, path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
        assert "nobody is logged in here" in _words(answer)
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_programs_are_told_as_programs_are(strict: Server) -> None:
    answer = strict.ask("GET", "/ai/pages/batches", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_the_dress_of_the_pages_is_everybodys_and_nothing_else_lies_there(strict: Server) -> None:
    assert strict.ask("GET", "/ai/pages/static/pages.css").status_code == 200
    for path in ("", "/", "/..", "/../batches", "/%2e%2e/batches", "/../shell.py", "/%2e%2e/%2e%2e/auth.py", "/x"):
        assert strict.ask("GET", f"/ai/pages/static{path}").status_code in (401, 404), path


def test_who_logs_in_comes_back_to_the_page(strict: Server, chromium: Browser, prepared: Prepared) -> None:
    page = chromium.new_page()
    page.goto(f"{strict.client.base_url}/ai/pages/batches/{prepared.done}".replace("//ai", "/ai"))
    assert page.locator("h1").inner_text() == "Log in to Airflow"
    page.get_by_role("link", name="Log in").click()
    page.locator("input[name=username]").fill("reader")
    page.locator("input[name=password]").fill("reader's")
    page.locator("[type=submit]").click()
    frame = page.frame_locator("iframe")
    frame.locator("main h1").wait_for(timeout=60_000)
    assert prepared.done[:8] in frame.locator("main").inner_text()
    assert frame.locator("button, [data-fill]").filter(has_text=re.compile("Retry|Resubmit|New|Cancel")).count() == 0
    page.close()


@pytest.mark.parametrize("page", ["/batches", "/batches/{done}", "/batches/{going}", "/health?origin=rehearsal"])
def test_who_may_not_start_has_no_buttons(strict: Server, prepared: Prepared, page: str) -> None:
    path = f"/ai/pages{page.format(done=prepared.done, going=prepared.going)}"
    seen = {user: strict.ask("GET", path, strict.login(user)).raise_for_status().text for user in ("maker", "reader")}
    assert 'method="post"' in seen["maker"]
    assert "data-fill" in seen["maker"] or "health" in page
    assert 'method="post"' not in seen["reader"]
    assert "data-fill" not in seen["reader"]
