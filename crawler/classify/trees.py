"""Boosted trees in plain Python: exact sums, and what each feature gave to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# (value, feature, threshold, left, right); a leaf has feature -1 and no children
Node = tuple[float, int, float, "Node | None", "Node | None"]


def score(trees: Sequence[Node], row: Sequence[float]) -> tuple[float, list[float], float]:
    """The log-odds, what each feature gave to them, and what they are before anything is known.

    The parts add up: each step down a tree moves its expected value, and the move belongs to the feature that was asked
    (A. Saabas, "Interpreting random forests", 2014).
    """
    given = [0.0] * len(row)
    total = start = 0.0
    for tree in trees:
        value, feature, threshold, left, right = tree
        start += value
        while feature >= 0:
            asked, before = feature, value
            value, feature, threshold, left, right = left if row[feature] <= threshold else right  # type: ignore[misc]
            given[asked] += value - before
        total += value
    return total, given, start


def nodes(rows: Sequence[Sequence[Any]]) -> list[Node]:
    """Trees from their stored form: [value] for a leaf, else [value, feature, threshold, left, right]."""
    return [_node(row) for row in rows]


def stored(tree: dict[str, Any]) -> list[Any]:
    """The stored form of one `tree_structure` of LightGBM's dump."""
    if "leaf_value" in tree:
        return [tree["leaf_value"]]
    if tree["decision_type"] != "<=":
        raise ValueError(f"a split by {tree['decision_type']!r}; only numeric splits are read")
    children = [stored(tree[side]) for side in ("left_child", "right_child")]
    return [tree["internal_value"], tree["split_feature"], tree["threshold"], *children]


def _node(row: Sequence[Any]) -> Node:
    if len(row) == 1:
        return float(row[0]), -1, 0.0, None, None
    return float(row[0]), int(row[1]), float(row[2]), _node(row[3]), _node(row[4])
