"""What a mart is, and the columns that many of them have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import pyarrow as pa

from completions.columns import TEXT, TIME, TRUTH, WHOLE, Column

MART_VERSION = 1
"""Raised whenever the same answers may give other figures: history is then computed again."""
SCHEMA_VERSION = 1
"""Of the marts' columns; later versions only add some."""

REAL = pa.float64()
KEYS = (
    Column("origin", TEXT, "Who answered: `live`, the site; `rehearsal`, its stand-in", repeats=True),
    Column("audit", TEXT, "The audit; NULL for a batch by itself", repeats=True),
    Column("run", TEXT, "The run of the audit: when it was due, UTC; of a batch by itself, its id", repeats=True),
    Column("run_at", TIME, "The same as a time; of a batch by itself, when it was planned", "UTC", repeats=True),
    Column("model", TEXT, "The site that was asked", repeats=True),
    Column("profile", TEXT, "Who asked, in words: place, languages, device", repeats=True),
    Column("batch_id", TEXT, "The batch: in a run, one for each model and profile", repeats=True),
)
VERSIONS = (
    Column("mart_version", WHOLE, "Version of the definitions"),
    Column("matching_version", WHOLE, "Version of the way that brands are found in text"),
)
BRAND = (
    Column("brand", TEXT, "Name of the brand", repeats=True),
    Column("own", TRUTH, "Whether it is one's own"),
)
PROMPT = (
    Column("prompt_id", TEXT, "Id of the prompt's text", repeats=True),
    Column("prompt", TEXT, "The prompt", repeats=True),
)
BEFORE = (
    Column("previous_run", TEXT, "The last earlier run in which this model and profile were observed", repeats=True),
    Column("previous_batch_id", TEXT, "Its batch", repeats=True),
)
KIND = Column("kind", TEXT, "Sets of what are compared: `brand`, `domain` or `url`", repeats=True)


def written(name: str) -> str:
    """A file of `sql/`."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text("utf-8")


def few(of: str) -> Column:
    """Whether what a rate is out of is under 20."""
    return Column("too_few", TRUTH, f"Whether `{of}` is under 20: too few to say much")


def rate(k: str, n: str) -> tuple[Column, ...]:
    """Numerator, denominator, and what follows from them."""
    return (
        Column("k", WHOLE, k),
        Column("n", WHOLE, n),
        Column("rate", REAL, "`k` / `n`; NULL where `n` is 0"),
        Column("low", REAL, "Lower end of its Wilson 95 % interval; NULL where `n` is 0"),
        Column("high", REAL, "Upper end"),
        few("n"),
    )


@dataclass(frozen=True)
class Mart:
    """One mart."""

    name: str
    title: str
    """What a row is, in a phrase."""
    by: tuple[str, ...]
    """What sets its rows apart besides the keys; they are in its order."""
    own: tuple[Column, ...]
    """The columns between the keys and the versions."""
    history: bool = False
    """Whether it compares a run with one before."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All of them."""
        return (*KEYS, *self.own, *VERSIONS)

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema, which is also the file's."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @property
    def sql(self) -> str:
        """The query that makes it, over the tables that `sql/base.sql` makes."""
        return written(self.name)

    @property
    def folder(self) -> str:
        """Where its files are; the folders below add `schema` and `audit_name` to what readers of it see."""
        return f"marts/{self.name}"
