"""What every page has around it: the template, the policy that keeps it to this server, and what a wrong turn shows."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from completions_web.pages import words

HERE = Path(__file__).parent
STATIC = HERE / "static"
PREFIX = "/pages"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
"""Of every page: nothing is asked of another host, and no script runs but our own file, whatever a page shows."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

NOBODY = "Batches, answers and health are for Airflow's users: nobody is logged in here, or the session is over."

TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters |= words.FILTERS


def page(request: Request, template: str, status: int = HTTPStatus.OK, **shown: Any) -> Response:
    """The page that `template` makes of what is `shown`; it also knows `root` and `here` (paths)."""
    return HTMLResponse(drawn(request, template, **shown), status, HEADERS)


def drawn(request: Request, template: str, **shown: Any) -> str:
    """The same as text, for a part of a page."""
    root = root_of(request)
    return TEMPLATES.get_template(template).render(root=root, here=request.url.path, **shown)


def root_of(request: Request) -> str:
    """Path under which the pages are served."""
    return f"{request.scope['root_path']}{PREFIX}"


def airflow_of(request: Request) -> str:
    """Path under which Airflow itself is served, empty where it is at the top: of its own pages, `{this}/dags/…`."""
    return str(request.scope["root_path"]).removesuffix("/ai")


def is_page(request: Request) -> bool:
    """Whether a person is to read what is answered, rather than a program."""
    programs = request.headers.get("accept", "").startswith("application/json")
    return f"{request.url.path}/".startswith(f"{root_of(request)}/") and not programs


def is_static(request: Request) -> bool:
    """Whether it asks for the pages' own dress, which tells nothing of anybody."""
    return request.url.path.startswith(f"{root_of(request)}/static/")


def wrong(request: Request, status: int, said: str, headers: Mapping[str, str] | None = None) -> Response:
    """What is shown instead of a page that there is not, or that is not for this user; who is nobody may log in."""
    nobody = status == HTTPStatus.UNAUTHORIZED
    title = "Log in to Airflow" if nobody else HTTPStatus(status).phrase
    said = NOBODY if nobody else said
    answer = page(request, "wrong.html", status, title=title, said=said, login=_login(request) if nobody else None)
    answer.headers.update(headers or {})
    return answer


def within(request: Request) -> str:
    """Path of this page within Airflow's UI."""
    here = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return f"{airflow_of(request)}/plugin/batches{here.removeprefix(airflow_of(request))}"


def _login(request: Request) -> str:
    """Where Airflow lets somebody log in, and comes back from to this page within its UI."""
    return f"{airflow_of(request)}/api/v2/auth/login?{urlencode({'next': within(request)})}"
