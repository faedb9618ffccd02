"""This machine, as the commands know it."""

from completions.here import aws, settings, sqs_endpoint, stored

__all__ = ["aws", "settings", "sqs_endpoint", "stored"]
