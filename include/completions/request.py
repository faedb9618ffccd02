"""Taking a request: every rule that it must meet before anything is stored or asked, told at once.

The command line, the HTTP API and the DAG all take requests through `accept`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from completions.batch import BatchConfig
from completions.errors import Refused, RefusedRequest
from completions.profile import Profile, resolve
from completions.settings import Settings

if TYPE_CHECKING:
    from completions.exits import Exits

PLACE = ("country", "subdivision", "city")
WHO = (*PLACE, "language", "display", "device")


def accept(
    fields: object,
    settings: Settings,
    *,
    seed: int = 0,
    sqs_endpoint: str | None = None,
    exits: Exits | None = None,
) -> tuple[BatchConfig, Profile]:
    """The request in `fields` (parsed JSON from a caller) and who asks it; `RefusedRequest` names every bad field.

    What is left to chance is drawn from `seed`. `sqs_endpoint` is the SQS that the operator has in place of AWS's,
    `exits` the connection `completions_proxy`.
    Nothing leaves the machine: a callback's host is looked up when it is called.
    """
    refusals = _Refusals()
    with refusals.kept():
        config = BatchConfig.parse(fields)
    legible = refusals.spared(fields)
    with refusals.kept():
        who = {name: legible.get(name) for name in WHO}
        rehearse = legible.get("rehearse") is True
        serving = exits.serving(rehearse=rehearse) if exits else None
        offer = serving.offer if serving else None
        profile = resolve(seed=seed, **who, location=settings.location, rehearse=rehearse, exits_offer=offer)
        if serving and profile.location_method == "proxy":
            unsteered = serving.unsteered(profile, [name for name in who if who[name] is not None])
            profile = profile.model_copy(update={"warnings": (*profile.warnings, *unsteered)})
    with refusals.kept():
        _check_rehearsal(rehearse, settings)
    with refusals.kept():
        if rehearse and "prompts" in legible and "model" not in refusals.found:
            _check_faults(legible["prompts"], legible.get("model") or "chatgpt")
    with refusals.kept():
        _check_callback(legible.get("callback"), settings, sqs_endpoint)
    if refusals.found:
        raise RefusedRequest(list(refusals.found.values()))
    return config, profile


class _Refusals:
    """The first refusal of each field."""

    def __init__(self) -> None:
        self.found: dict[str, Refused] = {}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep what is refused inside, and go on."""
        try:
            yield
        except Refused as refused:
            self.found.setdefault(refused.field, refused)
        except RefusedRequest as several:
            for refusal in several.refusals:
                self.found.setdefault(refusal.field, refusal)

    def spared(self, fields: object) -> Mapping[str, Any]:
        """The fields that can be judged on: none that was refused, nor parts of a place whose country was."""
        if not isinstance(fields, Mapping):
            return {}
        refused = {*self.found, *(PLACE if "country" in self.found else ())}
        return {name: value for name, value in fields.items() if name not in refused}


def _check_rehearsal(rehearse: bool, settings: Settings) -> None:
    if rehearse and not settings.rehearsal_url:
        way_out = "no rehearsal is known; start one (completions rehearse) and name it in COMPLETIONS_REHEARSAL_URL"
        raise Refused("rehearse", rehearse, way_out)


def _check_faults(prompts: Sequence[object], model: str) -> None:
    """A rehearsed prompt that asks for a fault which the site's stand-in does not know would just be answered."""
    wrong = []
    for index, prompt in enumerate(prompts):
        asked = re.search(r" \[fault:([^\]]*)\]\Z", prompt) if isinstance(prompt, str) else None
        if asked:
            from completions.rehearsal.faults import BY_SITE

            known = BY_SITE[model]
            if asked[1] not in known:
                way_out = f"the stand-in for {model} knows the faults {', '.join(sorted(known))}"
                wrong.append(Refused(f"prompts[{index}]", asked[0].strip(), way_out))
    if wrong:
        raise RefusedRequest(wrong)


def _check_callback(target: str | None, settings: Settings, sqs_endpoint: str | None) -> None:
    from completions.notify import check_callback

    if target is not None:
        check_callback(target, allow=settings.callback_allow, endpoint=sqs_endpoint)
