"""Page and wire of one conversation, united: what was shown, and how it ended."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from urllib.parse import urljoin

from completions.answer import Answer, Citation, Portions, Reading, Source
from completions.errors import Outcome
from completions.links import domain, url_canonical
from completions.sites.chatgpt import failures
from completions.sites.chatgpt.sight import Body, Link, Pill, Sight, Trouble
from completions.sites.chatgpt.untrusted import unique

_WORD = re.compile(r"\w+")


def unite(page: Sight | None, wire: Sight | None, home: str) -> Reading:
    """The reading of one conversation; `home` is where relative addresses start."""
    given = [sight for sight in (page, wire) if sight]
    warnings = [*chain.from_iterable(sight.warnings for sight in given), *_disagreement(page, wire)]
    finished = bool(given) and all(sight.finished for sight in given)
    answer = _answer(page, wire, home)
    outcome, message = _outcome(given, answer, finished=finished)
    if outcome is Outcome.ANSWERED:
        warnings += [sight.trouble.seen for sight in given if sight.trouble and sight.trouble.outcome is not Outcome.NETWORK]
    return Reading(
        page_finished=page.finished if page else None,
        stream_finished=wire.finished if wire else None,
        finished=finished,
        outcome=outcome,
        error_message=message,
        ui_variant=next((sight.variant for sight in given if sight.variant), None),
        answer=answer,
        portions=page.portions if page else Portions(),
        warnings=warnings,
    )


def _outcome(given: list[Sight], answer: Answer | None, *, finished: bool) -> tuple[Outcome, str | None]:
    troubles = [sight.trouble for sight in reversed(given) if sight.trouble]  # the wire says it best
    standing = next((each for each in troubles if not each.yields), None)
    if standing:
        return standing.outcome, standing.seen
    if answer and (failure := failures.of_turn(answer.answer_text)):
        return failure, f"the site says: {answer.answer_text}"
    if finished and answer and answer.answer_text:
        return Outcome.ANSWERED, None
    if troubles:
        return troubles[0].outcome, troubles[0].seen
    if not any(sight.variant for sight in given):
        return Outcome.LAYOUT_CHANGED, "neither page nor stream is of a kind that this adapter knows"
    if finished:
        return Outcome.NO_ANSWER, "the site finished its turn without a word"
    return Outcome.NETWORK, _unfinished(given, answer)


def _unfinished(given: list[Sight], answer: Answer | None) -> str:
    if not answer or not answer.answer_text:
        return "there is no answer to the last prompt"
    cut = "the page" if not given[0].finished else "the stream"
    return f"{cut} does not say that the answer is whole"


def _disagreement(page: Sight | None, wire: Sight | None) -> list[str]:
    """A warning when both tell the whole answer and tell it differently."""
    if not (page and wire and page.body and wire.body and page.finished and wire.finished):
        return []
    shown, sent = (_WORD.findall(body.text.casefold()) for body in (page.body, wire.body))
    return [] if shown == sent else ["page and stream differ in the words of the answer; the page's are given"]


def _answer(page: Sight | None, wire: Sight | None, home: str) -> Answer | None:
    first, second = (page, wire) if page and page.body and (page.finished or not wire or not wire.body) else (wire, page)
    if not first or not first.body:
        return None
    body = _complete(first.body, second.body) if second and second.body else first.body
    seen = [first, second] if second else [first]
    cited = [page for pill in body.pills for page in pill.links]
    sources = [each.sources for each in seen if each.sources is not None]
    apart = {url_canonical(url) for each in seen for url in each.cited_apart}
    model = next((each.model for each in (wire, page) if each and each.model), None)
    return Answer(
        answer_text=body.text,
        answer_markdown=body.markdown,
        citations=list(_citations(body.pills)),
        sources=_sources(chain(*sources, cited), cited, apart) if sources else None,
        fan_out_queries=wire.fan_out_queries if wire else None,
        follow_up_questions=_either(seen, "follow_up_questions"),
        products=_either(seen, "products"),
        places=_either(seen, "places"),
        images=_either(seen, "images"),
        ads=_either(seen, "ads"),
        entities=body.entities,
        model_version=model,
        model_version_source="wire" if wire and wire.model else "page" if model else None,
        web_search_triggered=_either(seen, "searched"),
        conversation_url=urljoin(home, path) if (path := _either(seen, "conversation")) else None,
    )
