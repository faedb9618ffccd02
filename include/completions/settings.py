"""What an operator can set: environment variables, declared once.

`.env.example` is this declaration written out (`python -m completions.settings`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from completions.errors import Refused

PROJECT = Path(__file__).resolve().parents[2]
"""The folder that holds `dags/`, `plugins/` and `include/`."""

PREFIX = "COMPLETIONS_"


def _absolute(value: str | Path) -> str:
    text = str(value)
    return text if "://" in text else str(Path(text).expanduser().absolute())


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("give an address that starts with http:// or https://")
    return value.rstrip("/") + "/"


def _browser(value: str) -> str:
    known = value in ("shell", "chromium") or value.startswith(("/", "ws://", "wss://", "http://", "https://"))
    if not known:
        raise ValueError("give shell, chromium, the absolute path of an executable, or a ws:// or http:// CDP endpoint")
    return value


def _listed(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


WebAddress = Annotated[str, BeforeValidator(_web_address)]
SITE = "where the site is asked instead of its own address"


class Settings(BaseModel):
    """The project's settings, each read from the variable `COMPLETIONS_<FIELD>`; an empty value is an unset one."""

    model_config = ConfigDict(frozen=True)

    store: Annotated[str, BeforeValidator(_absolute)] = Field(
        str(PROJECT / ".completions"), description="Where batches are kept: a folder, or s3://bucket/prefix"
    )
    browser: Annotated[str, BeforeValidator(_browser)] = Field(
        "shell",
        description="What asks: shell (headless shell), chromium, an executable, or a ws:// or http:// CDP endpoint",
    )
    conversations: int = Field(8, ge=1, le=64, description="Conversations at once in one browser")
    location: Literal["emulate"] | None = Field(
        None, description="`emulate` lets the browser pretend a place that no exit serves; every row then says so"
    )
    audits: Annotated[Path, BeforeValidator(_absolute)] = Field(
        PROJECT / "include/audits", description="Folder of the recurring audits"
    )
    callback_allow: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (), description="Receivers on non-public addresses that may be called back, with commas between"
    )
    rehearsal_url: WebAddress | None = Field(
        None, description="Where the rehearsal runs, asked when `rehearse` is true"
    )
    site_url_chatgpt: WebAddress | None = Field(None, description=f"ChatGPT: {SITE}")
    site_url_gemini: WebAddress | None = Field(None, description=f"Gemini: {SITE}")
    site_url_perplexity: WebAddress | None = Field(None, description=f"Perplexity: {SITE}")
    site_url_copilot: WebAddress | None = Field(None, description=f"Copilot: {SITE}")

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """The settings in force. Raises `Refused` for the first bad value."""
        given = {field: env.get(variable(field)) for field in cls.model_fields}
        try:
            return cls.model_validate({field: value for field, value in given.items() if value})
        except ValidationError as error:
            first = error.errors()[0]
            field = str(first["loc"][0])
            raise Refused(variable(field), given[field], first["msg"].removeprefix("Value error, ")) from None

    def site_url(self, model: str) -> str | None:
        """The address that overrides the site's own, ending in `/`; None where there is none."""
        url: str | None = getattr(self, f"site_url_{model}")
        return url


def variable(field: str) -> str:
    """The environment variable that sets `field`."""
    return PREFIX + field.upper()
