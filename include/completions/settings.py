"""What an operator can set: environment variables, each declared once.

`.env.example` is this declaration written out: `python -m completions.settings > .env.example`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from completions.errors import Refused

PREFIX: Final = "COMPLETIONS_"


def _project() -> Path:
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / "pyproject.toml").exists() else Path.cwd()


PROJECT: Final = _project()
"""The folder that holds `dags/` and `plugins/`; the working folder where only the package is installed."""


def _absolute(value: str) -> str:
    return value if "://" in value else str(Path(value).expanduser().absolute())


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("give an address that starts with http:// or https://")
    return value if urlsplit(value).path else f"{value}/"


def _browser(value: str) -> str:
    if value not in ("shell", "chromium") and not value.startswith(("/", "ws://", "wss://", "http://", "https://")):
        raise ValueError("give shell, chromium, the absolute path of an executable, or a ws:// or http:// CDP endpoint")
    return value


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


_CRON = re.compile(r"[\w*,/#?-]+(?: [\w*,/#?-]+){4}")


def _schedule(value: str) -> str:
    """A cron expression as Airflow takes it."""
    if value in ("hourly", "daily", "weekly"):
        return f"@{value}"
    if value not in ("@hourly", "@daily", "@weekly") and not _CRON.fullmatch(value):
        raise ValueError("give hourly, daily, weekly, or a cron expression of five fields")
    return value


Location = Annotated[str, BeforeValidator(_absolute)]
Folder = Annotated[Path, BeforeValidator(_absolute)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]

_INSTEAD = "Asked instead of {}'s own address: a mirror or a stand-in under your control"


class Settings(BaseModel):
    """The project's settings, each read from the variable `COMPLETIONS_<FIELD>`; an empty value is an unset one."""

    model_config = ConfigDict(frozen=True)

    store: Location = Field(
        str(PROJECT / ".completions"), description="Where batches are kept: a folder, or s3://bucket/prefix"
    )
    home: Folder = Field(PROJECT / ".airflow", description="Folder of the embedded Airflow: database, logs, keys")
    browser: Annotated[str, BeforeValidator(_browser)] = Field(
        "shell",
        description="What asks: shell (headless shell), chromium, the path of an executable, or the ws:// or http:// "
        "address of a browser's DevTools (CDP)",
    )
    conversations: int = Field(4, ge=1, le=64, description="Conversations at once in one browser")
    starts_per_minute: int = Field(
        60,
        ge=1,
        le=6000,
        description="Conversations begun a minute at one live site through exits, over all batches and workers (the "
        "same for all of them); without exits it is two at once, 5 to 10 s apart",
    )
    rehearse_politely: bool = Field(
        default=False, description="1: rehearsals are as polite as live batches, which makes them as slow"
    )
    location: Literal["emulate"] | None = Field(
        None, description="emulate: let the browser alone pretend a place that no exit serves; every row says so"
    )
    echo_url: WebAddress | None = Field(
        None,
        description="Page that tells a visitor where they come from, as JSON or as a trace; every live conversation "
        "looks at it first, through its exit",
    )
    audits: Folder = Field(
        PROJECT / "include/audits", description="Folder of the recurring audits, a YAML file each (docs/audits.md)"
    )
    health: Annotated[str, BeforeValidator(_schedule)] | None = Field(
        None,
        description="When site_health asks every live site its one canary prompt: hourly, daily, weekly, or a cron "
        "expression in UTC; unset: never",
    )
    callback_allow: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (), description="Callback receivers allowed though not public: host, host:port or network, with commas between"
    )
    rehearsal_url: WebAddress | None = Field(
        None, description="Where the rehearsal runs; unset, the embedded Airflow takes care of its own"
    )
    site_url_chatgpt: WebAddress | None = Field(None, description=_INSTEAD.format("ChatGPT"))
    site_url_gemini: WebAddress | None = Field(None, description=_INSTEAD.format("Gemini"))
    site_url_perplexity: WebAddress | None = Field(None, description=_INSTEAD.format("Perplexity"))
    site_url_copilot: WebAddress | None = Field(None, description=_INSTEAD.format("Copilot"))

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """The settings in force. Raises `Refused` for the first bad value."""
        given = {field: env.get(variable(field)) for field in cls.model_fields}
        try:
            return cls.model_validate({field: value for field, value in given.items() if value})
        except ValidationError as error:
            first = error.errors()[0]
            field, message = str(first["loc"][0]), first["msg"].removeprefix("Value error, ")
            raise Refused(variable(field), given[field], message[0].lower() + message[1:]) from None

    def echo(self, *, rehearse: bool) -> str | None:
        """The page that tells where a conversation comes from; a rehearsal has its own, as nothing leaves it."""
        if rehearse:
            return f"{self.rehearsal_url.rstrip('/')}/_rehearsal/echo" if self.rehearsal_url else None
        return self.echo_url

    def site_url(self, model: str) -> str | None:
        """The address that is asked instead of the site's own; None where there is none."""
        url: str | None = getattr(self, f"site_url_{model}")
        return url


def variable(field: str) -> str:
    """The environment variable that sets `field`."""
    return PREFIX + field.upper()


def example() -> str:
    """The text of `.env.example`."""
    return "".join(_example_lines())


def _example_lines() -> Iterator[str]:
    yield "# Settings of batch-completions. Copy this to .env and uncomment what you change: make and docker compose\n"
    yield "# read it. Secrets are Airflow connections: AIRFLOW_CONN_AWS_DEFAULT, AIRFLOW_CONN_COMPLETIONS_WEBHOOK,\n"
    yield "# AIRFLOW_CONN_COMPLETIONS_PROXY (docs/exits.md).\n"
    for field, declared in Settings.model_fields.items():
        yield f"\n# {declared.description}.\n#{variable(field)}={_written(declared.default)}\n"
    yield "\n# Needed by docker compose alone. Make each with: openssl rand -base64 32 | tr +/ -_\n"
    yield from (f"#{name}=\n" for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "FERNET_KEY", "JWT_SECRET"))
    yield "# For `docker compose --profile dev`, with COMPLETIONS_STORE=s3://batches/dev:\n"
    yield f"#AIRFLOW_CONN_AWS_DEFAULT='{json.dumps(_DEV_AWS)}'\n"


_DEV_AWS = {
    "conn_type": "aws",
    "login": "dev",
    "password": "development",
    "extra": {
        "region_name": "us-east-1",
        "service_config": {"s3": {"endpoint_url": "http://s3:8333"}, "sqs": {"endpoint_url": "http://sqs:4566"}},
    },
}


def _written(default: Any) -> str:
    return str(default or "").removeprefix(f"{PROJECT}/") if default != () else ""


if __name__ == "__main__":
    print(example(), end="")
