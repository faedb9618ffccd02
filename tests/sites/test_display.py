"""`language` and `display` as the sites get them: Gemini by its own parameter, the others from the browser."""

from __future__ import annotations

import re

import pytest

from completions.browser import Browser
from completions.conversation import Held, hold
from completions.errors import Outcome
from completions.profile import resolve
from completions.rehearsal import Rehearsal
from completions.rehearsal.book import Asking
from completions.sites import NAMES, site
from completions.sites.gemini import Gemini, spoken


@pytest.mark.parametrize(
    ("locale", "hl"),
    [
        ("de-DE", "de"),
        ("de-AT", "de"),
        ("en-US", "en"),
        ("en-GB", "en-GB"),
        ("es-ES", "es"),
        ("es-MX", "es-419"),
        ("fr-CA", "fr-CA"),
        ("fr-DE", "fr"),
        ("pt-BR", "pt-BR"),
        ("pt-AO", "pt-PT"),
        ("zh-CN", "zh-CN"),
        ("zh-TW", "zh-TW"),
        ("zh-Hant-CN", "zh-TW"),
        ("nb-NO", "nb"),
        ("fil-PH", "fil"),
        ("eo", "eo"),
    ],
)
def test_what_google_calls_a_locale(locale: str, hl: str) -> None:
    assert spoken(locale) == hl


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (None, "https://gemini.google.com/app?hl=de"),
        ("http://127.0.0.1:1/app", "http://127.0.0.1:1/app?hl=de"),
        ("http://127.0.0.1:1/app?a=1", "http://127.0.0.1:1/app?a=1&hl=de"),
    ],
)
def test_geminis_address_names_the_language_of_its_interface(url: str | None, address: str) -> None:
    assert Gemini(url).address("de-DE") == address


@pytest.mark.parametrize("name", NAMES)
def test_addresses_are_plain_where_no_display_is_asked_for_or_the_site_has_none(name: str) -> None:
    chat = site(name)
    assert chat.address(None) == chat.url
    assert (chat.address("de-DE") == chat.url) is (name != "gemini")


async def asked(browser: Browser, name: str, language: str | None, display: str | None) -> tuple[Held, Asking, str]:
    """The conversation, what the site saw of it, and the language of its page."""
    with Rehearsal(latency=0) as rehearsal:
        profile = resolve(seed=1, language=language, display=display)
        held = await hold(site(name, rehearsal.address(name)), browser, profile, "best guitars")
        assert held.outcome is Outcome.ANSWERED, held.error_message
        [asking] = rehearsal.asked()
    page = re.search(r'<html[^>]* lang="([\w-]+)"', held.artifacts.page_html or "")
    return held, asking, page[1] if page else ""


FRENCH = "fr-FR,fr;q=0.9,en;q=0.8"


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("display", "page"), [("German", "de"), (None, "fr"), ("Japanese", "ja")])
async def test_gemini_is_shown_in_display_and_spoken_to_in_language(
    browser: Browser, display: str | None, page: str
) -> None:
    held, asking, shown = await asked(browser, "gemini", "French", display)
    assert (shown, asking.accept_language, held.locale_used, held.warnings) == (page, FRENCH, "fr-FR", [])
    assert held.reading
    assert held.reading.answer
    assert "hl=" not in (held.reading.answer.conversation_url or "hl=")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", [name for name in NAMES if name != "gemini"])
async def test_the_others_are_shown_in_what_the_browser_speaks_first(browser: Browser, name: str) -> None:
    held, asking, shown = await asked(browser, name, "French", "German")
    assert (shown[:2], held.locale_used) == ("de", "de-DE")
    assert asking.accept_language == "de-DE,de;q=0.9,fr-FR;q=0.8,fr;q=0.7,en;q=0.6"
    assert held.warnings == ["the site has no setting for display: the browser speaks de-DE to it, fr-FR next"]
