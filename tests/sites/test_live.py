"""The adapters in a real browser, against every front end of their stand-ins; ChatGPT's steps are taken elsewhere."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from completions.browser import Browser
from completions.conversation import Held
from completions.errors import Outcome
from completions.profile import resolve
from completions.rehearsal import Rehearsal
from completions.rehearsal.compare import compare
from completions.rehearsal.faults import BY_SITE, WALLS
from completions.rehearsal.sites import front_ends
from completions.sites import NAMES, drive
from sites.asking import asked

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SITES = [name for name in NAMES if name != "chatgpt"]
FRONT_ENDS = [(name, ui) for name in SITES for ui in front_ends(name)]
FAULTS = [
    pytest.param(name, ui, fault, marks=[] if ui == front_ends(name)[0] else pytest.mark.drill)
    for name, ui in FRONT_ENDS
    for fault in sorted(BY_SITE[name])
]
"""Those of front ends that few visitors get are among the drills: they take minutes."""
LATER = {("gemini", "blocked"), ("perplexity", "blocked")}
"""Walls that are met by a prompt alone."""
PAGES = [(name, fault) for name in SITES for fault in sorted(WALLS & BY_SITE[name].keys())] + [("copilot", "m365")]
LANGUAGES = {
    "gemini": ("German", "French", "Japanese", "Portuguese"),
    "perplexity": ("German", "Japanese"),
    "copilot": ("German", "French", "Japanese", "Portuguese"),
}
PROMPTS = [
    "best guitars",
    "first\nsecond\n\nfourth",
    "/imagine @someone #1 *bold* `code`",
    "1. not a list\n- nor this",
    "tab\tand  two  spaces",
    "größe 高峰 مرحبا 👩🏽‍🎤 \ue000 e\u0301",
    "x" * 2047,
]


@pytest.mark.parametrize(("name", "ui"), FRONT_ENDS)
async def test_prompts_are_asked_as_they_are_and_their_answers_read(browser: Browser, name: str, ui: str) -> None:
    with Rehearsal(ui=ui, latency=0.1) as rehearsal:
        some = asyncio.Semaphore(3)

        async def ask(prompt: str) -> Held:
            async with some:
                return await asked(browser, rehearsal, name, prompt)

        held = await asyncio.gather(*map(ask, PROMPTS))
        assert sorted(each.prompt for each in rehearsal.asked()) == sorted(PROMPTS)
        for prompt, one in zip(PROMPTS, held, strict=True):
            assert (one.outcome, one.warnings) == (Outcome.ANSWERED, []), (prompt, one.error_message)
            assert one.reading
            assert one.reading.answer
            assert one.reading.ui_variant == ui
            compared = compare(one.reading.answer, rehearsal.truth(prompt, ui, name))
            assert [field for field, each in compared.items() if not each.exact] == []
            assert one.reading.answer.conversation_url
            assert one.reading.answer.conversation_url.startswith(rehearsal.address(name).rstrip("/") + "/")


@pytest.mark.parametrize(("name", "language"), [(name, each) for name, some in LANGUAGES.items() for each in some])
async def test_dialogs_are_closed_in_the_visitors_language(browser: Browser, name: str, language: str) -> None:
    speaker = resolve(seed=1, language=language)
    with Rehearsal(latency=0) as rehearsal:
        for visit in range(1, 6):  # every third is asked for consent, every fifth to sign in where the site does that
            if visit in (1, 4):  # nobody meets there what the others do not
                assert await _came(rehearsal, name) == str(visit)
                continue
            one = await asked(browser, rehearsal, name, f"visit {visit}", speaker)
            assert one.outcome is Outcome.ANSWERED, (visit, one.error_message)


async def _came(rehearsal: Rehearsal, name: str) -> str:
    """Somebody looks at the site and leaves; the visit's number, which the stand-in keeps in a cookie."""
    address = httpx.URL(rehearsal.address(name))
    async with httpx.AsyncClient(headers={"host": address.netloc.decode()}, trust_env=False) as client:
        [number] = (await client.get(address.copy_with(host="127.0.0.1"))).cookies.values()
    return str(number)


@pytest.mark.parametrize(("name", "ui", "fault"), FAULTS)
async def test_what_goes_wrong_after_a_prompt_ends_in_its_outcome(
    browser: Browser, name: str, ui: str, fault: str
) -> None:
    with Rehearsal(ui=ui, latency=0.1) as rehearsal:
        one = await asked(browser, rehearsal, name, f"best guitars [fault:{fault}]")
    assert one.outcome == BY_SITE[name][fault], one.error_message


@pytest.mark.parametrize(("name", "fault"), PAGES)
async def test_a_wall_in_place_of_the_chat_ends_in_its_outcome(
    browser: Browser, name: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "PATIENCE", 0.5)
    with Rehearsal(fault=fault, latency=0.1) as rehearsal:
        one = await asked(browser, rehearsal, name, "best guitars")
        assert bool(rehearsal.asked()) == ((name, fault) in LATER)
    assert one.outcome == BY_SITE[name][fault], one.error_message
