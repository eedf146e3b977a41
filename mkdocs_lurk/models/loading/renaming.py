"""Find a network's weights among the names of a checkpoint, which training may have wrapped or put beside others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mkdocs_lurk.errors import ModelError, join_first, near

_WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
"""Names that wrappers put into those of weights: DataParallel and AveragedModel, torch.compile, FSDP, checkpointing."""
_FEATURES_ONLY = ("backbone", "encoder")
_TRAINING_ONLY = re.compile(r"(^|[._])(criterion|loss|loss_fn|metrics?|acc|accuracy|auroc|n_averaged)([._]|$)")


@dataclass(frozen=True, slots=True)
class Fit:
    """The weights of a checkpoint under the network's names.

    Attributes:
        state: By the network's names.
        renamed: A name in the file and the same weight's name in the network, for each that differ.
        left_out: Names in the file that the network does not have.
        children: The network's children for which the file holds nothing.
    """

    state: dict[str, Tensor]
    renamed: dict[str, str]
    left_out: list[str]
    children: list[str]


def fit_names(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], where: str, prefix: str | None) -> Fit:
    """Find every weight of a network in a checkpoint.

    What wraps modules (``module.``, ``_orig_mod.``) plays no part, wherever it stands. A prefix is removed if all the
    network's weights have it, with equal shapes, and nothing else does. Where a file holds no weights for some of the
    network's children, all its names must have the prefix.

    Args:
        state: A checkpoint's tensors.
        expected: The network's own state dict.
        where: The beginning of every message.
        prefix: The author's choice of a prefix, without the last dot; None to look for it.

    Raises:
        ModelError: Weights are missing, do not fit or are left over, or several prefixes fit.
    """
    names = _Names(state, expected, where, prefix)
    complete = sorted((found for found in names.counts if names.is_complete(found)), key=len)
    if complete:
        _refuse_ambiguous(names, complete, where)
        if not names.unexpected(complete[0], complete[1:]):
            names.refuse_untied(complete[0], where)
            return names.fit(complete[0], [])
    return _fit_a_part(names, complete, where)


class _Names:
    """The names in a file and in a network, both without the wrappers'."""

    def __init__(
        self, state: Mapping[str, Tensor], expected: Mapping[str, Tensor], where: str, prefix: str | None
    ) -> None:
        self.state, self.expected = state, expected
        own = {_unwrapped(name): name for name in expected}
        self.own = own if len(own) == len(expected) else {name: name for name in expected}
        chosen = {name: name for name in state}
        if prefix:
            chosen = {name: name.removeprefix(f"{prefix}.") for name in state if name.startswith(f"{prefix}.")}
            if not chosen:
                known = {start.rstrip(".") for name in state for start, _ in _splits(name) if start}
                hint = near(prefix, known) or "; leave prefix out"
                raise ModelError(f"{where} holds no weights whose names begin with {prefix + '.'!r}{hint}")
        self.outside = [name for name in state if name not in chosen]
        self.held: dict[str, str] = {}
        unwrap = _unwrapped if self.own is own else str
        for name, short in chosen.items():
            other = self.held.setdefault(unwrap(short), name)
            if not _equal(state[other], state[name]):
                raise ModelError(
                    f"{where} holds two weights for one name, {other} and {name}; choose by 'prefix', the beginning "
                    "of the right ones' names: weights: {file, prefix}"
                )
        self.tied = _tied({short: expected[name] for short, name in self.own.items()})
        self._fill_in_tied()
        self.needed = [name for name in self.own if not name.endswith("num_batches_tracked")]
        needed = set(self.needed)
        splits = ((start, rest) for name in self.held for start, rest in _splits(name) if rest in needed)
        self.counts = Counter(start for start, _ in splits if start == "" or prefix is None)

    def _fill_in_tied(self) -> None:
        """Let each name of a parameter that the network has under several stand for the others that a file lacks."""
        filled: dict[str, str] = {}
        for name, held in self.held.items():
            for start, rest in _splits(name):
                filled |= {start + other: held for other in self.tied.get(rest, ()) if start + other not in self.held}
        self.held |= filled
        self.filled = frozenset(filled)

    def refuse_untied(self, prefix: str, where: str) -> None:
        """Refuse a file with different values for a parameter that the network has under several names."""
        for name, others in self.tied.items():
            held = [self.held[prefix + each] for each in (name, *others) if prefix + each in self.held]
            for other in held[1:]:
                if not _equal(self.state[held[0]], self.state[other]):
                    raise ModelError(
                        f"{where} has different values for {held[0]} and {other}, which are one parameter in the "
                        "network; let 'source' name the network that the file was saved from"
                    )

    def shapes_differ(self, prefix: str) -> list[str]:
        """Return the network's weights that have another shape in the file, or complex numbers in one of the two."""
        pairs = ((name, self.held.get(prefix + name)) for name in self.own)
        return [name for name, held in pairs if held is not None and not self._alike(held, self.own[name])]

    def _alike(self, held: str, own: str) -> bool:
        found, expected = self.state[held], self.expected[own]
        return found.shape == expected.shape and found.is_complex() == expected.is_complex()

    def is_complete(self, prefix: str) -> bool:
        return self.counts[prefix] == len(self.needed) and not self.shapes_differ(prefix)

    def unexpected(self, prefix: str, others: Iterable[str] = ()) -> list[str]:
        """Return the names with a prefix that neither the network, the training nor another prefix accounts for."""
        rest = (name for name in self.held if name.startswith(prefix) and name[len(prefix) :] not in self.own)
        known = tuple(others)
        return [name for name in rest if not _TRAINING_ONLY.search(name) and not (known and name.startswith(known))]

    def fit(self, prefix: str, children: list[str]) -> Fit:
        there = {prefix + name: own for name, own in self.own.items() if prefix + name in self.held}
        pairs = [(self.held[name], own) for name, own in there.items()]
        taken = {held for held, _ in pairs}
        return Fit(
            {own: self.state[held] for held, own in pairs},
            {held: own for name, own in there.items() if (held := self.held[name]) != own and name not in self.filled},
            [name for name in self.state if name not in taken and not name.endswith("n_averaged")],
            children,
        )


def _refuse_ambiguous(names: _Names, complete: list[str], where: str) -> None:
    """Refuse a file that holds several sets of different weights, each of which fits."""
    first, *others = complete
    for other in others:
        same = all(_equal(names.state[names.held[first + n]], names.state[names.held[other + n]]) for n in names.needed)
        if not same:
            anchor = names.needed[0]
            raise ModelError(
                f"{where} holds several networks that fit ({names.held[first + anchor]}, "
                f"{names.held[other + anchor]}, ...); choose by 'prefix', the beginning of the right one's names: "
                "weights: {file, prefix}"
            )


def _fit_a_part(names: _Names, complete: list[str], where: str) -> Fit:
    """Fit a file without the weights of some of the network's children, or say why that is impossible."""
    prefix = max(names.counts, key=lambda start: (names.counts[start], -len(start)), default="")
    misshapen = names.shapes_differ(prefix)
    missing = [name for name in names.needed if prefix + name not in names.held]
    unexpected = names.unexpected(prefix, [other for other in complete if other != prefix])
    beside = [name for name in names.held if not name.startswith(prefix) and not _TRAINING_ONLY.search(name)]
    children = _children_without_weights(missing, (name for name in names.own if prefix + name in names.held))
    partly = bool(missing) and (bool(beside) or prefix.rstrip(".").rpartition(".")[2] in _FEATURES_ONLY)
    if unexpected or misshapen or children is None or partly:
        left = [names.held[name] for name in (*unexpected, *beside)]
        differences = [_describe_shapes(misshapen, names, prefix)] if misshapen else []
        differences += ["missing from the file: " + join_first([names.own[n] for n in missing], 3)] if missing else []
        differences += ["not in the network: " + join_first(left, 3)] if left else []
        hint = near(names.own[missing[0]], left) if missing else ""
        remedy = hint or "; give this network's weights, or let 'source' and 'arguments' make the one that they are of"
        raise ModelError(f"{where} does not fit the network: {'; '.join(differences)}{remedy}")
    names.refuse_untied(prefix, where)
    return names.fit(prefix, children)


def _unwrapped(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in _WRAPPERS)


def _tied(expected: Mapping[str, Tensor]) -> dict[str, list[str]]:
    """Return the other names of each tensor that a state dict holds under several, as tied modules do."""
    names_of: dict[tuple[object, ...], list[str]] = {}
    for name, value in expected.items():
        if isinstance(value, Tensor) and value.numel():
            names_of.setdefault((value.data_ptr(), value.shape, value.stride()), []).append(name)
    groups = (names for names in names_of.values() if len(names) > 1)
    return {name: [other for other in names if other != name] for names in groups for name in names}


def _splits(name: str) -> Iterator[tuple[str, str]]:
    """Yield every beginning of a dotted name, with its last dot, and the rest."""
    yield "", name
    for position, character in enumerate(name):
        if character == ".":
            yield name[: position + 1], name[position + 1 :]


def _equal(one: Tensor, other: Tensor) -> bool:
    return one is other or (one.dtype == other.dtype and torch.equal(one, other))


def _children_without_weights(missing: Iterable[str], held: Iterable[str]) -> list[str] | None:
    """Return the network's children for which a file holds nothing.

    Args:
        missing: Names of the weights that the file lacks.
        held: Names of the weights that it holds.

    Returns:
        The children's names; None if the file holds only a part of a child, or nothing at all.
    """
    lacking = dict.fromkeys(name.partition(".")[0] for name in missing)
    present = {name.partition(".")[0] for name in held}
    return None if present & set(lacking) or (lacking and not present) else list(lacking)


def _describe_shapes(misshapen: list[str], names: _Names, prefix: str) -> str:
    shapes = [
        f"{names.own[name]} is {_describe_shape(names.state[names.held[prefix + name]])} in the file, "
        f"{_describe_shape(names.expected[names.own[name]])} in the network"
        for name in misshapen
    ]
    return "shapes differ: " + join_first(shapes, 2, "; ")


def _describe_shape(value: Tensor) -> str:
    numbers = "x".join(map(str, value.shape)) or "one number"
    return f"{numbers} complex" if value.is_complex() else numbers
