"""The pages of audits in a real Airflow, over weeks that were rehearsed; in a browser too, in Airflow's own frame."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from lxml import html as parsed
from playwright.sync_api import Browser, expect

from completions.audit_runs import AuditRun, keep, load_run
from completions.rehearsal import weeks as six
from real_airflow import RealAirflow

from .looking import framed

pytest_plugins = ["embedded_airflow", "plugins.pages.looking"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]

HOSTILE = "<script>alert(1)</script>"
FIRST = datetime(2026, 10, 18, tzinfo=UTC)
LAST, REFUSED = "2026-11-16T050000Z", "2026-11-23T050000Z"


@pytest.fixture(scope="module")
def client(airflow: RealAirflow) -> Iterator[httpx.Client]:
    """The pages, once there were five weeks of an audit without a file, and one more run that was refused."""
    audit, part = six.audit_of(4, 6, 1), airflow.store.of("rehearsal")
    for week in six.weeks(audit, FIRST, 5):
        last = six.rehearse(airflow.store, audit, week, six.by_heart, lambda _: None)
    assert last.run == LAST
    due = datetime(2026, 11, 23, 5, tzinfo=UTC)
    keep(
        part,
        last.model_copy(update={"run": REFUSED, "due_at": due, "batches": [], "refused": HOSTILE, "summary": None}),
    )
    with httpx.Client(base_url=f"{airflow.api.url}/ai/pages/", trust_env=False, timeout=120) as client:
        yield client


def test_the_list_has_files_and_history(client: httpx.Client) -> None:
    rows = parsed.fromstring(client.get("audits").text).xpath("//tbody/tr")
    told = {row.findtext("th/a"): " ".join(" ".join(row.itertext()).split()) for row in rows}
    assert {"broken", "harps", "lyres", "six-weeks"} <= told.keys()
    assert "broken.yaml, line 2: models[0] 'bing'" in told["broken"]
    assert "no file of this name" in told["six-weeks"]


def test_an_audit_tells_what_changed_and_links_runs_batches_and_reports(
    client: httpx.Client, airflow: RealAirflow
) -> None:
    answer = client.get("audits/six-weeks")
    page = parsed.fromstring(answer.text)
    text = " ".join(page.text_content().split())
    assert "▼ Gone Gibson named by chatgpt" in text
    assert "■ Gap copilot · English was not captured" in text
    assert HOSTILE in text
    assert not page.xpath("//script[not(@src)] | //*[@style] | //style")
    run = load_run(airflow.store.of("rehearsal"), "six-weeks", LAST)
    assert isinstance(run, AuditRun)
    for batch in run.batches:
        assert page.xpath(f"//a[@href='/ai/pages/batches/{batch.id}']")
    reports = page.xpath("//a[@download]/@href")
    assert reports[0].split("/")[-2] == LAST
    assert len(reports) == 5
    kept = client.get(f"{airflow.api.url}{reports[0]}")
    assert kept.headers["content-security-policy"] == "sandbox"
    assert "attachment" in kept.headers["content-disposition"]
    assert kept.text.startswith("<!doctype html>")


def test_an_audit_that_never_ran_says_when_it_will(client: httpx.Client) -> None:
    page = parsed.fromstring(client.get("audits/lyres").text)
    facts = {fact.findtext("dt"): fact.find("dd").text_content() for fact in page.xpath("//dl[@class='facts']/div")}
    assert "No figures yet" in page.text_content()
    assert (facts["Chats a run"], facts["Next due"][-4:]) == ("at most 1", " UTC")
    assert "a run takes 2 chats (1 prompt x 1 sample x 2 models x 1 profile)" in page.text_content()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing", 404),
        ("UPPER", 422),
        (f"six-weeks/{REFUSED}/report", 404),
        (f"six-weeks/{LAST}/report?origin=rehearsal", 200),
        (f"six-weeks/{LAST}/report?origin=live", 404),
        ("six-weeks/..%2F..%2Fx/report", 404),
        ("six-weeks/x/report", 404),
        ("six-weeks?origin=mars", 422),
    ],
)
def test_what_is_not_there_is_told(client: httpx.Client, path: str, status: int) -> None:
    assert client.get(f"audits/{path}").status_code == status


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_everybody_can_read_it(
    client: httpx.Client, airflow: RealAirflow, chromium: Browser, width: int, scheme: str
) -> None:
    assert client.get("audits/six-weeks").status_code == 200
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page.goto(f"{airflow.api.url}/ai/pages/audits/six-weeks")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]] == []
    page.close()


def test_airflow_shows_it_in_a_frame_with_all_its_charts(
    client: httpx.Client, airflow: RealAirflow, chromium: Browser
) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    frame = framed(page, airflow.api.url, "/ai/pages/audits/six-weeks")
    assert frame.locator("svg.timeline").count() == 9  # four sites named, four linked to, one of answers
    assert frame.locator("svg.timeline .gap-words").all_text_contents() == ["blocked"] * 2
    page.close()


@pytest.mark.drill
def test_a_run_between_times_is_started_and_watched(airflow: RealAirflow, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    frame = framed(page, airflow.api.url, "/ai/pages/audits/pipes")
    expect(frame.locator("main")).to_contain_text("No figures yet")
    frame.get_by_role("button", name="Run now").click()
    expect(frame.locator("#sure-words")).to_contain_text("2 chats with the stand-ins: 1 prompt x 1 sample x 2 models")
    frame.get_by_role("button", name="Yes").click()
    expect(frame.get_by_role("status")).to_contain_text("A run was asked for.")
    row = frame.locator("#runs tbody tr")
    expect(row).to_contain_text("of 2 so far", timeout=120_000)
    expect(row.get_by_role("link", name="Download")).to_be_visible(timeout=240_000)
    expect(row).to_contain_text("successful")
    for figures in ("Who is named", "Who is linked to"):
        expect(frame.get_by_role("heading", name=figures)).to_be_visible()
    expect(frame.locator("main")).to_contain_text("1 of 1")
    page.close()
