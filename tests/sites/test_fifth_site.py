"""The adapter that docs/add-a-site.md shows is a whole one: it asks a real page in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from completions.browser import Browser
from completions.conversation import hold
from completions.errors import Outcome
from completions.profile import Profile
from tiny import serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "add-a-site.md"
PAGE = """<!doctype html><title>Parrot</title><main data-parrot></main>
<textarea name=say></textarea><button class=send>Say</button>
<script>
document.querySelector(".send").onclick = async () => {
  const main = document.querySelector("main"), box = document.querySelector("textarea"), said = box.value;
  main.append(Object.assign(document.createElement("p"), { className: "said", textContent: said }));
  main.insertAdjacentHTML("beforeend", "<div class=reply data-talking><div class=words></div></div>");
  const reply = main.lastChild;
  const response = await fetch("/talk", { method: "POST", body: said });
  for (const line of (await response.text()).trim().split("\\n")) {
    const { html } = JSON.parse(line);
    if (html) reply.firstChild.innerHTML += html;
  }
  delete reply.dataset.talking;
  reply.dataset.whole = "";
};
</script>"""


async def home(request: Request) -> Response:
    return HTMLResponse('<main data-parrot></main><p id="who-asks">Who?</p>' if "wall" in request.url.query else PAGE)


async def talk(request: Request) -> Response:
    said = (await request.body()).decode()

    async def lines() -> AsyncIterator[str]:
        yield json.dumps({"html": f"<p>{said}, says <a href='https://birds.example/'>Birds</a>.</p>"}) + "\n"
        yield json.dumps({"over": True} if said != "cut" else {}) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@pytest.fixture(scope="module")
def parrot() -> Any:
    """The class that the guide shows."""
    [code] = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    shown: dict[str, Any] = {}
    exec(compile(code, str(GUIDE), "exec"), shown)
    return shown["Parrot"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url() -> AsyncIterator[str]:
    async with serving([Route("/", home), Route("/talk", talk, methods=["POST"])]) as url:
        yield url.rstrip("/")


@pytest.mark.parametrize(
    ("path", "prompt", "outcome"),
    [
        ("/", "Polly", Outcome.ANSWERED),
        ("/", "the parrot is tired", Outcome.RATE_LIMITED),
        ("/", "cut", Outcome.NETWORK),
        ("/?wall", "Polly", Outcome.LOGIN_WALL),
    ],
)
async def test_it_asks_and_reads(
    browser: Browser, parrot: Any, url: str, path: str, prompt: str, outcome: Outcome
) -> None:
    held = await hold(parrot(url + path), browser, Profile(seed=1), prompt)
    assert (held.outcome, held.warnings) == (outcome, []), held.error_message
    if outcome is Outcome.ANSWERED:
        assert held.reading
        assert held.reading.answer
        answer = held.reading.answer
        assert (answer.answer_text, answer.sources) == ("Polly, says Birds.", None)
        assert [(each.url, answer.answer_text[each.char_start : each.char_end]) for each in answer.citations or []] == [
            ("https://birds.example/", "Birds")
        ]
