"""A saved page of consent is no chat and no changed layout: it stands in the way."""

from __future__ import annotations

import pytest

from completions.errors import Outcome
from completions.sites import site
from completions.sites.base import Captured

PAGES = [
    (
        "gemini",
        '<h1>Before you continue to Google</h1><form action="https://consent.google.com/save" method="POST">'
        '<input type="hidden" name="gl" value="DE"><button>Reject all</button></form>'
        '<form action="https://consent.google.com/save" method="POST"><button>Accept all</button></form>',
    ),
    (
        "chatgpt",
        '<form data-privacy-consent-form><p>We use cookies.</p><input name="action" value="reject">'
        '<button type="submit">Reject non-essential</button></form>',
    ),
    ("perplexity", '<div id="cookie-consent"><p>Cookie Policy</p><button>Necessary Cookies</button></div>'),
]


@pytest.mark.parametrize(("name", "body"), PAGES)
def test_consent_in_place_of_the_chat_is_in_the_way(name: str, body: str) -> None:
    page = f"<!doctype html><html><head><title>x</title></head><body>{body}</body></html>"
    reading = site(name).read(Captured(html=page))
    assert (reading.outcome, reading.answer) == (Outcome.BLOCKED, None)
    hidden = page.replace("<body>", "<body hidden>")
    assert site(name).read(Captured(html=hidden)).outcome is Outcome.LAYOUT_CHANGED
