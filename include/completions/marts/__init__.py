"""Marts: the figures of audits, made by SQL over the dataset and kept as Parquet beside it."""
