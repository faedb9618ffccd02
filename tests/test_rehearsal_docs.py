"""docs/rehearsal.md lists every fault of the stand-ins with its outcome, and no other."""

from __future__ import annotations

import re

from completions.rehearsal.faults import BY_SITE, COMMON
from completions.settings import PROJECT


def test_every_fault_is_listed() -> None:
    page = (PROJECT / "docs" / "rehearsal.md").read_text("utf-8")
    listed = re.findall(r"^\| (\w+) \| `(\w+)` \| `(\w+)` \|$", page, re.MULTILINE)
    own = [(site, *one) for site, faults in BY_SITE.items() for one in faults.items() if one[0] not in COMMON]
    assert listed == [*(("all", *one) for one in COMMON.items()), *own]
