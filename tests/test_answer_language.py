"""The language of answers: told from words alone, and not at all where they are few or mixed."""

from __future__ import annotations

import subprocess
import sys
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answers import ANSWERS
from completions.answer import Answer
from completions.answer_language import LEAST, detect, mismatch, words

TOLD_AS = {"nb": "no", "zh-Hant": "zh"}
"""Languages that are not told from a wider one."""


@pytest.mark.parametrize(("language", "answer"), ANSWERS.items())
def test_answers_in_many_languages(language: str, answer: str) -> None:
    assert detect(answer) == TOLD_AS.get(language, language)


@pytest.mark.parametrize(("language", "answer"), ANSWERS.items())
def test_what_is_cut_off_is_never_told_wrong(language: str, answer: str) -> None:
    for start in range(0, len(answer) - 20, 17):
        for size in (20, 45, 90):
            assert detect(answer[start : start + size]) in (None, TOLD_AS.get(language, language))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "42",
        "OK",
        "Ja.",
        "Paris",
        "Yes, it is.",
        "**Nike Pegasus 41**",
        "東京",
        "1. Nike Pegasus 41\n2. ASICS Novablast 5\n3. Hoka Clifton 10\n4. Brooks Ghost 17\n5. Saucony Ride 18",
        "https://www.example.com/the-best-running-shoes-for-beginners?utm_source=chatgpt.com",
        "```python\ndef the_best_of(shoes):\n    # the one that costs the least\n    return min(shoes, key=price)\n```",
        "~~~\nThis is only what the program prints when it is started without arguments.\n~~~",
        "```\nThis block is never closed, so that all of the answer is code and no words.",
        "`SELECT name, price FROM shoes WHERE price < 150 ORDER BY the_best_of_them`",
        "$$\n\\text{where the force is the mass times the acceleration of the body}\n$$",
        "$\\text{the force is the mass times the acceleration of the whole body}$",
        "| shoe | what it is good for | where to buy it |\n| --- | --- | --- |\n| Ghost | long runs on roads | shops |",
        "- [The best running shoes of the year](https://example.com/a)\n- [How we test our shoes](https://example.org/b)",
        "ajsdh qwpoe zxmcn alskd qpwoe mznxb qpwoei zmxncb alskdj qpwoei zmxn",
        f"{ANSWERS['en']}\n\n{ANSWERS['de']}",
        f"{ANSWERS['ja']}\n\n{ANSWERS['en']}",
        f"{ANSWERS['es']} {ANSWERS['fr']}",
        "El zapato es neutro. The shoe is neutral. Der Schuh ist neutral. La chaussure est neutre.",
    ],
)
def test_what_is_short_mixed_or_no_words_is_not_told(answer: str) -> None:
    assert detect(answer) is None


GERMAN = ANSWERS["de"]


@pytest.mark.parametrize(
    "answer",
    [
        f"# Die besten Schuhe\n\n{GERMAN}\n\n1. **Nike Pegasus 41**\n2. **ASICS Novablast 5**\n3. **Hoka Clifton 10**",
        f"{GERMAN}\n\n```python\nfor shoe in the_best_of_them:\n    print('this is the one to buy', shoe)\n```",
        f"{GERMAN} [The best running shoes of the year, tested by us](https://example.com/the-best-of-them)",
        f"{GERMAN}\n\n| shoe | what it is good for |\n| --- | --- |\n| Ghost | long runs on roads and paths |",
        f"{GERMAN} $\\text{{the force is the mass times the acceleration}}$ Das kostet $120 und das andere $150.",
        f"{GERMAN} Der Slogan „Just do it“ ist von Nike.",
        f"{GERMAN} Quelle: runnersworld.com/the-best-shoes und https://example.com/what/you/should/know",
    ],
)
def test_what_is_among_the_words_changes_nothing(answer: str) -> None:
    assert detect(answer) == "de"


@pytest.mark.parametrize(
    ("markdown", "left"),
    [
        ("Es kostet $120, das andere $150.", "Es kostet $120, das andere $150."),
        ("Mit $a^2$ und \\(b\\) rechnen", "Mit   und   rechnen"),
        ("nike.com的跑鞋", " 的跑鞋"),
        ("> **Wichtig**\n> - eins", "Wichtig\neins"),
        ("a < b", "a < b"),
        ("<br>neu ![Bild](a.png)", " neu  "),
    ],
)
def test_words(markdown: str, left: str) -> None:
    assert words(markdown) == left


@settings(deadline=None)
@given(st.text())
def test_anything_may_be_an_answer(text: str) -> None:
    assert detect(text) is None or len(text) >= LEAST / 3


@pytest.mark.parametrize("part", ["[", "$$a", "\\(", "<", "`", "``` ", "a.", "|", "*", "[a](", "\n", "。"])
def test_no_answer_takes_long(part: str) -> None:
    began = process_time()
    detect(part * 10_000)
    assert process_time() - began < 3


@pytest.mark.parametrize(
    ("asked", "seen", "warning"),
    [
        ("en", "de", "the answer is in German, asked for was English"),
        ("pt-BR", "es", "the answer is in Spanish, asked for was Portuguese (Brazil)"),
        ("de", "de", None),
        ("en-GB", "en", None),
        ("zh-Hant", "zh", None),
        ("nb", "no", None),
        ("sr-Latn", "hr", None),  # their words are the same
        ("ii", "zh", None),  # Sichuan Yi: not one that the identifier knows
        ("de", None, None),
        (None, "de", None),
    ],
)
def test_an_answer_in_another_language_is_warned_of(asked: str | None, seen: str | None, warning: str | None) -> None:
    assert mismatch(asked, seen) == warning


def test_answers_and_readings_tell_their_language() -> None:
    answer = Answer(answer_text=GERMAN, answer_markdown=GERMAN)
    assert answer.language() == "de"


def test_the_identifier_is_loaded_at_the_first_answer() -> None:
    script = "import sys, completions.dataset; sys.exit('py3langid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
