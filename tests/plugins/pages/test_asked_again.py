"""What the form is filled in with and what is resubmitted, told by a process of its own that imports Airflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from batches import NOW, ask, planned
from completions.batch import BatchConfig
from completions.collect import collect
from completions.forgetting import FORGOTTEN, Wish, forget
from completions.plan import submit
from completions.settings import PROJECT
from completions.store import open_store

SOME, ALL = "5d3c0c1e-0000-4000-8000-00000000f101", "5d3c0c1e-0000-4000-8000-00000000f102"
LOOK = """
import json, sys
from uuid import UUID
from completions.errors import Refused, RefusedRequest
from completions_web.pages.actions import _again
from completions_web.pages.trigger import filling

def told(call):
    try:
        return call()
    except (Refused, RefusedRequest) as refused:
        return str(refused)

some, every, *given = sys.argv[1:]
print(json.dumps({
    "filled": [told(lambda: filling(UUID(one), "{}")) for one in (some, every)],
    "again": [told(lambda: _again(UUID(one)).prompts) for one in (some, every)],
    "last": list(filling(None, '{"prompts": ["a"], "rehearse": true, "model": "gemini"}')["fields"])[-1],
    "given": [told(lambda: filling(None, one)) for one in given],
}))
"""
GIVE = "give a JSON object of a request's fields"
GIVEN: dict[str, Any] = {
    '{"prompts": ["a", "b"], "model": "gemini"}': {"prompts": ["a", "b"], "model": "Gemini"},
    '{"client": 1}': {},
    '{"prompts": 5}': "prompts 5: give 1 to 1000 prompts",
    '{"prompts": "five"}': "prompts 'five': give 1 to 1000 prompts",
    '{"prompts": ["a", 5]}': "prompts[1] 5: give 1 to 1000 prompts",
    '{"prompts": ["\\ud800"]}': "prompts[0] '\\ud800': give 1 to 1000 prompts",
    '{"model": [{}]}': "model [{}]: give one of chatgpt",
    '{"expiration": NaN}': "expiration nan: give a number of days",
    '["prompts"]': GIVE,
    "null": GIVE,
    "{": GIVE,
    "[" * 20_000: GIVE,
}
"""What is given in the address: what the form then shows, or what is in the sentence that refuses it."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is said of batches of which a prompt, and every prompt, was forgotten, and of what is given."""
    home = tmp_path_factory.mktemp("again")
    store = open_store(home / "store")
    plan = planned(store, ["a", "secret", "c"], batch_id=SOME)
    submit(store, SOME, plan.config)
    ask(store, plan)
    collect(store, SOME, NOW)
    forget(store, Wish(["secret"]), really=True)
    submit(store, ALL, BatchConfig(prompts=[FORGOTTEN]))  # as it is while all of it is being forgotten
    env = {"PYTHONPATH": str(PROJECT / "plugins"), "AIRFLOW_HOME": str(home), "COMPLETIONS_STORE": store.uri}
    command = [sys.executable, "-c", LOOK, SOME, ALL, *GIVEN]
    done = subprocess.run(command, env=os.environ | env, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_what_was_forgotten_is_not_asked_again(told: dict[str, Any]) -> None:
    nothing = "prompts: all of them were forgotten, so that nothing is left to ask"
    assert told["again"] == [["a", "c"], nothing]
    some, every = told["filled"]
    assert (some["fields"]["prompts"], every) == (["a", "c"], nothing)


@pytest.mark.parametrize("given", list(GIVEN), ids=lambda text: text[:24])
def test_only_fields_of_a_request_are_filled_in(told: dict[str, Any], given: str) -> None:
    said = told["given"][list(GIVEN).index(given)]
    if isinstance(GIVEN[given], dict):
        assert said == {"fields": GIVEN[given], "said": ""}
    else:
        assert GIVEN[given] in said


def test_the_prompts_are_filled_in_last(told: dict[str, Any]) -> None:
    assert told["last"] == "prompts", "until then nothing can be sent, so that a rehearsal never asks a live site"
