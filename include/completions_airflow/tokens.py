"""API tokens in Airflow: kept as Variables, one each, and worth what their user may do now.

They are not in the store, where whoever may write to the bucket could put one. `python -m completions_airflow.tokens`
does for the command line, which runs without Airflow, what it is told to on stdin; the last line of stdout is the
result.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.models import Variable
from airflow.utils.session import create_session
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from completions import tokens
from completions.errors import Refused
from completions.tokens import BadToken, Kept
from completions_airflow.users import UsersElsewhere, find_user, names

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

PREFIX = "completions_token_"
"""Of the Variables' names. Airflow's UI and API hide the values, as `token` is in the name."""
ABOUT = "An API token of batch-completions, as a MAC; see `completions token list`"


def holder(token: str, now: datetime) -> BaseUser:
    """The user whose permissions the token has. Raises `BadToken` and `UsersElsewhere`."""
    name = tokens.name_in(token)
    kept = _kept(name)
    tokens.verify(token, kept, _key(), now)
    assert kept, "verified"
    user = find_user(kept.user)
    if user is None:
        raise BadToken(f"The user of the token {name} is no longer one of this Airflow.")
    return user


def create(name: str, user: str, expires: str) -> dict[str, Any]:
    """Make and keep a token; the only time that it is told. Raises `Refused`."""
    now = datetime.now(UTC).replace(microsecond=0)
    until = tokens.expiry(expires, now)
    token, kept = tokens.make(name, user, now, until, _key())
    _refuse_unknown(user)
    try:
        with create_session() as session:
            variable = Variable(PREFIX + name, kept.model_dump_json(), ABOUT)  # type: ignore[no-untyped-call]
            session.add(variable)
    except IntegrityError:
        raise Refused("--name", name, "is taken; revoke that token first, or give another name") from None
    return {"token": token, "name": name, "user": user, "expires": until}


def listed() -> list[dict[str, Any]]:
    """All tokens by name, without themselves."""
    now = datetime.now(UTC)
    with create_session() as session:
        found = session.scalars(select(Variable).where(Variable.key.startswith(PREFIX, autoescape=True)))
        values = {variable.key.removeprefix(PREFIX): variable.val for variable in found}
    return [_told(name, _read(values[name]), now) for name in sorted(values)]


def revoke(name: str) -> dict[str, Any]:
    """Forget a token. Raises `Refused` where there is none of that name."""
    if not Variable.delete(PREFIX + name):
        raise Refused("NAME", name, "there is no such token; `completions token list` shows them")
    return {"name": name}


def _told(name: str, kept: Kept | None, now: datetime) -> dict[str, Any]:
    shown = {"user": kept.user, "created": kept.created, "expires": kept.expires} if kept else {}
    return {"name": name, "user": None, "created": None, "expires": None, **shown, "state": _state(kept, now)}


def _state(kept: Kept | None, now: datetime) -> str:
    if kept is None:
        return "unreadable"
    if kept.expires and now >= kept.expires:
        return "expired"
    return "valid" if find_user(kept.user) else "no such user"


def _refuse_unknown(user: str) -> None:
    if find_user(user) is None:
        known = names()
        raise Refused("--user", user, f"is no user of this Airflow{'; give ' if known else ''}{' or '.join(known)}")


def _kept(name: str) -> Kept | None:
    from airflow.sdk import Variable as Public

    return _read(Public.get(PREFIX + name, default=None))


def _read(value: str | None) -> Kept | None:
    try:
        return Kept.model_validate_json(value or "")
    except ValidationError:
        return None


def _key() -> str:
    key: str = conf.get_mandatory_value("api", "secret_key")
    return key


def main() -> None:
    """Do what stdin says: a list of a word and its arguments."""
    word, *arguments = json.load(sys.stdin)
    does: dict[str, Any] = {"create": create, "list": listed, "revoke": revoke}
    try:
        result = {"done": does[word](*arguments)}
    except Refused as refused:
        result = {"refused": [refused.field, refused.value, refused.way_out]}
    except UsersElsewhere as elsewhere:
        result = {"unusable": str(elsewhere)}
    except SQLAlchemyError as error:
        result = {"unusable": f"Airflow's database cannot be used: {str(error).splitlines()[0]}"}
    print(f"\n{json.dumps(result, default=datetime.isoformat)}")


if __name__ == "__main__":
    main()
