"""Page and wire of one conversation, united: what was shown, and how it ended."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from urllib.parse import urljoin, urlsplit

from completions.answer import Answer, Citation, Portions, Reading, Source
from completions.errors import Outcome
from completions.links import domain, url_canonical
from completions.sites.failures import Failures
from completions.sites.sight import Body, Pill, Sight
from completions.sites.untrusted import unique

_WORD = re.compile(r"\w+")
_ENOUGH = 12
"""Runs of three words from which on two texts can be told apart ..."""
_ALIKE = 0.2
"""... the share of them that the same answer drawn twice has in common at least ..."""
_SAME = 0.9
"""... and the share from which on it is the same answer, whatever the addresses say."""


def unite(page: Sight | None, wire: Sight | None, home: str, failures: Failures) -> Reading:
    """The reading of one conversation; `home` is where relative addresses start, `failures` the site's own words."""
    given = [sight for sight in (page, wire) if sight]
    warnings = [*chain.from_iterable(sight.warnings for sight in given), *_disagreement(page, wire)]
    if page and wire and _strangers(page, wire, home):
        warnings.append("the stream is of another conversation than the page; nothing of it is given")
        wire = Sight(finished=wire.finished, trouble=wire.trouble)
    finished = bool(given) and all(sight.finished for sight in given)
    answer = _answer(page, wire, home)
    outcome, message = _outcome(page, wire, answer, failures, finished=finished)
    if outcome is Outcome.ANSWERED:
        warnings += [
            sight.trouble.seen for sight in given if sight.trouble and sight.trouble.outcome is not Outcome.NETWORK
        ]
    return Reading(
        page_finished=page.finished if page else None,
        stream_finished=wire.finished if wire else None,
        finished=finished,
        outcome=outcome,
        error_message=message,
        ui_variant=next((sight.variant for sight in given if sight.variant), None),
        answer=answer,
        portions=page.portions if page else Portions(),
        site_country=wire.site_country if wire else None,
        site_location=wire.site_location if wire else None,
        warnings=warnings,
    )


def _outcome(
    page: Sight | None, wire: Sight | None, answer: Answer | None, failures: Failures, *, finished: bool
) -> tuple[Outcome, str | None]:
    troubles = [sight.trouble for sight in (wire, page) if sight and sight.trouble]  # the wire says it best
    if standing := next((each for each in troubles if not each.yields), None):
        return standing.outcome, standing.seen
    if answer and (failure := failures.of_turn(answer.answer_text)):
        return failure, f"the site says: {' '.join(answer.answer_text.split())}"
    if finished and answer and answer.answer_text:
        return Outcome.ANSWERED, None
    if troubles:
        return troubles[0].outcome, troubles[0].seen
    if (page and page.variant is None) or (not page and (not wire or wire.finished is None)):
        return Outcome.LAYOUT_CHANGED, "neither page nor stream is of a kind that this adapter knows"
    if finished:
        return Outcome.NO_ANSWER, "the site finished its turn without a word"
    if not answer or not answer.answer_text:
        return Outcome.NETWORK, "there is no answer to the last prompt"
    cut = "page" if page and not page.finished else "stream"
    return Outcome.NETWORK, f"the {cut} does not say that the answer is whole"


def _disagreement(page: Sight | None, wire: Sight | None) -> list[str]:
    """A warning when both tell the whole answer and tell it differently."""
    if not (page and wire and page.body and wire.body and page.finished and wire.finished):
        return []
    shown, sent = (_WORD.findall(body.text.casefold()) for body in (page.body, wire.body))
    return [] if shown == sent else ["page and stream differ in the words of the answer; the page's are given"]


def _strangers(page: Sight, wire: Sight, home: str) -> bool:
    """Whether the two belong to different conversations, by their addresses and, both whole, by their words.

    An address may be the page's own until the site has given another: the very same words overrule it.
    """
    alike, apart = _alike(page, wire), _apart(page, wire, home)
    if alike is None or apart is None:
        return bool(apart) or (alike is not None and alike < _ALIKE)
    return apart and alike < _SAME


def _apart(page: Sight, wire: Sight, home: str) -> bool | None:
    """Whether the addresses name different conversations; None where one is missing or they are of different kinds."""
    if not (page.conversation and wire.conversation):
        return None
    here, there = (urlsplit(urljoin(home, each.conversation or "")).path.split("/") for each in (page, wire))
    if here[-1] == there[-1]:
        return False
    return True if here[-2:-1] == there[-2:-1] else None


def _alike(page: Sight, wire: Sight) -> float | None:
    """The share of their words, three in a row, that two whole answers have in common; None where there are too few."""
    if not (page.body and wire.body and page.finished and wire.finished):
        return None
    shown, sent = _runs(page.body.text), _runs(wire.body.text)
    fewer = min(len(shown), len(sent))
    return len(shown & sent) / fewer if fewer >= _ENOUGH else None


def _runs(text: str) -> set[tuple[str, ...]]:
    """Every three words in a row: the same answer drawn twice shares most of them, two answers hardly any."""
    spoken = _WORD.findall(text.casefold())
    return set(zip(spoken, spoken[1:], spoken[2:], strict=False))


def _answer(page: Sight | None, wire: Sight | None, home: str) -> Answer | None:
    """What was shown: the page has the last word on what it shows, if it got to its end; the wire knows the rest."""
    first, second = (
        (page, wire) if page and page.body and (page.finished or not wire or not wire.body) else (wire, page)
    )
    if not first or not first.body:
        return None
    seen = first.over(second)
    body = _complete(first.body, second.body) if second and second.body else first.body
    model = wire.model if wire and wire.model else seen.model
    return Answer(
        answer_text=body.text,
        answer_markdown=body.markdown,
        citations=list(_citations(body.pills)),
        sources=_sources([first, second] if second else [first], body.pills),
        fan_out_queries=seen.fan_out_queries,
        follow_up_questions=seen.follow_up_questions,
        products=seen.products,
        places=seen.places,
        images=seen.images,
        ads=seen.ads,
        entities=body.entities,
        model_version=model,
        model_version_source=("wire" if wire and wire.model else "page") if model else None,
        web_search_triggered=seen.searched,
        conversation_url=urljoin(home, seen.conversation) if seen.conversation else None,
    )


def _complete(shown: Body, sent: Body) -> Body:
    """The words as the first tells them, with what only the second knows of its citations and entities."""
    same = shown.text == sent.text
    if not shown.pills:
        pills = [each if same else replace(each, start=None, end=None) for each in sent.pills]
    else:
        twins: dict[str, deque[Pill]] = defaultdict(deque)
        for pill in sent.pills:
            twins[url_canonical(pill.links[0].url)].append(pill)
        apart = {(pill.end, url_canonical(pill.links[0].url)) for pill in shown.pills}
        pills = [_united(pill, twins[url_canonical(pill.links[0].url)], shown, sent, apart) for pill in shown.pills]
    entities = shown.entities
    if entities is None and sent.entities is not None:
        nowhere: dict[str, int | None] = {} if same else {"char_start": None, "char_end": None}
        entities = [entity.model_copy(update=nowhere) for entity in sent.entities]
    return replace(shown, pills=pills, entities=entities)


def _united(pill: Pill, twins: deque[Pill], shown: Body, sent: Body, apart: set[tuple[int | None, str]]) -> Pill:
    """A pill with all of its pages, of which the page shows but the first, and with the words it cites.

    `apart` has the places and pages of all pills: what the page shows beside a pill, on one of its own, is not in it.
    """
    if not twins:
        return pill
    twin = twins.popleft()
    own = {url_canonical(link.url) for link in pill.links}
    told = [
        link
        for link in twin.links
        if (key := url_canonical(link.url)) in own or pill.end is None or (pill.end, key) not in apart
    ]
    united = replace(pill, links=tuple(unique([*pill.links, *told])))
    if pill.end is None and shown.text == sent.text:
        return replace(united, start=twin.start, end=twin.end)
    cited = sent.text[twin.start : twin.end] if twin.end else ""
    if not cited or pill.end is None:
        return united
    start = shown.text.rfind(cited, max(0, pill.end - len(cited) - 20), pill.end + 1)
    return replace(united, start=start, end=start + len(cited)) if start >= 0 else united


def _citations(pills: list[Pill]) -> Iterator[Citation]:
    position = 0
    for number, pill in enumerate(pills, 1):
        for index, page in enumerate(pill.links):
            position += 1
            yield Citation(
                position=position,
                role="more" if index else "inline",
                pill=number,
                url=page.url,
                url_canonical=url_canonical(page.url),
                domain=domain(page.url),
                title=page.title,
                snippet=page.snippet,
                site_name=page.site_name,
                published_at=page.published_at,
                char_start=pill.start,
                char_end=pill.end,
            )


def _sources(seen: list[Sight], pills: list[Pill]) -> list[Source] | None:
    """Every page listed as consulted, once, in the order of the lists; None when no list was seen."""
    lists = [sight.sources for sight in seen if sight.sources is not None]
    cited = {url_canonical(page.url) for pill in pills for page in pill.links}
    cited |= {url_canonical(url) for sight in seen for url in sight.cited_apart}
    pages = unique(chain(*lists, chain.from_iterable(pill.links for pill in pills))) if lists else []
    entries = [
        Source(
            position=position,
            url=page.url,
            url_canonical=url_canonical(page.url),
            domain=domain(page.url),
            title=page.title,
            snippet=page.snippet,
            site_name=page.site_name,
            published_at=page.published_at,
            cited=url_canonical(page.url) in cited,
        )
        for position, page in enumerate(pages, 1)
    ]
    return entries if lists else None
