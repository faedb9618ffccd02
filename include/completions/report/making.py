"""Summary and report of an audit's run or of a batch, from the marts that stand and the answers in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from completions.audit_runs import AuditRun, load_run, load_runs
from completions.brands import Brand
from completions.errors import Refused
from completions.report.evidence import COLUMNS, Evidence, Links, evidence
from completions.report.history import LINKS, Asked, History, Marts, Row
from completions.report.page import ANSWERS, report
from completions.report.summary import Summary, summary_of
from completions.store import Origin, Store, StoreError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

AT_ONCE = 50
"""Answers in memory with the whole of their text."""
RUNS = 26
"""Runs that charts go back."""
OVER_TIME = (
    *("capture_health", "capture_outcomes", "mention_rate", "citation_domains", "mention_citation", "change_points"),
)
"""Marts of which all those runs are read; of the others, only the run itself."""
OF_THE_RUN = (
    *(
        "prompt_health",
        "share_of_voice",
        "position",
        "citation_urls",
        "agreement",
        "competitor_matrix",
        "fan_out",
        "co_mentions",
    ),
    *("fan_out_words", "fan_out_domains", "contrast", "product_shelf", "ads", "versions", "volatility", "url_changes"),
)


@dataclass(frozen=True)
class Told:
    """What a run or a batch says."""

    store: Store
    history: History
    brands: Sequence[Brand]
    origin: Origin

    @cached_property
    def summary(self) -> Summary:
        """What changed since the run before; `.text` is for people."""
        return summary_of(self.history)

    def html(self, links: Links | None = None) -> str:
        """The report."""
        answers, total = self._answers()
        rehearsed = self.origin == "rehearsal"
        return report(self.history, self.summary, answers, total=total, links=links or Links(), rehearsed=rehearsed)

    def _answers(self) -> tuple[list[Evidence], int]:
        """The answers that a report shows, and how many there are: where not all fit, the first samples of all."""
        from completions.parts import Days, manifests
        from completions.reading import create_view, database, part_keys

        part = self.store.of(self.origin)
        batches = {row["batch_id"]: Asked(row["model"], row["profile"]) for row in self.history.of("capture_health")}
        with database(part) as connection:
            found = manifests(part, Days(), list(batches))
            create_view(connection, part, "completions", part_keys(found, "completions"))
            rows = connection.table("completions").order("sample_index, prompt_index, batch_id").limit(ANSWERS)
            some = rows.project(", ".join(COLUMNS)).to_arrow_reader(AT_ONCE)
            shown = evidence((row for several in some for row in several.to_pylist()), self.brands, batches)
        return shown, sum(one.count for one in found)


def of_run(store: Store, audit: str, run: str | None = None, *, origin: Origin = "live") -> Told:
    """What a run of an audit says (the last one with marts, by default), from the marts as they stand.

    Raises `Refused` for an audit or a run that has none, `StoreError` where a file of them is gone or cannot be read.
    """
    from completions import marts
    from completions.marts.kept import stamps

    part = store.of(origin)
    standing = stamps(part, audit)
    names = sorted(standing)
    wanted = run or (names[-1] if names else None)
    if wanted is None or wanted not in standing:
        raise Refused("run" if run else "audit", run or audit, _none(audit, names, origin))
    window = names[: names.index(wanted) + 1][-RUNS:]
    with _told(store, audit, origin), marts.connect(store, audit, origin, window) as connection:
        history = History(audit, _read(connection, window, wanted), wanted, _absent(load_runs(part, audit)))
    return Told(store, history, standing[wanted].brands, origin)


def of_batch(store: Store, batch_id: str, brands: Sequence[Brand] | None = None) -> Told:
    """What a batch by itself says; its brands are those of its audit unless others are given. Raises `Refused`."""
    from completions import marts
    from completions.plan import find_batch, load_request

    found = find_batch(store, batch_id)
    if found is None:
        raise Refused("batch", batch_id, f"no such batch in {store.uri}; `completions list` shows what is there")
    part, origin = found
    stamp = load_request(store, batch_id).audit
    if brands is None:
        record = load_run(part, stamp.name, stamp.run) if stamp else None
        brands = record.brands if record else ()
    with marts.of_batch(store, batch_id, brands) as connection:
        history = History(batch_id, _read(connection, [batch_id], batch_id), batch_id)
    return Told(store, history, brands, origin)


@contextmanager
def _told(store: Store, audit: str, origin: Origin) -> Iterator[None]:
    """Say in one sentence which marts cannot be read, and the way out."""
    from duckdb import Error

    try:
        yield
    except Error as error:
        why = str(error).strip().splitlines()[0]
        flag = " --rehearsed" if origin == "rehearsal" else ""
        hint = f"`completions marts refresh {audit} --again{flag}` writes them anew"
        raise StoreError(f"cannot read the marts of {audit} in {store.uri}: {why}; {hint}") from error


def _read(connection: DuckDBPyConnection, runs: Sequence[str], run: str) -> Marts:
    window = dict.fromkeys(OVER_TIME, runs) | {mart: [run] for mart in OF_THE_RUN}
    found = {mart: _rows(connection, mart, wanted) for mart, wanted in window.items()}
    return {**found, LINKS: _links(connection, runs)}


def _links(connection: DuckDBPyConnection, runs: Sequence[str]) -> list[Row]:
    counted = "select run, model, profile, sum(counted_links)::bigint as n from prompt_health"
    rows: list[Row] = (
        connection.sql(f"{counted} where list_contains(?, run) group by all", params=[list(runs)])
        .to_arrow_table()
        .to_pylist()
    )
    return rows


def _rows(connection: DuckDBPyConnection, mart: str, runs: Sequence[str]) -> list[Row]:
    from duckdb import ColumnExpression, ConstantExpression

    only = ColumnExpression("run").isin(*map(ConstantExpression, runs))
    rows: list[Row] = connection.table(mart).filter(only).to_arrow_table().to_pylist()
    return rows


def _absent(records: Iterable[AuditRun]) -> list[tuple[datetime, str]]:
    """When a run was due and nothing was asked."""
    found = []
    for one in records:
        found += [(at, "missed") for at in one.missed]
        found += [(one.due_at, "refused")] if one.refused else []
    return found


def _none(audit: str, standing: Sequence[str], origin: Origin) -> str:
    if standing:
        return f"no such run of {audit} has figures; the last is {standing[-1]}"
    return f"has no {origin} run with figures; `completions audit recompute {audit}` makes them"
