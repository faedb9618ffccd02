"""The form in Airflow's UI that starts a batch: the fields of `BatchConfig`, each with its help.

It only helps with filling in: the request is judged by `completions.request`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from completions.batch import BatchConfig

OPEN = "Run Parameters"
"""Airflow's own name for the section that it shows unfolded."""
SECTIONS = {
    OPEN: ("prompts", "model", "rehearse"),
    "Who asks": ("country", "subdivision", "city", "language", "display", "device"),
    "What is kept": ("format", "evidence", "expiration"),
    "How it runs": ("samples", "prompts_per_task", "force"),
    "Who is told": ("callback", "client_ref"),
}
ALWAYS = ("prompts", "model", "format")
"""Marked with a star: they can't be emptied."""

_RULES = ("enum", "minimum", "maximum", "maxLength", "maxItems", "items")


def params() -> dict[str, Param]:
    """The form's fields by name, in its order."""
    fields = BatchConfig.model_json_schema()["properties"]
    fields["prompts"]["default"] = []
    fields["prompts"]["description"] += " One a line, no blank line."
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
    return Param(
        schema["default"],
        title=name.replace("_", " ").capitalize(),
        description_md=schema["description"],
        section=section,
        type=given["type"] if name in ALWAYS else [given["type"], "null"],
        **rules,
    )
