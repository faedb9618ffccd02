"""`completions audit list|runs|recompute|report|rehearse`: what audits were, whether their files are there or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from completions.marts import connect
from completions.rehearsal import weeks
from completions.store import Store

from .conftest import Completions

FILE = """
prompts: [Which guitar should I buy?]
models: [chatgpt]
schedule: "0 6 * * 1"
rehearse: true
brands: [{name: Yamaha}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of audits, empty."""
    folder = tmp_path / "audits"
    folder.mkdir()
    monkeypatch.setenv("COMPLETIONS_AUDITS", str(folder))
    return folder


@pytest.fixture
def rehearsed(completions: Completions, store: Store, folder: Path) -> list[str]:
    """Two weeks of an audit of one prompt; the names of the runs."""
    size = ("--by-heart", "--prompts", "1", "--samples", "1", "--profiles", "1", "--weeks", "2", "--json")
    found = completions("audit", "rehearse", *size).json
    assert [one["status"] for one in found] == ["successful"] * 2
    return [one["run"] for one in found]


def test_weeks_that_are_rehearsed_again_are_those_that_stand(
    completions: Completions, rehearsed: list[str], store: Store
) -> None:
    size = ("--by-heart", "--prompts", "1", "--samples", "1", "--profiles", "1", "--weeks", "3", "--json")
    before = len(store.of("rehearsal").folders("batches"))
    again = completions("audit", "rehearse", *size).json
    assert [one["run"] for one in again] == rehearsed, "the third would be in the time to come"
    assert len(store.of("rehearsal").folders("batches")) == before


def test_an_audit_without_a_file_is_listed_with_its_history(
    completions: Completions, rehearsed: list[str], folder: Path
) -> None:
    (folder / "lutes.yaml").write_text(FILE, "utf-8")
    (folder / "broken.yaml").write_text("models: [bing]\n", "utf-8")
    gone, broken, fresh = completions("audit", "list", "--json").json
    assert (gone["audit"], gone["runs"], gone["last"], gone["note"]) == (
        "six-weeks",
        2,
        rehearsed[-1],
        "no file of this name",
    )
    assert broken["note"].startswith("its file is wrong: broken.yaml, line 1: models[0] 'bing': ")
    assert (fresh["audit"], fresh["runs"], fresh["origin"], fresh["note"]) == ("lutes", 0, "rehearsal", None)
    assert fresh["next"].endswith("06:00 UTC")
    lines = completions("audit", "list").out.splitlines()
    assert lines[0].split()[:4] == ["six-weeks", "rehearsal", "2", "runs,"]


def test_the_runs_tell_how_they_ended(completions: Completions, rehearsed: list[str]) -> None:
    found = completions("audit", "runs", "six-weeks", "--rehearsed", "--json").json
    assert [(one["run"], one["answered"], one["blocked_models"], one["missed"]) for one in found] == [
        (run, 4, [], []) for run in rehearsed
    ]
    assert completions("audit", "runs", "six-weeks", "--rehearsed").out.splitlines() == [
        f"{run}  successful  4/4 batches  4/4 answers" for run in rehearsed
    ]


def test_recomputed_it_looks_for_the_brands_that_the_file_has_now_and_says_so(
    completions: Completions, rehearsed: list[str], folder: Path, store: Store
) -> None:
    def brands() -> set[str]:
        with connect(store, "six-weeks", "rehearsal") as marts:
            return {brand for (brand,) in marts.execute("select distinct brand from mention_rate").fetchall()}

    recorded = completions("audit", "recompute", "six-weeks", "--rehearsed")
    assert "looking for the brands on record with each run, as there is no file" in recorded.err
    assert brands() == {brand.name for brand in weeks.audit_of().brands}
    (folder / "six-weeks.yaml").write_text(FILE, "utf-8")
    done = completions("audit", "recompute", "six-weeks")
    assert "looking for the brands of six-weeks.yaml as it is now" in done.err
    assert done.out.startswith("six-weeks: 2 runs computed again\n")
    assert brands() == {"Yamaha"}


def test_a_report_is_written_as_it_was_made(completions: Completions, rehearsed: list[str], tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    told = completions(
        "audit", "report", "six-weeks", "--rehearsed", "--run", rehearsed[0], "--out", str(out), "--json"
    )
    assert told.json["run"] == rehearsed[0]
    assert "<html" in out.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("runs", "six-weeks"), "NAME 'six-weeks': had no live run yet; did you mean --rehearsed?"),
        (("runs", "none", "--rehearsed"), "NAME 'none': is no audit: it has neither a file nor a run"),
        (("runs", "../x", "--rehearsed"), "NAME '../x': is no audit: it has neither a file nor a run"),
        (("runs", "Six Weeks"), "NAME 'Six Weeks': is no audit's name"),
        (
            ("report", "six-weeks", "--rehearsed", "--run", "x"),
            "run 'x': there is no such run that is over; ",
        ),
        (("recompute", "none.yaml"), "none.yaml: cannot be read: "),
        (
            ("report", "six-weeks", "--rehearsed", "--out", "/nowhere/r.html"),
            "--out '/nowhere/r.html': cannot be written",
        ),
    ],
)
def test_what_is_not_there_is_said(
    completions: Completions, rehearsed: list[str], arguments: tuple[str, ...], told: str
) -> None:
    done = completions("audit", *arguments)
    assert done.status == 2
    assert f"refused: {told}" in done.err
