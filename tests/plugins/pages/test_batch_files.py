"""The files of a batch, handed out by the routes themselves in a process of its own: of a folder and of a bucket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from batches import BATCH, NOW, ask, planned
from completions.collect import collect
from completions.plan import submit
from completions.settings import PROJECT
from completions.store import AwsAccess, Store

pytest_plugins = ["stores"]

LOOK = """
import json, sys
from fastapi import FastAPI
from fastapi.testclient import TestClient
from completions_web.auth import READ
from completions_web.pages.batch_files import router

app = FastAPI()
app.include_router(router)
app.dependency_overrides[READ[0].dependency] = lambda: None
with TestClient(app, follow_redirects=False) as client:
    answers = [client.get("/pages/batches/" + path) for path in sys.argv[1:]]
print(json.dumps([[one.status_code, dict(one.headers), one.content.hex()] for one in answers]))
"""
TABLES = ("completions", "artifacts")
NOTHING = (
    "completions-part-g2-00000.parquet",
    "part-g1-00000.parquet",
    "request.json",
    "plan.json",
    "..%2Fplan.json",
    "%2E%2E%2Frequest.json",
)


def _asked(store: Store, s3: AwsAccess, home: Path, paths: list[str]) -> list[tuple[int, dict[str, str], bytes]]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    own = {"PYTHONPATH": str(PROJECT / "plugins"), "AIRFLOW_HOME": str(home), "COMPLETIONS_STORE": store.uri}
    env = inherited | keys | own | {"AWS_ENDPOINT_URL_S3": str(s3.endpoint_url)}
    command = [sys.executable, "-c", LOOK, *paths]
    told: list[Any] = json.loads(
        subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    )
    return [(status, headers, bytes.fromhex(content)) for status, headers, content in told]


def test_what_the_manifest_names_is_handed_out_and_nothing_else(
    any_store: Store, s3: AwsAccess, tmp_path: Path
) -> None:
    plan = planned(any_store)
    submit(any_store, BATCH, plan.config)
    ask(any_store, plan)
    made = collect(any_store, BATCH, NOW)
    names = ["manifest.json", *(f"{table}-part-g1-00000.parquet" for table in TABLES), *NOTHING]
    unknown = BATCH.replace("6f1d", "6f1e")
    paths = [*(f"{BATCH}/files/{name}" for name in names), f"{unknown}/files/manifest.json"]
    manifest, *tables = _asked(any_store, s3, tmp_path, paths)
    assert json.loads(manifest[2]) == json.loads(made.model_dump_json())
    for file, (status, headers, content) in zip(made.files, tables[:2], strict=True):
        kept = content if any_store.is_local else httpx.get(headers["location"], trust_env=False).content
        assert (status, kept) == (200 if any_store.is_local else 307, any_store.get(file.key))
    for status, headers, _ in (manifest, *(tables[:2] if any_store.is_local else ())):
        assert (status, headers["content-security-policy"]) == (200, "sandbox")
        assert headers["content-disposition"].startswith("attachment")
    assert [status for status, _, _ in tables[2:]] == [404] * (len(NOTHING) + 1)
