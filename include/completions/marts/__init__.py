"""Marts: the figures of audits, made by SQL over the dataset and kept as Parquet beside it.

runs (an audit's records) -> computing (DuckDB: sql/base.sql, matching, sql/<mart>.sql) -> kept (Parquet, stamps)
                refreshing: which runs are missing or out of date; views of what is kept
"""

from completions.marts.columns import TABLES
from completions.marts.refreshing import Refreshed, connect, of_batch, refresh, views

__all__ = ["TABLES", "Refreshed", "connect", "of_batch", "refresh", "views"]
