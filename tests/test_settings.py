"""Settings: what is read from the environment, how bad values are refused, and that `.env.example` says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from completions.errors import Refused
from completions.settings import PROJECT, Settings, example


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_env({"HOME": "/home/a"})
    assert settings == Settings()
    assert settings.store == str(PROJECT / ".completions")
    assert (settings.browser, settings.location, settings.callback_allow) == ("shell", None, ())


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("STORE", "s3://bucket/prefix", "store", "s3://bucket/prefix"),
        ("STORE", "batches", "store", str(Path.cwd() / "batches")),
        ("STORE", "~/batches", "store", str(Path.home() / "batches")),
        ("STORE", "", "store", Settings().store),
        ("HOME", "/srv/airflow", "home", Path("/srv/airflow")),
        ("BROWSER", "ws://browsers:3000", "browser", "ws://browsers:3000"),
        ("BROWSER", "/opt/chrome", "browser", "/opt/chrome"),
        ("CONVERSATIONS", "12", "conversations", 12),
        ("LOCATION", "emulate", "location", "emulate"),
        ("HEALTH", "daily", "health", "@daily"),
        ("HEALTH", "30 6 * * 1-5", "health", "30 6 * * 1-5"),
        ("CALLBACK_ALLOW", "hooks:9000, 10.1.0.0/16,", "callback_allow", ("hooks:9000", "10.1.0.0/16")),
        ("REHEARSAL_URL", "http://127.0.0.1:9", "rehearsal_url", "http://127.0.0.1:9/"),
        ("SITE_URL_CHATGPT", "https://chat.example/", "site_url_chatgpt", "https://chat.example/"),
    ],
)
def test_a_variable_sets_its_field(name: str, value: str, field: str, expected: object) -> None:
    assert getattr(Settings.from_env({f"COMPLETIONS_{name}": value}), field) == expected


@pytest.mark.parametrize(
    ("name", "value", "way_out"),
    [
        ("BROWSER", "firefox", "give shell, chromium, the absolute path of an executable"),
        ("CONVERSATIONS", "many", "valid integer"),
        ("CONVERSATIONS", "0", "greater than or equal to 1"),
        ("CONVERSATIONS", "65", "less than or equal to 64"),
        ("LOCATION", "fake", "'emulate'"),
        ("HEALTH", "on", "give hourly, daily, weekly, or a cron expression"),
        ("HEALTH", "at 6", "give hourly, daily, weekly, or a cron expression"),
        ("REHEARSAL_URL", "127.0.0.1:9", "starts with http:// or https://"),
        ("SITE_URL_COPILOT", "ftp://a", "starts with http:// or https://"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_and_the_way_out(name: str, value: str, way_out: str) -> None:
    with pytest.raises(Refused) as refused:
        Settings.from_env({f"COMPLETIONS_{name}": value})
    assert str(refused.value).startswith(f"COMPLETIONS_{name} '{value}': ")
    assert way_out in refused.value.way_out


@pytest.mark.parametrize(("model", "url"), [("chatgpt", "http://127.0.0.1:9/"), ("gemini", None)])
def test_a_site_may_be_asked_elsewhere(model: str, url: str | None) -> None:
    assert Settings.from_env({"COMPLETIONS_SITE_URL_CHATGPT": "http://127.0.0.1:9"}).site_url(model) == url


def test_the_example_file_is_the_declaration_written_out() -> None:
    assert (PROJECT / ".env.example").read_text("utf-8") == example(), "run: make format"


def test_what_the_example_file_shows_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = dict(line[1:].split("=", 1) for line in example().splitlines() if line.startswith("#COMPLETIONS_"))
    monkeypatch.chdir(PROJECT)
    assert len(shown) == len(Settings.model_fields)
    assert Settings.from_env(shown) == Settings()
