"""Every column of the dataset, declared once: name, type, unit and meaning.

The Parquet schema and the reference page are made from these declarations. NULL means that the site does not show it
(or that the prompt was not answered); an empty list means that it was looked for and there was none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel

from completions.answer import Answer
from completions.errors import Outcome

TEXT, WHOLE, TRUTH, BYTES = pa.string(), pa.int64(), pa.bool_(), pa.binary()
TIME = pa.timestamp("us", tz="UTC")

_SCALARS = {str: TEXT, int: WHOLE, float: pa.float64(), bool: TRUTH, datetime: TIME}


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    repeats: bool = False
    """The same few values in all rows: worth a dictionary."""
    bulky: bool = False
    """Too large for minimum and maximum to help anyone."""


def arrow_type(annotation: Any) -> pa.DataType:
    """The Arrow type of a model's field. Columns are nullable by nature, so `X | None` is X."""
    kind, inner = get_origin(annotation), [one for one in get_args(annotation) if one is not NoneType]
    if kind in (Union, UnionType):
        return arrow_type(inner[0])
    if kind is list:
        return pa.list_(arrow_type(inner[0]))
    if kind is Literal:
        return TEXT
    if issubclass(annotation, BaseModel):
        return pa.struct([(name, arrow_type(field.annotation)) for name, field in annotation.model_fields.items()])
    return _SCALARS[annotation]


def _shown(name: str, meaning: str, unit: str = "") -> Column:
    """A list that is part of the answer; its type is the model's."""
    return Column(name, arrow_type(Answer.model_fields[name].annotation), meaning, unit, bulky=True)


IDENTITY = (
    Column("answer_id", TEXT, "Id of this answer; the same in every generation of the batch", "32 hex digits"),
    Column("batch_id", TEXT, "The batch that asked", "UUID", repeats=True),
    Column("prompt_index", WHOLE, "Position of the prompt in the request", "from 0"),
    Column("sample_index", WHOLE, "Which asking of the prompt this is", "from 0"),
)

REQUEST = (
    Column("run_id", TEXT, "The Airflow run that asked", repeats=True),
    Column("prompt_id", TEXT, "Id of the prompt's text, the same in all batches", "32 hex digits"),
    Column("prompt", TEXT, "What was asked, exactly as given"),
    Column("model", TEXT, "The site that was asked: chatgpt, gemini, perplexity or copilot", repeats=True),
    Column("device_requested", TEXT, "`device` of the request, as given", repeats=True),
    Column("country_requested", TEXT, "`country` of the request, as given", repeats=True),
    Column("subdivision_requested", TEXT, "`subdivision` of the request, as given", repeats=True),
    Column("city_requested", TEXT, "`city` of the request, as given", repeats=True),
    Column("language_requested", TEXT, "`language` of the request, as given", repeats=True),
    Column("display_requested", TEXT, "`display` of the request, as given", repeats=True),
    Column("client_ref", TEXT, "The caller's own reference", repeats=True),
    Column("audit", TEXT, "Name of the recurring audit that the batch belongs to", repeats=True),
    Column("format", TEXT, "What the archive holds for each prompt: json, rendered or raw", repeats=True),
    Column("origin", TEXT, "Who answered: `live`, the site; `rehearsal`, its stand-in", repeats=True),
    Column("duplicate_of", WHOLE, "`prompt_index` of the equal prompt whose answer this row repeats", "from 0"),
    Column("schema_version", WHOLE, "Version of these columns; later versions only add some", repeats=True),
)

VERDICT = (
    Column("status", TEXT, "`succeeded` if the outcome is `answered`, else `failed`", repeats=True),
    Column(
        "observed",
        TRUTH,
        "Whether the site had its say: answered, refused or no_answer. These rows are the denominator of rates",
    ),
    Column("outcome", TEXT, f"How the asking ended: {', '.join(Outcome)}", repeats=True),
)

CONVERSATION = (
    Column("generation", WHOLE, "In which generation of the batch this was asked: 1, and one more with each retry"),
    Column("error_message", TEXT, "What was in the way of an answer, in one sentence"),
    Column("warnings", pa.list_(TEXT), "What to know of the row: a place chosen among namesakes, a cut field"),
    Column("attempts", WHOLE, "Conversations held for this row; 0 if it is from the cache or was never asked"),
    Column("requested_at", TIME, "When the batch was planned", "UTC"),
    Column("started_at", TIME, "When the last conversation was begun; of a cached answer, the one that gave it", "UTC"),
    Column("first_token_at", TIME, "When the first word of the answer was seen", "UTC"),
    Column("answered_at", TIME, "When the answer was complete", "UTC"),
    Column("latency_ms", WHOLE, "From sending the prompt to the complete answer", "ms"),
    Column("from_cache", TRUTH, "Whether the answer was given to an earlier batch and reused"),
    Column("cache_age_seconds", WHOLE, "Age of a reused answer when the batch was planned", "s"),
    Column("cached_answer_id", TEXT, "`answer_id` of the answer that was reused", "32 hex digits"),
    Column("login_state", TEXT, "Who the site took the visitor for: logged_out", repeats=True),
    Column("device_used", TEXT, "Device that the browser emulated; NULL for a plain desktop", repeats=True),
    Column("locale_used", TEXT, "Language that the page saw the browser prefer", "BCP 47", repeats=True),
    Column("timezone_used", TEXT, "Time zone that the page saw", "IANA", repeats=True),
    Column(
        "location_method",
        TEXT,
        "How the place came about: `proxy`, `direct` (this machine's own) or `emulated` (the browser's word only)",
        repeats=True,
    ),
    Column(
        "egress_country",
        TEXT,
        "Country that the conversation was seen to come from; NULL where nobody told",
        "ISO 3166-1 alpha-2",
        repeats=True,
    ),
    Column("egress_subdivision", TEXT, "Part of the country that it was seen to come from", "ISO 3166-2", repeats=True),
    Column("egress_city", TEXT, "City that it was seen to come from, as the one who saw it writes it", repeats=True),
    Column(
        "egress_source",
        TEXT,
        "Who saw that country: `answer` (the site, with its answer), `trace` (the site's trace page) or `echo` (the "
        "echo page); part and city may come from another who saw the same country",
        repeats=True,
    ),
    Column("site_location", TEXT, "What the site itself says of where its visitor is, in its words", repeats=True),
    Column(
        "location_match",
        TEXT,
        "How the place asked for and the one seen agree: exact (the city too), country, mismatch, or unknown where "
        "nothing was seen; NULL where no place was asked for",
        repeats=True,
    ),
    Column("ui_variant", TEXT, "Which of the site's front ends answered", repeats=True),
    Column("adapter_version", TEXT, "Version of the code that read the page", repeats=True),
    Column(
        "bytes_received", WHOLE, "Received over the network in the conversation; 0 if it is from the cache", "bytes"
    ),
)

ANSWER = (
    Column("answer_text", TEXT, "The answer as plain text, citation marks left out; at most 1 MB", bulky=True),
    Column("answer_markdown", TEXT, "The answer as Markdown; at most 1 MB", bulky=True),
    _shown("citations", "Links that the answer attaches to its words, in reading order; at most 500"),
    _shown("sources", "Pages listed as consulted, cited or not"),
    _shown("fan_out_queries", "Searches that the assistant ran by itself, where the wire shows them"),
    _shown("follow_up_questions", "Questions that the site suggests to ask next"),
    _shown("products", "Product cards"),
    _shown("places", "Place cards and pins of a map"),
    _shown("images", "Pictures shown in the answer"),
    _shown("ads", "Sponsored entries; never among the citations"),
    _shown("entities", "Names that the site itself marked as entities"),
    Column("model_version", TEXT, "The model that answered, as the site names it", repeats=True),
    Column("model_version_source", TEXT, "Where that was seen: `wire` or `page`", repeats=True),
    Column("web_search_triggered", TRUTH, "Whether the assistant searched the web, where the site says so"),
    Column("conversation_url", TEXT, "Address of the conversation"),
)

DERIVED = (
    Column(
        "answer_language",
        TEXT,
        "Language of the answer's words, code and links left out; NULL where they are few, mixed or unsure",
        "BCP 47",
        repeats=True,
    ),
    Column("answer_sha256", TEXT, "SHA-256 of `answer_text` in UTF-8", "64 hex digits"),
)

_KEPT = (
    Column("page_html", TEXT, "The whole page, as rendered; at most 5 MB", bulky=True),
    Column("prompt_html", TEXT, "The part of the page that shows the prompt", bulky=True),
    Column("completion_html", TEXT, "The part of the page that shows the answer", bulky=True),
    Column("sources_html", TEXT, "The part of the page that lists the sources", bulky=True),
    Column("ads_html", TEXT, "The part of the page that shows ads", bulky=True),
    Column("raw_stream", BYTES, "What the site sent for the conversation, as received; at most 10 MB", bulky=True),
    Column("screenshot", BYTES, "The viewport, where the request asks for it; at most 10 MB", "PNG", bulky=True),
    Column("page_copy", BYTES, "The page with its pictures, where asked for; at most 10 MB", "MHTML", bulky=True),
)
KEPT = tuple(column.name for column in _KEPT)
"""Names of the columns that hold what was kept; each is followed by its hash and whether it was cut."""


def _with_marks(kept: Column) -> tuple[Column, Column, Column]:
    return (
        kept,
        Column(f"{kept.name}_sha256", TEXT, f"SHA-256 of `{kept.name}` as it is here", "64 hex digits"),
        Column(f"{kept.name}_truncated", TRUTH, f"Whether `{kept.name}` was over its cap, and so cut or left out"),
    )


COMPLETIONS = (*IDENTITY, *REQUEST, *VERDICT, *CONVERSATION, *ANSWER, *DERIVED)
ARTIFACTS = (
    *IDENTITY,
    *(column for kept in _KEPT for column in _with_marks(kept)),
    Column("raw_stream_kind", TEXT, "Form of `raw_stream`, such as sse or partial-html", repeats=True),
)

HEALTH = (
    Column("site", TEXT, "The site whose adapter was checked", repeats=True),
    Column("origin", TEXT, "Who was asked: `live`, the site; `rehearsal`, its stand-in", repeats=True),
    Column("checked_at", TIME, "When the check was done", "UTC"),
    Column("healthy", TRUTH, "Whether the adapter still reads the site; NULL where the check could not tell"),
    Column("outcome", TEXT, "How the last conversation of the check ended", repeats=True),
    Column("failed", pa.list_(TEXT), "What the adapter no longer finds: `selector …`, `field …`, `layout_changed: …`"),
    Column("error_message", TEXT, "What was in the way of an answer, in one sentence"),
    Column("tries", WHOLE, "Conversations held; 0 while the site is left alone after a wall"),
    Column("adapter_version", TEXT, "Version of the adapter that was checked", repeats=True),
    Column("ui_variant", TEXT, "Which of the site's front ends answered", repeats=True),
    Column("latency_ms", WHOLE, "From sending the prompt to the complete answer", "ms"),
    Column("fields_filled", pa.list_(TEXT), "Columns of the answer that the adapter declares and that came with it"),
    Column("fields_empty", pa.list_(TEXT), "Columns that it declares and that this answer did not fill"),
    Column("evidence", TEXT, "Where page, stream and screenshot of what failed are kept: a folder of the store"),
    Column("schema_version", WHOLE, "Version of these columns; later versions only add some", repeats=True),
)
"""One row for each check of a site."""
