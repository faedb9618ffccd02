"""Site by field: what the stand-ins showed, and how much of it the adapters got."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from collections import defaultdict

from rich.console import Console
from rich.table import Table

from completions.browser import Browser
from completions.conversation import Held, hold
from completions.errors import Outcome
from completions.profile import Profile
from completions.rehearsal import Rehearsal
from completions.rehearsal.compare import Compared, compare, telling
from completions.rehearsal.sites import front_ends
from completions.sites import NAMES, site

NOBODY = Profile(seed=1)
AT_ONCE = 4


async def main(count: int) -> None:
    """Ask `count` prompts of every front end of every site and print the table."""
    columns = {f"{name} {ui}": await _asked(name, ui, count) for name in NAMES for ui in front_ends(name)}
    table = Table("field", *columns, box=None, pad_edge=False)
    for field in next(iter(columns.values())):
        table.add_row(field, *(_share(fields[field]) for fields in columns.values()))
    Console(width=160).print(table)


async def _asked(name: str, ui: str, count: int) -> dict[str, list[Compared]]:
    many = [f"{name} question {number}" for number in range(100)]
    gate, prompts = asyncio.Semaphore(AT_ONCE), list(dict.fromkeys([*telling(name, ui, many), *many[:count]]))
    fields: dict[str, list[Compared]] = defaultdict(list)
    with Rehearsal(ui=ui, latency=0.5) as rehearsal:
        async with Browser() as browser:

            async def ask(prompt: str) -> Held:
                async with gate:
                    return await hold(site(name, rehearsal.address(name)), browser, NOBODY, prompt)

            for prompt, held in zip(prompts, await asyncio.gather(*map(ask, prompts)), strict=True):
                answer = held.reading.answer if held.reading and held.outcome is Outcome.ANSWERED else None
                if answer is None:
                    raise SystemExit(f"{name} {ui}: {prompt!r} ended as {held.outcome}: {held.error_message}")
                for field, compared in compare(answer, rehearsal.truth(prompt, ui, name)).items():
                    fields[field].append(compared)
    return fields


def _share(compared: list[Compared]) -> str:
    """`40/40` of the facts got; a cross where something is out of order or was not shown at all; NULL as a dash."""
    if all(each.given is None and each.got is None for each in compared):
        return "-"
    given, matched = sum(len(each.given or ()) for each in compared), sum(each.matched for each in compared)
    return f"{matched}/{given}" + ("" if all(each.exact for each in compared) else " ✗")


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "--prompts", type=int, default=12, help="of each front end, and those it takes to see every field"
    )
    asyncio.run(main(parser.parse_args().prompts))
