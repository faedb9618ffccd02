"""Whom the HTTP API lets in, and as whom.

Airflow guards no app of a plugin. `Gate` stands before everything of ours, known paths or not, and lets nobody by who
is not one of Airflow's users; whether they may is each route's to ask, with `READ` or `START` as its `dependencies`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from airflow.configuration import conf
from fastapi import Depends, HTTPException, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer
from starlette.websockets import WebSocketClose

from completions.tokens import MARK, BadToken
from completions_airflow.tokens import holder
from completions_airflow.users import UsersElsewhere, jwt
from completions_web.pages.shell import is_static
from completions_web.problems import told
from completions_web.runs import CHECKS, DAG

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from starlette.types import ASGIApp, Receive, Scope, Send

LIFE = 60
"""Seconds that Airflow's own token for the holder of one of ours is good: a request asks Airflow at once."""

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""

NOBODY = (
    "Send Authorization: Bearer with one of Airflow's own tokens, which POST /auth/token gives, "
    "or an API token, which `completions token create` makes."
)
EXPIRED = "Your token or session has expired: log in again, or get a new token with POST /auth/token."
UNKNOWN = "That token is not one of this Airflow: get one with POST /auth/token."

USER = "completions.user"
"""Where in the scope of a request the gate leaves who sent it."""

BEARER = HTTPBearer(
    scheme_name="Token",
    description="An API token (`completions token create`) or one of Airflow's own (`POST /auth/token`); "
    "none is needed in a browser that is logged in to Airflow.",
    auto_error=False,
)


class Gate:
    """Lets through to `app` only requests of Airflow's users, those with an API token as its user.

    The dress of the pages is everybody's: what tells nobody to log in wears it too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, or answer with a problem."""
        if scope["type"] == "websocket":  # there are none here
            await WebSocketClose()(scope, receive, send)
        elif scope["type"] == "http" and not is_static(Request(scope)):
            await self._answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _refuse_other_sites(Request(scope))
            await _become_its_user(scope)
            scope[USER] = await _sender(Request(scope))
        except HTTPException as refused:
            answer = told(Request(scope), refused.status_code, refused.detail, headers=refused.headers)
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _refuse_other_sites(request: Request) -> None:
    """A page of another site changes nothing.

    It would use what a visitor's browser sends along by itself: a cookie, or, where everybody on this machine is let
    in, only that it comes from there.
    """
    kind, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if request.method in SAFE or kind in ("same-origin", "none") or origin in _allowed():
        return
    ours = (request.headers.get("host"), urlsplit(conf.get("api", "base_url", fallback="")).netloc)
    if kind is None and (origin is None or urlsplit(origin).netloc in ours):
        return
    way_out = "its origin must be in [api] access_control_allow_origins"
    raise HTTPException(HTTPStatus.FORBIDDEN, f"A page of {origin or 'another site'} may not do this: {way_out}.")


def _allowed() -> list[str]:
    """Origins that the operator lets use Airflow's API."""
    found: list[str] = conf.getlist("api", "access_control_allow_origins")
    return found


async def _become_its_user(scope: Scope) -> None:
    """Put a short-lived token of Airflow's own in the place of one of ours, for the routes and for Airflow itself."""
    given = await BEARER(Request(scope))
    if given is None or not given.credentials.startswith(MARK):
        return
    theirs = await run_in_threadpool(_exchanged, given.credentials)
    others = [header for header in scope["headers"] if header[0] != b"authorization"]
    scope["headers"] = [*others, (b"authorization", f"Bearer {theirs}".encode())]


def _exchanged(token: str) -> str:
    try:
        return jwt(holder(token, datetime.now(UTC)), LIFE)
    except BadToken as bad:
        raise HTTPException(HTTPStatus.FORBIDDEN, str(bad)) from None
    except UsersElsewhere as elsewhere:
        raise HTTPException(HTTPStatus.FORBIDDEN, f"{elsewhere}.") from None


async def _sender(request: Request) -> BaseUser:
    """Who it is from, as Airflow tells by bearer or cookie. Raises `HTTPException` where it doesn't know."""
    try:
        return await get_user(request, None, await BEARER(request))
    except HTTPException as refused:
        if refused.status_code != HTTPStatus.UNAUTHORIZED:
            raise HTTPException(refused.status_code, UNKNOWN) from None
        said = EXPIRED if "expired" in str(refused.detail).lower() else NOBODY
        raise HTTPException(HTTPStatus.UNAUTHORIZED, said, {"WWW-Authenticate": "Bearer"}) from None


def _may(method: ResourceMethod, doing: str, dag: str = DAG) -> Any:
    """The dependency of a route that takes Airflow's permission to do so; `dag` may have parts of the path in it."""

    def allowed(request: Request, _: Annotated[object, Security(BEARER)]) -> None:
        user, which = request.scope[USER], dag.format(**request.path_params)
        try:
            requires_access_dag(method, DagAccessEntity.RUN, param_dag_id=which)(request, user)
        except HTTPException as refused:
            raise HTTPException(refused.status_code, f"{user.get_name()} may not {doing} of the DAG {which}.") from None

    return Depends(allowed)


def may_start(request: Request, dag: str = DAG) -> bool:
    """Whether who sent it may start runs: who may not has no buttons."""
    try:
        requires_access_dag("POST", DagAccessEntity.RUN, param_dag_id=dag)(request, request.scope[USER])
    except HTTPException:
        return False
    return True


READ = [_may("GET", "see runs")]
START = [_may("POST", "start runs")]
START_AUDIT = [_may("POST", "start runs", "audit_{name}")]
START_CHECKS = [_may("POST", "start runs", CHECKS)]
