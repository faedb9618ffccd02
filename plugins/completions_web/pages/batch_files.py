"""What a batch made, handed out as files to keep: its manifest, and the Parquet that the manifest names."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, RedirectResponse
from starlette.responses import Response

from completions.manifest import Manifest, PartFile, load_manifest
from completions.plan import find_batch
from completions.store import Store
from completions_airflow.connections import open_store
from completions_web.answers import APART, LINK_LIFE, apart
from completions_web.auth import READ
from completions_web.batches import no_batch
from completions_web.pages.shell import PREFIX

router = APIRouter(prefix=f"{PREFIX}/batches/{{id}}/files", include_in_schema=False, dependencies=READ)

MANIFEST = "manifest.json"


def name_of(file: PartFile) -> str:
    """What a Parquet file is called here: tables have files of the same name."""
    return f"{file.table}-{file.key.rpartition('/')[2]}"


@router.get("/{name}")
def file(id: UUID, name: str) -> Response:
    """One of them, by name; a bucket serves its Parquet itself, for an hour to whoever has the link."""
    part, manifest = _made(id)
    if name == MANIFEST:
        return apart(manifest.model_dump_json(indent=2).encode(), "application/json", f"{id}-{name}")
    found = next((one for one in manifest.files if name_of(one) == name), None)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"The manifest of batch {id} names no {name[:60]!r}.")
    if link := part.presigned(found.key, LINK_LIFE):
        return RedirectResponse(link)
    path = Path(part.uri, found.key)
    if not path.is_file():
        raise HTTPException(HTTPStatus.NOT_FOUND, f"{name} of batch {id} is gone.")
    return FileResponse(path, media_type="application/vnd.apache.parquet", filename=f"{id}-{name}", headers=APART)


def _made(id: UUID) -> tuple[Store, Manifest]:
    found = find_batch(open_store(), str(id))
    if found is None:
        raise no_batch(id)
    manifest = load_manifest(found[0], str(id))
    if manifest is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"Batch {id} has made nothing yet: it does when it is done.")
    return found[0], manifest
