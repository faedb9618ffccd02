"""Checks of the adapters: what counts against one, what does not, and which batches it stops."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
import pytest_asyncio
from lxml import html

from completions import canary
from completions.batch import BatchConfig
from completions.browser import Browser
from completions.canary import CANARY, PARTS, check_sites, judge
from completions.columns import HEALTH
from completions.conversation import Held, hold, verdict
from completions.errors import Outcome, Refused
from completions.health import Health, evidence_key, keep, last, refuse_unhealthy
from completions.manners import Manners
from completions.markup import found, parsed
from completions.profile import Profile
from completions.record import Artifacts
from completions.rehearsal import Rehearsal
from completions.rehearsal.sites import front_ends
from completions.settings import PROJECT, Settings
from completions.sites import NAMES, site
from completions.sites.base import Captured
from completions.sites.chat import Chat
from completions.store import Store

pytest_plugins = ["stores"]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHANGED = Health(
    site="chatgpt",
    origin="live",
    checked_at=NOON,
    healthy=False,
    outcome=Outcome.LAYOUT_CHANGED,
    failed=["layout_changed: the page has no composer that this adapter knows"],
    tries=2,
    adapter_version="1",
)
FITS = CHANGED.model_copy(update={"healthy": True, "outcome": Outcome.ANSWERED, "failed": [], "checked_at": NOON})
UNCLEAR = CHANGED.model_copy(update={"healthy": None, "outcome": Outcome.CHALLENGE, "failed": []})


def chat(name: str) -> Chat:
    one = site(name)
    assert isinstance(one, Chat)
    return one


# What a check leaves, and what it stops.


def asked(store: Store, **fields: Any) -> str | None:
    """Why a batch is refused; None when it is not."""
    try:
        refuse_unhealthy(store, BatchConfig.model_validate({"prompts": ["x"], **fields}))
    except Refused as refused:
        return str(refused)
    return None


def test_a_changed_site_stops_its_own_batches_until_a_check_passes(any_store: Store) -> None:
    assert asked(any_store) is None
    keep(any_store, CHANGED)
    assert asked(any_store) == (
        "model 'chatgpt': is marked unhealthy since its check of 2026-11-23 12:00 UTC "
        "(layout_changed: the page has no composer that this adapter knows); "
        'check it again with `completions health --site chatgpt`, or ask it all the same with "force": true'
    )
    assert asked(any_store, model="gemini") is None
    assert asked(any_store, rehearse=True) is None
    assert asked(any_store, force=True) is None
    assert asked(any_store, _audit={"name": "a", "run": "1", "seed": 1, "forced": True}) is None
    keep(any_store, UNCLEAR)
    assert asked(any_store) is not None
    keep(any_store, FITS)
    assert asked(any_store) is None


def test_rehearsed_checks_stop_rehearsed_batches_alone(folder: Store) -> None:
    keep(folder.of("rehearsal"), CHANGED.model_copy(update={"origin": "rehearsal"}))
    assert asked(folder) is None
    assert "`completions health --site chatgpt --rehearse`" in (asked(folder, rehearse=True) or "")


def test_every_check_is_a_row(folder: Store) -> None:
    checks = [
        CHANGED,
        UNCLEAR.model_copy(update={"site": "gemini"}),
        FITS.model_copy(update={"checked_at": NOON + timedelta(1)}),
    ]
    for check in checks:
        keep(folder, check)
    table = pq.read_table(f"{folder.uri}/datasets/health")
    assert table.schema.names[: len(HEALTH)] == [column.name for column in HEALTH] == list(Health.model_fields)
    for column in HEALTH:
        assert table.schema.field(column.name).type == column.type
    rows = pd.read_parquet(f"{folder.uri}/datasets/health").sort_values(["checked_at", "site"])
    assert list(rows["site"]) == ["chatgpt", "gemini", "chatgpt"]
    assert [None if pd.isna(each) else bool(each) for each in rows["healthy"]] == [False, None, True]
    assert [list(each) for each in rows["failed"]] == [CHANGED.failed, [], []]
    [query] = re.findall(r"```sql\n(.*?)```", (PROJECT / "docs/operate.md").read_text("utf-8"), re.DOTALL)
    shown = duckdb.connect().execute(query.replace(".completions", folder.uri)).fetchall()
    assert [row[2] for row in shown[:1]] == [True]
    assert {(site, healthy, *failed) for _, site, healthy, _, failed, _ in shown[1:]} == {
        ("chatgpt", False, *CHANGED.failed),
        ("gemini", None),
    }


# What a conversation says of the adapter.

FRONT_ENDS = [(name, ui) for name in NAMES for ui in front_ends(name)]
Helds = dict[tuple[str, str], Held]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def helds(browser: Browser) -> Helds:
    """What came of the canary on every front end of every site."""

    async def ask(name: str, ui: str) -> Held:
        with Rehearsal(ui=ui, latency=0.2) as rehearsal:
            return await hold(site(name, rehearsal.address(name)), browser, Profile(seed=1), CANARY)

    return dict(zip(FRONT_ENDS, await asyncio.gather(*(ask(*each) for each in FRONT_ENDS)), strict=True))


def reread(held: Held, name: str, page: str) -> Held:
    """The conversation, had its page been `page`."""
    reading = chat(name).read(Captured(html=page, stream=held.artifacts.raw_stream, status=200))
    outcome, message = verdict(None, reading, loaded=True)
    artifacts = held.artifacts.model_copy(update={"page_html": page})
    return replace(held, reading=reading, outcome=outcome, error_message=message, artifacts=artifacts)


def without(page: str, selector: str) -> str:
    """The page after its makers gave other names to what `selector` finds."""
    root = parsed(page)
    assert root is not None
    lost = found(root, selector)
    assert lost
    for element in lost:
        element.tag = "x-new"
        element.attrib.clear()
    return html.tostring(root, encoding="unicode")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("name", "ui"), FRONT_ENDS)
async def test_an_adapter_that_fits_fails_nothing(helds: Helds, name: str, ui: str) -> None:
    held = helds[name, ui]
    assert (held.outcome, judge(chat(name), held)) == (Outcome.ANSWERED, []), held.error_message
    assert judge(chat(name), reread(held, name, held.artifacts.page_html or "")) == []


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("name", "ui"), FRONT_ENDS)
async def test_every_part_that_a_page_loses_is_noticed(helds: Helds, name: str, ui: str, part: str) -> None:
    one, held = chat(name), helds[name, ui]
    assert held.reading
    layout = next(each for each in one.looks.layouts if each.name == held.reading.ui_variant)
    failed = judge(one, reread(held, name, without(held.artifacts.page_html or "", getattr(layout, part))))
    assert failed
    if part != "marks":
        assert f"selector {part} ({layout.name})" in failed


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, []),
        ({"citations": []}, ["field citations"]),
        ({"citations": None}, ["field citations"]),
        ({"citations": [], "web_search_triggered": False}, []),
        ({"answer_markdown": ""}, ["field answer_markdown"]),
        ({"products": None, "follow_up_questions": None}, []),
    ],
)
async def test_every_field_that_the_canary_must_fill_is_looked_at(
    helds: Helds, changes: dict[str, Any], failed: list[str]
) -> None:
    for (name, _), held in helds.items():
        assert held.reading
        assert held.reading.answer
        answer = held.reading.answer.model_copy(update=changes)
        assert judge(chat(name), replace(held, reading=held.reading.model_copy(update={"answer": answer}))) == failed


MET = {
    Outcome.LAYOUT_CHANGED: ["layout_changed: seen"],
    Outcome.NO_ANSWER: ["field answer_text (no_answer: seen)"],
    Outcome.REFUSED: ["field answer_text (refused: seen)"],
}


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.ANSWERED])
def test_walls_and_the_network_say_nothing_of_the_adapter(outcome: Outcome) -> None:
    held = Held(NOON, outcome, "seen")
    assert judge(chat("chatgpt"), held) == MET.get(outcome)


# How often a site is asked before it is judged.

ANSWERED, LAYOUT, NETWORK, CHALLENGE = Outcome.ANSWERED, Outcome.LAYOUT_CHANGED, Outcome.NETWORK, Outcome.CHALLENGE


@pytest.mark.parametrize(
    ("ends", "healthy", "tries"),
    [
        ([ANSWERED], True, 1),
        ([LAYOUT, ANSWERED], True, 2),
        ([LAYOUT, LAYOUT], False, 2),
        ([LAYOUT, NETWORK, LAYOUT], False, 3),
        ([NETWORK, ANSWERED], True, 2),
        ([NETWORK, NETWORK, NETWORK], None, 3),
        ([LAYOUT, NETWORK, NETWORK], None, 3),
        ([CHALLENGE], None, 1),
        ([LAYOUT, CHALLENGE], None, 2),
        ([Outcome.UNAVAILABLE_HERE], None, 1),
    ],
)
async def test_two_failures_and_no_pass_make_a_site_unhealthy(
    store: Store, monkeypatch: pytest.MonkeyPatch, ends: list[Outcome], healthy: bool | None, tries: int
) -> None:
    left = list(ends)

    async def hold(*_: Any) -> Held:
        return Held(NOON, left.pop(0), "seen", artifacts=Artifacts(page_html="<p>new", raw_stream=b"\xff"))

    monkeypatch.setattr(canary, "hold", hold)
    monkeypatch.setattr(canary, "judge", lambda _, held: [] if held.outcome is ANSWERED else judge(_, held))
    settings = Settings.model_validate({"rehearsal_url": "http://127.0.0.1:9/"})
    [found] = await check_sites(store, ["chatgpt"], settings, rehearse=True)
    assert (found.healthy, found.tries, left) == (healthy, tries, [])
    part = store.of("rehearsal")
    assert last(part, "chatgpt") == (None if healthy is None else found)
    assert found.failed == (["layout_changed: seen"] if LAYOUT in ends and not healthy else [])
    if found.failed:
        kept = [part.get(evidence_key("chatgpt", found.checked_at, name)) for name in ("page.html", "stream")]
        assert (kept, found.evidence) == ([b"<p>new", b"\xff"], part.uri_of(evidence_key("chatgpt", found.checked_at)))


async def test_a_live_site_that_wants_no_visit_is_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[Held] = []

    async def hold(*_: Any) -> Held:
        held.append(Held(NOON, CHALLENGE, "seen"))
        return held[-1]

    monkeypatch.setattr(canary, "hold", hold)
    monkeypatch.setattr(canary, "Manners", partial(Manners, gap=(0, 0)))
    first, second = [(await check_sites(store, ["chatgpt"], Settings(), rehearse=False))[0] for _ in range(2)]
    assert ((first.healthy, first.tries), (second.healthy, second.tries), len(held)) == ((None, 1), (None, 0), 1)
    assert second.told.startswith("not asked: the site is left alone until ")
