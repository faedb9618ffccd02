"""Every page, light and dark, wide and as narrow as a phone: axe finds nothing, keys reach all, nobody else is asked.

WCAG 2.2 A and AA, as far as axe-core can tell; what is captured of a site stands in frames that are not ours to mend.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from real_airflow import RealAirflow

from .looking import framed
from .prepared import Prepared, prepare

pytest_plugins = ["embedded_airflow", "plugins.pages.looking"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser, pytest.mark.drill]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
ANSWER = "/batches/{done}/answers/{index}/0"
PAGES = {
    "list": "/batches",
    "list of some": "/batches?state=done&q=guitar",
    "batch done": "/batches/{done}",
    "batch under way": "/batches/{going}",
    "answer": ANSWER.replace("{index}", "0"),
    "right to left": ANSWER.replace("{index}", "1"),
    "failed": ANSWER.replace("{index}", "3"),
    "answer as page": ANSWER.replace("{index}", "0") + "?tab=page",
    "answer as stream": ANSWER.replace("{index}", "0") + "?tab=stream",
    "answer as picture": ANSWER.replace("{index}", "0") + "?tab=screenshot",
    "answer as JSON": ANSWER.replace("{index}", "0") + "?tab=json",
    "answer to come": "/batches/{going}/answers/7/0",
    "health": "/health?origin=rehearsal",
    "health of nothing": "/health",
    "audits": "/audits",
    "an audit": "/audits/harps",
    "run without a batch": "/runs/manual__never",
    "no such page": "/nothing",
    "no such batch": "/batches/00000000-0000-4000-8000-000000000000",
}
CODES = {"no such page": 404, "no such batch": 404}
REACHED = 'a[href],button,input:not([type=hidden]),select,textarea,summary,iframe,[tabindex="0"]'
KEYS = f"""() => [...document.querySelectorAll('{REACHED}')]
    .filter((one) => one.checkVisibility({{visibilityProperty: true}}) && !one.closest("dialog:not([open])"))"""
LEFT = f"({KEYS})().filter((one) => !seen.has(one)).map((one) => one.outerHTML.slice(0, 120))"


@pytest.fixture(scope="module")
def prepared(airflow: RealAirflow) -> Prepared:
    """Batches, answers and checks to look at."""
    return prepare(airflow.store, "rehearsal", 8)


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """A page of this theme and width that keeps what goes wrong."""
    theme, width = request.param
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    context.add_init_script(f"if (origin !== 'null') localStorage.setItem('theme', '{theme}')")
    yield context.new_page()
    context.close()


def _watched(page: Page) -> tuple[list[str], list[str]]:
    """What the page's console says and which hosts it asks from now on."""
    said: list[str] = []
    hosts: list[str] = []
    page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: hosts.append(urlsplit(asked.url).netloc))
    return said, hosts


def test_everybody_can_use_every_page(airflow: RealAirflow, prepared: Prepared, page: Page) -> None:
    said, hosts = _watched(page)
    wrong: dict[str, Any] = {}
    for name, path in PAGES.items():
        address = path.format(done=prepared.done, going=prepared.going)
        answer = page.goto(f"{airflow.api.url}/ai/pages{address}")
        assert answer
        assert answer.status == CODES.get(name, 200), name
        found = Axe().run(page, options=RULES).response["violations"]
        told = {f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]}
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if told or wide > 0:
            wrong[name] = (wide, sorted(told))
    assert wrong == {}
    assert [text for text in said if "404" not in text] == []
    assert {host for host in hosts if host} == {urlsplit(airflow.api.url).netloc}


@pytest.mark.parametrize("name", ["list", "batch done", "batch under way", "answer", "health", "audits"])
def test_keys_reach_everything(airflow: RealAirflow, prepared: Prepared, chromium: Browser, name: str) -> None:
    page = chromium.new_page()
    page.goto(f"{airflow.api.url}/ai/pages{PAGES[name].format(done=prepared.done, going=prepared.going)}")
    page.evaluate("window.seen = new Set(); addEventListener('focusin', (event) => seen.add(event.target))")
    count = page.evaluate(f"({KEYS})().length")
    assert count > 3
    for _ in range(count + 3):
        page.keyboard.press("Tab")
    assert page.evaluate(LEFT) == []
    page.close()


def test_the_first_key_skips_to_the_content(airflow: RealAirflow, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{airflow.api.url}/ai/pages/batches")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()


def test_in_airflow_the_frame_is_dressed_as_what_is_around_it(
    airflow: RealAirflow, prepared: Prepared, page: Page, request: pytest.FixtureRequest
) -> None:
    frame = framed(page, airflow.api.url, f"/ai/pages/batches/{prepared.done}")
    theme = frame.evaluate("document.documentElement.dataset.theme")
    assert theme in request.node.name
    around = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert theme in around or around == "normal"
