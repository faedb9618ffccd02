"""Submit batches over the HTTP API to a core that answers 404, 403, 500 … when a run is to be started.

`test_api` starts this in a process of its own, for Airflow sets up logging and more when it is imported.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse

from completions.settings import Settings
from completions_plugin import api
from completions_web.app import app
from completions_web.auth import READ, START

STORE = Path(Settings.from_env().store)
ANSWERS = (200, 400, 401, 403, 404, 409, 500)


async def submit(answer: int) -> dict[str, Any]:
    """Our answer, where the core answers `answer`, and what the core was asked."""
    core = FastAPI()
    asked: list[Any] = []

    @core.post("/api/v2/dags/batch_completions/dagRuns")
    async def start(request: Request) -> JSONResponse:
        asked.append([request.headers.get("authorization"), request.headers.get("cookie"), await request.json()])
        return JSONResponse({"detail": f"the core says {answer}"}, answer)

    core.mount("/ai", api)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=core), base_url="http://here") as client:
        headers = {"Authorization": "Bearer mine", "Cookie": "_token=mine"}
        ours = await client.post("/ai/batches", json={"prompts": ["x"]}, headers=headers)
    return {"status": ours.status_code, "body": ours.json(), "asked": asked}


if __name__ == "__main__":
    app.user_middleware.clear()  # this core has no users
    for allowed in (*READ, *START):
        app.dependency_overrides[allowed.dependency] = lambda: None
    results = {}
    for answer in ANSWERS:
        kept = {file for file in STORE.rglob("*") if file.is_file()}
        results[answer] = asyncio.run(submit(answer))
        results[answer]["kept"] = [file.name for file in STORE.rglob("*") if file.is_file() and file not in kept]
    Path(sys.argv[1]).write_text(json.dumps(results))
