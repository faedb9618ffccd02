"""Make the pictures of docs/pictures anew, in some minutes and asking nobody: `.venv/bin/python scripts/pictures.py`.

An Airflow of its own asks stand-ins, beside checks and an audit that are made up; each page is then shown as people see
it, in Airflow's UI, light and dark. A picture that is too heavy is told.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import httpx
import yaml
from playwright.sync_api import Browser, Page, sync_playwright

from completions.batch import Model
from completions.browser import ARGS, program_of
from completions.embedded import Embedded, free_port
from completions.rehearsal import Rehearsal
from completions.rehearsal import weeks as six
from completions.store import Store, open_store

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from plugins.pages.prepared import check  # noqa: E402 - of the tests

PICTURES = ROOT / "docs/pictures"
HEAVIEST = 150 * 1024
WIDE, HIGH = 1280, 720
THINGS = ("a vintage guitar", "a used cello", "vinyl records", "a tube amplifier", "sheet music", "drum sticks")
PLACES = ("Nashville", "Memphis", "Knoxville", "Chattanooga", "Franklin", "Clarksville")
PROMPTS = [f"Where can I buy {thing} in {place}?" for thing in THINGS for place in PLACES]
FAULTS = {7: "login_wall", 16: "challenge", 29: "cut_stream"}
"""What the stand-ins do to some prompts, by their number."""
WHO = {"country": "US", "subdivision": "TN", "language": "English"}


def main() -> None:
    """Start, ask, take the pictures, stop."""
    with tempfile.TemporaryDirectory() as folder, Rehearsal(latency=1.5) as rehearsal:
        os.environ |= {"COMPLETIONS_STORE": f"{folder}/store", "COMPLETIONS_REHEARSAL_URL": rehearsal.url}
        os.environ["COMPLETIONS_AUDITS"] = tempfile.mkdtemp(dir=folder)
        embedded = Embedded(home=Path(folder) / "airflow", port=free_port())
        running = embedded.up()
        try:
            for number, fault in FAULTS.items():
                rehearsal.script(PROMPTS[number], fault)
            _take(running.url, open_store(f"{folder}/store"))
        finally:
            embedded.down()


def _take(url: str, store: Store) -> None:
    for site in get_args(Model):
        check(store.of("live"), site, "live", datetime.now(UTC))
    done = _asked(url, {"prompts": PROMPTS, "evidence": ["screenshot"], "client_ref": "music shops, week 48", **WHO})
    _until(url, done, lambda body: body["finished_at"] is not None)
    going = _asked(url, {"prompts": [f"{one} Which is best?" for one in PROMPTS * 4], "model": "gemini", **WHO})
    _until(url, going, lambda body: body["successful"] > 20)
    with sync_playwright() as driver:
        program = program_of("shell", driver.chromium.executable_path)
        browser = driver.chromium.launch(executable_path=program, args=list(ARGS))
        _shoot(browser, f"{url}/plugin/batches/ai/pages/batches/{going}", "batch-running")
        _shoot(browser, f"{url}/plugin/batches", "batches")
        _shoot(browser, f"{url}/plugin/batches/ai/pages/batches/{done}", "batch")
        _shoot(browser, f"{url}/plugin/batches/ai/pages/batches/{done}/answers/0/0", "answer")
        _shoot(browser, f"{url}/plugin/batches/ai/pages/batches/{done}/answers/7/0", "failure")
        _shoot(browser, f"{url}/plugin/site-health", "health")
        _form(browser, url, done)
        _rehearse_an_audit(store)
        _shoot(browser, f"{url}/plugin/audits/ai/pages/audits/six-weeks", "audit")
        browser.close()


def _rehearse_an_audit(store: Store) -> None:
    audit = six.audit_of(4, 6, 1)
    declared = audit.model_dump(mode="json", exclude_defaults=True, exclude={"name", "folder"})
    Path(os.environ["COMPLETIONS_AUDITS"], "six-weeks.yaml").write_text(yaml.safe_dump(declared), "utf-8")
    for week in six.weeks(audit, datetime.now(UTC) - timedelta(weeks=6), 6):
        six.rehearse(store, audit, week, six.by_heart, lambda _: None)


def _asked(url: str, fields: dict[str, object]) -> str:
    answer = httpx.post(f"{url}/ai/batches", json={"rehearse": True, **fields}, timeout=60, trust_env=False)
    return str(answer.raise_for_status().json()["id"])


def _until(url: str, batch_id: str, holds: Callable[[dict[str, Any]], bool]) -> None:
    for _ in range(600):
        body = httpx.get(f"{url}/ai/batches", params={"id": batch_id}, timeout=60, trust_env=False).json()
        if holds(body):
            return
        time.sleep(1)
    raise SystemExit(f"batch {batch_id} never came so far: {body}")


def _page(browser: Browser, theme: str) -> Page:
    context = browser.new_context(viewport={"width": WIDE, "height": HIGH}, reduced_motion="reduce")
    context.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    context.set_default_timeout(120_000)
    return context.new_page()


def _shoot(browser: Browser, address: str, name: str) -> None:
    for theme, end in (("light", ""), ("dark", "-dark")):
        page = _page(browser, theme)
        page.goto(address)
        page.frame_locator("iframe").locator("main h1").wait_for()
        page.frames[1].wait_for_function("[...document.images].every((one) => one.complete)")
        _kept(page, PICTURES / f"{name}{end}.png")


def _form(browser: Browser, url: str, batch_id: str) -> None:
    page = _page(browser, "light")
    page.goto(f"{url}/plugin/batches/ai/pages/batches/{batch_id}")
    page.frame_locator("iframe").locator("a[data-fill]").first.click()
    page.get_by_text("Filled in from batch").wait_for()
    _kept(page, PICTURES / "form.png")


def _kept(page: Page, to: Path) -> None:
    page.wait_for_timeout(1000)  # for what Airflow draws around it
    page.screenshot(path=to, animations="disabled")
    page.context.close()
    size = to.stat().st_size
    print(f"{to.name}: {size // 1000} kB")
    if size > HEAVIEST:
        print(f"{to} has {size} bytes, more than {HEAVIEST}", file=sys.stderr)


if __name__ == "__main__":
    main()
