"""Perplexity in a real browser, what is its own; see `test_live`."""

from __future__ import annotations

import pytest

from completions.browser import Browser
from completions.errors import Outcome
from completions.rehearsal import Rehearsal, normalised
from completions.rehearsal.sites import front_ends
from completions.sites import parse, site
from completions.sites.perplexity.stream import seen_country
from sites.asking import asked

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize("ui", front_ends("perplexity"))
async def test_what_page_and_wire_say_by_themselves_agrees(browser: Browser, ui: str) -> None:
    with Rehearsal(ui=ui, latency=0.1) as rehearsal:
        one = await asked(browser, rehearsal, "perplexity", "best guitars")
    page = parse(site("perplexity"), html=one.artifacts.page_html)
    wire = parse(site("perplexity"), stream=one.artifacts.raw_stream)
    for reading in (page, wire):
        assert reading.outcome is Outcome.ANSWERED
        assert reading.answer
    assert page.answer
    assert wire.answer
    assert normalised(page.answer.answer_text) == normalised(wire.answer.answer_text)
    assert page.ui_variant == wire.ui_variant
    shown = [(each.url_canonical, each.char_start) for each in page.answer.citations or []]
    sent = [(each.url_canonical, each.char_start) for each in wire.answer.citations or [] if each.role == "inline"]
    assert shown == sent
    assert seen_country(one.artifacts.raw_stream or b"") is None
