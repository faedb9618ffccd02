"""One task's share of a batch: every prompt asked once, whatever dies, and every ending recorded as what it was."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psutil
import pytest
from starlette.requests import Request
from starlette.responses import Response

from batches import BATCH, NOW, planned
from completions import ask
from completions.ask import ask_shard
from completions.browser import Browser
from completions.conversation import Held
from completions.errors import Outcome
from completions.manners import Manners
from completions.plan import Plan
from completions.progress import Progress, load
from completions.record import Record, answer_key, batch_key
from completions.rehearsal import FAULTS, Rehearsal, normalised
from completions.settings import Settings
from completions.sites.base import Deadlines, Site
from completions.sites.chatgpt import ChatGPT
from completions.store import Store, StoreError
from processes import browser_of, ours
from tiny import END, Tiny, events, served

pytestmark = [pytest.mark.browser]

QUICK = Deadlines(context=6, load=3, ready=10, submit=10, first_token=3, between_tokens=3, answer=20, settle=1, look=3)
"""Seconds; short where a fault makes the site silent, long where only a busy machine does."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conversations that give up soon, in a browser that is soon given up."""

    def site(_: str, url: str) -> Site:
        chat = ChatGPT(url)
        chat.deadlines = QUICK
        return chat

    monkeypatch.setattr(ask, "site", site)
    monkeypatch.setattr(ask, "Browser", partial(Browser, probe=1))


def rehearsed(store: Store, prompts: list[str], **fields: Any) -> Plan:
    """A rehearsed batch of one shard."""
    return planned(store, prompts, **{"rehearse": True, "prompts_per_task": 200} | fields)


def records(store: Store, plan: Plan) -> dict[str, Record]:
    """What is stored of the batch, by prompt."""
    part, found = store.of(plan.config.origin), {}
    for item in plan.shard(0):
        if body := part.get(answer_key(plan.batch_id, item.index, item.sample)):
            record = Record.unpacked(body)
            assert record
            found[record.prompt] = record
    return found


def outcomes(found: dict[str, Record]) -> Counter[str]:
    return Counter(record.outcome for record in found.values())


def prompts(count: int) -> list[str]:
    return [f"best guitar number {number}" for number in range(count)]


async def test_every_prompt_is_asked_once(
    store: Store, rehearsal: Rehearsal, settings: Callable[..., Settings]
) -> None:
    plan = rehearsed(store, prompts(6))
    counts = await ask_shard(store, plan, 0, settings(conversations=3))
    assert counts == {"answered": 6}
    assert sorted(asking.prompt for asking in rehearsal.asked()) == prompts(6)
    for asking in rehearsal.asked():
        record = records(store, plan)[asking.prompt]
        assert record.answer
        assert normalised(record.answer.answer_text) == normalised(rehearsal.truth(asking.prompt, asking.ui).text)
        assert (record.attempts, record.login_state, record.location_method) == (1, "logged_out", "direct")
        assert record.ui_variant == {"a": "react", "b": "server"}[asking.ui]


async def test_so_many_at_once_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    together, inside, most = asyncio.Barrier(3), 0, 0

    async def answer(request: Request) -> Response:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        async with asyncio.timeout(20):
            await together.wait()
        inside -= 1
        return await events(b"data: yes\n\n", END)(request)

    patient = Deadlines()
    async with served(answer) as url:
        monkeypatch.setattr(ask, "site", lambda _, __: Tiny(url, patient))
        counts = await ask_shard(store, rehearsed(store, prompts(9)), 0, settings(conversations=3))
    assert (counts, most) == ({"answered": 9}, 3)


async def test_progress_is_told_and_stored(store: Store, settings: Callable[..., Settings]) -> None:
    told: list[dict[str, Any]] = []

    async def tell(progress: dict[str, Any]) -> None:
        stored = store.of("rehearsal").get(batch_key(BATCH, "progress/0.json"))
        assert stored
        assert Progress.model_validate_json(stored).counts() == progress
        told.append(progress)

    await ask_shard(store, rehearsed(store, ["one", "two", "one", "three", "one"]), 0, settings(), tell)
    assert {(progress["shard"], progress["of"]) for progress in told} == {
        (0, 5)
    }  # duplicates count like their original
    sums = [sum(progress["outcomes"].values()) for progress in told]
    assert sums == sorted(sums)
    assert told[-1]["outcomes"] == {"answered": 5}
    assert len(told) == 3


async def test_who_watches_reads_what_is_being_asked_and_how_each_prompt_ended(
    store: Store, settings: Callable[..., Settings]
) -> None:
    asking: list[list[tuple[int, int]]] = []
    plan = rehearsed(store, ["one", "two", "one"])

    async def tell(_: dict[str, Any]) -> None:
        [shard] = load(store.of("rehearsal"), plan)
        assert shard
        asking.append(shard.asking)

    await ask_shard(store, plan, 0, settings(conversations=1), tell)
    [shard] = load(store.of("rehearsal"), plan)
    assert shard
    assert shard.done
    assert asking == [[(0, 0)], [(1, 0)]]
    told = {(one.index, one.sample): one.outcome for one in shard.settled}
    assert told == {(0, 0): "answered", (1, 0): "answered"}
    assert all(one.at and one.latency_ms and not one.cached for one in shard.settled)


async def test_a_shard_that_is_done_needs_no_browser(store: Store, rehearsal: Rehearsal, settings: Any) -> None:
    plan = rehearsed(store, prompts(2))
    first = await ask_shard(store, plan, 0, settings())
    assert await ask_shard(store, plan, 0, settings(browser="/no/such/browser")) == first
    assert len(rehearsal.asked()) == 2


ASK = """
import asyncio, sys
from completions.ask import ask_shard
from completions.plan import load_plan
from completions.settings import Settings
from completions.store import open_store

async def tell(progress):
    print(sum(progress["outcomes"].values()), flush=True)

settings = Settings.from_env()
store = open_store(settings.store)
asyncio.run(ask_shard(store, load_plan(store.of("rehearsal"), sys.argv[1]), 0, settings, tell))
"""


async def test_a_task_that_is_killed_asks_nothing_twice_that_was_answered(
    store: Store, rehearsal: Rehearsal, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = rehearsed(store, prompts(8))
    monkeypatch.setenv("COMPLETIONS_STORE", store.uri)
    monkeypatch.setenv("COMPLETIONS_REHEARSAL_URL", rehearsal.url)
    answered, started = await asyncio.to_thread(_killed_after, 3)
    assert answered == 3
    kept = set(records(store, plan))
    assert 3 <= len(kept) < 8
    assert not psutil.wait_procs(started, timeout=10)[1]

    assert await ask_shard(store, plan, 0, settings()) == {"answered": 8}
    asked = Counter(asking.prompt for asking in rehearsal.asked())
    assert {asked[prompt] for prompt in kept} == {1}
    assert set(records(store, plan)) == set(prompts(8)) == set(asked)


def _killed_after(count: int) -> tuple[int, list[psutil.Process]]:
    """Ask in a process of its own, killed when so many answers are there; that number, and what it had started."""
    with subprocess.Popen([sys.executable, "-c", ASK, BATCH], stdout=subprocess.PIPE, text=True) as task:
        assert task.stdout
        told = next(int(line) for line in task.stdout if int(line) >= count)
        started = psutil.Process(task.pid).children(recursive=True)
        task.kill()
    return told, started


@pytest.mark.parametrize("hurt", [psutil.Process.kill, psutil.Process.suspend], ids=["killed", "frozen"])
async def test_a_browser_that_dies_costs_only_what_was_under_way(
    store: Store,
    rehearsal: Rehearsal,
    settings: Callable[..., Settings],
    quick: None,
    hurt: Callable[[psutil.Process], None],
) -> None:
    kept: set[str] = set()
    plan = rehearsed(store, prompts(6))

    async def tell(progress: dict[str, Any]) -> None:
        if progress["outcomes"].get("answered") == 2:
            kept.update(records(store, plan))
            hurt(browser_of(ours()))

    assert await ask_shard(store, plan, 0, settings(), tell) == {"answered": 6}
    asked = Counter(asking.prompt for asking in rehearsal.asked())
    assert len(kept) >= 2
    assert {asked[prompt] for prompt in kept} == {1}
    assert set(records(store, plan)) == set(prompts(6)) == set(asked)


async def test_a_prompt_that_kills_every_browser_is_given_up(
    store: Store, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deadly(Tiny):
        async def submit(self, page: Any, prompt: str) -> None:
            if prompt == "deadly":
                browser_of(ours()).kill()
            await super().submit(page, prompt)

    monkeypatch.setattr(ask, "DEATHS", 1)
    async with served() as url:
        monkeypatch.setattr(ask, "site", lambda _, __: Deadly(url))
        plan = rehearsed(store, ["harmless", "deadly"])
        counts = await ask_shard(store, plan, 0, settings(conversations=1))
    assert counts == {"answered": 1, "network": 1}
    record = records(store, plan)["deadly"]
    assert (record.attempts, record.error_message) == (3, "the browser died or froze")


TRIED = [
    # fault, how often it is dealt, conversations held, outcome
    ("cut_stream", 2, 3, Outcome.ANSWERED),
    ("http_500", 1, 2, Outcome.ANSWERED),
    ("stalled_stream", 1, 2, Outcome.ANSWERED),
    ("failure_as_answer", None, 3, Outcome.NETWORK),
    ("challenge", 1, 1, Outcome.CHALLENGE),
    ("http_429", 1, 1, Outcome.RATE_LIMITED),
    ("login_wall", 1, 1, Outcome.LOGIN_WALL),
    ("no_answer", 1, 1, Outcome.NO_ANSWER),
    ("layout_changed", 1, 1, Outcome.LAYOUT_CHANGED),
]


async def test_only_what_may_go_better_is_tried_again(
    store: Store, rehearsal: Rehearsal, settings: Callable[..., Settings], quick: None
) -> None:
    for fault, times, _, _ in TRIED:
        rehearsal.script(f"best {fault}", fault, times)
    plan = rehearsed(store, [f"best {fault}" for fault, *_ in TRIED])
    await ask_shard(store, plan, 0, settings(conversations=3))
    found = records(store, plan)
    asked = Counter(asking.prompt for asking in rehearsal.asked())
    seen = [(found[prompt].attempts, asked[prompt], found[prompt].outcome) for prompt in plan.config.prompts]
    assert seen == [(attempts, attempts, outcome) for _, _, attempts, outcome in TRIED]
    for record in found.values():
        assert bool(record.error_message) is (record.outcome is not Outcome.ANSWERED)


@pytest.fixture(params=["a", "b"])
def front_end(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    ui: str = request.param
    with Rehearsal(ui=ui, latency=0.2) as rehearsal:
        yield rehearsal


async def test_every_fault_ends_in_its_outcome_and_none_in_an_answer(
    store: Store, front_end: Rehearsal, settings: Callable[..., Settings], quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "ATTEMPTS", 1)
    tagged = {f"best guitars [fault:{fault}]": outcome for fault, outcome in FAULTS.items()}
    plan = rehearsed(store, [*tagged, "best guitars"])
    await ask_shard(store, plan, 0, settings(rehearsal_url=f"{front_end.url}/", conversations=4))
    found = records(store, plan)
    assert {prompt: record.outcome for prompt, record in found.items()} == tagged | {"best guitars": Outcome.ANSWERED}
    for prompt, record in found.items():
        assert record.artifacts.page_html or record.artifacts.raw_stream
        if record.outcome is Outcome.ANSWERED:
            assert record.answer
            truth = front_end.truth(prompt, front_end.asked()[0].ui)
            assert normalised(record.answer.answer_text) == normalised(truth.text)
        else:
            assert record.answer is None
            assert record.error_message
    _only_answers_are_cached(store, found)


def _only_answers_are_cached(store: Store, found: dict[str, Record]) -> None:
    keys = {record.cache_key for record in found.values() if record.outcome is Outcome.ANSWERED}
    assert store.of("rehearsal").keys("cache") == keys
    for record in found.values():
        assert record.cache_key
        if record.cache_key in keys:
            body = store.of("rehearsal").get(record.cache_key)
            assert body
            assert Record.unpacked(body) == record


async def test_without_caching_nothing_is_cached(store: Store, settings: Callable[..., Settings]) -> None:
    await ask_shard(store, rehearsed(store, ["one", "one"], expiration=0), 0, settings())
    assert not store.of("rehearsal").keys("cache")


async def test_a_store_that_fails_stops_the_task_and_loses_nothing(
    store: Store, rehearsal: Rehearsal, settings: Callable[..., Settings]
) -> None:
    written: list[str] = []

    class Failing(Store):
        def put(self, key: str, data: bytes) -> None:
            if "/answers/" in key:
                if len(written) == 2:
                    raise StoreError(f"cannot write {key}: no space left")
                written.append(key)
            super().put(key, data)

    plan = rehearsed(store, prompts(6))
    with pytest.raises(StoreError, match="no space left"):
        await ask_shard(Failing(store.uri, store.inner), plan, 0, settings())
    kept = set(records(store, plan))
    assert len(kept) == 2

    assert await ask_shard(store, plan, 0, settings()) == {"answered": 6}
    asked = Counter(asking.prompt for asking in rehearsal.asked())
    assert {asked[prompt] for prompt in kept} == {1}
    assert set(records(store, plan)) == set(prompts(6))


async def test_a_conversation_that_breaks_costs_one_prompt(
    store: Store, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaking(*arguments: Any) -> Held:
        if arguments[3] == "two":
            raise TypeError("secret words of the page")
        return Held(NOW, Outcome.NO_ANSWER)

    monkeypatch.setattr(ask, "hold", breaking)
    plan = rehearsed(store, ["one", "two", "three"])
    assert await ask_shard(store, plan, 0, settings()) == {"no_answer": 2, "layout_changed": 1}
    assert records(store, plan)["two"].error_message == "the conversation broke with TypeError"


async def test_what_fails_beside_an_answer_costs_nothing(
    store: Store, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told(_: dict[str, Any]) -> None:
        raise ConnectionError

    put = Store.put

    def failing(self: Store, key: str, data: bytes) -> None:
        if key.startswith("cache/") or "/progress/" in key:
            raise StoreError("full")
        put(self, key, data)

    monkeypatch.setattr(Store, "put", failing)
    plan = rehearsed(store, ["one", "two"])
    assert await ask_shard(store, plan, 0, settings(), told) == {"answered": 2}
    assert set(records(store, plan)) == {"one", "two"}


async def test_a_record_that_was_spoilt_is_asked_again(store: Store, rehearsal: Rehearsal, settings: Any) -> None:
    plan = rehearsed(store, ["one", "two"])
    await ask_shard(store, plan, 0, settings())
    store.of("rehearsal").put(answer_key(BATCH, 0, 0), b"half a rec")
    assert await ask_shard(store, plan, 0, settings()) == {"answered": 2}
    assert Counter(asking.prompt for asking in rehearsal.asked()) == {"one": 2, "two": 1}
    assert set(records(store, plan)) == {"one", "two"}


async def test_a_live_site_that_challenges_is_left_alone(
    store: Store, rehearsal: Rehearsal, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "Manners", partial(Manners, gap=(0, 0)))
    rehearsal.script("one", "challenge")
    address = f"{rehearsal.url}/"
    plan = rehearsed(store, ["one", "two", "three"], rehearse=False).model_copy(update={"address": address})
    assert await ask_shard(store, plan, 0, settings(conversations=1)) == {"challenge": 3}
    assert [asking.prompt for asking in rehearsal.asked()] == ["one"]
    first, *others = (records(store, plan)[prompt] for prompt in ("one", "two", "three"))
    assert (first.attempts, first.warnings[0]) == (1, f"asked at {address}, not at the site's own address")
    for other in others:
        assert (other.attempts, other.login_state, other.answer) == (0, None, None)
        assert (other.error_message or "").startswith("not asked: the site is left alone until ")
