"""Mounts the HTTP API at `/ai` in Airflow's API server, and its pages in the UI.

Every Airflow process loads its plugins, each task too: the app behind this is imported when it is first asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


GROUP = {"category": "Completions", "destination": "nav"}
RUN = "/ai/pages/runs/{RUN_ID}?dag={DAG_ID}"


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of `completions_web`, which learns what it is mounted in."""
    from completions_web.app import app

    scope["airflow"] = scope["app"]
    scope.pop("router", None)  # Airflow's own, which does not know the names of our routes
    await app(scope, receive, send)


def own_names(app: ASGIApp) -> ASGIApp:
    """What stands before all of an Airflow that lets everybody in."""
    from completions_web.names import OwnNames

    return OwnNames(app)


def _root_middlewares() -> list[dict[str, Any]]:
    simple = conf.get("core", "auth_manager", fallback="").endswith("SimpleAuthManager")
    open_to_all = simple and conf.getboolean("core", "simple_auth_manager_all_admins", fallback=False)
    return [{"middleware": own_names, "name": "Own names alone"}] if open_to_all else []


class CompletionsPlugin(AirflowPlugin):
    """The HTTP API, and what keeps other sites' pages out of an Airflow without users."""

    name = "completions"
    fastapi_apps = [{"app": api, "url_prefix": "/ai", "name": "Batch completions"}]  # noqa: RUF012 - Airflow's own way
    fastapi_root_middlewares = _root_middlewares()
    external_views = [  # noqa: RUF012
        {"name": "Batches", "href": "/ai/pages/batches", "url_route": "batches", **GROUP},
        {"name": "Audits", "href": "/ai/pages/audits", "url_route": "audits", **GROUP},
        {"name": "Site health", "href": "/ai/pages/health", "url_route": "site-health", **GROUP},
        {"name": "Prompts", "href": RUN, "url_route": "prompts", "destination": "dag_run"},
    ]
