"""Prompts whose answers show what a test is about."""

from __future__ import annotations

from completions.rehearsal import Truth
from completions.rehearsal.sites import shown

MANY = [f"guitars for children {number}" for number in range(1000)]


def prompt_with(*features: str, citations: int = 4, site: str = "chatgpt") -> str:
    """A prompt whose answer has the features (fields of the truth, or pieces of its markdown) and so many citations."""

    def has(truth: Truth, feature: str) -> bool:
        return bool(getattr(truth, feature)) if hasattr(truth, feature) else feature in truth.markdown

    truths = (shown(prompt, site) for prompt in MANY)
    found = (truth for truth in truths if all(has(truth, feature) for feature in features))
    return next(truth.prompt for truth in found if len(truth.citations) == citations)
