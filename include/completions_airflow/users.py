"""Airflow's users, looked up by name: as Airflow knows them now, with their roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.app import create_auth_manager
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.utils.session import create_session
from sqlalchemy import select

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

FAB = "airflow.providers.fab."


class UsersElsewhere(Exception):
    """Airflow keeps no users: who they are and what they may do is only told when they log in."""


def find_user(name: str) -> BaseUser | None:
    """The user; None where there is none, or no more. Raises `UsersElsewhere`."""
    manager = create_auth_manager()  # the one that there is, in the API server
    if isinstance(manager, SimpleAuthManager):
        return next((user for user in manager.get_users() if user.username == name), None)
    if any(kind.__module__.startswith(FAB) for kind in type(manager).__mro__):
        return _find_in_database(manager, name)
    kind = type(manager).__name__
    raise UsersElsewhere(
        f"{kind} keeps no users in Airflow whose permissions a token could have: use Airflow's own tokens"
    )


def names() -> list[str]:
    """The users that the configuration has; none where they are in a database, perhaps by the thousand."""
    manager = create_auth_manager()
    return [user.username for user in manager.get_users()] if isinstance(manager, SimpleAuthManager) else []


def jwt(user: BaseUser, seconds: int) -> str:
    """A token of Airflow's own that is this user's for so long."""
    return create_auth_manager().generate_jwt(user, expiration_time_in_seconds=seconds)


def _find_in_database(manager: BaseAuthManager[Any], name: str) -> BaseUser | None:
    from airflow.providers.fab.auth_manager.models import User

    with create_session() as session:
        number = session.scalar(select(User.id).where(User.username == name))
    try:
        return manager.deserialize_user({"sub": str(number)}) if number is not None else None
    except ValueError:  # not active
        return None
