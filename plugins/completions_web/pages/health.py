"""The page of the sites' health: do the adapters still fit, how did asking go lately, what was seen to fail."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal, get_args
from uuid import uuid4

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from starlette.responses import Response

from completions import health, lately, manners
from completions.batch import Model
from completions.store import Origin, Store
from completions_airflow.connections import open_store
from completions_web.answers import apart
from completions_web.auth import READ, START_CHECKS, may_start
from completions_web.pages import flash
from completions_web.pages.health_view import WAYS, Looked, standing
from completions_web.pages.shell import PREFIX, page, root_of
from completions_web.runs import CHECKS, start_run

router = APIRouter(prefix=f"{PREFIX}/health", include_in_schema=False)

KEPT = 60.0
"""Seconds that what was read is good for all who look."""
EVIDENCE = {"page.html": "text/html", "stream": "text/plain", "screenshot.png": "image/png"}
"""What a check that failed leaves, and its type."""
STARTED = "The check of {} has begun: its result will be here in a minute or two."

At = Annotated[str, Path(pattern=r"^\d{8}T\d{12}$")]
Which = Annotated[Origin, Query()]
_kept: dict[str, tuple[float, Looked]] = {}
_known: dict[str, lately.Known] = {}
_reading = threading.Lock()


@router.get("", dependencies=READ)
def sites(request: Request, origin: Which = "live") -> Response:
    """How the sites stand, live or rehearsed."""
    looked = _looked(open_store().of(origin))
    answer = page(
        request,
        "health.html",
        looked=looked,
        origin=origin,
        days=lately.DAYS,
        ways=WAYS,
        may_check=may_start(request, CHECKS),
        said=flash.said(request),
    )
    return flash.once(request, answer)


@router.post("", dependencies=START_CHECKS)
async def check(
    request: Request,
    site: Annotated[list[Model], Form(max_length=len(get_args(Model)))],
    origin: Annotated[Origin, Form()] = "live",
) -> Response:
    """Check these sites now."""
    back = f"{root_of(request)}/health?origin={origin}"
    try:
        await start_run(request, f"page__{uuid4()}", {"sites": site, "rehearse": origin == "rehearsal"}, dag=CHECKS)
    except HTTPException as refused:
        return flash.back(request, back, str(refused.detail), bad=True)
    return flash.back(request, back, STARTED.format(" and ".join(site)))


@router.get("/evidence/{origin}/{site}/{at}/{name}", dependencies=READ)
def evidence(origin: Origin, site: Model, at: At, name: Literal["page.html", "stream", "screenshot.png"]) -> Response:
    """What a check that failed left, to keep: no browser shows it as a page of this server."""
    key = health.evidence_key(site, datetime.strptime(at, "%Y%m%dT%H%M%S%f"), name)  # noqa: DTZ007 - as in its key
    content = open_store().of(origin).get(key)
    if content is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"The check of {site} at {at} left no {name}.")
    return apart(content, EVIDENCE[name], f"{site}-{at}-{name}{'.txt' if name == 'stream' else ''}")


def _looked(part: Store) -> Looked:
    """What the page shows, read at most once a minute by this process."""
    with _reading:
        found = _kept.get(part.uri)
        if found is None or time.monotonic() - found[0] > KEPT:
            breakers = {site: manners.state(part, site) for site in get_args(Model)}
            asked = lately.lately(part, known=_known.setdefault(part.uri, {}))
            found = _kept[part.uri] = time.monotonic(), standing(asked, lately.checks(part), breakers)
    return found[1]
