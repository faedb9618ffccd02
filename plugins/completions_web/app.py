"""The HTTP API: a batch goes in, its status and its answers come out.

Callers are Airflow's users, by bearer token or by the cookie of its UI; what they may do here is what they may do with
runs of the DAG.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from completions.manifest import CODE_VERSION
from completions_web import answers, batches, lists
from completions_web.auth import READ, Gate
from completions_web.pages import (
    actions,
    answer,
    answer_files,
    audit_start,
    audits,
    batch,
    batch_files,
    health,
    run_tab,
    shell,
    trigger,
)
from completions_web.pages import batches as batches_page
from completions_web.problems import tell_problems
from completions_web.shapes import Problem, Wrong

app = FastAPI(
    title="Batch completions",
    summary="Ask the chat sites what a person would, and get what they showed.",
    version=CODE_VERSION,
    openapi_url=None,
    docs_url=None,
    redoc_url=None,
    redirect_slashes=False,
)
app.mount("/static", StaticFiles(packages=[("fastapi_offline", "static")]))  # no page here asks another host
app.mount(f"{shell.PREFIX}/static", StaticFiles(directory=shell.STATIC))
tell_problems(app)
app.add_middleware(Gate)
for module in (
    batches,
    answers,
    lists,
    batches_page,
    batch,
    batch_files,
    actions,
    answer,
    answer_files,
    run_tab,
    trigger,
    health,
    audits,
    audit_start,
):
    app.include_router(module.router)


@app.get(shell.PREFIX, dependencies=READ, include_in_schema=False)
@app.get(f"{shell.PREFIX}/", dependencies=READ, include_in_schema=False)
def first_page(request: Request) -> RedirectResponse:
    """The page to begin with."""
    return RedirectResponse(f"{shell.root_of(request)}/batches")


@app.get("/openapi.json", dependencies=READ, include_in_schema=False)
def openapi(request: Request) -> dict[str, Any]:
    """This API as OpenAPI 3.1."""
    described = app.openapi()
    schemas = described["components"]["schemas"]
    for model in (Problem, Wrong):
        schemas.setdefault(
            model.__name__, model.model_json_schema(ref_template="#/components/schemas/{model}") | {"$defs": None}
        )
        schemas[model.__name__].pop("$defs", None)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return {**described, "servers": [{"url": request.scope["root_path"]}]}


@app.get("/docs", dependencies=READ, include_in_schema=False)
def docs() -> HTMLResponse:
    """The same for people."""
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url="static/swagger-ui-bundle.js",
        swagger_css_url="static/swagger-ui.css",
        swagger_favicon_url="static/favicon.png",
    )
