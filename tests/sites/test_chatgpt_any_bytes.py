"""No bytes stop the adapter, and only whole ones are an answer."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from sites.reading import understood
from sites.shapes import events, message, read

KEYS = re.findall(
    r"\w+",
    "v p o c message id author role content parts status end_turn metadata content_references type items "
    "url title matched_text supporting_websites sources mapping current_node parent payload encoded_item "
    "error detail refs search_model_queries queries search_result_groups entries ref_id pub_date markdown "
    "html kind products images",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.lists(JSON, max_size=4))
def test_events_of_any_shape(values: list[object]) -> None:
    written = [json.dumps(value) for value in values]
    understood(read(stream="".join(f"data: {each}\n\n" for each in written)))
    understood(read(stream="\n".join(written)))
    answer = events(message("A \ue200cite\ue202x\ue201.", metadata=dict.fromkeys(KEYS, values)))
    understood(read(stream=answer))
