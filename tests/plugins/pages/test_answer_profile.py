"""Asked for against seen: what the table says of each field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from answers import ANSWERS
from completions.answer import Answer
from completions.batch import BatchConfig
from completions.errors import Outcome
from completions.profile import Profile
from completions.record import Record
from completions_web.pages.answer_profile import lines

GERMAN = Answer(answer_text="", answer_markdown=ANSWERS["de"])
ENGLISH = Answer(answer_text="", answer_markdown=ANSWERS["en"])
MUNICH = {"country": "DE", "city": "Munich"}
PLACED = {**MUNICH, "subdivision": "BY", "timezone": "Europe/Berlin"}


def _lines(asked: dict[str, Any], used: dict[str, Any], seen: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    record = Record(
        answer_id="0" * 32,
        prompt="a",
        outcome=Outcome.ANSWERED,
        attempts=1,
        requested_at=datetime.now(UTC),
        **seen,
    )
    config, profile = BatchConfig(prompts=["a"], **asked), Profile(seed=1, **used)
    return {one.name: (one.asked, one.used, one.seen, one.tone, one.verdict) for one in lines(config, profile, record)}


@pytest.mark.parametrize(
    ("asked", "used", "seen", "name", "line"),
    [
        (
            MUNICH,
            PLACED,
            {"egress_country": "DE", "egress_source": "trace", "location_match": "country"},
            "Country",
            (
                "DE",
                "DE",
                "DE (the site's trace page)",
                "good",
                "the country as asked; the city was not confirmed",
            ),
        ),
        (
            MUNICH,
            PLACED,
            {"egress_country": "US", "egress_source": "answer", "location_match": "mismatch"},
            "Country",
            ("DE", "DE", "US (the site, with its answer)", "bad", "not where it was asked for"),
        ),
        (
            MUNICH,
            PLACED,
            {"location_match": "unknown"},
            "Country",
            ("DE", "DE", None, "fair", "nobody told where it was seen"),
        ),
        (
            MUNICH,
            PLACED,
            {"egress_city": "München", "location_match": "exact"},
            "City",
            ("Munich", "Munich", "München", "good", "as asked"),
        ),
        (
            MUNICH,
            PLACED,
            {"egress_city": "Bonn"},
            "City",
            ("Munich", "Munich", "Bonn", "fair", "another city was seen"),
        ),
        (MUNICH, PLACED, {}, "City", ("Munich", "Munich", None, "fair", "not seen")),
        (MUNICH, PLACED, {}, "Subdivision", (None, "BY", None, "soft", "–")),
        (
            {},
            {},
            {"site_location": "Zurich, Switzerland"},
            "Place by the site's words",
            (None, None, "Zurich, Switzerland", "soft", "–"),
        ),
        (
            {"language": "German"},
            {"language": "de", "locale": "de-DE"},
            {"locale_used": "de-DE", "answer": GERMAN},
            "Language",
            ("German", "de-DE", "de-DE", "good", "the answer is in German, as asked"),
        ),
        (
            {"language": "German"},
            {"language": "de", "locale": "de-DE"},
            {"locale_used": "de-DE", "answer": ENGLISH},
            "Language",
            ("German", "de-DE", "de-DE", "bad", "the answer is in English, asked for was German"),
        ),
        (
            {},
            {},
            {"locale_used": "en-US", "answer": ENGLISH},
            "Language",
            (None, None, "en-US", "soft", "the answer is in English"),
        ),
        ({}, PLACED, {"timezone_used": "UTC"}, "Time zone", (None, "Europe/Berlin", "UTC", "fair", "differs")),
        (
            {"device": "iPhone 15"},
            {"device": "iPhone 15"},
            {"device_used": "iPhone 15"},
            "Device",
            ("iPhone 15", "iPhone 15", "iPhone 15", "good", "as asked"),
        ),
    ],
)
def test_each_field_tells_how_asked_and_seen_agree(
    asked: dict[str, Any], used: dict[str, Any], seen: dict[str, Any], name: str, line: tuple[Any, ...]
) -> None:
    assert _lines(asked, used, seen)[name] == line


def test_what_nobody_asked_for_set_or_saw_is_left_out() -> None:
    assert _lines({}, {}, {}) == {"Device": (None, "desktop", None, "soft", "–")}
