"""Links as the dataset compares them: without what only tracks, and by the domain that somebody registered."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit, urlunsplit

import tldextract

TRACKING = re.compile(
    r"utm_.+|hsa_.+|mc_[ce]id|_hs(?:enc|mi)|(?:fb|g|y|tt|d)clid|msclkid|twclid|gbraid|wbraid|gad_source|srsltid|igsh(?:id)?"
    r"|oly_(?:anon|enc)_id|vero_id|mkt_tok|oppref|olref",
    re.IGNORECASE,
)
"""Query parameters that say where a click came from and never what it leads to."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SUFFIXES = tldextract.TLDExtract(
    suffix_list_urls=(), cache_dir=None
)  # the list that came with the package: no network


@lru_cache(maxsize=4096)
def url_canonical(url: str) -> str:
    """`url` without tracking parameters, text fragment and default port, its scheme and host in lower case.

    What is not an http(s) address comes back as it is.
    """
    if not is_web(url):
        return url
    parts = urlsplit(url.strip())
    netloc = parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme])
    fragment = parts.fragment.partition(":~:")[0]
    return urlunsplit((parts.scheme, netloc, parts.path or "/", _untracked(parts.query), fragment))


def _untracked(query: str) -> str:
    """`query` without tracking parameters, the others as they were written."""
    parameters = query.split("&")
    return "&".join(each for each in parameters if not TRACKING.fullmatch(unquote(each.partition("=")[0])))


@lru_cache(maxsize=4096)
def domain(url: str) -> str | None:
    """The registrable domain of `url` (`blog.example.co.uk` is `example.co.uk`); None for addresses without one."""
    if not is_web(url):
        return None
    return _SUFFIXES(urlsplit(url).hostname or "").top_domain_under_public_suffix or None


@lru_cache(maxsize=4096)
def is_web(url: str) -> bool:
    """Whether `url` is an absolute http(s) address that a reader could follow."""
    try:
        parts = urlsplit(url.strip())
        return parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port is not False
    except ValueError:  # a bracket too many, a port that is no number
        return False
