"""The form in Airflow's UI that starts a batch: the fields of `BatchConfig`, each with its help.

It only helps with filling in: the request is judged by `completions.request`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from completions.batch import BatchConfig
from completions.choices import COUNTRIES, DEVICES, LANGUAGES

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

LABELS = {
    "model": {"chatgpt": "ChatGPT", "gemini": "Gemini", "perplexity": "Perplexity", "copilot": "Microsoft Copilot"},
    "format": {
        "json": "Answers alone",
        "rendered": "Answers and the pages",
        "raw": "Answers and the streams",
    },
    "evidence": {"screenshot": "Screenshot (PNG)", "page": "Copy of the page (MHTML)"},
}
"""What the form's lists show for a value, where they don't show the value itself."""
HINTS = {
    "prompts": "One a line; blank lines are left out. Prompts of several lines go by the command line or HTTP.",
    "rehearse": "A trial: nothing is asked of the site itself.",
    "country": "Its code, or its name as suggested; needed for a part of it or a city.",
    "subdivision": "Such as TN for Tennessee, or NW for Nordrhein-Westfalen; its name will do.",
    "city": "Such as Nashville, München or Łódź.",
    "display": "Such as English.",
    "expiration": "From 0 to 10, parts of a day too: 0.5.",
    "samples": "From 1 to 30.",
    "prompts_per_task": "From 1 to 200.",
    "callback": "Such as https://example.com/done.",
}
"""Of the form alone, after what each field means."""
_RULES = ("enum", "minimum", "maximum", "maxLength", "maxItems", "items")


def params() -> dict[str, Param]:
    """The form's fields by name, in its order."""
    fields = BatchConfig.model_json_schema()["properties"]
    fields["prompts"]["default"] = []
    del fields["prompts"]["items"]["minLength"]  # of blank lines, which `conf` leaves out
    offered = _offered()
    form = {
        name: _param(name, fields[name], section, offered.get(name, {}))
        for section, names in SECTIONS.items()
        for name in names
    }
    form["batch_id"] = Param(
        None,
        title="Batch id",
        description_md="Id of a batch whose request is in the store already; all fields above stay as they are.",
        section="Instead: a request that was submitted before",
        type=["string", "null"],
        format="uuid",
    )
    return form


def shown(name: str, value: Any) -> Any:
    """What the form shows for a value of a field: of one that is picked from a list, its label."""
    labels = _offered().get(name, {}).get("values_display", {})
    return [labels.get(one, one) for one in value] if isinstance(value, list) else labels.get(value, value)


def _offered() -> dict[str, dict[str, Any]]:
    """Fields with a list: one to pick from (`values_display`), or one that suggests (`examples`)."""
    return {
        **{name: {"values_display": labels} for name, labels in LABELS.items()},
        "country": {"examples": [f"{name} ({code})" for code, name in COUNTRIES.items()]},
        "language": {"examples": list(LANGUAGES)},
        "display": {"examples": list(LANGUAGES)},
        "device": {"examples": list(DEVICES)},
    }


def _param(name: str, schema: dict[str, Any], section: str, offered: dict[str, Any]) -> Param:
    """A field as the form understands it: one list of types, with `null` among them where it may be left empty."""
    given = next(one for one in schema.get("anyOf", [schema]) if one["type"] != "null")
    rules = {rule: given[rule] for rule in _RULES if rule in given}
    if choices := given.get("items", {}).get("enum"):
        rules["examples"] = choices  # a list to pick from
    return Param(
        schema["default"],
        title=name.replace("_", " ").capitalize(),
        description_md=f"{schema['description']} {HINTS.get(name, '')}".rstrip(),
        section=section,
        type=given["type"] if name in ALWAYS else [given["type"], "null"],
        **{**rules, **offered},
    )
