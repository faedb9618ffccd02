"""`ask`, `parse`, `resolve`: a site and a profile without Airflow."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from completions import conversation, manners, sites
from completions.answer import Answer
from completions.conversation import Held, hold
from completions.embedded import Embedded
from completions.manners import Manners
from completions.rehearsal import FAULTS, Rehearsal, normalised
from completions.sites.chatgpt import ChatGPT
from completions.store import Store

from .conftest import Completions

CAPTURES = Path(os.environ.get("COMPLETIONS_CAPTURES", Path(__file__).parents[3] / "shared" / "captures")) / "chatgpt"
TIMES = {"started_at", "first_token_at", "answered_at", "latency_ms"}
SEEN = {
    *("device_used", "locale_used", "timezone_used", "egress_country", "egress_subdivision", "egress_city"),
    *("egress_source", "site_location", "location_match", "site_country", "answer_language"),
}
OWN = {"page_finished", "stream_finished", "finished", "outcome", "error_message", "ui_variant", "warnings"}


@pytest.fixture
def rehearsed(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """A rehearsal that the commands know of."""
    monkeypatch.setenv("COMPLETIONS_REHEARSAL_URL", rehearsal.url)
    return rehearsal


@pytest.mark.browser
def test_ask_prints_the_answer_as_json(completions: Completions, rehearsed: Rehearsal, store: Store) -> None:
    ended = completions("ask", "best guitars", "--rehearse", "--json", "--language", "German", "--device", "Pixel 7")
    (asked,) = rehearsed.asked()
    assert (ended.status, ended.err) == (0, "")
    assert ended.json.keys() == OWN | TIMES | SEEN | Answer.model_fields.keys()
    assert (ended.json["finished"], ended.json["outcome"]) == (True, "answered")
    assert normalised(ended.json["answer_text"]) == normalised(rehearsed.truth("best guitars", asked.ui).text)
    assert ended.json["started_at"] < ended.json["first_token_at"] < ended.json["answered_at"]
    assert asked.accept_language == "de-DE,de;q=0.9,en;q=0.8"
    assert "Pixel 7" in (asked.user_agent or "")
    assert not list(Path(store.uri).iterdir())


@pytest.mark.browser
@pytest.mark.parametrize("slash", ["", "/"])
def test_ask_prints_the_answer_for_people(completions: Completions, rehearsal: Rehearsal, slash: str) -> None:
    ended = completions("ask", "best guitars", "--site-url", rehearsal.url + slash)
    (asked,) = rehearsal.asked()
    truth = rehearsal.truth("best guitars", asked.ui)
    assert ended.status == 0
    assert truth.text.split()[0] in ended.out
    for citation in truth.citations:
        assert citation.url in ended.out
    assert ended.err.splitlines()[-1].startswith("answered in ")


@pytest.mark.browser
def test_what_was_asked_can_be_parsed_again(completions: Completions, rehearsed: Rehearsal, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    options = ("--out", str(folder), "--evidence", "screenshot", "--evidence", "page")
    asked = completions("ask", "best guitars", "--rehearse", "--json", *options)
    assert sorted(file.name for file in folder.iterdir()) == ["page.html", "page.mhtml", "screenshot.png", "stream.txt"]
    assert asked.err.count("kept ") == 4

    html, stream = str(folder / "page.html"), str(folder / "stream.txt")
    both = completions("parse", "--site", "chatgpt", "--html", html, "--stream", stream, "--json")
    assert (both.status, both.err) == (0, "")
    same = OWN | Answer.model_fields.keys() - {"conversation_url"}  # relative to the site, which the bytes do not tell
    assert {name: both.json[name] for name in same} == {name: asked.json[name] for name in same}

    page, wire = (
        completions("parse", "--site", "chatgpt", option, file, "--json").json
        for option, file in [("--html", html), ("--stream", stream)]
    )
    assert (page["page_finished"], page["stream_finished"], page["outcome"]) == (True, None, "answered")
    assert (wire["page_finished"], wire["stream_finished"], wire["outcome"]) == (None, True, "answered")
    people = completions("parse", "--site", "chatgpt", "--html", html)
    assert people.out.strip() == page["answer_markdown"].strip()
    assert people.err == "answered; finished: True\n"


@pytest.mark.browser
def test_ask_starts_the_rehearsal_that_it_asks(completions: Completions) -> None:
    try:
        ended = completions("ask", "best guitars", "--rehearse", "--json")
        assert (ended.status, ended.err) == (0, "starting the rehearsal\n")
        assert ended.json["outcome"] == "answered"
        assert Embedded().rehearse().startswith("http://127.0.0.1:")
    finally:
        assert Embedded().down()


@pytest.fixture
def live(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """A stand-in that the commands take for the live site; starts need no gap there."""
    monkeypatch.setitem(sites._SITES, "chatgpt", lambda url: ChatGPT(url or f"{rehearsal.url}/"))
    monkeypatch.setattr(manners, "Manners", partial(Manners, gap=(0, 0)))
    return rehearsal


@pytest.mark.browser
def test_a_live_site_is_asked_from_a_seat(
    completions: Completions, live: Rehearsal, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[set[str]] = []

    async def watched(*asked: Any) -> Held:
        held.append(store.keys("manners"))
        return await hold(*asked)

    monkeypatch.setattr(conversation, "hold", watched)
    assert completions("ask", "best guitars").status == 0
    assert held == [{"manners/chatgpt/seat-0.json"}]
    assert not store.keys("manners")


@pytest.mark.browser
def test_a_live_site_that_walls_us_off_is_left_alone(completions: Completions, live: Rehearsal, store: Store) -> None:
    assert completions("ask", "best guitars [fault:challenge]").status == 1
    assert store.keys("manners") == {"manners/chatgpt/pause.json"}
    (asked,) = live.asked()
    ended = completions("ask", "best guitars", "--json")
    assert (ended.status, ended.out, len(ended.err.splitlines())) == (1, "", 1)
    assert ended.err.startswith("not asked: chatgpt is left alone until ")
    assert live.asked() == [asked]
    assert completions("ask", "best guitars", "--site-url", live.url).status == 0


@pytest.mark.browser
@pytest.mark.parametrize("fault", ["challenge", "no_answer", "http_429"])
def test_a_prompt_without_an_answer_fails(completions: Completions, rehearsed: Rehearsal, fault: str) -> None:
    prompt = f"best guitars [fault:{fault}]"
    ended = completions("ask", prompt, "--rehearse")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.splitlines()[-1].startswith(f"{FAULTS[fault]}: ")
    ended = completions("ask", prompt, "--rehearse", "--json")
    assert (ended.status, ended.err) == (1, "")
    assert (ended.json["outcome"], ended.json["finished"]) == (FAULTS[fault], fault == "no_answer")


REFUSED = [
    (["ask", " "], "prompts[0] ' ': give 1 to 1000 prompts"),
    (["ask", "x" * 2048], "(this has 2048)"),
    (["ask", "x", "--model", "bing"], "model 'bing': give one of chatgpt"),
    (["ask", "x", "--device", "toaster"], "device 'toaster': is not a known device"),
    (["ask", "x", "--country", "Narnia"], "country 'Narnia': "),
    (["ask", "x", "--city", "Berlin"], "city 'Berlin': needs country to be given too"),
    (["ask", "x", "--language", "Gibberish"], "language 'Gibberish': "),
    (["ask", "x", "--evidence", "video", "--out", "kept"], "evidence[0] 'video': give a list such as [\"screenshot\"]"),
    (["ask", "x", "--evidence", "page"], "--evidence 'page': is kept in a folder: give one with --out"),
    (["ask", "x", "--site-url", "chatgpt.com"], "--site-url 'chatgpt.com': give an address that starts with http://"),
    (["parse", "--site", "chatgpt"], "--html or --stream: give at least one of the two"),
    (["parse", "--site", "bing", "--html", "/etc/hostname"], "--site 'bing': give chatgpt"),
    (["parse", "--site", "chatgpt", "--html", "/no/such"], "--html '/no/such': cannot be read (No such file"),
    (["parse", "--site", "chatgpt", "--stream", "/"], "--stream '/': cannot be read (Is a directory)"),
    (
        ["resolve", "--country", "US"],
        "country 'US': cannot be served, no exits are configured; set COMPL",
    ),
    (["resolve", "--subdivision", "OR"], "subdivision 'OR': needs country to be given too"),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED)
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["", "json"])
def test_what_is_refused(completions: Completions, arguments: list[str], sentence: str, as_json: list[str]) -> None:
    ended = completions(*arguments, *as_json)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("refused: ")
    assert sentence in ended.err
    assert len(ended.err.splitlines()) == 1


def test_everything_that_is_refused_is_told_at_once(completions: Completions) -> None:
    ended = completions("ask", "", "--model", "bing", "--device", "toaster", "--country", "Narnia")
    assert ended.status == 2
    assert [line.removeprefix("refused: ").split(" ")[0] for line in ended.err.splitlines()] == [
        "prompts[0]",
        "model",
        "country",
        "device",
    ]


def test_a_browser_that_is_not_there(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLETIONS_BROWSER", "/no/such/browser")
    ended = completions("ask", "x", "--json")
    assert (ended.status, ended.out) == (3, "")
    assert ended.err.startswith("cannot start the browser ")
    assert "/no/such/browser" in ended.err


def test_a_browser_that_cannot_be_meant(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLETIONS_BROWSER", "netscape")
    ended = completions("ask", "x", "--json")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("refused: COMPLETIONS_BROWSER 'netscape': give shell, chromium, ")


@pytest.mark.parametrize("body", [b"", b"\x00\xff<html", b"data: {", b"<html><body>Just a page"])
def test_parse_makes_the_best_of_anything(completions: Completions, tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "body"
    file.write_bytes(body)
    for option in "--html", "--stream":
        ended = completions("parse", "--site", "chatgpt", option, str(file), "--json")
        assert (ended.status, ended.json["finished"], ended.json["answer_text"]) == (0, False, None)
        assert ended.json["outcome"] in {"layout_changed", "network"}


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not there")
@pytest.mark.parametrize(
    ("option", "name", "seen"),
    [
        ("--stream", "SYNTHETIC_sse_delta_v1_search.txt", {"outcome": "answered", "finished": True}),
        ("--stream", "SYNTHETIC_unauth_mweb_updates.partial.html", {"outcome": "answered", "finished": True}),
        ("--stream", "SYNTHETIC_unauth_mweb_failed.partial.html", {"outcome": "rate_limited", "answer_text": None}),
        ("--html", "SYNTHETIC_variantB_answer_with_sources.html", {"outcome": "answered", "ui_variant": "server"}),
    ],
)
def test_parse_reads_what_was_captured(completions: Completions, option: str, name: str, seen: dict[str, Any]) -> None:
    ended = completions("parse", "--site", "chatgpt", option, str(CAPTURES / name), "--json")
    assert (ended.status, ended.err) == (0, "")
    assert {key: ended.json[key] for key in seen} == seen
    assert ended.json["outcome"] != "answered" or ended.json["answer_text"]


PROFILE = [
    "country",
    "subdivision",
    "city",
    "latitude",
    "longitude",
    "timezone",
    "locale",
    "accept_language",
    "display_locale",
    "device",
    "location_method",
]


def test_resolve_tells_who_would_ask(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    where = ("--country", "de", "--city", "München", "--language", "Deutsch", "--device", "pixel 7")
    ended = completions("resolve", *where, "--rehearse", "--json")
    assert (ended.status, ended.err) == (0, "")
    assert list(ended.json)[: len(PROFILE)] == PROFILE
    seen = {name: ended.json[name] for name in PROFILE if name not in ("latitude", "longitude", "city")}
    assert seen == {
        "country": "DE",
        "subdivision": "BY",
        "timezone": "Europe/Berlin",
        "locale": "de-DE",
        "accept_language": "de-DE,de;q=0.9,en;q=0.8",
        "display_locale": "de-DE",
        "device": "Pixel 7",
        "location_method": "emulated",
    }
    monkeypatch.setenv("COMPLETIONS_LOCATION", "emulate")
    assert completions("resolve", *where, "--json").json == ended.json


def test_resolve_for_people_and_with_nothing_set(completions: Completions) -> None:
    ended = completions("resolve")
    shown = dict(line.split(maxsplit=1) for line in ended.out.splitlines())
    assert (ended.status, shown["country"], shown["location_method"]) == (0, "-", "direct")


def test_resolve_draws_from_the_seed(completions: Completions) -> None:
    def city(seed: int) -> Any:
        return completions("resolve", "--country", "US", "--rehearse", "--seed", str(seed), "--json").json["city"]

    assert city(1) == city(1)
    assert len({city(seed) for seed in range(5)}) > 1
