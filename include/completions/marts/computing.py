"""A run's marts: the SQL of `sql/`, run by DuckDB over the rows of its batches and over what earlier runs said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import duckdb
import idna
import pyarrow as pa

from completions.brands import MATCHING_VERSION, Brand
from completions.columns import TEXT, TRUTH, WHOLE, Column
from completions.marts.columns import MARTS, TABLES
from completions.marts.mart import KEYS, MART_VERSION, VERSIONS, Mart, written
from completions.marts.matching import match, table
from completions.marts.runs import Run
from completions.reading import create_view, database, part_keys
from completions.store import Store

_BATCH, _PLANNED = Column("batch", WHOLE, "Its number"), Column("planned", WHOLE, "Prompts x samples")
GIVEN = pa.schema([(column.name, column.type) for column in (_BATCH, *KEYS, *VERSIONS, _PLANNED)])
BRANDS = pa.schema([("brand_no", WHOLE), ("brand", TEXT), ("own", TRUTH)])
DOMAINS = pa.schema([("brand_no", WHOLE), ("domain", TEXT)])
TOPICS = pa.schema([("prompt_id", TEXT), ("topic", TEXT), ("intent", TEXT)])
PREVIOUS = pa.schema([("batch_id", TEXT), ("previous_run", TEXT), ("previous_batch_id", TEXT)])
COMPARED = ("prompt_health", "mention_rate", "competitor_matrix", "prompt_citations", "versions", "capture_health")
"""The marts that those about changes read."""

Before = Mapping[str, tuple[str, str]]
"""By batch: the run and the batch that it is compared with."""


def compute(store: Store, run: Run, before: Before, earlier: Mapping[str, pa.Table]) -> Iterator[tuple[Mart, pa.Table]]:
    """Each mart of a run, and `mentions`.

    `earlier` has, by name, what the marts that are `COMPARED` said of the batches in `before`.
    """
    with _opened(store) as connection:
        _prepare(connection, store.of(run.origin), run)
        for mart in TABLES.values():
            if mart.history:
                continue
            rows = _rows(connection, mart)
            if mart.name in COMPARED:
                _compare(connection, mart.name, rows, earlier)
            yield mart, rows
        previous = [(batch_id, *then) for batch_id, then in before.items()]
        connection.register("previous_runs", table(previous, PREVIOUS))
        connection.execute("create table previous as from previous_runs join batches using (batch_id)")
        yield from ((mart, _rows(connection, mart)) for mart in MARTS if mart.history)


def query(mart: Mart) -> str:
    """The whole query of a mart, over the tables that `sql/base.sql` makes."""
    columns, order = ", ".join(column.name for column in mart.columns), ", ".join(("batch", *mart.by))
    return "\n".join(
        ["select", f"    {columns}", "from (", mart.sql.rstrip(), f") join keys using (batch) order by {order}"]
    )


@contextmanager
def _opened(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own; what does not fit into memory goes to a folder that is gone afterwards."""
    with TemporaryDirectory(prefix="marts-") as folder, database(store) as connection:
        connection.execute(f"set temp_directory = '{folder}'; set preserve_insertion_order = false")
        yield connection


def _prepare(connection: duckdb.DuckDBPyConnection, part: Store, run: Run) -> None:
    """Put there what `sql/base.sql` and the marts read."""
    manifests = [batch.manifest for batch in run.batches if batch.manifest]
    create_view(connection, part, "completions", part_keys(manifests, "completions"))
    first = {brand.name: brand for brand in reversed(run.brands)}
    brands = [brand for brand in run.brands if brand is first[brand.name]]
    topics = {asked.prompt_id: (asked.prompt_id, asked.topic, asked.intent) for asked in run.prompts}
    rows = [(number, brand.name, brand.own) for number, brand in enumerate(brands)]
    connection.register("given", table(_given(run), GIVEN))
    connection.register("topics", table([*topics.values()], TOPICS))
    connection.register("brands", table(rows, BRANDS))
    connection.register("brand_domains", table(_domains(brands), DOMAINS))
    connection.execute(written("base"))
    match(connection, brands)


def _given(run: Run) -> list[tuple[object, ...]]:
    who = (run.origin, run.audit, run.name, run.at)
    return [
        (number, *who, batch.model, batch.profile, batch.id, MART_VERSION, MATCHING_VERSION, batch.planned)
        for number, batch in enumerate(run.batches)
    ]


def _domains(brands: Sequence[Brand]) -> list[tuple[int, str]]:
    """A domain is the first brand's that has it."""
    owners: dict[str, int] = {}
    for number, brand in enumerate(brands):
        for domain in brand.domains:
            for host in _hosts(domain):
                owners.setdefault(host, number)
    return [(number, domain) for domain, number in owners.items()]


def _compare(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, earlier: Mapping[str, pa.Table]) -> None:
    """Put what a mart says of this run beside what it said of those before."""
    both = [rows, *([earlier[name]] if name in earlier else [])]
    connection.register(name, pa.concat_tables(both))


def _rows(connection: duckdb.DuckDBPyConnection, mart: Mart) -> pa.Table:
    return connection.sql(query(mart)).to_arrow_table().cast(mart.schema)


def _hosts(domain: str) -> list[str]:
    """A brand's domain as sites write hosts in addresses: in its own script, and as DNS has it (RFC 5891)."""
    name = domain.lower().removeprefix("www.").rstrip(".")
    try:
        plain = idna.encode(name, uts46=True).decode()
        return [name, plain, idna.decode(plain)]
    except UnicodeError:
        return [name]
