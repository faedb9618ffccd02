"""Recurring audits: the same prompts, asked of several sites as several people, on a schedule. One YAML file each.

An audit's name is its file's. What is wrong with a file is told in one sentence for each bad place, with its line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from completions.batch import AuditStamp, BatchConfig, Evidence, Format, Model, Prompt, batch_id_of
from completions.brands import Brand
from completions.errors import ABSENT, Refused, RefusedRequest, shortened

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@yearly")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(_Strict):
    """Who asks: the fields of a request that say so."""

    country: str | None = None
    subdivision: str | None = None
    city: str | None = None
    language: str | None = None
    display: str | None = None
    device: str | None = None

    @property
    def label(self) -> str:
        """In words, such as `DE, Munich, German, iPhone 15`; `here` for nobody in particular."""
        return ", ".join(filter(None, self.model_dump().values())) or "here"


class Question(_Strict):
    """A prompt, and what it is about where its file says so."""

    prompt: str
    topic: str | None = None
    intent: str | None = None
    """What somebody who asks it is after, such as `comparison` or `buying`."""


class Budget(_Strict):
    """What a run may cost at most."""

    chats_per_run: Annotated[int, Field(ge=1)]


def _schedule(given: object) -> object:
    from croniter import croniter

    if isinstance(given, str) and (given in PRESETS or (len(given.split()) == 5 and croniter.is_valid(given))):
        return given
    raise PydanticCustomError("schedule", f"give five cron fields such as '0 6 * * 1', or one of {', '.join(PRESETS)}")


def _timezone(given: str) -> str:
    if given not in _timezones():
        raise PydanticCustomError("timezone", "give an IANA time zone such as Europe/Berlin")
    return given


_timezones = cache(available_timezones)  # walks through all of their files


def _distinct(given: list[Any]) -> list[Any]:
    if len(set(given)) < len(given):
        raise PydanticCustomError("distinct", "has the same twice: each is asked once")
    return given


class Audit(_Strict):
    """An audit as its file declares it."""

    name: str
    schedule: Annotated[str, BeforeValidator(_schedule)] | None = None
    """Cron fields or a preset; None: it runs only when somebody starts it."""
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    prompts: list[Prompt] = Field([], max_length=1000)
    prompts_file: str | None = None
    """A CSV or Parquet file beside the audit's file: column `prompt`, and `topic` and `intent` where there are some."""
    models: Annotated[list[Model], Field(min_length=1), AfterValidator(_distinct)] = ["chatgpt"]
    profiles: Annotated[list[Person], Field(min_length=1), AfterValidator(_distinct)] = [Person()]
    samples: Annotated[int, Field(ge=1, le=30)] = 1
    brands: list[Brand] = []
    budget: Budget | None = None
    expiration: Annotated[float, Field(ge=0, le=10)] = 0
    """0 unless set: an audit that reuses answers does not see what changed."""
    evidence: list[Evidence] = []
    format: Format = "json"
    rehearse: bool = False
    callback: Annotated[str, Field(strict=True, min_length=1, max_length=2047)] | None = None
    """Who is told when a run is over: as a batch's."""

    folder: Path = Path()
    """Where its file is."""

    @model_validator(mode="after")
    def _one_source_of_prompts(self) -> Audit:
        if bool(self.prompts) == (self.prompts_file is not None):
            raise PydanticCustomError("prompts", "give either prompts or prompts_file")
        return self

    @cached_property
    def questions(self) -> list[Question]:
        """The prompts, read from their file where they are in one. Raises `RefusedRequest` naming what is wrong."""
        given = [Question(prompt=prompt) for prompt in self.prompts]
        return given or prompts_in(self.folder / str(self.prompts_file))

    @property
    def asked(self) -> list[str]:
        """The prompts' texts; as `questions`."""
        return [question.prompt for question in self.questions]

    @property
    def origin(self) -> Literal["live", "rehearsal"]:
        """Where the answers come from."""
        return "rehearsal" if self.rehearse else "live"

    @property
    def chats(self) -> int:
        """How many conversations a run costs at most: prompts x samples x models x profiles."""
        return len(self.asked) * self.samples * len(self.models) * len(self.profiles)

    def check(self) -> None:
        """Raise `RefusedRequest` for what a run would be refused for: its budget, prompts, places, devices."""
        if self.budget and self.chats > self.budget.chats_per_run:
            told = f"a run takes {self.chats} chats ({self.reckoning}); raise it, or ask less"
            raise RefusedRequest([Refused("budget.chats_per_run", self.budget.chats_per_run, told)])
        for _ in self.batches("check"):
            pass

    @property
    def about(self) -> str:
        """What is asked of whom, in a few words; reads no other file."""
        prompts = f"{len(self.prompts)} prompts" if self.prompts else f"the prompts in {self.prompts_file}"
        people = "; ".join(person.label for person in self.profiles)
        return f"Asks {', '.join(self.models)} {prompts}, {self.samples} times each, as: {people}"

    @property
    def reckoning(self) -> str:
        """How `chats` comes about."""
        counts = (len(self.asked), "prompts"), (self.samples, "samples"), (len(self.models), "models")
        told = (*counts, (len(self.profiles), "profiles"))
        return " x ".join(f"{count} {what if count != 1 else what.removesuffix('s')}" for count, what in told)

    def batches(self, run: str) -> Iterator[tuple[str, BatchConfig]]:
        """Id and request of each batch of a run: one for each model and profile, all drawn from one seed.

        A run that is made again has the same ids. Raises `RefusedRequest` naming the profile and its bad field.
        """
        stamp = AuditStamp(name=self.name, run=run, seed=seed_of(self.name, run))
        for number in range(len(self.profiles)):
            for model in self.models:
                config = _parsed(request_of(self, number, model), number).model_copy(update={"audit": stamp})
                yield batch_id_of(f"audit:{self.name}:{run}:{number}:{model}"), config

    def next_runs(self, after: datetime, count: int) -> list[datetime]:
        """When it is due next, in its own time zone; empty without a schedule."""
        if self.schedule is None:
            return []
        return list(islice(due_after(self.schedule, self.timezone, after), count))


def due_after(schedule: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """When something with this schedule is due after a moment, one time after the other, in its time zone."""
    from croniter import croniter

    due = croniter(schedule, after.astimezone(ZoneInfo(timezone)))
    while True:
        yield due.get_next(datetime)


def request_of(audit: Audit, number: int, model: str | None = None) -> dict[str, Any]:
    """The fields of the request that one of the profiles makes."""
    shared = audit.model_dump(include={"samples", "expiration", "evidence", "format", "rehearse"})
    person = audit.profiles[number].model_dump(exclude_none=True)
    own = {"prompts": audit.asked, "model": model or audit.models[0], "client_ref": f"audit {audit.name}"}
    return {**shared, **person, **own}


def seed_of(name: str, run: str) -> int:
    """What all random choices of a run are drawn from."""
    return int(hashlib.sha256(f"{name}:{run}".encode()).hexdigest()[:12], 16)


def files(folder: Path) -> list[Path]:
    """The audits' files in a folder, in the order of their names."""
    return sorted(file for pattern in ("*.yaml", "*.yml") for file in folder.glob(pattern))


def load(file: Path) -> Audit:
    """The audit in a file. Raises `RefusedRequest` with a sentence for each bad place, its line in front."""
    _alone(file)
    try:
        text = file.read_text("utf-8")
        given = yaml.load(text, Loader=yaml.CSafeLoader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise RefusedRequest([Refused(file.name, ABSENT, f"cannot be read: {_one_line(error)}")]) from None
    if not isinstance(given, Mapping):
        raise RefusedRequest([Refused(file.name, ABSENT, "is no audit: give fields such as `models: [chatgpt]`")])
    if "folder" in given:
        raise RefusedRequest([Refused(f"{file.name}, line {_line(text, ('folder',))}: folder", ABSENT, _NO_FIELD)])
    if given.get("name", file.stem) != file.stem or not NAME.fullmatch(file.stem):
        way_out = "must be the file's: small letters, digits, - and _"
        raise RefusedRequest([Refused(f"{file.name}, line {_line(text, ('name',))}: name", given.get("name"), way_out)])
    try:
        return Audit.model_validate({**given, "name": file.stem, "folder": file.parent})
    except ValidationError as error:
        raise RefusedRequest([_refusal(file.name, text, one) for one in error.errors()]) from None


def _alone(file: Path) -> None:
    """Raise `RefusedRequest` where two files would be one audit."""
    twin = file.with_suffix({".yaml": ".yml", ".yml": ".yaml"}.get(file.suffix, file.suffix))
    if twin != file and twin.exists():
        told = f"is the audit {file.stem}, and so is {twin.name} beside it: keep one of the two"
        raise RefusedRequest([Refused(file.name, ABSENT, told)])


def who_asks(file: Path) -> Audit | None:
    """The audit of a file as far as its profiles go, although other fields are wrong; None where these are too."""
    try:
        given = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
        legible = {name: given[name] for name in ("profiles", "rehearse") if name in given}
        return Audit.model_validate({**legible, "name": file.stem, "prompts": ["-"], "models": ["chatgpt"]})
    except (OSError, ValueError, TypeError, yaml.YAMLError):
        return None


def placed(file: Path, refused: Refused) -> Refused:
    """A refusal of an audit's field, such as `profiles[0].language`, with file and line in front where it has none."""
    if refused.field.startswith(file.name):
        return refused
    place = [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", refused.field)]
    text = file.read_text("utf-8")
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    where = f", line {_line(text, place)}" if _child(node, place[0])[1] else ""
    return Refused(f"{file.name}{where}: {refused.field}", refused.value, refused.way_out)


def prompts_in(file: Path) -> list[Question]:
    """The rows of a CSV or Parquet file with a column `prompt`. Raises `RefusedRequest`."""
    try:
        rows = _rows(file)
    except (OSError, ValueError) as error:
        raise RefusedRequest([Refused("prompts_file", file.name, f"cannot be read: {_one_line(error)}")]) from None
    if not rows or "prompt" not in rows[0]:
        raise RefusedRequest([Refused("prompts_file", file.name, "has no column `prompt` with rows below it")])
    return [_question(row) for row in rows]


def _question(row: Mapping[str, Any]) -> Question:
    """A cell that is empty, or not there, is an empty prompt, which is refused by its number; or no topic."""
    prompt, topic, intent = ("" if row.get(name) is None else str(row[name]) for name in Question.model_fields)
    return Question(prompt=prompt, topic=topic.strip() or None, intent=intent.strip() or None)


def _rows(file: Path) -> Sequence[Mapping[str, Any]]:
    if file.suffix == ".parquet":
        from pyarrow import ArrowException, parquet

        try:
            rows: list[dict[str, Any]] = parquet.read_table(file).to_pylist()
        except ArrowException as error:
            raise ValueError(str(error)) from None
        return rows
    import csv

    with file.open(encoding="utf-8-sig", newline="") as lines:
        try:
            return list(csv.DictReader(lines))
        except csv.Error as error:  # such as a quote that is never closed
            raise ValueError(str(error)) from None


def _parsed(fields: dict[str, Any], number: int) -> BatchConfig:
    try:
        return BatchConfig.parse(fields)
    except RefusedRequest as refused:
        told = [Refused(f"profiles[{number}].{one.field}", one.value, one.way_out) for one in refused.refusals]
        own = [one for one in refused.refusals if one.field.partition("[")[0] == "prompts"]
        raise RefusedRequest(own or told) from None


def _refusal(file: str, text: str, error: ErrorDetails) -> Refused:
    place = error["loc"]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".") or "audit"
    hidden = error["type"] in ("missing", "prompts", "extra_forbidden") or name == "callback"  # which may hold a secret
    value = ABSENT if hidden else error["input"]
    way_out = _WAYS_OUT.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden" and (near := get_close_matches(str(place[-1]), _fields(place), 1, 0.5)):
        way_out = f"{way_out}; did you mean {near[0]}?"
    return Refused(f"{file}, line {_line(text, place)}: {name}", value, way_out[0].lower() + way_out[1:])


def _fields(place: Sequence[int | str]) -> list[str]:
    """The fields that there are where one is that is not."""
    within: dict[int | str, type[BaseModel]] = {"profiles": Person, "brands": Brand, "budget": Budget}
    return sorted({*(within[place[0]] if len(place) > 1 else Audit).model_fields} - {"folder"})


_NO_FIELD = "is not a field of it"
_WAYS_OUT = {
    "extra_forbidden": _NO_FIELD,
    "string_pattern_mismatch": "give a domain such as example.com, without https:// or a path",
}


def _line(text: str, place: Sequence[int | str]) -> int:
    """The line, counted from 1, of what is at `place`, or of the nearest that is there."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    line = node.start_mark.line if node else 0
    for part in place:
        node, mark = _child(node, part)
        if mark is None:
            break
        line = mark.line
    return line + 1


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node | None, yaml.Mark | None]:
    if isinstance(node, yaml.MappingNode):
        return next(((value, key.start_mark) for key, value in node.value if key.value == part), (None, None))
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark
    return None, None


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return shortened(" ".join(str(error).split()), 200).strip("'\"")
