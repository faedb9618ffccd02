"""`forget`: tells first, then removes."""

from __future__ import annotations

from pathlib import Path

import pytest

from batches import BATCH, NOW, ask, planned
from completions.collect import collect
from completions.store import Store

from .conftest import Completions


@pytest.fixture(autouse=True)
def batch(store: Store) -> None:
    ask(store, planned(store, ["a secret", "b"]))
    collect(store, BATCH, NOW)


def test_it_tells_first(completions: Completions, store: Store) -> None:
    before = store.keys("batches")
    told = completions("forget", "--prompt", "a secret")
    assert (told.status, told.err) == (0, "nothing was removed; --yes removes it, for good\n")
    assert told.out == f"1 row of batch {BATCH}\ncached answers: 0, records of audit runs: 0\n"
    assert store.keys("batches") == before


def test_prompts_of_a_file_and_batches(completions: Completions, store: Store, tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("a secret\n\nanother\n")
    arguments = ("--prompt-file", str(tmp_path / "prompts.txt"), "--yes", "--grace", "0", "--json")
    done = completions("forget", *arguments)
    assert done.json == {"done": True, "batches": [], "rows": {BATCH: 1}, "cached": 0, "audits": 0}
    gone = completions("forget", "--batch", BATCH, "--yes", "--grace", "0")
    assert (gone.status, gone.out.splitlines()[0], gone.err) == (0, f"batch {BATCH}", "gone\n")
    assert store.keys("batches") == set()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "forget: say what: --prompt, --prompt-file, --batch or --before"),
        (["--batch", "nowhere"], "batch 'nowhere': there is no such batch"),
        (["--rehearsed", "--batch", BATCH], "there is no such batch"),
        (["--prompt-file", "not/there"], "--prompt-file 'not/there': cannot be read as a text file in UTF-8"),
        (["--before", "soon"], "soon"),
    ],
)
def test_what_cannot_be(completions: Completions, arguments: list[str], told: str) -> None:
    ended = completions("forget", *arguments, "--yes")
    assert ended.status == 2
    assert told in ended.err
