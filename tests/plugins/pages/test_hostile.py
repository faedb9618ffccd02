"""Records that attack whoever reads them, in a real Chromium through a real Airflow: nothing happens.

Each attack is shown to work where nothing guards against it, so that each of these tests can fail.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Frame, Page

from batches import planned, record
from completions.answer import (
    Ad,
    Answer,
    Citation,
    Entity,
    FanOutQuery,
    Image,
    Product,
    ShownPlace,
    Source,
)
from completions.record import Artifacts, answer_key
from real_airflow import RealAirflow

from .looking import framed

pytest_plugins = ["embedded_airflow", "plugins.pages.looking"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]

ATTACKS = {
    "script": "<script>fetch('HOME')</script>",
    "script-file": "<script src='HOME'></script>",
    "picture": "<img src='HOME'>",
    "picture-set": "<img srcset='HOME 1x'>",
    "onerror": "<img src='data:,' onerror=\"fetch('HOME')\">",
    "svg-onload": "<svg onload=\"fetch('HOME')\"></svg>",
    "svg-picture": "<svg><image href='HOME'/></svg>",
    "background": "<body background='HOME'>",
    "button": "<input type='image' src='HOME'>",
    "video": "<video src='HOME' autoplay></video>",
    "poster": "<video poster='HOME'></video>",
    "object": "<object data='HOME'></object>",
    "embed": "<embed src='HOME'>",
    "frame": "<iframe src='HOME'></iframe>",
    "frame-in-words": "<iframe srcdoc=\"<img src='HOME'>\"></iframe>",
    "frame-of-script": "<iframe src=\"javascript:fetch('HOME')\"></iframe>",
    "end-of-frame": "</iframe></textarea></title></style></template>--><script>fetch('HOME')</script>",
    "sheet": "<link rel='stylesheet' href='HOME'>",
    "import": "<style>@import 'HOME';</style>",
    "css-picture": "<style>body{background:url(HOME)}</style>",
    "css-attribute": "<p style='background:url(HOME)'>p</p>",
    "font": "<style>@font-face{font-family:f;src:url(HOME)}p{font-family:f}</style><p>p</p>",
    "base": "<base href='HOME/'><img src='x'>",
    "refresh": "<meta http-equiv='refresh' content='0;url=HOME'>",
    "preload": "<link rel='preload' as='image' href='HOME'>",
    "prefetch": "<link rel='prefetch' href='HOME'>",
    "module": "<link rel='modulepreload' href='HOME'>",
    "noscript": "<noscript></noscript><img src='HOME'><noscript><link rel='prefetch' href='HOME'></noscript>",
    "form": "<form id='f' method='post' action='HOME'></form><script>f.submit()</script>",
    "beacon": "<script>navigator.sendBeacon('HOME')</script>",
    "window": "<script>open('HOME')</script>",
    "top-link": "<a id='a' target='_top' href='HOME'>a</a> <a href='HOME'>b</a><script>a.click()</script>",
    "top": "<script>top.location='HOME'</script>",
    "parent": "<script>parent.document.documentElement.dataset.owned=1;parent.fetch('HOME')</script>",
}
"""What calls home when a browser shows it, by name."""
LEAVING = ("window", "top-link", "top")
"""Those that take the whole page away, or another."""
WORDS = "</script></textarea></pre></iframe>" + "".join(ATTACKS.values())


class Home(ThreadingHTTPServer):
    """Where attacks call: counts connections and paths, and serves what it is given, without any policy."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, str] = {}
        self.connections = 0
        self.calls: Counter[str] = Counter()
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def get_request(self) -> Any:
        """A connection, counted before anything is said."""
        found = super().get_request()
        with self.changed:
            self.connections += 1
            self.changed.notify_all()
        return found

    def attacks(self) -> dict[str, str]:
        """What calls here, by name."""
        return {name: html.replace("HOME", f"{self.url}/called/{name}") for name, html in ATTACKS.items()}


class _Handler(BaseHTTPRequestHandler):
    server: Home

    def do_GET(self) -> None:
        name = self.path.removeprefix("/called/").split("/")[0]
        with self.server.changed:
            self.server.calls[name] += 1
            self.server.changed.notify_all()
        body = self.server.pages.get(self.path, "").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - as the library calls them

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def homes() -> Iterator[tuple[Home, Home]]:
    """One that nothing may reach, and one that everything does."""
    homes = Home(), Home()
    for home in homes:
        threading.Thread(target=home.serve_forever, args=(0.05,), daemon=True).start()
    yield homes
    for home in homes:
        home.shutdown()
        home.server_close()


@dataclass
class Victim:
    """Who reads: a page of Airflow's UI with ours in it, and what happened to it."""

    page: Page
    frame: Frame
    batch_id: str
    events: list[str] = field(default_factory=list)

    def read(self, index: int, tab: str) -> None:
        """Open an answer's tab, and whatever is in its frame."""
        self.frame.goto(f"{self.root}/{index}/0?tab={tab}")
        for inner in self.frame.query_selector_all("iframe"):
            captured = inner.content_frame()
            assert captured
            captured.wait_for_load_state("load")

    @property
    def root(self) -> str:
        """Address of the batch's answers."""
        return f"{self.frame.url.split('/answers/')[0]}/answers"

    def unharmed(self, home: Home) -> None:
        """Nothing called home, ran, opened or changed."""
        assert (home.connections, dict(home.calls), self.events) == (0, {}, [])
        assert len(self.page.context.pages) == 1
        for frame in (self.page.main_frame, self.frame):
            assert frame.evaluate("document.documentElement.dataset.owned") is None
        assert "/plugin/batches/" in self.page.url


@pytest.fixture(scope="module")
def victim(airflow: RealAirflow, chromium: Browser, homes: tuple[Home, Home]) -> Victim:
    """The reader of a batch: an answer for each attack, and a last one whose every word attacks."""
    attacks = homes[0].attacks()
    prompts = [*attacks, _words(homes[0])[:2000]]
    plan = planned(airflow.store, prompts, batch_id=str(uuid4()), now=datetime.now(UTC), rehearse=True, expiration=0)
    pages: list[dict[str, Any]] = [
        {"artifacts": Artifacts(page_html=html, completion_html=html, raw_stream=html.encode())}
        for html in attacks.values()
    ]
    for item, changes in zip(plan.items, [*pages, _hostile(homes[0])], strict=True):
        body = record(plan, item, **changes).packed()
        airflow.store.of("rehearsal").put(answer_key(plan.batch_id, item.index, item.sample), body)
    page = chromium.new_page()
    frame = framed(page, airflow.api.url, f"/ai/pages/batches/{plan.batch_id}/answers/0/0")
    victim = Victim(page, frame, plan.batch_id)
    page.on("dialog", lambda dialog: victim.events.append(f"dialog {dialog.message}"))
    page.on("download", lambda download: victim.events.append(f"download {download.url}"))
    page.on("popup", lambda popup: victim.events.append(f"popup {popup.url}"))
    return victim


def _words(home: Home) -> str:
    return WORDS.replace("HOME", f"{home.url}/called/words")


def _hostile(home: Home) -> dict[str, Any]:
    """A record whose every text attacks."""
    words, script = _words(home), "javascript:top.document.documentElement.dataset.owned=1"
    links = {"position": 1, "url": script, "title": words}
    cited: dict[str, Any] = {**links, "url_canonical": script, "domain": words, "snippet": words, "site_name": words}
    markdown = f"{words}\n\n[a]({script}) ![b]({home.url}/called/words) <{script}>\n\n```{words}\n{words}\n```\n"
    answer = Answer(
        answer_text=words,
        answer_markdown=markdown,
        citations=[Citation(role="inline", pill=1, char_start=3, char_end=len(words), **cited)],
        sources=[Source(cited=True, **cited), Source(**{**cited, "url": f"data:text/html,{words}"})],
        fan_out_queries=[FanOutQuery(query=words, kind=words, order=1)],
        follow_up_questions=[words],
        products=[Product(**links, price_text=words, merchant=words, description=words, image_urls=[script])],
        places=[ShownPlace(position=1, name=words, category=words, address=words, url=script)],
        images=[Image(**links, source_url=script)],
        ads=[Ad(**links, body=words)],
        entities=[Entity(name=words, category=words)],
        model_version=words,
        conversation_url=script,
    )
    copy, body = f"Content-Type: text/html\r\nContent-Location: {home.url}/\r\n\r\n{words}", words.encode()
    kept = Artifacts(page_html=words, page_copy=copy.encode(), raw_stream=body, raw_stream_kind=words, screenshot=body)
    return {
        **dict.fromkeys(("egress_city", "egress_country", "site_location", "ui_variant", "adapter_version"), words),
        "prompt": words[:2000],
        "warnings": [words],
        "answer": answer,
        "artifacts": kept,
    }


def test_each_attack_works_where_nothing_guards_against_it(chromium: Browser, homes: tuple[Home, Home]) -> None:
    home = homes[1]
    attacks = home.attacks()
    home.pages = {f"/pages/{name}": html for name, html in attacks.items()}
    together = [name for name in attacks if name not in LEAVING]
    home.pages["/together"] = "".join(f"<iframe src='/pages/{name}'></iframe>" for name in together)
    home.pages |= {f"/alone/{name}": f"<iframe src='/pages/{name}'></iframe>" for name in LEAVING}
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{home.url}/together")
        assert page.evaluate("document.documentElement.dataset.owned") == "1"
        for name in LEAVING:
            context.new_page().goto(f"{home.url}/alone/{name}", wait_until="commit")
        with home.changed:
            assert home.changed.wait_for(lambda: home.calls.keys() >= attacks.keys(), 20), attacks.keys() - home.calls


@pytest.mark.parametrize("index", range(len(ATTACKS)), ids=list(ATTACKS))
def test_a_captured_page_does_nothing(victim: Victim, homes: tuple[Home, Home], index: int) -> None:
    """In its frame, and when somebody opens the frame's address by itself."""
    victim.read(index, "page")
    victim.unharmed(homes[0])
    with victim.page.context.browser.new_context() as context:  # type: ignore[union-attr]
        context.new_page().goto(f"{victim.root}/{index}/0/frames/page")
        assert (homes[0].connections, len(context.pages)) == (0, 1)


@pytest.mark.parametrize("link", ["a", "b"])
def test_a_link_in_a_captured_page_leads_nowhere(victim: Victim, homes: tuple[Home, Home], link: str) -> None:
    """In a tab of its own neither: there it is the same page."""
    victim.read(list(ATTACKS).index("top-link"), "page")
    found = victim.frame.frame_locator("iframe.captured").get_by_text(link, exact=True)
    found.click()
    victim.unharmed(homes[0])
    with victim.page.context.expect_page() as opened:
        found.click(modifiers=["Control"])
    opened.value.wait_for_url(f"{victim.root}/**")
    opened.value.close()
    victim.unharmed(homes[0])


@pytest.mark.parametrize("tab", ["answer", "page", "page&part=page", "stream", "screenshot", "json", "elsewhere"])
def test_hostile_words_are_shown_as_words(victim: Victim, homes: tuple[Home, Home], tab: str) -> None:
    victim.read(len(ATTACKS), tab)
    victim.unharmed(homes[0])
    seen = victim.frame.evaluate(
        """() => ({
            scripts: [...document.scripts].map((one) => new URL(one.src).pathname.split("/").pop()),
            handlers: [...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames())
                .filter((name) => name.startsWith("on") || name === "style" || name === "srcdoc"),
            links: [...new Set([...document.links].map((one) => one.protocol))],
            elsewhere: [...document.querySelectorAll("[src]")].map((one) => new URL(one.src).origin)
                .filter((one) => one !== origin),
            sandboxes: [...document.querySelectorAll("iframe")].map((one) => one.getAttribute("sandbox")),
        })"""
    )
    assert set(seen["scripts"]) <= {"theme.js", "pages.js", "fill.js"}
    assert (seen["handlers"], seen["links"], seen["elsewhere"]) == ([], ["http:"], [])
    assert seen["sandboxes"] == ([""] if tab.startswith("page") else [])
    assert "<script>fetch(" in victim.frame.locator("h1").inner_text()


def test_files_are_kept_and_never_shown(victim: Victim) -> None:
    names = ("page.html", "page.mhtml", "answer.html", "stream.txt", "screenshot.png", "answer.json")
    for index in (0, len(ATTACKS)):
        for name in names:
            got = httpx.get(f"{victim.root}/{index}/0/files/{name}", trust_env=False, timeout=60)
            if got.status_code == 404:
                continue
            told = got.headers
            assert told["content-disposition"].startswith("attachment; ")
            assert (told["content-security-policy"], told["x-content-type-options"]) == ("sandbox", "nosniff")
