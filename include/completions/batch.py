"""The request: what may be asked, its limits and its cross-field rules.

One model serves the DAG's conf, the HTTP body and `completions run FILE`. A request that cannot be honoured is refused
as a whole, with one sentence for each bad field: the field, the value, and what it accepts.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from difflib import get_close_matches
from math import ceil
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from completions.errors import ABSENT, Refused, RefusedRequest, shortened

Model = Literal["chatgpt", "gemini", "perplexity", "copilot"]
Format = Literal["json", "rendered", "raw"]
Evidence = Literal["screenshot", "page"]

MAX_TASKS = 1024
"""Airflow's `core.max_map_length`: how many tasks one batch may be mapped over."""
ONE_TASK_EACH = 16
"""Up to this many conversations, each gets a mapped task of its own."""
DEFAULT_PROMPTS_PER_TASK = 20
"""Above that: 2 to 5 minutes of chats a task, so that a retry is small (`bench/batch.py`)."""

_NAMESPACE = uuid.UUID("8f3c2b60-55c1-4d53-9d0c-7a6f5f2f4c11")


def _asked_as_given(prompt: object) -> object:
    if isinstance(prompt, str) and not prompt.strip():
        raise ValueError("blank")
    if isinstance(prompt, str) and not prompt.isascii():
        prompt.encode()  # a lone surrogate is no text
    return prompt


def _number(value: object) -> object:
    if isinstance(value, (bool, str)):
        raise ValueError("not a number")  # JSON numbers only: `true` is no sample count
    return value


Prompt = Annotated[str, BeforeValidator(_asked_as_given), Field(strict=True, min_length=1, max_length=2047)]
Name = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
Whole = Annotated[int, BeforeValidator(_number)]


def _accepts(accepts: str) -> dict[str, Any]:
    return {"accepts": accepts}


class AuditStamp(BaseModel):
    """Where a batch of a recurring audit comes from; set by the project only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    run: str
    seed: int
    forced: bool = False
    """Ask even a site that the last health check found changed."""


class BatchConfig(BaseModel):
    """A batch: 1 to 1000 prompts for one site, asked as one profile. `None` means unset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompts: list[Prompt] = Field(
        min_length=1,
        max_length=1000,
        description="What to ask, exactly as given. Duplicates are asked once when caching is on.",
        json_schema_extra=_accepts("give 1 to 1000 prompts, each a text of 1 to 2047 characters that is not blank"),
    )
    model: Model = Field(
        "chatgpt",
        description="The site to chat on.",
        json_schema_extra=_accepts("give one of chatgpt, gemini, perplexity, copilot"),
    )
    device: Name | None = Field(
        None,
        description="Device to emulate, one of Playwright's such as 'iPhone 15'. Unset: desktop, no emulation.",
        json_schema_extra=_accepts("give the name of a device as `completions devices` lists it"),
    )
    country: Name | None = Field(
        None,
        description="Country to chat from, ISO 3166-1 alpha-2. Unset: one that the exits offer, else this machine's.",
        json_schema_extra=_accepts("give a two-letter country code such as US"),
    )
    subdivision: Name | None = Field(
        None,
        description="Part of an ISO 3166-2 code after the hyphen, such as OR; needs country.",
        json_schema_extra=_accepts("give the part of an ISO 3166-2 code after the hyphen, such as OR for Oregon"),
    )
    city: Name | None = Field(
        None,
        description="City to chat from, any usual spelling; needs country.",
        json_schema_extra=_accepts("give the name of a city of 1 to 200 characters"),
    )
    language: Name | None = Field(
        None,
        description="Language to chat in: its name in English or its own, or ISO 639-1.",
        json_schema_extra=_accepts("give a language's name or its two-letter code, such as German or de"),
    )
    display: Name | None = Field(
        None,
        description="Language of the site's interface; follows language when unset.",
        json_schema_extra=_accepts("give a language's name or its two-letter code, such as German or de"),
    )
    format: Format = Field(
        "json",
        description="What the archive holds beside the structured answers: nothing, the rendered pages or the streams.",
        json_schema_extra=_accepts("give one of json, rendered, raw"),
    )
    expiration: Annotated[float, BeforeValidator(_number)] = Field(
        1,
        ge=0,
        le=10,
        allow_inf_nan=False,
        description="Days after which a cached answer counts as expired; 0: the cache is neither read nor written.",
        json_schema_extra=_accepts("give a number of days from 0 to 10"),
    )
    callback: Annotated[str, Field(strict=True, min_length=1, max_length=2047)] | None = Field(
        None,
        description="HTTP(S) URL, SQS queue URL or SQS ARN to tell when the batch is done.",
        json_schema_extra=_accepts("give an http(s) URL, an SQS queue URL or an SQS ARN of at most 2047 characters"),
    )
    samples: Whole = Field(
        1,
        ge=1,
        le=30,
        description="How many times to ask each prompt.",
        json_schema_extra=_accepts("give a whole number from 1 to 30"),
    )
    prompts_per_task: Whole | None = Field(
        None,
        ge=1,
        le=200,
        description=f"Conversations of a task. Unset: 1 up to {ONE_TASK_EACH} in all, else {DEFAULT_PROMPTS_PER_TASK}.",
        json_schema_extra=_accepts("give a whole number from 1 to 200"),
    )
    evidence: list[Evidence] = Field(
        [],
        description="Kept beside each answer: a screenshot (PNG), a self-contained copy of the page (MHTML).",
        json_schema_extra=_accepts('give a list such as ["screenshot"] or ["screenshot", "page"]'),
    )
    client_ref: Annotated[str, Field(strict=True, max_length=200)] | None = Field(
        None,
        description="Your own reference; echoed in every row, the status and the callback.",
        json_schema_extra=_accepts("give a text of at most 200 characters"),
    )
    rehearse: bool = Field(
        default=False,
        strict=True,
        description="Ask the stand-ins instead of the live site.",
        json_schema_extra=_accepts("give true or false"),
    )
    force: bool = Field(
        default=False,
        strict=True,
        description="Ask although the last health check of the site found its pages changed.",
        json_schema_extra=_accepts("give true or false"),
    )
    audit: AuditStamp | None = Field(None, alias="_audit", description="Set by the project only.")

    @model_validator(mode="before")
    @classmethod
    def _null_is_unset(cls, fields: Any) -> Any:
        if isinstance(fields, Mapping):
            return {name: value for name, value in fields.items() if value is not None or name not in _NAMES}
        return fields

    @model_validator(mode="after")
    def _rules(self) -> Self:
        refusals = [
            Refused(field, getattr(self, field), "needs country to be given too")
            for field in ("subdivision", "city")
            if getattr(self, field) and not self.country
        ]
        if self.tasks > MAX_TASKS:
            asked = f"{len(self.prompts)} prompts x {self.samples} samples"
            way_out = f"makes {self.tasks} tasks of {asked}; raise it until there are at most {MAX_TASKS}"
            refusals.append(Refused("prompts_per_task", self.prompts_per_task, way_out))
        if refusals:
            raise RefusedRequest(refusals)
        return self

    @property
    def count(self) -> int:
        """Answers asked for: prompts x samples."""
        return len(self.prompts) * self.samples

    @property
    def per_task(self) -> int:
        """Conversations of one mapped task."""
        return self.prompts_per_task or (1 if self.count <= ONE_TASK_EACH else DEFAULT_PROMPTS_PER_TASK)

    @property
    def tasks(self) -> int:
        """Mapped tasks when nothing is cached."""
        return ceil(self.count / self.per_task)

    @property
    def origin(self) -> Literal["live", "rehearsal"]:
        """Where the answers come from."""
        return "rehearsal" if self.rehearse else "live"

    @property
    def forced(self) -> bool:
        """Whether a site is asked even while it is marked unhealthy."""
        return self.force or (self.audit is not None and self.audit.forced)

    @classmethod
    def parse(cls, fields: object) -> Self:
        """The request in `fields` (parsed JSON from a caller), or `RefusedRequest` naming every bad field."""
        if not isinstance(fields, Mapping):
            raise RefusedRequest([Refused("request", fields, 'give a JSON object such as {"prompts": ["…"]}')])
        if fields.get("_audit") is not None:
            raise RefusedRequest([Refused("_audit", fields["_audit"], "is not a field: it is set by audits alone")])
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            raise RefusedRequest([refusal for one in error.errors() for refusal in _refusals(one)]) from None


_FIELDS = {name: field for name, field in BatchConfig.model_fields.items() if name != "audit"}
_NAMES = {*_FIELDS, "_audit"}


def batch_id_of(run_id: str) -> str:
    """The batch id of a run that was started without one: a UUID derived from the run's id."""
    return str(uuid.uuid5(_NAMESPACE, run_id))


def _refusals(error: ErrorDetails) -> list[Refused]:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, RefusedRequest):
        return list(cause.refusals)
    if isinstance(cause, Refused):
        return [cause]
    name = str(error["loc"][0])
    shown = name if re.fullmatch(r"\w{1,60}", name) else shortened(name)
    where = "".join(f"[{part}]" for part in error["loc"][1:2] if isinstance(part, int))
    value = ABSENT if error["type"] == "missing" else error["input"]
    told = _without_secrets(value) if name == "callback" and isinstance(value, str) else value
    return [Refused(f"{shown}{where}", told, _way_out(name, error["type"], value))]


def _without_secrets(callback: str) -> str:
    """The address as far as it may be shown: what follows its scheme may let anybody post there."""
    scheme, separator, _ = callback.partition("://")
    return f"{scheme}://…" if separator else callback and "…"


def _way_out(name: str, kind: str, value: object) -> str:
    field = _FIELDS.get(name)
    if field is None:
        near = get_close_matches(name, _FIELDS, 1, 0.5)
        return f"is not a field{f'; did you mean {near[0]}?' if near else ''}"
    assert isinstance(field.json_schema_extra, dict)
    length = (
        f" (this has {len(value)})"
        if kind in {"too_long", "string_too_long"} and isinstance(value, (str, list))
        else ""
    )
    return f"{field.json_schema_extra['accepts']}{length}"
