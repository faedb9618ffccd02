"""Conversations held at once, of one site and of several, never mix: each answer has its own words, links, queries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from completions.answer import FanOutQuery
from completions.browser import Browser
from completions.conversation import Held, hold
from completions.errors import Outcome
from completions.profile import Profile
from completions.rehearsal import Rehearsal
from completions.rehearsal.compare import compare
from completions.rehearsal.sites import front_ends
from completions.sites import NAMES, site
from completions.sites.base import Captured
from completions.sites.failures import Failures
from completions.sites.sight import Body, Link, Pill, Sight
from completions.sites.verdict import unite

AT_ONCE = 4
FOREIGN = "the stream is of another conversation than the page; nothing of it is given"


def captured(held: Held) -> Captured:
    assert held.met
    return Captured(html=held.artifacts.page_html, stream=held.artifacts.raw_stream, url=held.met.url)


async def together(browser: Browser, rehearsal: Rehearsal, asked: list[tuple[str, str]]) -> list[Held]:
    chats = [(site(name, rehearsal.address(name)), prompt) for name, prompt in asked]
    return await asyncio.gather(*(hold(chat, browser, Profile(seed=1), prompt) for chat, prompt in chats))


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_conversations_held_at_once_do_not_mix(browser: Browser) -> None:
    asked = [(name, f"{name} isolated {number}") for number in range(2) for name in NAMES]
    with Rehearsal(latency=0.5) as rehearsal:
        held = await together(browser, rehearsal, asked)
        shown_by = {asking.prompt: asking.ui for asking in rehearsal.asked()}
        for (name, prompt), one in zip(asked, held, strict=True):
            assert one.outcome is Outcome.ANSWERED, one.error_message
            assert one.reading
            assert one.reading.answer
            compared = compare(one.reading.answer, rehearsal.truth(prompt, shown_by[prompt], name))
            assert [field for field, each in compared.items() if not each.exact] == [], prompt


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", NAMES)
async def test_the_stream_of_another_conversation_is_told_and_left_out(browser: Browser, name: str) -> None:
    """Proof that a mix-up would not go unseen: the very bytes of two conversations, their streams swapped."""
    prompts = [f"{name} swapped {number}" for number in range(AT_ONCE)]
    with Rehearsal(ui=front_ends(name)[-1], latency=0.3) as rehearsal:
        kept = [captured(one) for one in await together(browser, rehearsal, [(name, each) for each in prompts])]
    chat = site(name)
    for mine, other in pairwise(kept):
        alone, mixed = chat.read(replace(mine, stream=None)), chat.read(replace(mine, stream=other.stream))
        assert FOREIGN in mixed.warnings
        assert mixed.answer == alone.answer


TEXT = "Of all the guitars that were asked about this year, {} has a neck that holds, a clear tone and a price."
OTHER = "Rain falls in most places on the coast before noon, and whoever walks there in {} should bring a coat."


@pytest.mark.parametrize(
    ("page", "wire", "foreign"),
    [
        (Sight(conversation="/c/1"), Sight(conversation="c/1"), False),
        (Sight(conversation="https://chat.example/c/1"), Sight(conversation="c/2"), True),
        (
            Sight(conversation="/c/1", body=Body(TEXT.format("Fender"))),
            Sight(conversation="c/2", body=Body(TEXT.format("Fender"))),
            False,
        ),
        (Sight(conversation="https://chat.example/u/0/c/1"), Sight(conversation="c/1"), False),
        (Sight(conversation="https://chat.example/share/7"), Sight(conversation="c/1"), False),
        (
            Sight(body=Body(TEXT.format("Fender"))),
            Sight(body=Body(TEXT.format("A")), conversation="c/1"),
            False,
        ),
        (Sight(body=Body(TEXT.format("Fender"))), Sight(body=Body(OTHER.format("May"))), True),
        (Sight(body=Body("Yes.")), Sight(body=Body("No.")), False),  # too short to tell
        (Sight(body=Body(TEXT.format("Fender"))), Sight(), False),
    ],
)
def test_another_sessions_queries_are_never_attached(page: Sight, wire: Sight, foreign: bool) -> None:
    page = replace(page, finished=True, variant="x", body=page.body or Body(TEXT))
    wire = replace(wire, finished=True, fan_out_queries=[FanOutQuery(query="of the other", order=1)])
    wire.body = wire.body and replace(wire.body, pills=[Pill((Link("https://example.com/"),))])
    seen = unite(page, wire, "https://chat.example/", Failures({}, {}))
    assert seen.answer
    assert (seen.answer.fan_out_queries is None) is foreign
    assert (FOREIGN in seen.warnings) is foreign
    assert not (foreign and seen.answer.citations)
