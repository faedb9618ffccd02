"""Print every route of the HTTP API and the permission that it asks for, as JSON in the last line."""

from __future__ import annotations

import json

from fastapi.routing import APIRoute

from completions_web.app import app
from completions_web.auth import READ, START, START_AUDIT, START_CHECKS

ASKED = {
    id(READ[0].dependency): "READ",
    id(START[0].dependency): "START",
    id(START_CHECKS[0].dependency): "START_CHECKS",
    id(START_AUDIT[0].dependency): "START_AUDIT",
}

if __name__ == "__main__":
    routes = []
    for route in app.routes:
        told = {"path": getattr(route, "path", "/"), "methods": sorted(getattr(route, "methods", None) or ())}
        if isinstance(route, APIRoute):
            told["asks"] = next(
                (ASKED[id(one.dependency)] for one in route.dependencies if id(one.dependency) in ASKED), ""
            )
        routes.append(told)
    print(json.dumps(routes))
