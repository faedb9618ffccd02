"""What the stand-in for Gemini sends, read by a small decoder of the tests' own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from completions.rehearsal import BY_SITE, Rehearsal, Truth
from completions.rehearsal.sites import shown
from completions.rehearsal.visitor import EXIT

CAPTURES = Path(os.environ.get("COMPLETIONS_CAPTURES", Path(__file__).parents[3] / "shared/captures")) / "gemini"
HOST = {"host": "gemini.localhost"}
STREAM = "/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate?bl=boq&f.sid=-1&hl=de&_reqid=1&rt=c"
PROMPTS = [f"which guitar, part {number}?" for number in range(24)]
MARK = re.compile(r"\[cite: ([\d, ]+)\]")
PLACEHOLDER = re.compile(r"https?://googleusercontent\.com/(?:\w+/)+\d+\n*")


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    with Rehearsal(latency=0.05) as rehearsal:
        yield rehearsal


@pytest.fixture(scope="module")
def client(rehearsal: Rehearsal) -> Iterator[httpx.Client]:
    """Somebody new at every request, at the stand-in's own host."""
    with httpx.Client(base_url=rehearsal.url, headers=HOST, trust_env=False) as client:
        yield client


def post(client: httpx.Client, prompt: str, **headers: str) -> httpx.Response:
    inner = [[prompt, 0, None, None, None, None, 0], ["de"]]
    client.cookies.clear()
    return client.post(STREAM, data={"f.req": json.dumps([None, json.dumps(inner)])}, headers=headers)


def envelopes_of(body: bytes) -> list[list[Any]]:
    """Of all frames, whose lengths count UTF-16 units, the line's end on both sides of the JSON among them."""
    head, _, rest = body.decode().partition("\n\n")
    assert head == ")]}'"
    units, envelopes = rest.encode("utf-16-le"), []
    while units:
        line = units.index("\n".encode("utf-16-le"))
        end = line + 2 * int(units[:line].decode("utf-16-le"))
        envelopes += json.loads(units[line:end].decode("utf-16-le"))
        assert units[end - 2 : end] == "\n".encode("utf-16-le")
        units = units[end:]
    return envelopes


def told_by(body: bytes) -> list[list[Any]]:
    return [json.loads(each[2]) for each in envelopes_of(body) if each[0] == "wrb.fr" and each[2]]


def final(body: bytes) -> list[Any]:
    """The last that was told, with the whole candidate."""
    inner = told_by(body)[-1]
    assert inner[4][0][8] == [2]
    return inner


def field_43(candidate: list[Any]) -> list[Any]:
    """At its place, or in the last dictionary under its number and one."""
    found = candidate[12]
    groups: list[Any] = found[-1].get("44") or (found[43] if len(found) > 44 else [])
    return groups


def cited_in(candidate: list[Any]) -> list[tuple[int, str, str, str]]:
    groups = {group[0][0].strip(): [entry[3][0] for entry in group[1]] for group in field_43(candidate)}
    marks = [groups[mark[0]] for mark in MARK.finditer(candidate[1][0])]
    return [
        (number, url, title, "more" if rank else "inline")
        for number, pages in enumerate(marks, 1)
        for rank, (_, url, title) in enumerate(pages)
    ]


def cited_by(truth: Truth) -> list[tuple[int, str, str, str]]:
    return [(each.pill, each.url, each.title, each.role) for each in truth.citations]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_frames_build_the_answer(client: httpx.Client, prompt: str) -> None:
    truth = shown(prompt, "gemini")
    response = post(client, prompt)
    assert response.headers["content-type"].startswith("application/json")
    inner = final(response.content)
    candidate = inner[4][0]
    text = candidate[1][0]
    assert tidy(text) == truth.markdown
    assert (inner[5], inner[8], inner[42], inner[39]) == (None, None, truth.model_version, ANY_HEX)
    assert [(image[0][0][0], image[0][4]) for image in candidate[12][1] or []] == [
        (image.url, image.title) for image in truth.images or ()
    ]
    assert len(PLACEHOLDER.findall(text)) == len(truth.images or ()) + bool(truth.places)
    assert (candidate[9], candidate[37][0][0][:2]) == ("de", "**")
    if field_43(candidate):
        assert cited_in(candidate) == cited_by(truth)
    else:  # chips on the page, and not a mark here
        assert "[cite" not in text
        assert all(page.url in json.dumps(candidate, ensure_ascii=False) for page in truth.citations)


class _Hex:
    def __eq__(self, other: object) -> bool:
        return bool(re.fullmatch("[0-9a-f]{16}", str(other)))

    __hash__ = object.__hash__


ANY_HEX = _Hex()


def tidy(text: str) -> str:
    """The markdown without marks and placeholders, lines without spaces at their ends."""
    text = PLACEHOLDER.sub("", MARK.sub("", text))
    return re.sub(r" +$", "", text, flags=re.M).strip()


def test_citations_travel_in_every_way_there_is(client: httpx.Client) -> None:
    answers = [final(post(client, prompt).content)[4][0] for prompt in PROMPTS if shown(prompt, "gemini").citations]
    ways = {("44" in answer[12][-1], len(answer[12]) > 44, bool(MARK.search(answer[1][0]))) for answer in answers}
    assert ways == {(True, False, True), (False, True, True), (False, False, False)}


def test_each_frame_has_the_whole_text_so_far(client: httpx.Client) -> None:
    told = told_by(post(client, PROMPTS[0]).content)
    texts = [inner[4][0][1][0] for inner in told if len(inner) > 4 and inner[4]]
    assert len(set(texts)) > 5
    assert all(after.startswith(before) for before, after in pairwise(texts))
    assert len({tuple(inner[1]) for inner in told}) == 1
    conversation, reply = told[0][1]
    assert re.fullmatch("c_[0-9a-f]{16} r_[0-9a-f]{16}", f"{conversation} {reply}")


def test_the_stream_ends_as_it_must(client: httpx.Client) -> None:
    *_, timing, trace, end = envelopes_of(post(client, PROMPTS[0]).content)
    assert (timing[0], trace[0], end[:2]) == ("di", "af.httprm", ["e", 4])


def test_the_page_learns_where_it_is_before_any_prompt(client: httpx.Client) -> None:
    url = "/_/BardChatUi/data/batchexecute?rpcids=K4WWud&rt=c"
    body = client.post(url, data={"f.req": "[]"}).content
    kind, rpc, inner = envelopes_of(body)[0]
    assert (kind, rpc) == ("wrb.fr", "K4WWud")
    assert json.loads(inner) == []  # through no exit: nobody knows
    body = client.post(url, data={"f.req": "[]"}, headers={EXIT: "DE BY munich -"}).content
    assert json.loads(envelopes_of(body)[0][2])[:2] == [
        "Munich, Germany",
        "SWML_DESCRIPTION_FROM_YOUR_INTERNET_ADDRESS",
    ]


CODES = {"rate_limited": 1037, "unavailable_here": 1060, "blocked": 1096, "code_1013": 1013, "code_1096_after": 1096}


@pytest.mark.parametrize(("fault", "code"), CODES.items())
def test_an_error_is_a_code_in_its_envelope(client: httpx.Client, fault: str, code: int) -> None:
    response = post(client, f"anything [fault:{fault}]")
    assert response.status_code == 200
    (error,) = [each for each in envelopes_of(response.content) if each[0] == "wrb.fr" and each[2] is None]
    assert (error[5][0], error[5][2][0][1][0]) == (13, code)
    assert bool(told_by(response.content)) == (fault == "code_1096_after")


STATUSES = {
    "http_429": 429,
    "http_500": 500,
    "challenge": 302,
    "login_wall": 302,
    "layout_changed": 409,
    "slow_load": 409,
}


@pytest.mark.parametrize(("fault", "status"), STATUSES.items())
def test_the_status_a_prompt_gets_for_a_fault(client: httpx.Client, fault: str, status: int) -> None:
    assert post(client, f"anything [fault:{fault}]").status_code == status


def test_an_answer_may_be_nothing(client: httpx.Client) -> None:
    candidate = final(post(client, f"{PROMPTS[0]} [fault:no_answer]").content)[4][0]
    assert (candidate[1], candidate[12][1]) == ([""], None)


def test_a_cut_stream_breaks_off_without_an_end(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(client, "anything [fault:cut_stream]")


def test_the_faults_of_the_wire_are_among_those_there_are() -> None:
    assert CODES.keys() | STATUSES.keys() | {"no_answer", "cut_stream"} <= BY_SITE["gemini"].keys()


@pytest.mark.skipif(not CAPTURES.exists(), reason="the recorded shapes are not part of the project")
def test_it_speaks_as_recorded(client: httpx.Client) -> None:
    recorded = (CAPTURES / "streamgenerate-SYNTHETIC-full.txt").read_bytes()
    ours = [told for prompt in PROMPTS for told in told_by(post(client, prompt, **{EXIT: "DE BY munich -"}).content)]
    assert places_in(told_by(recorded)) <= places_in(ours)


def places_in(tellings: list[list[Any]]) -> set[str]:
    """Every place that holds something."""
    return {place for inner in tellings for place in _places(inner, "")}


def _places(value: Any, at: str) -> Iterator[str]:
    pairs = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, inner in pairs:
        if inner is not None:
            yield f"{at}/{key}"
            yield from _places(inner, f"{at}/{key}")


# What a visitor meets in place of the chat.


@pytest.mark.parametrize(
    ("asked", "language", "reject", "accept"),
    [
        ({"accept-language": "de-DE,de;q=0.9"}, "de-DE", "Alle ablehnen", "Alle akzeptieren"),
        ({"accept-language": "fr"}, "fr", "Tout refuser", "Tout accepter"),
        ({"accept-language": "zh-TW"}, "zh-TW", "全部拒絕", "全部接受"),
        ({"accept-language": "zh-CN,zh;q=0.9"}, "zh-CN", "全部拒绝", "全部接受"),
        ({"accept-language": "fi-FI"}, "fi-FI", "Reject all", "Accept all"),
        ({}, "en", "Reject all", "Accept all"),
        ({"accept-language": '"><script>'}, "en", "Reject all", "Accept all"),
    ],
)
def test_every_third_is_asked_to_consent_first(
    rehearsal: Rehearsal, client: httpx.Client, asked: dict[str, str], language: str, reject: str, accept: str
) -> None:
    rehearsal.reset()
    client.cookies.clear()
    came = [httpx.get(f"{rehearsal.url}/app", headers=HOST | asked, trust_env=False) for _ in range(3)]
    assert [each.status_code for each in came] == [200, 200, 302]
    way = came[2].headers["location"]
    assert way.startswith("/consent.google.com/m?continue=http%3A%2F%2Fgemini.localhost%2Fapp&")
    page = client.get(way).text
    forms = page.split("<form ")[1:]
    assert all('action="/consent.google.com/save" method="POST"' in form for form in forms)
    assert [re.findall("<button[^>]*><span>([^<]*)", form) for form in forms] == [[reject], [accept]]
    assert f'<html lang="{language}">' in page
    cookie = {"cookie": came[2].headers["set-cookie"].partition(";")[0]}
    saved = client.post("/consent.google.com/save", data={"hl": language, "set_eom": "true"}, headers=cookie)
    assert (saved.status_code, saved.headers["location"]) == (303, f"/app?hl={language}")
    assert client.get("/app", headers=cookie).status_code == 200


@pytest.mark.parametrize(
    ("fault", "path", "status", "sign"),
    [
        ("challenge", "/sorry/index", 429, 'id="captcha-form"'),
        ("login_wall", "/accounts.google.com/v3/signin/identifier", 200, 'type="email"'),
        ("unavailable_here", "/app", 200, "not currently supported in your country"),
        ("layout_changed", "/app", 200, "Ask away"),
        ("blocked", "/app", 200, "<chat-app"),
    ],
)
def test_a_wall_in_place_of_the_page(fault: str, path: str, status: int, sign: str) -> None:
    with Rehearsal(fault=fault) as rehearsal:
        came = httpx.get(f"{rehearsal.url}/app", headers=HOST, trust_env=False)
        if path != "/app":
            assert came.status_code == 302
            came = httpx.get(f"{rehearsal.url}{came.headers['location']}", headers=HOST, trust_env=False)
    assert (came.url.path, came.status_code) == (path, status)
    assert sign in came.text


def test_the_root_leads_to_the_app_and_other_hosts_to_other_sites(rehearsal: Rehearsal, client: httpx.Client) -> None:
    assert client.get("/").headers["location"] == "/app"
    assert "ChatGPT" in httpx.get(rehearsal.url, trust_env=False).text
