"""The button that starts a run of an audit between times."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.responses import Response

from completions_web.auth import START_AUDIT
from completions_web.pages import flash
from completions_web.pages.shell import PREFIX, root_of
from completions_web.runs import start_audit

router = APIRouter(prefix=f"{PREFIX}/audits", include_in_schema=False, dependencies=START_AUDIT)

Name = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9_-]{0,62}$")]


@router.post("/{name}/run")
async def run(request: Request, name: Name) -> Response:
    """Start a run now."""
    try:
        waits = await start_audit(request, name)
    except HTTPException as refused:
        return flash.back(request, f"{root_of(request)}/audits/{name}", str(refused.detail), bad=True)
    said = f"A run was asked for. {waits or 'It is listed below as soon as it is planned.'}"
    return flash.back(request, f"{root_of(request)}/audits/{name}", said)
