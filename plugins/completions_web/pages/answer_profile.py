"""Who was asked for, and who was seen: the profile of a conversation, field by field."""

from __future__ import annotations

from dataclasses import dataclass

from langcodes import Language

from completions.answer_language import mismatch
from completions.batch import BatchConfig
from completions.profile import Profile
from completions.record import Record

SEEN_BY = {
    "answer": "the site, with its answer",
    "trace": "the site's trace page",
    "echo": "the echo page",
}
METHODS = {
    "proxy": "Through an exit in that place.",
    "direct": "From this machine's own place; nothing was changed.",
    "emulated": "By the browser's word only: the site still sees where this machine is.",
}
PLACE_MATCH = {
    "exact": ("good", "as asked, the city too"),
    "country": ("good", "the country as asked; the city was not confirmed"),
    "mismatch": ("bad", "not where it was asked for"),
    "unknown": ("fair", "nobody told where it was seen"),
}


@dataclass(frozen=True)
class Line:
    """A field of the profile: as asked, as set in the browser, as observed; None where there is nothing."""

    name: str
    asked: str | None
    used: str | None
    seen: str | None
    tone: str = "soft"
    verdict: str = "–"


def lines(config: BatchConfig, profile: Profile, record: Record) -> list[Line]:
    """The table, without fields that nobody asked for, set or saw."""
    seen_by = SEEN_BY.get(record.egress_source or "")
    country = f"{record.egress_country} ({seen_by})" if record.egress_country and seen_by else record.egress_country
    place = PLACE_MATCH.get(record.location_match or "", ("soft", "no place was asked for"))
    part, city, zone, device = record.egress_subdivision, record.egress_city, record.timezone_used, record.device_used
    same_part = _same(profile.subdivision if config.subdivision else None, part)
    desktop = "desktop" if record.started_at else None
    told = [
        Line("Country", config.country, profile.country, country, *place),
        Line("Subdivision", config.subdivision, profile.subdivision, part, *same_part),
        Line("City", config.city, profile.city, city, *_city(config.city, record)),
        Line("Place by the site's words", None, None, record.site_location),
        Line("Language", config.language, profile.locale, record.locale_used, *_language(profile, record)),
        Line("Interface language", config.display, profile.display_locale, None),
        Line("Time zone", None, profile.timezone, zone, *_same(profile.timezone, zone)),
        Line("Device", config.device, profile.device or "desktop", device or desktop, *_same(profile.device, device)),
    ]
    return [line for line in told if line.asked or line.used or line.seen]


def _same(asked: str | None, seen: str | None) -> tuple[str, str]:
    if asked is None:
        return "soft", "–"
    if seen is None:
        return "fair", "not seen"
    return ("good", "as asked") if asked == seen else ("fair", "differs")


def _city(asked: str | None, record: Record) -> tuple[str, str]:
    """However a city is spelt, the record says whether it is the one."""
    if asked is None or record.egress_city is None:
        return _same(asked, None)
    return ("good", "as asked") if record.location_match == "exact" else ("fair", "another city was seen")


def _language(profile: Profile, record: Record) -> tuple[str, str]:
    language = record.answer.language() if record.answer else None
    spoken = f"the answer is in {Language.get(language).display_name()}" if language else None
    if profile.language is None or record.answer is None:
        return "soft", spoken or "–"
    if spoken is None:
        return "fair", "the answer's language is not certain"
    wrong = mismatch(profile.language, language)
    return ("bad", wrong) if wrong else ("good", f"{spoken}, as asked")
