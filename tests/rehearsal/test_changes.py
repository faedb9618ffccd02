"""Stand-ins that change on purpose: what they say afterwards, and that all else stays as it was."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from completions.rehearsal import Change, Rehearsal, normalised
from completions.rehearsal.sites import STAND_INS, shown

PROMPTS = [f"Which guitar is number {number}?" for number in range(40)]
GAINED = "https://reverb.com/marketplace"


@pytest.mark.parametrize("site", STAND_INS)
def test_a_brand_that_is_dropped_is_named_nowhere_and_nothing_else_moves(site: str) -> None:
    dropped = Change(without=("Gibson",))
    for prompt in PROMPTS:
        before, after = shown(prompt, site), shown(prompt, site, change=dropped)
        assert after.text == before.text.replace("Gibson", "Rickenbacker")
        assert "Gibson" not in after.markdown
        assert after.citations == before.citations
        assert not any("Gibson" in product.title for product in after.products or ())


@pytest.mark.parametrize("site", STAND_INS)
def test_a_page_that_is_gained_is_cited_once_by_every_answer_with_citations(site: str) -> None:
    for prompt in PROMPTS:
        before, after = shown(prompt, site), shown(prompt, site, change=Change(citing=(GAINED,)))
        urls = [cited.url for cited in after.citations]
        assert urls.count(GAINED) == bool(before.citations)
        assert sorted(url for url in urls if url != GAINED) == sorted(cited.url for cited in before.citations)
        assert (GAINED in [each.url for each in after.sources or ()]) == bool(before.citations)


def test_a_model_that_is_switched_is_every_answers() -> None:
    assert {shown(prompt, "gemini", change=Change(model="4.0 Flash")).model_version for prompt in PROMPTS} == {
        "4.0 Flash"
    }


def test_voices_take_turns_and_the_first_is_the_one_that_there_is_without_them() -> None:
    change = Change(voices=3)
    texts = [shown(PROMPTS[0], "gemini", change=change, n=n).text for n in range(1, 7)]
    assert texts[:3] == texts[3:]
    assert len(set(texts)) == 3
    assert texts[0] == shown(PROMPTS[0], "gemini").text


def _ask(client: httpx.Client, prompt: str) -> str:
    form = {"prompt": prompt, "assistantMessageId": "pending-0", "timezone": "Asia/Tokyo"}
    return client.post("/unauth-mweb/conversation/updates", data=form).text


def test_what_a_site_serves_is_the_truth_of_its_change_until_it_is_taken_back() -> None:
    prompt = next(prompt for prompt in PROMPTS if "Gibson" in shown(prompt).text and shown(prompt).citations)
    with Rehearsal(latency=0.01) as rehearsal, httpx.Client(base_url=rehearsal.url, trust_env=False) as client:
        change: dict[str, Any] = {"site": "chatgpt", "without": ["Gibson"], "citing": [GAINED]}
        assert client.post("/_rehearsal/changes", json=change).status_code == 204
        told = _ask(client, prompt)
        assert "Gibson" not in told
        assert urlsplit(GAINED).netloc in told
        truth = client.get("/_rehearsal/truth", params={"prompt": prompt, "ui": "b"}).json()
        assert normalised(truth["text"]) == normalised(rehearsal.truth(prompt).text)
        assert GAINED in [cited["url"] for cited in truth["citations"]]
        assert rehearsal.truth(prompt, site="gemini") == shown(prompt, "gemini")
        client.post("/_rehearsal/changes", json={"site": "chatgpt", "fault": "http_500"})
        assert _ask(client, prompt) == "Internal Server Error"
        rehearsal.change("chatgpt")
        assert "Gibson" in _ask(client, prompt)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"without": ["Gibson"]}, "'site'"),
        ({"site": "bing"}, "site 'bing': not known, take one of chatgpt, copilot, gemini, perplexity"),
        ({"site": "gemini", "fault": "nonsense"}, "fault 'nonsense': not a known fault"),
        ({"site": "gemini", "brand": "x"}, "unexpected keyword argument 'brand'"),
    ],
)
def test_a_change_that_means_nothing_is_refused(change: dict[str, Any], told: str) -> None:
    with Rehearsal(latency=0.01) as rehearsal:
        response = httpx.post(f"{rehearsal.url}/_rehearsal/changes", json=change, trust_env=False)
    assert response.status_code == 422
    assert told in response.text


def test_the_usual_front_end_is_every_visitors() -> None:
    with Rehearsal(latency=0.01, ui="usual") as rehearsal:
        pages = [httpx.get(rehearsal.url, trust_env=False).text for _ in range(8)]
    assert all("data-app-shell" in page for page in pages)
