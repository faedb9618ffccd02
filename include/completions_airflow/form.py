"""The form in Airflow's UI that starts a batch: the fields of `BatchConfig`, each with its help."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from completions.batch import BatchConfig

SECTIONS = {
    "Ask as": ("device", "country", "subdivision", "city", "language", "display"),
    "Keep": ("format", "evidence", "expiration"),
    "Run": ("samples", "prompts_per_task", "rehearse"),
    "Tell": ("callback", "client_ref"),
}
"""Groups of fields below the prompts and the model."""

_SECTION_OF = {name: section for section, names in SECTIONS.items() for name in names}


DEFAULTS = {name: field.default for name, field in BatchConfig.model_fields.items() if not field.is_required()}
"""What the form sends for a field that nobody touched."""


def params() -> dict[str, Param]:
    """The form's fields by name. Only the form comes from here: the request is judged by `completions.request`."""
    fields = BatchConfig.model_json_schema()["properties"]
    del fields["_audit"]
    fields["prompts"]["description"] += " One prompt a line."
    form = {name: _param(name, schema) for name, schema in fields.items()}
    form["batch_id"] = Param(
        None,
        "Instead of all of the above: the id of a request that is in the store already.",
        type=["string", "null"],
        format="uuid",
        section="Or by reference",
        title="Batch id",
    )
    return form


def _param(name: str, schema: dict[str, Any]) -> Param:
    """A JSON schema as the form understands it: one list of types, `null` among them where the field may be left out."""
    shown = {"title": name.replace("_", " ").capitalize(), "description_md": schema["description"]}
    if section := _SECTION_OF.get(name):
        shown["section"] = section
    given = next(one for one in schema.get("anyOf", [schema]) if one["type"] != "null")
    rules = {rule: given[rule] for rule in ("enum", "minimum", "maximum", "maxLength", "maxItems") if rule in given}
    if choices := given.get("items", {}).get("enum"):
        rules["examples"] = choices  # a list to pick from
    optional = schema.get("default", None) is None
    return Param(
        schema.get("default"), type=[given["type"], "null"] if optional else given["type"], **shown, **rules
    )
