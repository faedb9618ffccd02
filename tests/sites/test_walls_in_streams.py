"""A page that was sent where a stream was to come is what it would be as a page."""

from __future__ import annotations

import pytest

from completions.errors import Outcome
from completions.sites import NAMES, site
from completions.sites.base import Captured

CLOUDFLARE = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head>
<body><div class="main-wrapper"><h1>chat.example</h1>
<noscript>Enable JavaScript and cookies to continue</noscript></div>
<script>(function(){window._cf_chl_opt = {cvId: '3'};})();</script></body></html>"""
SORRY = """<html><head><title>https://gemini.google.com/</title></head><body><form id="captcha-form" action="index">
<div class="g-recaptcha" data-sitekey="x"></div></form><p>Our systems have detected unusual traffic from your computer
network.</p></body></html>"""
OTHER = "<!doctype html><html><head><title>Hello</title></head><body><p>A page of somebody's.</p></body></html>"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", ["", "\ufeff", "\n  "])
def test_cloudflare_asks_for_a_proof(name: str, before: str) -> None:
    for captured in (Captured(stream=f"{before}{CLOUDFLARE}".encode()), Captured(html=before + CLOUDFLARE)):
        reading = site(name).read(captured)
        assert (reading.outcome, reading.answer) == (Outcome.CHALLENGE, None)


def test_google_asks_for_a_proof() -> None:
    for captured in (Captured(stream=SORRY.encode()), Captured(html=SORRY)):
        assert site("gemini").read(captured).outcome is Outcome.CHALLENGE


@pytest.mark.parametrize("name", NAMES)
def test_any_other_page_is_nothing_that_is_known(name: str) -> None:
    assert site(name).read(Captured(stream=OTHER.encode())).outcome is Outcome.LAYOUT_CHANGED
