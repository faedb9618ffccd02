"""The patches of which Perplexity's stream is made (RFC 6902)."""

from __future__ import annotations

import pytest

from completions.sites.perplexity.patches import COPIED, DEEPEST, LONGEST, Document, Misfit
from sites.perplexity_shapes import (
    Json,
)


@pytest.mark.parametrize(
    ("value", "operations", "result"),
    [
        ({"a": [1, 2]}, [("add", "/a/1", 9)], {"a": [1, 9, 2]}),
        ({"a": [1]}, [("add", "/a/-", 2)], {"a": [1, 2]}),
        ({"a": 1}, [("replace", "/a", 2), ("add", "/b", 3)], {"a": 2, "b": 3}),
        ({"a": [1, 2]}, [("remove", "/a/0", None)], {"a": [2]}),
        ({"a/b": {"m~n": 1}}, [("replace", "/a~1b/m~0n", 2)], {"a/b": {"m~n": 2}}),
        ({"a": 1}, [("replace", "", [1])], [1]),
        ({"a": 1}, [("test", "/a", 1)], {"a": 1}),
        ({"a": 1, "b": 2}, [("move", "/c", "/a"), ("copy", "/d", "/b")], {"b": 2, "c": 1, "d": 2}),
    ],
)
def test_patches(value: object, operations: list[tuple[str, str, object]], result: object) -> None:
    document = Document(value)
    document.patch({"op": op, "path": path, "value": given, "from": given} for op, path, given in operations)
    assert document.value == result


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/b", "value": 1},
        {"op": "add", "path": "/a/9", "value": 1},
        {"op": "add", "path": "/a/01x", "value": 1},
        {"op": "add", "path": "/a/" + "9" * 5000, "value": 1},
        {"op": "add", "path": "/c/d", "value": 1},
        {"op": "add", "path": "a", "value": 1},
        {"op": "add", "path": "/" * (DEEPEST + 1), "value": 1},
        {"op": "remove", "path": "/a/1"},
        {"op": "test", "path": "/c", "value": 4},
        {"op": "move", "path": "/d", "from": "/nowhere"},
        {"op": "move", "path": "/d", "from": "/c/nowhere"},
        {"op": "shuffle", "path": "/a"},
        {"op": "add"},
        {},
    ],
)
def test_an_operation_that_does_not_fit(operation: Json) -> None:
    with pytest.raises(Misfit):
        Document({"a": [1], "c": 3}).patch([operation])


def test_patches_fill_no_memory() -> None:
    doubled: list[Json] = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 40
    document = Document({"a": [1]})
    with pytest.raises(Misfit, match="too much"):
        document.patch(doubled)
    assert document.copied <= COPIED
    with pytest.raises(Misfit):
        Document([0] * LONGEST).patch([{"op": "add", "path": "/-", "value": 1}])
