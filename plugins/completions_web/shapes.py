"""What the HTTP API answers, as OpenAPI tells it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from completions.batch import BatchConfig

BATCH = "a0482596-c2ad-445a-a435-727002156a20"


class Submitted(BaseModel):
    """A batch that was taken."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": BATCH, "count": 37}]})

    id: UUID
    count: int = Field(description="Answers asked for: prompts x samples.")


class Retried(BaseModel):
    """A batch that is asked again."""

    id: UUID
    run_id: str = Field(description="Airflow's run that does it.")


class Attempt(BaseModel):
    """One attempt to tell the callback."""

    at: AwareDatetime
    delivered: bool
    status_code: int | None
    seconds: float
    reason: str | None


class Telling(BaseModel):
    """How telling the callback goes."""

    id: str = Field(description="The webhook-id.")
    state: Literal["delivered", "retrying", "failed"]
    next_attempt_at: AwareDatetime | None
    attempts: list[Attempt] = Field(description="The latest, oldest first.")


class Status(BaseModel):
    """How a batch stands."""

    model_config = ConfigDict(extra="allow")

    id: UUID
    status: Literal["retrieving", "archiving", "successful", "failed"] = Field(
        description="retrieving until all is asked, archiving until the dataset stands; "
        "failed: no prompt was answered, or the pipeline broke."
    )
    count: int = Field(description="Answers asked for: prompts x samples.")
    successful: int = Field(description="Answers so far.")
    failed: int = Field(description="Prompts that ended any other way so far.")
    url: str | None = Field(description="Where the archive is, once it is there: see /batches/archive.")
    cached: int = Field(description="Answers that the cache gave.")
    outcomes: dict[str, int] = Field(description="Count by outcome so far.", examples=[{"answered": 36, "timeout": 1}])
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    dataset: str | None = Field(description="URI of the manifest, which names the Parquet files.")
    client_ref: str | None
    cancelled: bool = Field(default=False, description="Whether it was cancelled.")
    notification: Telling | None


class Page(BaseModel):
    """Batches, newest first."""

    batches: list[Status]
    next_cursor: str | None = Field(description="For the page that follows; null on the last.")


class Country(BaseModel):
    """A country."""

    code: str = Field(description="ISO 3166-1 alpha-2.")
    name: str


class Subdivision(BaseModel):
    """A part of a country."""

    code: str = Field(description="The part of an ISO 3166-2 code after the hyphen.")
    name: str
    part_of: str | None = Field(description="The subdivision that it is part of, by the same kind of code.")


class City(BaseModel):
    """A city."""

    city: str
    subdivision: str | None
    people: int
    timezone: str


class Language(BaseModel):
    """A language."""

    code: str = Field(description="BCP 47.")
    name: str
    autonym: str = Field(description="What it calls itself.")


class Wrong(BaseModel):
    """A refused field."""

    field: str
    value: Any = Field(default=None, description="What was given, or how it begins; left out when it was missing.")
    detail: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str = Field(description="A sentence for people, with the way out.")
    errors: list[Wrong] | None = Field(default=None, description="One for each refused field.")


_WHEN = {
    400: "The body is not JSON.",
    401: "Nobody said who they are.",
    403: "A bad token, or a user who may not.",
    404: "There is no such batch, or no such answer of it.",
    405: "The path does not know this method.",
    409: "It stands against what was done before.",
    413: "The body is too large.",
    415: "The body is not said to be JSON.",
    416: "The archive ends before the range begins.",
    421: "This Airflow lets everybody in, and is not called so.",
    422: "A refused request; `errors` has a sentence for each bad field.",
    500: "It failed on our side.",
    503: "The store or Airflow cannot take it now; try again later.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route answers what goes wrong: with these, and with those that all routes have."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(status): {
            "description": f"{HTTPStatus(status).phrase}. {_WHEN[status]}",
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in sorted({*statuses, 401, 403, 421, 422, 500, 503})
    }


def request_body() -> dict[str, Any]:
    """What POST /batches takes."""
    schema = BatchConfig.model_json_schema()
    del schema["$defs"], schema["properties"]["_audit"]  # set by the project only
    example = {
        "prompts": ["Where can I buy a vintage guitar?", "Do any local stores sell vinyl records?"],
        "country": "US",
        "subdivision": "TN",
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}
