"""Where a chat leaves the network: the gateways of the Airflow connection `completions_proxy`, one session each chat.

A gateway of a proxy provider reads from the login (some from the password) where the chat is to come out and which
session it belongs to. What the connection holds, and the syntaxes of the usual providers, is told in `docs/exits.md`.
Credentials stay in here: no message, `repr` or record has them.
"""

from __future__ import annotations

import json
import random
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from completions import logins
from completions.connections import fields_of
from completions.errors import ABSENT, Refused, Unreachable
from completions.gazetteer import countries
from completions.logins import PRESETS
from completions.places import find_country

if TYPE_CHECKING:
    from completions.profile import Profile

PROXY: Final = "completions_proxy"
VARIABLE: Final = f"AIRFLOW_CONN_{PROXY.upper()}"

_GATEWAY = ("host", "port", "schema", "login", "password", "countries", "preset")
_SCHEMES = ("http", "https")


@dataclass(frozen=True)
class Exit:
    """The way out of one conversation."""

    name: str
    """Of gateway and country, the same for all sessions: what a site leaves alone, or is left alone by."""
    server: str
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def proxy(self) -> dict[str, str]:
        """Playwright's option of a context."""
        known = {"server": self.server, "username": self.username, "password": self.password}
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True)
class Gateway:
    """One gateway: `login` and `password` are templates, `countries` the codes of those it can come out in."""

    host: str
    port: int
    schema: str = "http"
    login: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    countries: frozenset[str] = frozenset()

    @property
    def here(self) -> bool:
        """Whether it is on this machine, as the rehearsal's is."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    def steers(self, field: str) -> bool:
        """Whether login or password tell it this field."""
        return logins.steers(self.login, field) or logins.steers(self.password, field)

    def out(self, name: str, profile: Profile, session: str) -> Exit:
        """The exit for who asks, as a session of its own."""
        known = logins.known(profile, session)
        login, password = (logins.written(each, known) if each else each for each in (self.login, self.password))
        return Exit(f"{name}-{profile.country}", f"{self.schema}://{self.host}:{self.port}", login, password)


@dataclass(frozen=True)
class Exits:
    """The gateways there are, at least one."""

    gateways: tuple[Gateway, ...]

    @classmethod
    def of(cls, connection: Mapping[str, Any]) -> Exits:
        """The exits that a connection's fields describe. Raises `Refused` naming the bad field, without a secret."""
        extra = connection.get("extra") or {}
        if not isinstance(extra, Mapping):
            raise _bad("extra", 'give a JSON object such as {"countries": ["US", "DE"]}')
        shared = {name: connection.get(name) for name in _GATEWAY[:5]} | {
            name: value for name, value in extra.items() if name != "gateways"
        }
        _check_names(extra, ("countries", "preset", "gateways"), "extra")
        return cls(tuple(_gateways(shared, extra.get("gateways") or [])))

    @classmethod
    def parse(cls, text: str) -> Exits:
        """The exits of a connection written as JSON or as a URI. Raises `Refused`, without the text and its secrets."""
        try:
            fields = fields_of(text)
            extra = fields.get("extra") if isinstance(fields, Mapping) else None
            unpacked = json.loads(extra) if isinstance(extra, str) and extra else extra
        except (ValueError, AttributeError):
            fields = None
        if not isinstance(fields, Mapping):
            example = '{"conn_type": "http", "host": "…", "port": 7777, "login": "…", "password": "…"}'
            raise Refused(f"connection {PROXY}", ABSENT, f"write it as JSON, {example}, or as a URI")
        return cls.of({**fields, "extra": unpacked})

    @property
    def offer(self) -> frozenset[str]:
        """Codes of the countries that they can come out in."""
        return frozenset().union(*(gateway.countries for gateway in self.gateways))

    @property
    def secrets(self) -> list[str]:
        """What no log may show."""
        return [secret for gateway in self.gateways for secret in (gateway.password, gateway.login) if secret]

    def serving(self, *, rehearse: bool) -> Exits | None:
        """Those that may be used: nothing of a rehearsal leaves the machine."""
        near = tuple(gateway for gateway in self.gateways if gateway.here or not rehearse)
        return replace(self, gateways=near) if near else None

    def unsteered(self, profile: Profile, asked: Collection[str]) -> tuple[str, ...]:
        """A warning where a city is `asked` for and an exit of the country cannot be told so."""
        able = [gateway for gateway in self.gateways if profile.country in gateway.countries]
        if "city" not in asked or all(gateway.steers("city") for gateway in able):
            return ()
        return (f"the exits in {profile.country} are told no city: that it is {profile.city}, only the browser says",)

    def out(self, profile: Profile) -> Exit:
        """A fresh session that comes out where `profile` is. Raises `Unreachable` when none does any more."""
        able = [(number, each) for number, each in enumerate(self.gateways, 1) if profile.country in each.countries]
        if not able:
            raise Unreachable(f"no exit of the connection {PROXY} serves {profile.country} any more")
        number, gateway = random.choice(able)
        return gateway.out(f"exit-{number}", profile, secrets.token_hex(4))


def way_out(exits: Exits | None, profile: Profile) -> Exit | None:
    """The exit that `profile` takes; None where it takes this machine's own connection."""
    if profile.location_method != "proxy":
        return None
    if exits is None:  # it was there when the batch was planned: nobody asked to be shown from here instead
        raise Unreachable(f"the chat is to leave through an exit, but there is no connection {PROXY} any more")
    return exits.out(profile)


def _gateways(shared: Mapping[str, Any], several: object) -> Iterator[Gateway]:
    if not isinstance(several, list) or not all(isinstance(one, Mapping) for one in several):
        raise _bad("extra gateways", 'give a list of objects such as [{"host": "…", "port": 7777}]')
    if shared["host"]:
        yield _gateway(shared, "")
    elif not several:
        raise _bad("host", "give the gateway's host name, or delete the connection to chat from this machine's address")
    for number, own in enumerate(several, 1):
        _check_names(own, _GATEWAY, f"extra gateways[{number}]")
        yield _gateway({**shared, "host": None, "port": None, **own}, f"extra gateways[{number}] ")


def _gateway(given: Mapping[str, Any], where: str) -> Gateway:
    host, port, schema = _address(given, where)
    login, password = _templates(given, where)
    codes = _countries(given.get("countries"), where)
    steered = logins.steers(login) or logins.steers(password)
    if not codes and not steered:
        raise _bad(
            f"{where}login", "has no {country}: write where it goes, or name in extra countries the one it comes out in"
        )
    if len(codes) > 1 and not steered:
        raise _bad(f"{where}countries", "names several, but the login has no {country} to tell them by")
    return Gateway(host, port, schema, login, password, frozenset(codes or countries()))


def _address(given: Mapping[str, Any], where: str) -> tuple[str, int, str]:
    """Host, port and scheme, wherever in the connection they are written."""
    host = given.get("host")
    if not isinstance(host, str) or not host:
        raise _bad(f"{where}host", "give the gateway's host name")
    try:
        bare = host if "://" in host else f"//[{host}]" if host.count(":") > 1 and "[" not in host else f"//{host}"
        parts = urlsplit(bare)
        name, port = parts.hostname, given.get("port") or parts.port
    except ValueError:
        name = port = None
    if not name or parts.username or not re.fullmatch(r"[\w.:-]+", name):
        raise _bad(f"{where}host", "is no host name; write it alone, and login and password in their own fields")
    if not str(port or "").isdecimal() or not 0 < int(port or 0) < 65536:
        raise _bad(f"{where}port", "give the gateway's port, a number from 1 to 65535")
    schema = str(given.get("schema") or parts.scheme or "http").lower()
    if schema not in _SCHEMES:
        raise _bad(f"{where}schema", "give http or https: how this machine speaks to the gateway")
    return f"[{name}]" if ":" in name else name, int(port or 0), schema


def _templates(given: Mapping[str, Any], where: str) -> tuple[str | None, str | None]:
    """Login and password, with what the preset adds."""
    login, password, preset = given.get("login"), given.get("password"), given.get("preset")
    if preset is not None and preset not in PRESETS:
        raise _bad(f"{where}preset", f"give one of {', '.join(PRESETS)}, or write the login's template itself")
    for name, value in (("login", login), ("password", password)):
        if value is not None and not isinstance(value, str):
            raise _bad(f"{where}{name}", "give a text")
    if (preset or password) and not login:
        raise _bad(f"{where}login", "give the account's user name")
    if wrong := logins.unknown(login or ""):
        raise _bad(f"{where}login", wrong)
    after = PRESETS[preset] if preset else ("", "")
    return (f"{login}{after[0]}" if login else None), (f"{password}{after[1]}" if password else None)


def _countries(given: object, where: str) -> list[str]:
    listed = given.split(",") if isinstance(given, str) else given or []
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise _bad(f"{where}countries", 'give a list of codes such as ["US", "DE"]')
    try:
        return [find_country(one) for one in listed if one.strip()]
    except Refused as refusal:
        raise Refused(f"connection {PROXY}, {where}countries", refusal.value, refusal.way_out) from None


def _check_names(given: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    for name in given:
        if name not in allowed:
            raise _bad(f"{where} {name}", f"is not a field; give {', '.join(allowed)}")


def _bad(name: str, way_out: str) -> Refused:
    """A field of the connection that will not do; its value may be a secret, and is not told."""
    return Refused(f"connection {PROXY}, {name}", ABSENT, way_out)
