"""The link that opens Airflow's own form for a batch, filled in.

Airflow 3.3.2 takes nothing for its form from an address (as its UI's source has it; apache/airflow#54800 asks for it).
So `fill.js` opens the form and fills it in as a person would; without it the link still leads to the DAG. A page by
itself is shown within Airflow first, where the form is.
"""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from markupsafe import Markup

from completions.batch import BatchConfig
from completions.errors import ABSENT, Refused
from completions.plan import load_request
from completions_airflow.connections import open_store
from completions_airflow.form import SECTIONS, shown
from completions_web.auth import START
from completions_web.pages.shell import PREFIX, airflow_of, root_of, within
from completions_web.runs import DAG

router = APIRouter(prefix=f"{PREFIX}/trigger", include_in_schema=False)

FORM = {name for names in SECTIONS.values() for name in names}
"""The form's fields."""
NEVER_COPIED = ("callback", "client_ref")
"""A callback's address may be a secret, and both are of the one batch that they were given for."""


def trigger_link(request: Request, batch_id: str | None = None, **fields: object) -> Markup:
    """Attributes of a link that opens the form: with these fields of a request, over those of a batch if given.

    In a template, for those who may start runs: `<a class="button" {{ new_batch }}>New batch</a>`.
    """
    asked = {"batch": batch_id} if batch_id else {}
    asked |= {"given": json.dumps(fields)} if fields else {}
    attributes = Markup('href="{}/dags/{}" data-out="top" data-fill="{}/trigger?{}" data-within="{}"')
    return attributes.format(airflow_of(request), DAG, root_of(request), urlencode(asked), within(request))


@router.get("", dependencies=START)
def filling(batch: UUID | None = None, given: Annotated[str, Query()] = "{}") -> dict[str, Any]:
    """`fields` that the form is to show, by name, and what is `said` above it."""
    copied = {} if batch is None else _copied(load_request(open_store(), str(batch)))
    fields = _valid(copied | _read(given))
    said = [f"Filled in from batch {batch}, without its callback and reference."] if batch else []
    if any("\n" in prompt for prompt in fields.get("prompts", ())):
        del fields["prompts"]
        said.append("Its prompts are left out: this form takes one a line, and some of them have several.")
    # The prompts last: what is sent before all is filled in is refused, and asks nobody whom it should not.
    ordered = sorted(fields, key=lambda name: name == "prompts")
    return {"fields": {name: shown(name, fields[name]) for name in ordered}, "said": " ".join(said)}


def remembered(prompts: list[str]) -> list[str]:
    """Those that were not forgotten since; raises `Refused` where that leaves none."""
    from completions.forgetting import FORGOTTEN

    left = [prompt for prompt in prompts if prompt != FORGOTTEN]
    if not left:
        raise Refused("prompts", ABSENT, "all of them were forgotten, so that nothing is left to ask")
    return left


def _read(given: str) -> dict[str, Any]:
    try:
        fields = json.loads(given)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise Refused("given", given, "give a JSON object of a request's fields")
    return {name: value for name, value in fields.items() if name in FORM}


def _valid(fields: dict[str, Any]) -> dict[str, Any]:
    """The same as a request has them; raises `RefusedRequest` where none can."""
    config = BatchConfig.parse({"prompts": ["?"], **fields})
    return config.model_dump(mode="json", include=set(fields))


def _copied(config: BatchConfig) -> dict[str, Any]:
    """What was asked for, as far as it differs from what the form shows by itself."""
    fields = config.model_dump(mode="json", exclude_defaults=True, exclude={"audit", *NEVER_COPIED})
    fields["prompts"] = remembered(config.prompts)
    return {name: value for name, value in fields.items() if name in FORM}
