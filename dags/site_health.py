"""Ask every site one prompt, and see whether its adapter still finds all that it looks for.

**sites** names the sites to check, **check** asks one of them in a real browser: every selector that a finished page
must match and every field that the answer must have is looked at, a row is written to `datasets/health`, and a site
whose pages changed is marked unhealthy. Its batches are refused then, unless forced, until a check passes again.

A check that fails found the site changed; one that is skipped could not tell, as a wall or the network was in the way.
Live sites are asked on a schedule only where the operator says so: `COMPLETIONS_HEALTH=daily`. To rehearse it, start it
with `{"rehearse": true}`; `completions health` does the same without Airflow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule, dag, task

from completions.errors import Refused
from completions.settings import Settings
from completions_airflow import health

UNLESS_REFUSED = ExceptionRetryPolicy([RetryRule(Refused, RetryAction.FAIL, reason="it would be refused again")])


@dag(
    schedule=Settings.from_env().health,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    max_active_tasks=32,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=1), "retry_policy": UNLESS_REFUSED},
    params={
        "rehearse": Param(default=False, type="boolean", description_md="Check the stand-ins instead of the sites."),
        "sites": Param(None, type=["array", "null"], description_md="One a line; empty: all of them."),
    },
    description=__doc__.partition("\n")[0],
    doc_md=__doc__,
    tags=["completions"],
)
def site_health() -> None:
    """Wire the tasks."""
    sites = task(execution_timeout=timedelta(minutes=5))(health.sites)
    check = task(
        pool="browsers",
        execution_timeout=timedelta(minutes=45),
        map_index_template="{{ task.op_kwargs.site }}",
    )(health.check)
    check.expand(site=sites())


site_health()
