"""`devices`, `languages`, `check-callback`: what a request accepts."""

from __future__ import annotations

from typing import Annotated

import typer

from completions.cli.out import print_json

Word = Annotated[str, typer.Argument(help="Show only names that contain this.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def devices(word: Word = "", as_json: Json = False) -> None:
    """The devices that can be emulated."""
    from completions.devices import names

    _print(names(), word, as_json)


def languages(word: Word = "", as_json: Json = False) -> None:
    """The languages that a chat or its interface can have, by code, name and own name; more are understood."""
    from completions.languages import names

    _print([f"{language.tag}  {language.name}  {language.autonym}" for language in names()], word, as_json)


def _print(names: list[str], word: str, as_json: bool) -> None:
    found = [name for name in names if word.casefold() in name.casefold()]
    if as_json:
        print_json(found)
    elif found:
        print("\n".join(found))


def check_callback(
    target: Annotated[str, typer.Argument(help="URL, SQS queue URL or SQS ARN.")], as_json: Json = False
) -> None:
    """Would this callback be accepted, and why not."""
    from completions.cli.here import settings
    from completions.notify import check_callback as check

    described = check(target, allow=settings().callback_allow)
    if as_json:
        print_json({"target": target, "accepted": True, "described": str(described)})
    else:
        print(f"accepted: {described}")


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    commands.command()(devices)
    commands.command()(languages)
    commands.command("check-callback")(check_callback)
