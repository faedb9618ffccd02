"""The adapter in a real browser, against the stand-ins of both front ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Page

from completions.browser import Browser
from completions.errors import Outcome, Wall
from completions.profile import Profile
from completions.rehearsal import Rehearsal, normalised
from completions.rehearsal.compare import compare
from completions.rehearsal.draft import draft_of
from completions.sites import site
from completions.sites.base import Captured, Site
from completions.sites.scene import with_opened
from completions.wire import Tap

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ANSWERED_WITHIN = 30.0
UNREAD = "the answer has a list of products, which is not read on this front end"
PROMPTS = [
    "best guitars",
    "first\nsecond\n\nfourth",
    "/imagine @someone #1 *bold* `code`",
    "1. not a list\n- nor this",
    "größe 高峰 مرحبا 👩🏽‍🎤 \ue000 e\u0301",
    "x" * 2047,
]


PAGED = [f"guitars with sources {number}" for number in range(100)]


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page in a fresh context."""
    async with browser.page(Profile(seed=1), 20) as page:
        yield page


@pytest.fixture(params=["a", "b"])
def rehearsal(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    with Rehearsal(ui=request.param, latency=0.3) as rehearsal:
        yield rehearsal


async def ask(chat: Site, page: Page, prompt: str) -> Captured:
    """Ask, wait for the end of page and stream, or for a wall, and take what there is."""
    tap = Tap(chat.wire)
    await tap.attach(page)
    async with asyncio.timeout(ANSWERED_WITHIN):
        response = await page.goto(chat.url)
        await chat.ready(page)
        await chat.submit(page, prompt)
        while (state := (await chat.look(page)).state) != "walled" and not (state == "finished" and tap.closed):
            tap.stirred.clear()
            with suppress(TimeoutError):  # the page goes on drawing when the stream has ended
                await asyncio.wait_for(tap.stirred.wait(), 0.1)
    await page.wait_for_load_state("networkidle")  # a wall may be drawn a moment after its first sign
    assert response
    return Captured(await page.content(), tap.stream, response.status, url=page.url)


@pytest.mark.parametrize("prompt", PROMPTS)
async def test_a_prompt_is_asked_as_it_is_and_its_answer_read(rehearsal: Rehearsal, page: Page, prompt: str) -> None:
    chat = site("chatgpt", rehearsal.url + "/")
    seen = chat.read(await ask(chat, page, prompt))
    [asked] = rehearsal.asked()
    assert asked.prompt == prompt
    assert (seen.outcome, seen.page_finished, seen.stream_finished) == (Outcome.ANSWERED, True, True)
    truth, answer = rehearsal.truth(prompt, "b" if seen.ui_variant == "server" else "a"), seen.answer
    assert answer
    for_sale = seen.ui_variant == "server" and draft_of("chatgpt", prompt).products
    assert seen.warnings == [UNREAD] * bool(for_sale)
    assert normalised(answer.answer_text) == normalised(truth.text)
    cited = [(each.url_canonical, each.title, each.role, each.pill) for each in answer.citations or []]
    assert cited == [(each.url, each.title, each.role, each.pill) for each in truth.citations]
    listed = [(each.url_canonical, each.cited) for each in answer.sources or []]
    assert listed == [(each.url, each.cited) for each in truth.sources or ()]
    queries = None if answer.fan_out_queries is None else tuple(each.query for each in answer.fan_out_queries)
    assert (queries, answer.model_version) == (truth.fan_out_queries, truth.model_version)
    assert tuple(each.name for each in answer.entities or []) == truth.entities
    assert answer.conversation_url
    assert answer.conversation_url.startswith(rehearsal.url)


async def test_dialogs_that_a_visitor_may_close_are_closed(rehearsal: Rehearsal, page: Page) -> None:
    chat = site("chatgpt", rehearsal.url + "/")
    for visit in range(1, 16):  # every third is asked for consent, every fifth to log in, the last both
        await page.context.clear_cookies()
        if visit in (3, 5, 15):
            assert chat.read(await ask(chat, page, f"visit {visit}")).outcome is Outcome.ANSWERED
        else:
            await page.goto(chat.url)
    assert [asked.prompt for asked in rehearsal.asked()] == ["visit 3", "visit 5", "visit 15"]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("challenge", Outcome.CHALLENGE),
        ("blocked", Outcome.BLOCKED),
        ("login_wall", Outcome.LOGIN_WALL),
        ("unavailable_here", Outcome.UNAVAILABLE_HERE),
        ("layout_changed", Outcome.LAYOUT_CHANGED),
    ],
)
async def test_a_wall_in_place_of_the_chat_is_met_at_once(page: Page, fault: str, outcome: Outcome) -> None:
    with Rehearsal(fault=fault) as rehearsal:
        chat = site("chatgpt", rehearsal.url + "/")
        await page.goto(chat.url)
        with pytest.raises(Wall) as met:
            await asyncio.wait_for(chat.ready(page), 20)
    assert met.value.outcome is outcome


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("rate_limited", Outcome.RATE_LIMITED),
        ("http_429", Outcome.RATE_LIMITED),
        ("http_500", Outcome.NETWORK),
        ("blocked", Outcome.BLOCKED),
        ("login_wall", Outcome.LOGIN_WALL),
        ("challenge", Outcome.CHALLENGE),
        ("unavailable_here", Outcome.UNAVAILABLE_HERE),
        ("refused", Outcome.REFUSED),
        ("no_answer", Outcome.NO_ANSWER),
        ("failure_as_answer", Outcome.NETWORK),
    ],
)
async def test_a_wall_in_place_of_an_answer(rehearsal: Rehearsal, page: Page, fault: str, outcome: Outcome) -> None:
    chat = site("chatgpt", rehearsal.url + "/")
    assert chat.read(await ask(chat, page, f"best guitars [fault:{fault}]")).outcome is outcome


async def test_an_answer_that_is_handed_over_to_the_socket_is_whole(page: Page) -> None:
    with Rehearsal(ui="a", latency=0.3) as rehearsal:
        prompt = "best guitars [fault:handed_over]"
        chat = site("chatgpt", rehearsal.url + "/")
        seen = chat.read(captured := await ask(chat, page, prompt))
        compared = compare(seen.answer, rehearsal.truth(prompt, "a")) if seen.answer else {}
    assert b"encoded_item" in (captured.stream or b"")
    assert (seen.outcome, seen.stream_finished, seen.warnings) == (Outcome.ANSWERED, True, [])
    assert [field for field, each in compared.items() if not each.exact] == []


async def test_the_page_alone_tells_all_that_it_hides_once_unfolded(rehearsal: Rehearsal, page: Page) -> None:
    chat = site("chatgpt", rehearsal.url + "/")
    prompt = next(each for each in PAGED if "more" in {cited.role for cited in rehearsal.truth(each, "a").citations})
    captured = await ask(chat, page, prompt)
    opened = with_opened(captured.html or "", await chat.unfold(page))
    seen = chat.read(replace(captured, html=opened, stream=None))
    truth, answer = rehearsal.truth(prompt, "b" if seen.ui_variant == "server" else "a"), seen.answer
    assert answer
    cited = [(each.url_canonical, each.title, each.role, each.pill) for each in answer.citations or []]
    assert cited == [(each.url, each.title, each.role, each.pill) for each in truth.citations]
    listed = [(each.url_canonical, each.title, each.site_name, each.cited) for each in answer.sources or []]
    assert listed == [(each.url, each.title, each.site_name, each.cited) for each in truth.sources or ()]
