"""`devices`, `languages`: what a request accepts."""

from __future__ import annotations

from typing import Annotated

import typer

from completions.cli.out import print_json, say

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
    else:
        say(f"none contains {word!r}")


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    commands.command()(devices)
    commands.command()(languages)
