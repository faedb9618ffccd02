"""Recurring audits: their files read, refused with the line, and turned into the batches of a run."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from completions.audits import files, load, prompts_in
from completions.errors import RefusedRequest
from completions.settings import PROJECT

ASKED = "prompts: [Which lute is best?, Which harp is best?]\n"


def _file(folder: Path, text: str, name: str = "lutes") -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(text, "utf-8")
    return file


def _refused(file: Path) -> str:
    with pytest.raises(RefusedRequest) as refused:
        load(file).check()
    return str(refused.value)


def test_what_is_left_out(tmp_path: Path) -> None:
    audit = load(_file(tmp_path, ASKED))
    assert (audit.name, audit.models, audit.samples, audit.expiration, audit.chats) == ("lutes", ["chatgpt"], 1, 0, 2)
    assert audit.about == "Asks chatgpt 2 prompts, 1 times each, as: here"
    assert audit.next_runs(datetime.now(UTC), 3) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models: [chatgpt]\n", "lutes.yaml, line 1: audit: give either prompts or prompts_file"),
        (ASKED + "prompts_file: a.csv\n", "lutes.yaml, line 1: audit: give either prompts or prompts_file"),
        (ASKED + "models: [chatgpt, bing]\n", "lutes.yaml, line 2: models[1] 'bing': input should be 'chatgpt', "),
        (ASKED + "models: [gemini, gemini]\n", "lutes.yaml, line 2: models ['gemini', 'gemini']: has the same twice"),
        (ASKED + "models: []\n", "lutes.yaml, line 2: models []: list should have at least 1 item"),
        (ASKED + "model: gemini\n", "lutes.yaml, line 2: model: is not a field of it; did you mean models?"),
        (ASKED + "folder: /\n", "lutes.yaml, line 2: folder: is not a field of it"),
        (
            ASKED + "profiles:\n  - {country: US}\n  - {contry: DE}\n",
            "line 4: profiles[1].contry: is not a field of it; did you mean country?",
        ),
        (ASKED + "schedule: often\n", "lutes.yaml, line 2: schedule 'often': give five cron fields such as"),
        (ASKED + "schedule: 0 25 * * *\n", "lutes.yaml, line 2: schedule '0 25 * * *': give five cron fields"),
        (ASKED + "timezone: Mars/Dome\n", "line 2: timezone 'Mars/Dome': give an IANA time zone such as Europe/Berlin"),
        (ASKED + "samples: 31\n", "lutes.yaml, line 2: samples 31: input should be less than or equal to 30"),
        (
            ASKED + "brands:\n - {name: F, domains: ['https://f.com/']}\n",
            "line 3: brands[0].domains[0] ",
        ),
        (ASKED + "name: harps\n", "lutes.yaml, line 2: name 'harps': must be the file's"),
        (
            ASKED + "budget: {chats_per_run: 1}\n",
            "budget.chats_per_run 1: a run takes 2 chats (2 prompts x 1",
        ),
        (ASKED + "profiles: [{city: Berlin}]\n", "profiles[0].city 'Berlin': needs country to be given too"),
        ("prompts_file: none.csv\n", "prompts_file 'none.csv': cannot be read: "),
        ("prompts: [x\n", "lutes.yaml: cannot be read: while parsing a flow sequence"),
        ("- x\n", "lutes.yaml: is no audit: give fields such as"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert told in _refused(_file(tmp_path, text))


def test_a_callback_that_is_too_long_is_not_shown(tmp_path: Path) -> None:
    told = _refused(_file(tmp_path, f"{ASKED}callback: https://canary.example/{'x' * 2047}\n"))
    assert told == "lutes.yaml, line 2: callback: string should have at most 2047 characters"


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    told = _refused(_file(tmp_path, "prompts: ['']\nsamples: 0\ntimezone: x\n")).splitlines()
    assert [line.partition(": ")[0] for line in told] == [f"lutes.yaml, line {line}" for line in (3, 1, 2)]


@pytest.mark.parametrize("name", ["Lutes", "-lutes", "lutes and harps"])
def test_names_fit_into_ids(tmp_path: Path, name: str) -> None:
    assert "name None: must be the file's: small letters" in _refused(_file(tmp_path, ASKED, name))


def test_a_run_is_a_batch_for_each_model_and_person_all_drawn_from_one_seed(tmp_path: Path) -> None:
    text = ASKED + "models: [chatgpt, gemini]\nprofiles: [{language: German}, {}]\nsamples: 3\nevidence: [page]\n"
    audit = load(_file(tmp_path, text))
    batches = list(audit.batches("2026-11-30"))
    assert audit.chats == sum(config.count for _, config in batches) == 24
    assert [(config.model, config.language) for _, config in batches] == [
        *(("chatgpt", "German"), ("gemini", "German")),
        *(("chatgpt", None), ("gemini", None)),
    ]
    assert len({batch_id for batch_id, _ in batches}) == 4
    assert batches == list(audit.batches("2026-11-30"))
    stamps = {config.audit for _, config in batches}
    assert [(stamp.name, stamp.run) for stamp in stamps if stamp] == [("lutes", "2026-11-30")]
    assert not {batch_id for batch_id, _ in batches} & {batch_id for batch_id, _ in audit.batches("2026-12-07")}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_prompts_and_what_they_are_about_come_from_a_file_beside_it(tmp_path: Path, kind: str) -> None:
    prompts = ['Which "lute", then?', "Welche Laute für 東京?"]
    file = tmp_path / f"prompts.{kind}"
    if kind == "csv":
        file.write_text('\ufefftopic,prompt\nlutes,"Which ""lute"", then?"\n ,Welche Laute für 東京?\n', "utf-8")
    else:
        pq.write_table(pa.table({"prompt": prompts, "topic": ["lutes", None]}), file)
    audit = load(_file(tmp_path, f"prompts_file: prompts.{kind}\n"))
    assert audit.asked == prompts
    assert [(one.topic, one.intent) for one in audit.questions] == [("lutes", None), (None, None)]


def test_a_row_without_its_prompt_is_refused_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("topic,prompt\nx,Which lute?\nx\n", "utf-8")
    assert "prompts[1] '': " in _refused(_file(tmp_path, "prompts_file: a.csv\n"))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", "question\nx\n", "has no column `prompt` with rows below it"),
        ("a.csv", "prompt\n", "has no column `prompt` with rows below it"),
        ("a.parquet", "no parquet", "cannot be read: "),
    ],
)
def test_a_file_without_prompts_is_refused(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(RefusedRequest, match=f"prompts_file '{name}': {told}"):
        prompts_in(tmp_path / name)


def test_it_runs_by_the_clock_of_its_own_time_zone(tmp_path: Path) -> None:
    audit = load(_file(tmp_path, ASKED + "schedule: 0 6 * * 1\ntimezone: Europe/Berlin\n"))
    runs = audit.next_runs(datetime(2026, 3, 28, tzinfo=UTC), 2)
    assert [run.astimezone(UTC).isoformat() for run in runs] == [
        "2026-03-30T04:00:00+00:00",
        "2026-04-06T04:00:00+00:00",
    ]


def test_the_audit_that_the_docs_show_is_one(tmp_path: Path) -> None:
    [shown] = re.findall(r"^```yaml\n(.*?)^```", (PROJECT / "docs/audits.md").read_text("utf-8"), re.M | re.S)
    audit = load(_file(tmp_path, shown, "guitar-shops"))
    audit.check()
    assert audit.callback


@pytest.mark.parametrize("folder", ["include/audits", "examples/audits"])
def test_the_audits_that_ship_are_right(folder: str) -> None:
    shipped = files(PROJECT / folder)
    assert shipped
    for file in shipped:
        audit = load(file)
        audit.check()
        assert audit.rehearse, "nobody's live sites are asked by an example"


@pytest.mark.parametrize("name", ["lutes.yaml", "lutes.yml"])
def test_two_files_of_one_name_are_both_refused(tmp_path: Path, name: str) -> None:
    for file in ("lutes.yaml", "lutes.yml"):
        (tmp_path / file).write_text("prompts: [Which lute is best?]", "utf-8")
    with pytest.raises(RefusedRequest, match=r"is the audit lutes, and so is lutes.y.* beside it: keep one"):
        load(tmp_path / name)
