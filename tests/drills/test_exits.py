"""Two hundred conversations from twenty places on three devices, through the rehearsal's gateway: asked is seen.

And its credentials are nowhere but in the connection: not in what was stored, logged or handed on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from batches import NOW
from completions.airflow_api import Airflow
from completions.ask import ask_shard
from completions.batch import batch_id_of
from completions.browser import VIEWPORT
from completions.collect import collect
from completions.devices import find
from completions.embedded import Embedded, free_port
from completions.exits import VARIABLE, Exits
from completions.plan import Plan, make_plan
from completions.profile import Profile
from completions.record import unpack
from completions.rehearsal import Asking, Rehearsal
from completions.rehearsal.exits import RehearsedExits
from completions.request import accept
from completions.settings import Settings
from completions.sites import NAMES
from completions.store import Store, open_store
from real_airflow import RealAirflow

pytestmark = [pytest.mark.drill, pytest.mark.browser]

PLACES = [
    ("US", "OR", "Portland", "English"),
    ("US", "NY", "New York City", "English"),
    ("US", "CA", "Los Angeles", "Spanish"),
    ("CA", "QC", "Montreal", "French"),
    ("MX", None, "Guadalajara", "Spanish"),
    ("BR", "SP", "São Paulo", "Portuguese"),
    ("AR", None, "Córdoba", "Spanish"),
    ("GB", None, "Leeds", "English"),
    ("IE", None, "Cork", "English"),
    ("DE", "BY", "München", "German"),
    ("AT", None, "Wien", "German"),
    ("CH", None, "Zürich", "German"),
    ("FR", None, "Saint-Étienne", "French"),
    ("ES", None, "Sevilla", "Spanish"),
    ("IT", None, "Napoli", "Italian"),
    ("PL", None, "Łódź", "Polish"),
    ("IN", None, "Hyderabad", "Hindi"),
    ("SG", None, "Singapore", "English"),
    ("JP", None, "Ōsaka", "Japanese"),
    ("AU", None, "Melbourne", "English"),
]
DEVICES = [None, "Pixel 7", "Galaxy S9+"]
CONVERSATIONS = 200
AT_ONCE = 3
"""Batches under way."""
PLAIN: dict[str, Any] = {"viewport": VIEWPORT, "device_scale_factor": 1, "has_touch": False}


@pytest.fixture
def gateway() -> Iterator[RehearsedExits]:
    """The gateway."""
    with RehearsedExits() as gateway:
        yield gateway


def batches(store: Store, settings: Settings, exits: Exits) -> list[Plan]:
    """A batch for each place and device, spread over the sites; three prompts or four."""
    plans = []
    for number, ((country, subdivision, city, language), device) in enumerate(product(PLACES, DEVICES)):
        prompts = [f"best guitar number {number}-{one}" for one in range(4 if number < CONVERSATIONS % 60 else 3)]
        who = {"country": country, "subdivision": subdivision, "city": city, "language": language, "device": device}
        fields = {"prompts": prompts, "model": NAMES[number % 4], "rehearse": True, "prompts_per_task": 200, **who}
        config, profile = accept(fields | {"expiration": 0}, settings, exits=exits)
        batch_id = batch_id_of(f"drill {number}")
        plans.append(make_plan(store, config, profile, batch_id=batch_id, run_id="manual__1", now=NOW))
    return plans


async def test_what_was_asked_for_is_what_was_seen(
    store: Store,
    rehearsal: Rehearsal,
    gateway: RehearsedExits,
    settings: Callable[..., Settings],
    caplog: pytest.LogCaptureFixture,
) -> None:
    exits, here, door = Exits.of(gateway.connection()), settings(conversations=4), asyncio.Semaphore(AT_ONCE)
    plans = batches(store, here, exits)
    assert sum(len(plan.items) for plan in plans) == CONVERSATIONS

    async def ask(plan: Plan) -> None:
        async with door:
            await ask_shard(store, plan, 0, here, exits=exits)
            await asyncio.to_thread(collect, store, plan.batch_id, NOW)

    await asyncio.gather(*map(ask, plans))
    rows = {row["prompt"]: row for plan in plans for row in _rows(store, plan)}
    received = {asking.prompt: asking for asking in rehearsal.asked()}
    astray = {prompt: row["error_message"] for prompt, row in rows.items() if row["outcome"] != "answered"}
    assert (len(rows), astray) == (CONVERSATIONS, {})
    assert len(received) == len(gateway.sessions()) == CONVERSATIONS
    for plan in plans:
        for prompt in plan.config.prompts:
            assert _seen(rows[prompt]) == _asked(plan.profile), prompt
            assert _received(received[prompt]) == _sent(plan.profile), prompt
    _no_secret_in(gateway, caplog.text.encode(), *_stored(Path(store.uri)))


def _asked(profile: Profile) -> dict[str, Any]:
    return {
        "outcome": "answered",
        "attempts": 1,
        "location_method": "proxy",
        "egress_country": profile.country,
        "egress_city": profile.city,
        "location_match": "exact",
        "device_used": profile.device,
        "locale_used": profile.locale,
        "timezone_used": _hours(profile.timezone),
    }


def _seen(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _asked(Profile(seed=1))} | {"timezone_used": _hours(row["timezone_used"])}


def _hours(zone: str | None) -> list[timedelta | None] | None:
    """What a zone's clock says through a year: browsers may call it by another of its names (`Asia/Calcutta`)."""
    return [datetime(2026, month, 15, tzinfo=ZoneInfo(zone)).utcoffset() for month in range(1, 13)] if zone else None


def _sent(profile: Profile) -> dict[str, Any]:
    """What is to arrive of the profile at the site."""
    screen = find(profile.device).descriptor if profile.device else PLAIN
    return {
        "from": (profile.country, profile.subdivision or ""),
        "languages": [one.partition(";")[0] for one in (profile.accept_language or "").split(",")],
        "timezone": _hours(profile.timezone),
        "viewport": [screen["viewport"]["width"], screen["viewport"]["height"]],
        "scale": screen["device_scale_factor"],
        "touch": screen["has_touch"],
        "coordinates": [profile.latitude, profile.longitude],
    }


def _received(asking: Asking) -> dict[str, Any]:
    assert asking.whence
    assert asking.told
    return (
        {"from": (asking.whence.country, asking.whence.subdivision)}
        | asking.told
        | {"timezone": _hours(asking.told["timezone"])}
    )


def _rows(store: Store, plan: Plan) -> list[dict[str, Any]]:
    part = store.of("rehearsal")
    [key] = [key for key in part.keys("datasets/completions") if plan.batch_id in key and key.endswith(".parquet")]
    with part.open(key) as file:
        found: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return found


def _stored(folder: Path) -> Iterator[bytes]:
    """Everything that is kept in the store, unpacked."""
    for file in filter(Path.is_file, folder.rglob("*")):
        if file.suffix == ".parquet":
            yield repr(pq.read_table(file).to_pylist()).encode()
        else:
            yield unpack(file.read_bytes()) if file.suffix == ".zst" else file.read_bytes()


def _no_secret_in(gateway: RehearsedExits, *kept: bytes) -> None:
    assert sum(map(len, kept)) > 1000
    for body in kept:
        assert gateway.password.encode() not in body
        assert b"rehearsal-country" not in body


@pytest.mark.airflow
def test_credentials_are_in_no_log_and_no_xcom(tmp_path: Path, gateway: RehearsedExits) -> None:
    embedded = Embedded(home=tmp_path / "airflow", port=free_port())
    prompts = [f"best amplifier number {number}" for number in range(2)]
    fields = {"rehearse": True, "expiration": 0, "country": "DE", "city": "Munich"}
    with Rehearsal(latency=0.2, ui="b") as rehearsal, pytest.MonkeyPatch.context() as env:
        env.setenv("COMPLETIONS_STORE", str(tmp_path / "store"))
        env.setenv("COMPLETIONS_REHEARSAL_URL", rehearsal.url)
        env.setenv(VARIABLE, gateway.variable)
        try:
            store = open_store(tmp_path / "store")
            airflow = RealAirflow(embedded, Airflow(embedded.up().url), store, rehearsal, "")
            good = airflow.run({"prompts": prompts, **fields})
            gateway.script("lies", country="DE")
            bad = airflow.run({"prompts": prompts, **fields})
            assert [airflow.state(run) for run in (good, bad)] == ["success", "failed"]
        finally:
            embedded.down()
    found = {
        run: json.loads(store.of("rehearsal").get(f"batches/{batch_id_of(run)}/manifest.json") or b"{}")["outcomes"]
        for run in (good, bad)
    }
    assert found == {good: {"answered": 2}, bad: {"wrong_place": 2}}
    assert len(gateway.sessions()) == 2 + 3 * 2
    files = [file for file in (tmp_path / "airflow").rglob("*") if file.is_file()]
    assert any(file.name == "airflow.db" for file in files)
    assert any("attempt=1.log" in file.name for file in files)
    _no_secret_in(gateway, *(file.read_bytes() for file in files), *_stored(tmp_path / "store"))
