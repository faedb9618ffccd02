"""`ask`, `parse`, `resolve`: a site and a profile without Airflow."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from completions.cli.out import Failed, print_json, say, terminal

if TYPE_CHECKING:
    from completions.batch import BatchConfig
    from completions.conversation import Held
    from completions.exits import Exit
    from completions.manners import Manners
    from completions.profile import Profile
    from completions.settings import Settings

_HELD = (
    *("outcome", "error_message", "warnings", "started_at", "first_token_at", "answered_at", "latency_ms"),
    *("device_used", "locale_used", "timezone_used", "egress_country", "egress_subdivision", "egress_city"),
    *("egress_source", "site_location", "location_match"),
)
"""What `ask` tells of the conversation beside the answer, as the dataset's columns call it."""

Country = Annotated[str | None, typer.Option(help="ISO 3166-1 alpha-2 code, such as US.")]
Subdivision = Annotated[str | None, typer.Option(help="ISO 3166-2 code after the hyphen, such as OR.")]
City = Annotated[str | None, typer.Option(help="City, any usual spelling.")]
Language = Annotated[str | None, typer.Option(help="Language to chat in, such as German or de.")]
Display = Annotated[str | None, typer.Option(help="Language of the site's interface.")]
Device = Annotated[str | None, typer.Option(help="Device to emulate, such as 'iPhone 15'.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def ask(
    prompt: Annotated[str, typer.Argument(help="What to ask, exactly as given.")],
    model: Annotated[str, typer.Option(help="The site: chatgpt, gemini, perplexity or copilot.")] = "chatgpt",
    country: Country = None,
    subdivision: Subdivision = None,
    city: City = None,
    language: Language = None,
    display: Display = None,
    device: Device = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the page, the stream and the evidence.")] = None,
    evidence: Annotated[list[str] | None, typer.Option(help="With --out, keep also: screenshot, page.")] = None,
    rehearse: Annotated[bool, typer.Option(help="Ask the stand-ins instead of the live site.")] = False,
    site_url: Annotated[str | None, typer.Option(help="Address to ask instead of the site's own.")] = None,
    as_json: Json = False,
) -> None:
    """Ask one prompt in a real browser and print the answer, which is not stored. Live sites are asked politely."""
    from completions.embedded import Embedded
    from completions.errors import Refused
    from completions.exits import way_out
    from completions.here import exits, settings
    from completions.request import accept
    from completions.sites import rehearsed

    if evidence and not out:
        raise Refused("--evidence", ", ".join(evidence), "is kept in a folder: give one with --out")
    here, ways = settings(), exits()
    who = {"country": country, "subdivision": subdivision, "city": city, "language": language, "display": display}
    asked = {"prompts": [prompt], "model": model, "device": device, "rehearse": rehearse}
    config, profile = accept({**who, **asked, "evidence": evidence or [], "expiration": 0}, here, exits=ways)
    way = way_out(ways, profile)
    address = _address(site_url) or (rehearsed(model, Embedded().rehearse(say)) if rehearse else here.site_url(model))
    manners = None if address else _manners(model, here)
    with terminal.status(f"asking {address or model} …"):
        held = asyncio.run(_hold(config, profile, address, here, manners, way))
    if out:
        _save(held, out)
    _print(held, as_json)
    if not held.outcome.succeeded:
        raise Failed("" if as_json else f"{held.outcome}: {held.error_message}")


def _address(site_url: str | None) -> str | None:
    from completions.errors import Refused

    if site_url is not None and not site_url.startswith(("http://", "https://")):
        raise Refused("--site-url", site_url, "give an address that starts with http:// or https://")
    return site_url and (site_url if urlsplit(site_url).path else f"{site_url}/")


def _manners(model: str, here: Settings) -> Manners:
    """The live site's limits, which hold over all who share the store."""
    from completions.here import stored
    from completions.manners import Manners

    return Manners(stored().of("live"), model, starts=here.starts_per_minute)


async def _hold(
    config: BatchConfig,
    profile: Profile,
    address: str | None,
    here: Settings,
    manners: Manners | None,
    out: Exit | None,
) -> Held:
    from completions.browser import Browser
    from completions.conversation import hold
    from completions.sites import site

    async with Browser(here.browser) as started, manners.seat(out) if manners else nullcontext() as pause:
        if pause:
            until = f"{pause.until:%H:%M} UTC"
            raise Failed(f"not asked: {config.model} is left alone until {until}, after it met us with {pause.outcome}")
        chat, echo = site(config.model, address), here.echo(rehearse=config.rehearse)
        held = await hold(chat, started, profile, config.prompts[0], config.evidence, out, echo)
        if manners:
            await manners.note(held.outcome, out)
    if foreign := _foreign(held, profile):
        held.warnings.append(foreign)
    return held


def _foreign(held: Held, profile: Profile) -> str | None:
    from completions.answer_language import mismatch

    answer = held.reading and held.reading.answer
    return mismatch(profile.language, answer.language() if answer else None)


def _columns(held: Held) -> dict[str, Any]:
    columns = held.reading.as_columns() if held.reading else {"finished": False, "ui_variant": None}
    return columns | {name: getattr(held, name) for name in _HELD}


def _print(held: Held, as_json: bool) -> None:
    if as_json:
        print_json(_columns(held))
    elif held.reading and held.reading.answer and held.outcome.succeeded:
        answer = held.reading.answer
        print(answer.answer_markdown)
        for citation in answer.citations or []:
            print(f"[{citation.position}] {citation.title or citation.domain}  {citation.url_canonical}")
        say(f"{held.outcome} in {(held.latency_ms or 0) / 1000:.1f} s")
    for warning in [] if as_json else held.warnings:
        say(f"warning: {warning}")


def _save(held: Held, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kept = held.artifacts
    for name, body in {
        "page.html": (kept.page_html or "").encode(),
        "stream.txt": kept.raw_stream,
        "screenshot.png": kept.screenshot,
        "page.mhtml": kept.page_copy,
    }.items():
        if body:
            (folder / name).write_bytes(body)
            say(f"kept {folder / name}")


def parse(
    site: Annotated[str, typer.Option(help="Whose bytes these are: chatgpt, gemini, perplexity or copilot.")],
    html: Annotated[Path | None, typer.Option(help="The page as saved.")] = None,
    stream: Annotated[Path | None, typer.Option(help="What the site sent, as saved.")] = None,
    as_json: Json = False,
) -> None:
    """Read saved bytes as the site's adapter does: finished or not, outcome, answer, citations."""
    from completions import sites
    from completions.errors import ABSENT, Refused

    if not html and not stream:
        raise Refused("--html or --stream", ABSENT, "give at least one of the two")
    if site not in sites.NAMES:
        raise Refused("--site", site, f"give {' or '.join(sites.NAMES)}")
    reading = sites.parse(sites.site(site), _bytes("--html", html), _bytes("--stream", stream))
    if as_json:
        print_json(reading.as_columns())
        return
    if reading.answer:
        print(reading.answer.answer_markdown)
    why = f": {reading.error_message}" if reading.error_message else ""
    say(f"{reading.outcome}{why}; finished: {reading.finished}")


def _bytes(option: str, file: Path | None) -> bytes | None:
    from completions.errors import Refused

    try:
        return file.read_bytes() if file else None
    except OSError as error:
        raise Refused(option, str(file), f"cannot be read ({error.strerror})") from error


def resolve(
    country: Country = None,
    subdivision: Subdivision = None,
    city: City = None,
    language: Language = None,
    display: Display = None,
    device: Device = None,
    seed: Annotated[int | None, typer.Option(help="What random choices are drawn from.")] = None,
    rehearse: Annotated[bool, typer.Option(help="As a rehearsal would: places are emulated.")] = False,
    csv: Annotated[str | None, typer.Option(help="A table of such settings, a CSV file or -; answers as CSV.")] = None,
    as_json: Json = False,
) -> None:
    """Who would ask: the resolved profile, or why not."""
    from completions.cli.resolving import profile_of, resolve_table
    from completions.here import exits, settings

    who = {"country": country, "subdivision": subdivision, "city": city, "language": language, "display": display}
    who["device"] = device
    if csv is not None:
        resolve_table(csv, settings(), exits(), rehearse=rehearse, beside={**who, "seed": seed})
        return
    profile = profile_of(who, settings(), exits(), seed=seed or 0, rehearse=rehearse)
    shown = profile.model_dump(mode="json")
    if as_json:
        print_json(shown)
        return
    for warning in shown.pop("warnings"):
        say(f"warning: {warning}")
    for name, value in shown.items():
        print(f"{name:16} {'-' if value is None else value}")


def register(commands: typer.Typer) -> None:
    """Add this file's commands."""
    for command in (ask, parse, resolve):
        commands.command()(command)
