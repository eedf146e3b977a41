"""Fold neighbouring modules of one structure into one group with a count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mkdocs_lurk.models.graph.nodes import Group, Node

Signature = tuple[object, ...]


def fold_repeats(nodes: Sequence[Node], edges: Sequence[tuple[int, int]], groups: list[Group]) -> list[Group]:
    """Put a group around every run of two or more like siblings; the siblings' parents are changed.

    Alike are modules of one class whose insides have the same types, windows and edges in the same order, and whose
    output has the same shape. Weights and inner widths may differ, as they do in dense blocks.

    Returns:
        The groups with the folds among them, each after its parent.
    """
    spans = _spans(nodes, groups)
    signatures = _signatures(nodes, edges, groups, spans)
    children: dict[str | None, list[tuple[int, Group | None]]] = {}
    for group in groups:
        children.setdefault(group.parent, []).append((spans[group.id][0], group))
    for node in nodes:
        children.setdefault(node.parent, []).append((node.id, None))
    folds: dict[str, Group] = {}
    moved: dict[str, str] = {}
    for parent, members in children.items():
        for run in _like(sorted(members, key=lambda member: member[0]), signatures):
            fold = folds[run[0].id] = _fold(run, parent)
            moved.update({group.id: fold.id for group in run})
    return _ordered(groups, folds, moved)


def _fold(run: list[Group], parent: str | None) -> Group:
    first, last = run[0], run[-1]
    return replace(
        first, id=f"{first.id}..{last.id}", parent=parent, name=f"{first.name} to {last.name}", count=len(run)
    )


def _like(members: list[tuple[int, Group | None]], signatures: dict[str, Signature]) -> list[list[Group]]:
    """The runs of two or more neighbouring groups with one signature."""
    runs: list[list[Group]] = [[]]
    for _, group in members:
        if group is None:
            runs.append([])
        elif runs[-1] and signatures[runs[-1][-1].id] == signatures[group.id]:
            runs[-1].append(group)
        else:
            runs.append([group])
    return [run for run in runs if len(run) > 1]


def _ordered(groups: list[Group], folds: dict[str, Group], moved: dict[str, str]) -> list[Group]:
    result = []
    for group in groups:
        if group.id in folds:
            result.append(folds[group.id])
        result.append(replace(group, parent=moved.get(group.id, group.parent)))
    return result


def _spans(nodes: Sequence[Node], groups: Sequence[Group]) -> dict[str, tuple[int, int]]:
    """The first and the last node of every group."""
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
    inner: dict[int, list[int]] = {}
    for source, target in edges:
        inner.setdefault(target, []).append(source)
    found: dict[str, Signature] = {}
    for group in groups:
        first, last = spans[group.id]
        body = []
        for node in nodes[first : last + 1]:
            near = sorted(source - node.id for source in inner.get(node.id, []) if source >= first)
            body.append((node.type, node.form, tuple(near)))
        found[group.id] = (group.type, tuple(body), tuple(nodes[last].output))
    return found
