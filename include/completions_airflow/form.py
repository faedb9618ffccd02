"""The form in Airflow's UI that starts a batch: the fields of `BatchConfig`, each with its help.

It only helps with filling in: the request is judged by `completions.request`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from completions.batch import BatchConfig

SECTIONS = {
    "Ask": ("prompts", "model", "rehearse"),
    "Who asks": ("country", "subdivision", "city", "language", "display", "device"),
    "What is kept": ("format", "evidence", "expiration"),
    "How it runs": ("samples", "prompts_per_task"),
    "Who is told": ("callback", "client_ref"),
}
DEFAULTS = {name: field.default for name, field in BatchConfig.model_fields.items() if not field.is_required()}
"""What the form sends for a field that nobody touched."""

_RULES = ("enum", "minimum", "maximum", "maxLength", "maxItems")


def params() -> dict[str, Param]:
    """The form's fields by name, in its order."""
    fields = BatchConfig.model_json_schema()["properties"]
    fields["prompts"]["description"] += " One prompt a line."
    form = {name: _param(name, fields[name], section) for section, names in SECTIONS.items() for name in names}
    form["batch_id"] = Param(
        None,
        title="Batch id",
        description_md="Id of a batch whose request is in the store already; all fields above stay as they are.",
        section="Instead: a request that was submitted before",
        type=["string", "null"],
        format="uuid",
    )
    return form


def _param(name: str, schema: dict[str, Any], section: str) -> Param:
    """A field as the form understands it: one list of types, with `null` among them where it may be left empty."""
    given = next(one for one in schema.get("anyOf", [schema]) if one["type"] != "null")
    rules = {rule: given[rule] for rule in _RULES if rule in given}
    if choices := given.get("items", {}).get("enum"):
        rules["examples"] = choices  # a list to pick from
    default = schema.get("default")
    return Param(
        default,
        title=name.replace("_", " ").capitalize(),
        description_md=schema["description"],
        section=section,
        type=[given["type"], "null"] if default is None else given["type"],
        **rules,
    )
