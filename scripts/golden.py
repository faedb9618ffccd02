"""Write tests/data/v<schema version>, a tiny store that later versions must still read: `python scripts/golden.py`.

It is written once for each version of the schema, and refuses to be written again.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic_core import to_json

from completions.answer import Ad, Answer, Citation, Entity, FanOutQuery, Image, Product, ShownPlace, Source
from completions.batch import BatchConfig
from completions.collect import collect
from completions.errors import Outcome
from completions.health import Health, keep
from completions.manifest import manifest_key
from completions.plan import Item, Plan, make_plan
from completions.profile import Profile
from completions.record import SCHEMA_VERSION, Artifacts, Record, answer_id, answer_key, batch_key
from completions.store import Store, open_store

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "data" / f"v{SCHEMA_VERSION}"
BATCH = "golden"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_A, _B = "https://a.example/guitars?utm_source=chatgpt.com", "https://b.example/"
_CLEAN = "https://a.example/guitars"

ANSWER = Answer(
    answer_text="Größte Auswahl: Fender.",
    answer_markdown="**Größte Auswahl**: Fender.",
    citations=[
        Citation(
            position=1,
            role="inline",
            pill=1,
            url=_A,
            url_canonical=_CLEAN,
            domain="a.example",
            title="Guitars",
            snippet="All of them.",
            site_name="A",
            published_at=NOW,
            char_start=16,
            char_end=22,
        ),
        Citation(position=2, role="more", url=_B, url_canonical=_B),
    ],
    sources=[
        Source(position=1, url=_A, url_canonical=_CLEAN, cited=True),
        Source(position=2, url=_B, url_canonical=_B),
    ],
    fan_out_queries=[FanOutQuery(query="guitar shops", kind="web", order=1)],
    follow_up_questions=["And amps?"],
    products=[Product(position=1, title="Strat", price_text="999 €", rating=4.5, review_count=7, image_urls=[_B])],
    places=[ShownPlace(position=1, name="Shop", latitude=48.1, longitude=11.6)],
    images=[Image(position=1, url=_B, title="A guitar")],
    ads=[Ad(position=1, title="Buy", body="now", url=_B)],
    entities=[Entity(name="Fender", category="brand", char_start=16, char_end=22)],
    model_version="gpt-x",
    model_version_source="wire",
    web_search_triggered=True,
    conversation_url="https://chat.example/c/1",
)


def main() -> None:
    if GOLDEN.exists():
        sys.exit(f"{GOLDEN} is there: it stays as it was written")
    with tempfile.TemporaryDirectory() as made:
        store = open_store(made)
        for key, body in _kept(store):
            file = GOLDEN / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body.replace(made.encode(), b"s3://bucket/prefix") if key.endswith(".json") else body)
        (GOLDEN / "rows.json").write_text(f"{to_json(_rows(store), indent=1).decode()}\n", "utf-8")


def _kept(store: Store) -> Iterator[tuple[str, bytes]]:
    """What readers need of a store with one batch: an answer, its duplicate, a refusal, a wall, one never asked."""
    fields = {"prompts": ["guitars?", "guitars?", "no", "wall", "never"], "client_ref": "golden", "country": "DE"}
    plan = make_plan(
        store, BatchConfig.model_validate(fields), Profile(seed=1), batch_id=BATCH, run_id="golden", now=NOW
    )
    endings = {0: Outcome.ANSWERED, 2: Outcome.REFUSED, 3: Outcome.CHALLENGE}
    for item in plan.items:
        if outcome := endings.get(item.index):
            store.put(answer_key(BATCH, item.index, item.sample), _record(plan, item, outcome).packed())
    collect(store, BATCH, NOW + timedelta(minutes=1))
    keep(store, _check())
    for key in sorted({*store.keys("datasets"), manifest_key(BATCH), batch_key(BATCH, "request.json")}):
        yield key, store.get(key) or b""


def _rows(store: Store) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table, as the files themselves have them."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for key in sorted(key for key in store.keys("datasets") if key.endswith(".parquet")):
        with store.open(key) as file:
            rows = pq.read_table(file).to_pylist()
        tables[key.split("/")[1]] = [{name: _plain(value) for name, value in row.items()} for row in rows]
    return tables


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _record(plan: Plan, item: Item, outcome: Outcome) -> Record:
    answered = outcome is Outcome.ANSWERED
    kept = Artifacts(page_html="<p>ü</p>", raw_stream=b"data: \xff\n", raw_stream_kind="sse", cut=["raw_stream"])
    return Record(
        answer_id=answer_id(BATCH, item.index, item.sample),
        prompt=plan.config.prompts[item.index],
        cache_key=item.cache_key,
        outcome=outcome,
        error_message=None if answered else f"ended as {outcome}",
        warnings=["a place among namesakes"] if answered else [],
        attempts=1,
        requested_at=NOW,
        started_at=NOW + timedelta(seconds=1),
        first_token_at=NOW + timedelta(seconds=2) if answered else None,
        answered_at=NOW + timedelta(seconds=3, microseconds=7) if answered else None,
        latency_ms=2000 if answered else None,
        ui_variant="react",
        adapter_version="1",
        answer=ANSWER if answered else None,
        artifacts=kept,
    )


def _check() -> Health:
    return Health(
        site="chatgpt",
        origin="live",
        checked_at=NOW,
        healthy=False,
        outcome=Outcome.LAYOUT_CHANGED,
        failed=["field x"],
        tries=2,
        adapter_version="1",
    )


if __name__ == "__main__":
    main()
