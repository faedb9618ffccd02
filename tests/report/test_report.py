"""The report as a file: what it says, what it must not let in, and what it looks like in a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lxml import html as parsed

from completions.marts import TABLES
from completions.report.charts import Note, Point, Series, Timeline
from completions.report.evidence import Links
from completions.report.history import History
from completions.report.page import ANSWERS, over_time, report
from completions.report.statistics import Count
from completions.report.summary import summary_of
from completions.report.timeline import drawn
from report.rows import ARABIC, CHINESE, HOSTILE, MODELS, OWN, PROFILES, answers, history, run_of

ALLOWED = re.compile(r"https://(airflow\.example\.com|fender\.com|chatgpt\.com)/")


@pytest.fixture(scope="module")
def page() -> str:
    """The report of six weeks with hostile names and answers."""
    told = history()
    links = Links("https://airflow.example.com/ai")
    return report(told, summary_of(told), answers(told), total=1234, links=links, rehearsed=True)


def test_the_rows_made_up_here_are_those_of_the_marts() -> None:
    for name, rows in history().marts.items():
        known = {column.name for column in TABLES[name].columns}
        assert not {key for row in rows for key in row} - known, name


def test_what_sites_and_audits_say_is_text(page: str) -> None:
    document = parsed.fromstring(page)
    assert not document.xpath("//script | //img | //iframe | //object | //link | //form")
    assert not [name for element in document.iter() for name in element.attrib if name.startswith("on")]
    assert {link for link in document.xpath("//@href | //@src") if not link.startswith("#")}
    for link in document.xpath("//@href | //@src"):
        assert link.startswith("#") or ALLOWED.match(link), link
    assert HOSTILE in document.text_content()
    assert "\x00" not in page


def test_links_within_lead_somewhere_and_ids_are_one_element_s(page: str) -> None:
    document = parsed.fromstring(page)
    ids = document.xpath("//@id")
    assert len(ids) == len({*ids})
    inside = {link[1:] for link in document.xpath("//@href") if link.startswith("#")}
    assert inside <= {*ids}
    assert f"p-{0:032x}" in inside


def test_every_element_is_closed(page: str) -> None:
    """No hostile text and no template leaves one open."""
    open_: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "br"):
                open_.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_.pop() == tag

    Reader().feed(page)
    assert open_ == []


def test_it_names_all_that_was_asked_for(page: str) -> None:
    text = parsed.fromstring(page).text_content()
    for words in (
        *MODELS,
        *PROFILES,
        OWN,
        ARABIC,
        CHINESE,
        "blocked",
        "missed",
        "model version gpt-5 → gpt-5.1",
        "1234",
    ):
        assert words in text
    assert f"Run {run_of(6)}" in text
    assert "The answers behind the figures: 40 of the 1234" in text


def test_mentions_are_marked_and_places_told(page: str) -> None:
    document = parsed.fromstring(page)
    assert {mark.text for mark in document.xpath("//mark")} == {OWN, HOSTILE, CHINESE, ARABIC}
    assert "NOT the place asked for" in document.text_content()
    assert document.xpath("//a[text()='answer']/@href")[0].endswith("/answers/0/0")


def test_a_report_of_one_run_has_no_charts_over_time() -> None:
    told = history((1,))
    page = report(told, summary_of(told), [], total=0, links=Links(), rehearsed=False)
    assert "<svg viewBox" not in re.sub(r'<svg [^>]*class="swatch"[^>]*>', "", page)
    assert "Rehearsed" not in page
    assert "nothing to compare it with" in page


def test_a_batch_by_itself_has_no_past_and_says_that_no_brands_were_looked_for() -> None:
    run = history((1,))
    marts = {name: [row for row in rows if "brand" not in row] for name, rows in run.marts.items()}
    told = History(run.run, marts, run.run)
    page = report(told, summary_of(told), [], total=0, links=Links(), rehearsed=False)
    text = parsed.fromstring(page).text_content()
    assert f"Batch {run.run}" in text
    assert "No brands were looked for." in text
    assert "What changed" not in text
    assert "Who is named" not in text


def test_a_long_run_is_capped_and_says_so() -> None:
    told = history((1,))
    page = report(told, summary_of(told), answers(told, ANSWERS + 50), total=5000, links=Links(), rehearsed=True)
    assert page.count("<article ") == ANSWERS
    assert f"{ANSWERS} of the 5000" in page
    assert len(page) < 4_000_000


def test_gaps_break_lines_and_few_are_hollow() -> None:
    points = [Point.of(Count(*count)) for count in ((3, 10), (30, 60), (0, 0), (30, 60), (28, 60))]
    chart = Timeline(
        "t", ["2026-11-0" + str(day) for day in range(1, 6)], [Series("a", points)], [Note(3, HOSTILE)], {2: "blocked"}
    )
    svg = parsed.fromstring(str(drawn(chart)))
    assert [len(line.get("points").split()) for line in svg.xpath("//polyline")] == [2, 2]
    assert len(svg.xpath("//circle[contains(@class, 'few')]")) == 1
    assert len(svg.xpath("//circle[contains(@class, 'full')]")) == 3
    assert [rect.text_content() for rect in svg.xpath("//rect[@class='gap']")] == ["2026-11-03: blocked"]
    assert HOSTILE in svg.xpath("//line[@class='mark']/title")[0].text
    assert "a: 47 % (28 of 60, 35–59 %) on 2026-11-05." in svg.xpath("//desc")[0].text


def test_a_blocked_week_and_a_missed_one_are_gaps_in_every_chart_of_the_site() -> None:
    document = parsed.fromstring(f"<div>{over_time(history())}</div>")
    for profile in PROFILES:
        figure = document.xpath(f"//figure[figcaption='chatgpt · {profile}']")[0]
        assert [words.text for words in figure.xpath(".//*[@class='gap-words']")] == ["missed", "blocked"]
        assert "model version gpt-5 → gpt-5.1" in figure.text_content()
        captured = document.xpath(f"//figure[figcaption='{profile}']")[0]
        marks = [mark.text_content() for mark in captured.xpath("./ol[@class='marks']/li")]
        assert marks == ["A 2026-11-16: chatgpt: model version gpt-5 → gpt-5.1"]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), pytest.param(1280, "dark", marks=pytest.mark.drill), (390, "light")]
)
def test_in_a_browser_nothing_runs_nothing_is_fetched_and_nothing_overflows(
    page: str, width: int, scheme: str, tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
    from playwright.sync_api import sync_playwright

    from completions.browser import ARGS, program_of

    file = tmp_path / "report.html"
    file.write_text(page, "utf-8")
    asked: list[str] = []
    with sync_playwright() as driver:
        program = program_of("shell", driver.chromium.executable_path)
        browser = driver.chromium.launch(executable_path=program, args=list(ARGS))
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("dialog", lambda dialog: asked.append(dialog.message))
        shown.goto(file.as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") == width
        found = Axe().run(shown, options={"runOnly": ["wcag2a", "wcag2aa"]})
        browser.close()
    assert asked == [file.as_uri()]
    assert [(one["id"], one["nodes"][0]["html"][:200], len(one["nodes"])) for one in found.response["violations"]] == []
