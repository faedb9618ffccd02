"""What the tasks of the DAG `site_health` do.

The DAG's file imports this whenever it is parsed: what is heavy is imported when a task runs.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from completions.errors import Refused, shortened
from completions.settings import Settings
from completions_airflow.connections import TASKS_WAIT, exits, open_store

log = logging.getLogger(__name__)

FIELDS = ("rehearse", "sites")


def sites() -> list[str]:
    """The sites to check: those of the conf, else all that there is an adapter for."""
    from completions.sites import NAMES

    conf = _conf()
    for name in conf:
        if name not in FIELDS:
            raise Refused("conf", name, f"is not a field; give {' or '.join(FIELDS)}")
    wanted = conf.get("sites") or list(NAMES)
    for name in wanted:
        if name not in NAMES:
            raise Refused("sites", shortened(name), f"give {' or '.join(NAMES)}")
    return list(wanted)


async def check(site: str) -> dict[str, Any]:
    """Check one site; fails where it was found changed, and is skipped where that cannot be told."""
    from completions.canary import check_sites

    rehearse = _conf().get("rehearse") is True
    store = open_store(TASKS_WAIT)
    [health] = await check_sites(store, [site], Settings.from_env(), rehearse=rehearse, exits=exits())
    if health.healthy is None:
        log.warning("%s: whether the adapter still fits cannot be told: %s", site, health.told)
        raise AirflowSkipException(health.told)
    if not health.healthy:
        log.error("%s is marked unhealthy: %s; see %s", site, health.told, health.evidence)
        raise AirflowFailException(f"{site} is marked unhealthy, its batches are refused unless forced: {health.told}")
    return health.model_dump(mode="json")


def _conf() -> dict[str, Any]:
    return get_current_context()["dag_run"].conf or {}
