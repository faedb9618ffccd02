"""What the tests of the stand-in for Copilot share."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from completions.rehearsal import Rehearsal, Truth
from completions.rehearsal.sites import shown

MANY = [f"guitars for children {number}" for number in range(300)]


def truth_of(prompt: str, ui: str = "chat") -> Truth:
    return shown(prompt, "copilot", ui)


def host_of(rehearsal: Rehearsal) -> str:
    return f"copilot.localhost:{urlsplit(rehearsal.url).port}"


def client_of(rehearsal: Rehearsal, key: str = "key") -> httpx.Client:
    headers = {"host": host_of(rehearsal)} | ({"x-copilot-temporarysessionkey": key} if key else {})
    return httpx.Client(base_url=rehearsal.url, headers=headers, trust_env=False)
