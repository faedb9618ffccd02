"""A batch through the whole pipeline against the limit and a plain Playwright script, side by side in one run.

    .venv/bin/python bench/batch.py [--prompts 60] [--latency 5]

Prints wall time against the ideal (prompts x latency / conversations at once), CPU seconds per chat and peak memory
(PSS) of everything Airflow runs, and the same for the script. The stand-ins run in this process and count for neither.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile

import psutil

from completions.batch import BatchConfig
from completions.cli.batches import submit_and_follow
from completions.cli.follow import Body, outcomes
from completions.cli.out import say
from completions.embedded import Embedded
from completions.reading import connect
from completions.rehearsal import Rehearsal, normalised
from completions.service import Service
from completions.settings import Settings
from completions.store import open_store
from cost import Cost, measured
from plain import chats


def main() -> None:
    """Run both and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--prompts", type=int, default=60)
    parser.add_argument("--latency", type=float, default=5.0, help="seconds from a prompt to the end of its answer")
    options = parser.parse_args()
    prompts = [f"Which guitar is number {number}?" for number in range(options.prompts)]
    at_once = min(_config(prompts).tasks * Settings.from_env().conversations, options.prompts)
    with tempfile.TemporaryDirectory() as folder, Rehearsal(latency=options.latency, ui="b") as rehearsal:
        os.environ["COMPLETIONS_HOME"] = f"{folder}/airflow"
        os.environ["COMPLETIONS_STORE"] = f"{folder}/store"
        os.environ["COMPLETIONS_REHEARSAL_URL"] = rehearsal.url
        script = _script(rehearsal.url, prompts, at_once)
        pipeline, body = _pipeline(prompts)
        right = _right(body, rehearsal)
    ideal = options.prompts * options.latency / at_once
    print(f"{options.prompts} chats of {options.latency:g} s, {at_once} at once: ideally {ideal:.0f} s")
    for name, cost in (("pipeline", pipeline), ("script", script)):
        print(
            f"{name:9}{cost.wall:6.1f} s {cost.wall / ideal:5.2f} x ideal"
            f"{cost.cpu / options.prompts:6.2f} CPU s a chat{cost.peak:6.0f} MB"
        )
    print(f"pipeline / script: {pipeline.wall / script.wall:.2f} in time, {pipeline.cpu / script.cpu:.2f} in CPU")
    print(f"outcomes: {outcomes(body)}; {right} rows with the very text and citations that were shown")


def _config(prompts: list[str]) -> BatchConfig:
    return BatchConfig.parse({"prompts": prompts, "rehearse": True, "expiration": 0})


def _pipeline(prompts: list[str]) -> tuple[Cost, Body]:
    embedded = Embedded()
    embedded.up(say)
    try:
        submit_and_follow([_config(["warm up the workers"])], embedded)
        with measured(Service(embedded.home, "embedded").processes) as cost:
            [(body, _)] = submit_and_follow([_config(prompts)], embedded)
    finally:
        embedded.down(say)
    return cost, body


def _script(url: str, prompts: list[str], contexts: int) -> Cost:
    """The peer, in a process of its own so that it can be told from the stand-ins."""
    child = os.fork()
    if child == 0:
        asyncio.run(chats(url, prompts, contexts))
        os._exit(0)
    with measured(lambda: [psutil.Process(child)]) as cost:
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it stays until its last sample
    os.waitpid(child, 0)
    return cost


def _right(body: Body, rehearsal: Rehearsal) -> int:
    """How many rows hold what was shown for their prompt."""
    query = "select prompt, answer_text, list_transform(citations, lambda one: one.url_canonical) from completions"
    rows = connect(open_store(os.environ["COMPLETIONS_STORE"]), body["id"]).execute(query).fetchall()
    truths = {prompt: rehearsal.truth(prompt, "b") for prompt, *_ in rows}
    return sum(
        normalised(text or "") == normalised(truths[prompt].text)
        and cited == [citation.url for citation in truths[prompt].citations]
        for prompt, text, cited in rows
    )


if __name__ == "__main__":
    main()
