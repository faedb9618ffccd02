"""Elements of a drawing, escaped as they are written. No style but by class: a page's policy need not allow any."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What no page may hold, and a site's answer might."""


def element(name: str, *children: object, **attributes: object) -> Markup:
    """An element; `_` in the name of an attribute stands for `-`, one at its end is dropped, None leaves it out."""
    written = [
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), clean(value))
        for key, value in attributes.items()
        if value is not None
    ]
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), Markup("").join(written), joined(children))  # noqa: S704


def joined(children: object) -> Markup:
    """Children one after the other; what is not markup is escaped."""
    return Markup("").join(map(clean, children))  # type: ignore[call-overload]


def clean(value: object) -> Markup:
    """Escaped, without what no page may hold; numbers with at most two decimals."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, float):
        return Markup(f"{value:.2f}".rstrip("0").rstrip("."))  # noqa: S704
    return escape(_NO_TEXT.sub("\ufffd", str(value)))
