"""Fold repeated blocks: neighbouring modules of one structure become one group with a count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mkdocs_lurk.models.graph.nodes import Group, Node

Signature = tuple[object, ...]


def fold_repeats(nodes: Sequence[Node], edges: Sequence[tuple[int, int]], groups: list[Group]) -> list[Group]:
    """Put a group around every series of two or more repeated blocks.

    Blocks repeat if they are modules of one class whose nodes have the same types, kernels, strides and edges in the
    same order, and whose outputs have the same shape. Weights and inner widths may differ, as they do in dense blocks.

    Returns:
        The groups, with the blocks' parents changed and the folds among them, each after its parent.
    """
    spans = _node_spans(nodes, groups)
    signatures = _signatures(nodes, edges, groups, spans)
    children: dict[str | None, list[tuple[int, Group | None]]] = {}
    for group in groups:
        children.setdefault(group.parent, []).append((spans[group.id][0], group))
    for node in nodes:
        children.setdefault(node.parent, []).append((node.id, None))
    folds: dict[str, Group] = {}
    new_parents: dict[str, str] = {}
    for parent, members in children.items():
        for series in _repeats(sorted(members, key=lambda member: member[0]), signatures):
            fold = folds[series[0].id] = _fold(series, parent)
            new_parents.update({group.id: fold.id for group in series})
    return _with_folds(groups, folds, new_parents)


def _fold(series: list[Group], parent: str | None) -> Group:
    first, last = series[0], series[-1]
    return replace(
        first, id=f"{first.id}..{last.id}", parent=parent, name=f"{first.name} to {last.name}", count=len(series)
    )


def _repeats(members: list[tuple[int, Group | None]], signatures: dict[str, Signature]) -> list[list[Group]]:
    """Return every series of two or more neighbouring groups with one signature.

    Args:
        members: What one group holds, in order: the first node of each inner group with that group, and single nodes,
            which end a series, with None.
        signatures: By group id.
    """
    all_series: list[list[Group]] = [[]]
    for _, group in members:
        if group is None:
            all_series.append([])
        elif all_series[-1] and signatures[all_series[-1][-1].id] == signatures[group.id]:
            all_series[-1].append(group)
        else:
            all_series.append([group])
    return [series for series in all_series if len(series) > 1]


def _with_folds(groups: list[Group], folds: dict[str, Group], new_parents: dict[str, str]) -> list[Group]:
    """Insert each fold before its first member, by whose id ``folds`` finds it."""
    result = []
    for group in groups:
        if group.id in folds:
            result.append(folds[group.id])
        result.append(replace(group, parent=new_parents.get(group.id, group.parent)))
    return result


def _node_spans(nodes: Sequence[Node], groups: Sequence[Group]) -> dict[str, tuple[int, int]]:
    """Return the first and the last node inside every group."""
    parents = {group.id: group.parent for group in groups}
    spans: dict[str, tuple[int, int]] = {}
    for node in nodes:
        parent = node.parent
        while parent is not None:
            first, last = spans.get(parent, (node.id, node.id))
            spans[parent] = (min(first, node.id), max(last, node.id))
            parent = parents[parent]
    return spans


def _signatures(
    nodes: Sequence[Node],
    edges: Sequence[tuple[int, int]],
    groups: Sequence[Group],
    spans: dict[str, tuple[int, int]],
) -> dict[str, Signature]:
    """Return what must agree for two groups to be repeats of one block, by group id.

    Edges are told by how many nodes they reach back; those from before the group play no part.
    """
    sources: dict[int, list[int]] = {}
    for source, target in edges:
        sources.setdefault(target, []).append(source)
    signatures: dict[str, Signature] = {}
    for group in groups:
        first, last = spans[group.id]
        body = []
        for node in nodes[first : last + 1]:
            inner = sorted(source - node.id for source in sources.get(node.id, []) if source >= first)
            body.append((node.type, node.convolution, tuple(inner)))
        signatures[group.id] = (group.type, tuple(body), tuple(nodes[last].output))
    return signatures
