"""Mounts the HTTP API at `/ai` in Airflow's API server.

Every Airflow process loads its plugins, each task too: the app behind this is imported when it is first asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of `completions_web`, which learns what it is mounted in."""
    from completions_web.app import app

    scope["airflow"] = scope["app"]
    await app(scope, receive, send)


class CompletionsPlugin(AirflowPlugin):
    """The HTTP API."""

    name = "completions"
    fastapi_apps = [{"app": api, "url_prefix": "/ai", "name": "Batch completions"}]  # noqa: RUF012 - Airflow's own way
