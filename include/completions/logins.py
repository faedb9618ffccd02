"""Logins of proxy gateways: templates that say where a chat is to come out, and which session it belongs to.

`customer-me-cc-{country}[-st-us_{state|name}][-city-{city}]-sessid-{session}`: in braces goes a field, after `|` how
it is written; what is in brackets is left out where a field in it has nothing to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from completions.gazetteer import countries, subdivisions
from completions.spelling import fold

if TYPE_CHECKING:
    from completions.profile import Profile

FIELDS: Final = ("country", "subdivision", "state", "city", "session")
"""What a template may name; `state` is the subdivision within the US, and nothing elsewhere."""
JOINTS: Final = {"_": "_", "-": "-", "+": "+", ".": ".", "join": ""}
"""What is put between the words of a name: `_` unless another is asked for."""
FORMS: Final = ("name", "lower", "upper", "title", *JOINTS)
"""How a field may be written. A country and a subdivision are ISO codes unless `name` is asked for; names are in
lower-case ASCII."""
PRESETS: Final = {
    "brightdata": ("-country-{country|lower}[-city-{city|join}]-session-{session}", ""),
    "oxylabs": ("-cc-{country}[-st-us_{state|name}][-city-{city}]-sessid-{session}-sesstime-30", ""),
    "decodo": ("-country-{country|lower}[-city-{city}]-session-{session}-sessionduration-30", ""),
    "soax": ("-country-{country|lower}[-city-{city|+}]-sessionid-{session}-sessionlength-1800", ""),
    "iproyal": ("", "_country-{country|lower}[_city-{city|join}]_session-{session}_lifetime-30m"),
}
"""What follows login and password of an account at the usual providers, as they document it (November 2026)."""

_PLACEHOLDER = re.compile(r"\{(\w*)((?:\|[^{}|]*)*)\}")
_OURS = re.compile(rf"\{{({'|'.join(FIELDS)})((?:\|[^{{}}|]*)*)\}}")
_OPTIONAL = re.compile(rf"\[([^\[\]]*{_OURS.pattern}[^\[\]]*)\]")

Known = Mapping[str, tuple[str | None, str]]
"""Code and name of every field, empty where it has nothing to say; the code is None where there is only a name."""


def known(profile: Profile, session: str) -> Known:
    """The fields for who asks, and for this session."""
    country, code = profile.country or "", profile.subdivision or ""
    part = subdivisions(country).get(code) if code else None
    within = (code, part.name if part else code)
    return {
        "country": (country, countries().get(country, country)),
        "subdivision": within,
        "state": within if country == "US" else ("", ""),
        "city": (None, profile.city or ""),
        "session": (session, session),
    }


def written(template: str, fields: Known) -> str:
    """The login that the template makes of these fields. Braces and brackets of anything else stay as they are."""

    def optional(match: re.Match[str]) -> str:
        return match[1] if all(fields[one[1]][1] for one in _OURS.finditer(match[1])) else ""

    def filled(match: re.Match[str]) -> str:
        return _formed(*fields[match[1]], match[2].split("|")[1:])

    return _OURS.sub(filled, _OPTIONAL.sub(optional, template))


def steers(template: str | None, field: str = "country") -> bool:
    """Whether the template tells the gateway this field."""
    return any(one[1] == field for one in _OURS.finditer(template or ""))


def unknown(template: str) -> str | None:
    """What of the template is not understood, in words; None when all is."""
    for one in _PLACEHOLDER.finditer(template):
        if one[1] not in FIELDS:
            return f"{{{one[1]}}} is not known; in braces go {', '.join(FIELDS)}"
        if strange := [form for form in one[2].split("|")[1:] if form not in FORMS]:
            return f"|{strange[0]} of {one[1]} is not known; after | go {', '.join(FORMS)}"
    return None


def _formed(code: str | None, name: str, forms: Sequence[str]) -> str:
    text = code
    if text is None or "name" in forms:
        joint = next((JOINTS[form] for form in forms if form in JOINTS), "_")
        words = fold(name).encode("ascii", "ignore").decode().split()
        text = joint.join(word.title() if "title" in forms else word for word in words)
    return text.lower() if "lower" in forms else text.upper() if "upper" in forms else text
