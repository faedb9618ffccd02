"""Which brands an answer names, and where: each text that came up is looked through once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from completions.brands import Brand, Matcher
from completions.columns import TEXT, WHOLE

if TYPE_CHECKING:
    import duckdb

AT_ONCE = 2000
FOUND = pa.schema([(name, WHOLE) for name in ("text", "brand_no", "mention_count", "first_offset", "rank")])
TITLES = pa.schema([("product", TEXT), ("brand_no", WHOLE)])

Found = tuple[int, int, int, int, int]


def match(connection: duckdb.DuckDBPyConnection, brands: Sequence[Brand]) -> None:
    """Make the tables `mentions` and `titles`, from the answers and cards that `sql/base.sql` left."""
    matcher, numbers = Matcher(brands), {brand.name: number for number, brand in enumerate(brands)}
    texts = connection.execute(
        "select answer, answer_text from (select distinct text as answer from answers) "
        "join answers using (answer) join told using (answer_id) where answer_text is not null"
    )
    found = table(_found(_rows(texts), matcher, numbers), FOUND)
    connection.register("found", found)
    connection.execute(
        "create table mentions as select batch, answer, prompt_no, found.* exclude (text), "
        "first_offset / nullif(chars, 0) as depth from found join answers using (text)"
    )
    titles = connection.execute("select distinct product from cards where product is not null").fetchall()
    named = [(title, numbers[first.brand]) for (title,) in titles for first in matcher.mentions(title)[:1]]
    connection.register("titles", table(named, TITLES))


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[Any]:
    while rows := result.fetchmany(AT_ONCE):
        yield from rows


def _found(texts: Iterable[tuple[int, str]], matcher: Matcher, numbers: dict[str, int]) -> Iterator[Found]:
    """A row for each brand that a text names, in the order of where it does first."""
    for text, words in texts:
        seen: dict[str, tuple[int, int]] = {}
        for mention in matcher.mentions(words):
            count, first = seen.get(mention.brand, (0, mention.start))
            seen[mention.brand] = count + 1, first
        for rank, (brand, (count, first)) in enumerate(seen.items(), 1):
            yield text, numbers[brand], count, first, rank


def table(rows: Iterable[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    """Rows as an Arrow table."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema)
