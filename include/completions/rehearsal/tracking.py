"""Addresses as ChatGPT writes them."""

from __future__ import annotations

from urllib.parse import urlsplit


def tracked(url: str) -> str:
    """`url` with the parameter that tells its owner where the visitor came from."""
    parts = urlsplit(url)
    return parts._replace(query=f"{parts.query}&utm_source=chatgpt.com".lstrip("&")).geturl()
