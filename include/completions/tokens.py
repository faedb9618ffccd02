"""API tokens: long-lived secrets, each with the permissions of one Airflow user.

`cmp_<name>_<secret><check>`: the name it was made under, 32 random letters and digits (190 bits), and 6 that check the
rest (CRC-32 in base 62), so that scanners of code and logs tell a token from any other text. The form follows GitHub's
(https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/, April 2021).

Only a MAC of it is kept, under the key that Airflow's API servers share. It covers the user and the expiry too: who can
write where tokens are kept, but does not know that key, can neither make a token nor lend one another user's power.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import string
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from pydantic import AwareDatetime, BaseModel, ConfigDict

from completions.errors import Refused

NAME: Final = "[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
PATTERN: Final = rf"cmp_({NAME})_[0-9A-Za-z]{{38}}"
"""What a scanner may look for."""
MARK: Final = "cmp_"
DEFAULT_LIFE: Final = "90d"

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_TOKEN = re.compile(PATTERN)
_LIFE = re.compile(r"([1-9][0-9]{0,4})([dh])")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


class Kept(BaseModel):
    """What is kept of a token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str
    created: AwareDatetime
    expires: AwareDatetime | None
    """From this moment on it is not accepted; None: never."""
    mac: str


class BadToken(ValueError):
    """A token that is not accepted; says why without the token."""


def make(name: str, user: str, created: datetime, expires: datetime | None, key: str) -> tuple[str, Kept]:
    """A new token, and what is kept of it. Raises `Refused` for a name that a token cannot bear."""
    if not re.fullmatch(NAME, name):
        raise Refused("--name", name, "give 1 to 40 small letters, digits and hyphens, with no hyphen at either end")
    rest = f"{MARK}{name}_{''.join(secrets.choice(_BASE62) for _ in range(32))}"
    token = rest + _check(rest)
    return token, Kept(user=user, created=created, expires=expires, mac=_mac(token, user, expires, key))


def name_in(token: str) -> str:
    """The name that the token was made under. Raises `BadToken` where it was never one, or not copied whole."""
    found = _TOKEN.fullmatch(token)
    if not found or not hmac.compare_digest(_check(token[:-6]), token[-6:]):
        raise BadToken("That is not a whole token: copy all of it, from cmp_ to its last letter.")
    return found[1]


def verify(token: str, kept: Kept | None, key: str, now: datetime) -> None:
    """Raises `BadToken` unless what is kept under the token's name is of this token, and it has not expired."""
    known = kept or Kept(user="", created=now, expires=None, mac="")  # takes as long for a name that there is not
    if not hmac.compare_digest(_mac(token, known.user, known.expires, key), known.mac):
        raise BadToken("That token is not known here: it was revoked, or made for another Airflow.")
    if known.expires and now >= known.expires:
        raise BadToken(f"That token expired at {known.expires.isoformat()}: make a new one.")


def expiry(text: str, now: datetime) -> datetime | None:
    """The moment that `90d`, `12h`, an ISO 8601 moment or `never` (None) means. Raises `Refused`."""
    if text == "never":
        return None
    given = _LIFE.fullmatch(text)
    try:
        moment = now + int(given[1]) * _UNITS[given[2]] if given else datetime.fromisoformat(text)
    except ValueError:
        raise Refused("--expires", text, "give days (90d), hours (12h), an ISO 8601 moment or never") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
    if moment <= now:
        raise Refused("--expires", text, "give a moment that is to come")
    return moment.replace(microsecond=0)


def _mac(token: str, user: str, expires: datetime | None, key: str) -> str:
    covered = json.dumps([token, user, expires.isoformat() if expires else None])
    return hmac.digest(key.encode(), covered.encode(), "sha256").hex()


def _check(text: str) -> str:
    number, digits = crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits
