"""The prompts of a batch as its page shows them: how each of their answers came out, or how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from completions.batch import BatchConfig
from completions.errors import OBSERVED, Outcome
from completions.manifest import load_manifest
from completions.plan import Item, Plan
from completions.progress import Settled, collected
from completions.status import Standing
from completions.store import Store

PAGE = 100
"""Prompts on a page."""
ALL, FAILED, OPEN, WARNED, CACHED = "", "failed", "open", "warned", "cached"
"""What to show, beside the outcomes: everything, what may be asked again, what has not ended, …"""
_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

Key = tuple[int, int]
"""Index of the prompt, and of the sample."""


@dataclass(frozen=True)
class Answer:
    """One answer that the batch owes; `settled` once it is there."""

    sample: int
    state: str
    """`settled`, `asking`, `waiting`, or `idle`: nobody will ask it."""
    settled: Settled | None = None

    def shows(self, wanted: str) -> bool:
        """Whether it is of those that are wanted."""
        one = self.settled
        if one is None:
            return wanted in (ALL, OPEN)
        failed = wanted == FAILED and one.outcome not in OBSERVED
        warned = wanted == WARNED and bool(one.warnings)
        return failed or warned or wanted in (ALL, one.outcome) or (wanted == CACHED and one.cached)


@dataclass(frozen=True)
class Prompt:
    """A prompt and its answers, by sample."""

    index: int
    text: str
    answers: list[Answer]
    repeats: int | None = None
    """Index of the equal prompt that is asked in its place."""

    @property
    def sign(self) -> str:
        """A character that is another whenever the prompt looks different."""
        ended = sum(answer.settled is not None for answer in self.answers)
        return _SIGNS[min(len(_SIGNS) - 1, 2 * ended + any(answer.state == "asking" for answer in self.answers))]


def settled(standing: Standing, plan: Plan) -> dict[Key, Settled]:
    """Every answer that is there: from the dataset once it stands, till then from cache and tasks' progress."""
    if standing.manifest:
        return {(one.index, one.sample): one for one in collected(standing.part, standing.manifest)}
    found = {(item.index, item.sample): _reused(item) for item in plan.items if item.cached}
    found |= _kept(standing.part, plan)
    found |= {(one.index, one.sample): one for shard in standing.progress if shard for one in shard.settled}
    repeated = {
        (item.index, item.sample): found[item.duplicate_of, item.sample]
        for item in plan.items
        if item.duplicate_of is not None and (item.duplicate_of, item.sample) in found
    }
    return found | repeated


def prompts(standing: Standing, plan: Plan, there: Mapping[Key, Settled]) -> list[Prompt]:
    """The batch's prompts in the order of the request; those that were forgotten are not among them."""
    asking = {key for shard in standing.progress if shard for key in shard.asking}
    over = standing.body["status"] in ("successful", "failed")
    rest = "idle" if over or standing.body["cancelled"] else "waiting"
    found: dict[int, Prompt] = {}
    for item in plan.items:
        asked = (item.index if item.duplicate_of is None else item.duplicate_of, item.sample)
        one = there.get((item.index, item.sample))
        state = "settled" if one else "asking" if asked in asking and not over else rest
        prompt = Prompt(item.index, plan.config.prompts[item.index], [], item.duplicate_of)
        found.setdefault(item.index, prompt).answers.append(Answer(item.sample, state, one))
    return [found[index] for index in sorted(found)]


def unplanned(config: BatchConfig) -> list[Prompt]:
    """The prompts of a request that nobody has planned yet."""
    waiting = [Answer(sample, "waiting") for sample in range(config.samples)]
    return [Prompt(index, text, waiting) for index, text in enumerate(config.prompts)]


def chosen(all_of_them: Sequence[Prompt], wanted: str, text: str) -> list[Prompt]:
    """Those with an answer that is wanted, whose words have `text` or whose number it is."""
    sought = text.strip().casefold()
    return [
        prompt
        for prompt in all_of_them
        if (not sought or sought in prompt.text.casefold() or sought == str(prompt.index + 1))
        and any(answer.shows(wanted) for answer in prompt.answers)
    ]


def choices(there: Mapping[Key, Settled], count: int) -> Iterator[tuple[str, str, int]]:
    """What may be chosen, in words, with how many answers it is of."""
    every = list(there.values())
    yield ALL, "all", count
    for outcome in Outcome:
        if number := sum(one.outcome is outcome for one in every):
            yield outcome, outcome.replace("_", " "), number
    for name, words, number in (
        (FAILED, "failed, any way", sum(one.outcome not in OBSERVED for one in every)),
        (OPEN, "not there yet", count - len(every)),
        (WARNED, "with a warning", sum(bool(one.warnings) for one in every)),
        (CACHED, "from the cache", sum(one.cached for one in every)),
    ):
        if number:
            yield name, words, number


def _reused(item: Item) -> Settled:
    return Settled(index=item.index, sample=item.sample, outcome=Outcome.ANSWERED, cached=True)


def _kept(part: Store, plan: Plan) -> dict[Key, Settled]:
    """Of a batch that is asked again: what stays of the generation before."""
    before = load_manifest(part, plan.batch_id) if plan.generation > 1 else None
    owed = {(item.index, item.sample) for number in range(len(plan.shards)) for item in plan.shard(number)}
    again = owed | {(item.index, item.sample) for item in plan.items if (item.duplicate_of, item.sample) in owed}
    told = collected(part, before) if before else []
    return {(one.index, one.sample): one for one in told if (one.index, one.sample) not in again}
