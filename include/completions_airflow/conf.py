"""The conf of a run: a request, or a reference to one in the store."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from completions.batch import BatchConfig, batch_id_of
from completions.errors import Refused

if TYPE_CHECKING:
    from airflow.sdk.types import DagRunProtocol

MAX_BYTES = 1024 * 1024
"""Of a request inside the conf, which every task of the run is given."""


_SUGGESTED = re.compile(r".+ \(([A-Z]{2})\)")


def batch_of(dag_run: DagRunProtocol) -> str:
    """The id of the run's batch: the one that the conf refers to, else one that follows from the run's own id."""
    reference = (dag_run.conf or {}).get("batch_id")
    if reference is None:
        return batch_id_of(dag_run.run_id)
    try:
        return str(UUID(reference))
    except (ValueError, TypeError, AttributeError):
        raise Refused("batch_id", reference, "give the UUID of a batch that was submitted to the store") from None


def request_in(dag_run: DagRunProtocol) -> Mapping[str, Any] | None:
    """The fields of the request in the conf; None where it refers to one in the store."""
    conf = dag_run.conf or {}
    fields = {name: value for name, value in conf.items() if name != "batch_id"}
    if conf.get("batch_id") is None:
        _check_size(fields)
        return _with_code(_without_blank_lines(fields))
    if extra := [name for name, value in fields.items() if value not in (None, []) and not _is_default(name, value)]:
        raise Refused("batch_id", conf["batch_id"], f"refers to a request in the store; leave out {', '.join(extra)}")
    return None


def _without_blank_lines(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form makes a prompt of every line, and of the end of the last one too."""
    prompts = fields.get("prompts")
    if not isinstance(prompts, list):
        return fields
    return {**fields, "prompts": [one for one in prompts if not isinstance(one, str) or one.strip()]}


def _with_code(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form suggests countries as `Germany (DE)`."""
    country = fields.get("country")
    named = _SUGGESTED.fullmatch(country) if isinstance(country, str) else None
    return {**fields, "country": named[1]} if named else fields


def _is_default(name: str, value: object) -> bool:
    """Whether the form sends this for a field that nobody touched."""
    field = BatchConfig.model_fields.get(name)
    return field is not None and field.default == value


def _check_size(fields: Mapping[str, Any]) -> None:
    size = len(json.dumps(fields, ensure_ascii=False).encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        way_out = f"a conf may have {MAX_BYTES}; submit larger requests with `completions run` or POST /ai/batches"
        raise Refused("conf", f"{size} bytes", way_out)
