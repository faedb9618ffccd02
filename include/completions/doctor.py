"""Whether this machine has what a batch needs, each thing by itself: what was found, and what to do about it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from uuid import uuid4

import httpx

from completions.airflow_api import Airflow, AirflowError
from completions.browser import Browser, BrowserDied
from completions.errors import Refused, Unreachable
from completions.health import last
from completions.manners import state
from completions.profile import Profile
from completions.readiness import DAG, POOL
from completions.settings import Settings
from completions.sites import NAMES, site
from completions.store import Store

CONNECTIONS = {
    "aws_default": "S3 and SQS are reached by the ordinary AWS chain",
    "completions_webhook": "callbacks go out unsigned",
    "completions_proxy": "chats leave from this machine's own address",
}
"""The Airflow connections that the project reads, and what holds without each."""
RESTART = "`completions down`, then `completions up`"
PATIENCE = 10.0
"""Seconds that a site or Airflow may take to answer."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    seen: str
    do: str = ""
    _: KW_ONLY
    ok: bool | None
    """None: it is not there, which does no harm."""
    essential: bool = False
    """Nothing can be asked without it."""


def examine(settings: Settings, store: Callable[[], Store], airflow_url: str | None, *, live: bool) -> list[Finding]:
    """Look at everything; `store` opens the store, `airflow_url` is where an Airflow runs, if one does."""
    opened, found = _store(store)
    findings = [asyncio.run(_browser(settings)), found]
    findings += _airflow(airflow_url, settings)
    findings += _connections(airflow_url)
    findings += [*_marks(opened), *_walls(opened)] if opened else []
    findings += [_site(name, settings) for name in NAMES] if live else []
    return findings


async def _browser(settings: Settings) -> Finding:
    do = "`make setup` installs one; or name yours in COMPLETIONS_BROWSER"
    try:
        async with Browser(settings.browser) as browser, browser.page(Profile(seed=1), 20) as page:
            version = page.context.browser.version if page.context.browser else "unknown"
            return Finding("browser", f"{settings.browser} starts, version {version}", ok=True, essential=True)
    except (Unreachable, BrowserDied) as error:
        return Finding("browser", str(error).splitlines()[0], do, ok=False, essential=True)


def _store(opening: Callable[[], Store]) -> tuple[Store | None, Finding]:
    """The store if it can be used, and whether of two who create the same object only one wins."""
    do = "name a folder or bucket that can be written to in COMPLETIONS_STORE; for S3, see the connection aws_default"
    key = f"doctor/{uuid4()}"
    try:
        store = opening()
        won = [store.create(key, b"one"), store.create(key, b"two")]
        kept = store.get(key)
        store.delete([key])
    except (Unreachable, Refused) as error:
        return None, Finding("store", str(error), do, ok=False, essential=True)
    if (won, kept) != ([True, False], b"one"):
        seen = f"{store.uri} does not do conditional writes: two batches could write the same object"
        return store, Finding("store", seen, "use a store that honours If-None-Match", ok=False, essential=True)
    return store, Finding("store", f"{store.uri} can be written, conditionally too", ok=True, essential=True)


def _airflow(url: str | None, settings: Settings) -> Iterator[Finding]:
    if url is None:
        yield Finding("airflow", "the embedded Airflow does not run", "`completions up` starts it, `run` too", ok=None)
        return
    api = Airflow(url, timeout=PATIENCE)
    try:
        health = api.request("GET", "/monitor/health")
        ill = [part for part, told in health.items() if told.get("status") not in ("healthy", None)]
        seen = f"at {url}, but the {' and the '.join(ill)} is not well" if ill else f"runs at {url}"
        yield Finding("airflow", seen, RESTART if ill else "", ok=not ill, essential=True)
        yield _pool(api, settings.conversations)
        yield _dag(api)
    except AirflowError as error:
        yield Finding("airflow", str(error), RESTART, ok=False, essential=True)


def _pool(api: Airflow, conversations: int) -> Finding:
    pools = api.request("GET", "/pools", pool_name_pattern=POOL)["pools"]
    slots = next((pool["slots"] for pool in pools if pool["name"] == POOL), 0)
    seen = f"{POOL} has {slots} slots, a task takes {conversations}" if slots else f"there is no pool {POOL}"
    do = f'`airflow pools set {POOL} {max(16, conversations)} "conversations at once"`: tasks would wait for ever'
    enough = slots < 0 or slots >= conversations  # -1: no limit
    return Finding("pool", seen, "" if enough else do, ok=enough, essential=True)


def _dag(api: Airflow) -> Finding:
    found = [
        dag["is_paused"] for dag in api.request("GET", "/dags", dag_id_pattern=DAG)["dags"] if dag["dag_id"] == DAG
    ]
    if not found:
        do = "Airflow's list of import errors says why; is dags/ where it looks?"
        return Finding("dag", f"Airflow does not know {DAG}", do, ok=False, essential=True)
    paused = found[0]
    return Finding("dag", f"{DAG} is {'paused' if paused else 'there'}", "unpause it" if paused else "", ok=not paused)


def _connections(url: str | None) -> Iterator[Finding]:
    for name, without in CONNECTIONS.items():
        there = f"AIRFLOW_CONN_{name.upper()}" in os.environ or (
            url is not None and _kept(Airflow(url, timeout=PATIENCE), name)
        )
        yield Finding(name, "is there" if there else f"is not there: {without}", ok=True if there else None)


def _kept(api: Airflow, name: str) -> bool:
    try:
        return bool(api.request("GET", f"/connections/{name}"))
    except AirflowError:
        return False


def _marks(store: Store) -> Iterator[Finding]:
    for name in NAMES:
        found = last(store, name)
        if found and found.healthy is False:
            do = f"mend the adapter, then `completions health --site {name}`"
            yield Finding(f"health of {name}", f"{found.told} ({found.checked_at:%Y-%m-%d %H:%M} UTC)", do, ok=False)


def _walls(store: Store) -> Iterator[Finding]:
    """Sites that met us with a wall, and who may ask them when."""
    for name in NAMES:
        for found in (each for each in state(store, name) if each.until):
            whose = f"through {found.way}" if found.way else "from this machine's address"
            until = f"left alone until {found.until:%Y-%m-%d %H:%M} UTC"
            then = until if found.state == "open" else "the next conversation tries alone"
            seen = f"{found.outcome} {whose}, {found.times} in a row: {then}"
            yield Finding(f"manners of {name}", seen, f"`completions health --site {name}` may try first", ok=None)


def _site(name: str, settings: Settings) -> Finding:
    """Whether the site's home answers at all; what a browser would meet there, only a browser can tell."""
    url = site(name, settings.site_url(name)).url
    try:
        with httpx.stream("GET", url, timeout=PATIENCE) as response:
            return Finding(name, f"{url} answers with HTTP {response.status_code}", ok=True)
    except httpx.HTTPError as error:
        why = str(error) or type(error).__name__
        return Finding(name, f"{url} cannot be reached ({why})", "see whether this machine may reach it", ok=False)
