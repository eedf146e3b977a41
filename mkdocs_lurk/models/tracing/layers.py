"""Find the layers of a network that can be shown: every convolution that runs, and what the author names besides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from mkdocs_lurk.errors import LayerError, near
from mkdocs_lurk.models.tracing.macs import macs_of
from mkdocs_lurk.models.tracing.token_layouts import Layout, as_maps, grids_with_channels_last, layout_of
from mkdocs_lurk.models.tracing.trace import Trace, TracedCall

_MAPS = ("Conv2d", "ConvTranspose2d")
_SHOWN = 12


class LayerChoice(Protocol):
    """What of the configuration is read here: globs over dotted names."""

    @property
    def include(self) -> Iterable[str]:
        """Globs of the layers to show; ``["*"]`` is every convolution."""

    @property
    def exclude(self) -> Iterable[str]:
        """Globs of the layers to leave out."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer whose filters can be shown.

    Attributes:
        name: Dotted name; ``name:2`` for the second call of a module that is used twice.
        kind: ``Conv2d``, ``ConvTranspose2d``, ``Linear``, or ``tokens`` for a module's output of tokens.
        filters: Number of output channels.
        output: ``(c, h, w)``: the layer's output as maps.
        weight: Name of the parameter that holds the kernel; none where there is none.
        parameters: Number of weights and biases.
        macs: Multiply-adds for one picture.
        value: Id of the output's value on the trace.
        layout: How the output's tensor holds the maps: ``nchw``, ``ntc`` (tokens in rows), ``nhwc`` or ``nc``.
        class_tokens: Number of tokens before the first that has a place in the picture (``ntc`` only).
        op: Index of the operation on the trace that multiplies; -1 for a module's output.
    """

    name: str
    kind: str
    filters: int
    output: tuple[int, int, int]
    weight: str | None
    parameters: int
    macs: int
    value: int
    layout: Layout = "nchw"
    class_tokens: int = 0
    op: int = -1


@dataclass(frozen=True, slots=True)
class LayerSearch:
    """The layers that were found, in the order in which they run, and why others are not among them."""

    layers: tuple[Layer, ...]
    skipped: dict[str, str]


def find_layers(trace: Trace, choice: LayerChoice) -> LayerSearch:
    """Choose the layers to show.

    A glob matches dotted names, with or without their ``:2``; where it matches none, it matches what is inside the
    modules of that name, so that ``features`` stands for all that it holds. A glob that matches no convolution can
    name linear layers, and modules whose output is tokens; ``*`` names every convolution and nothing else.

    Raises:
        LayerError: There is no 2-D convolution, or a glob matches nothing.
    """
    found, skipped = convolutions(trace)
    include, exclude = tuple(choice.include), tuple(choice.exclude)
    if not found and all(glob == "*" for glob in include):
        raise LayerError(_nothing(trace, skipped))
    others = _others(trace)
    chosen: dict[str, Layer] = {}
    for glob in include:
        hits = _search(glob, found, others)
        if not hits:
            raise LayerError(_no_match("include", glob, found, others, skipped))
        chosen.update({layer.name: layer for layer in hits})
    for glob in exclude:
        gone = _search(glob, found, others, within=tuple(chosen.values()))
        if not gone:
            raise LayerError(_no_match("exclude", glob, found, others, skipped))
        for layer in gone:
            chosen.pop(layer.name, None)
    if not chosen:
        raise LayerError("layers.exclude leaves no layer of those that layers.include names")
    return LayerSearch(tuple(sorted(chosen.values(), key=lambda layer: layer.value)), skipped)


def convolutions(trace: Trace) -> tuple[list[Layer], dict[str, str]]:
    """Every 2-D convolution that runs, and why others are left out, by name."""
    skipped = {name: _why_idle(name, kind) for name, kind in trace.idle.items()}
    found = []
    for call in trace.calls:
        if call.kind == "Linear":
            continue
        if call.kind not in _MAPS:
            skipped[call.name] = f"a {call.kind}: only 2-D convolutions have maps to show"
        elif call.output is None:
            skipped[call.name] = "its output does not depend on the picture"
        else:
            found.append(_of_call(trace, call, call.output, "nchw", 0))
    return found, skipped


def _why_idle(name: str, kind: str) -> str:
    auxiliary = any("aux" in part.lower() for part in name.split("."))
    return "auxiliary head, did not run in evaluation" if auxiliary else f"this {kind} did not run in evaluation"


def _of_call(trace: Trace, call: TracedCall, value: int, layout: Layout, class_tokens: int) -> Layer:
    output = as_maps(trace.values[value].shape, layout, class_tokens)
    weights = [name for name in call.parameters if "bias" not in name.rpartition(".")[2]]
    return Layer(
        name=call.name,
        kind=call.kind,
        filters=output[0],
        output=output,
        weight=weights[0] if weights else None,
        parameters=sum(trace.parameters.get(name, 0) for name in call.parameters),
        macs=macs_of(trace, trace.ops[call.op]),
        value=value,
        layout=layout,
        class_tokens=class_tokens,
        op=call.op,
    )


def _others(trace: Trace) -> list[Layer]:
    """Linear layers, and modules with tokens as output: only a glob of their own can name them."""
    grids = grids_with_channels_last(trace)
    found = []
    for call in trace.calls:
        form = None if call.output is None else layout_of(trace, call.output, grids)
        if call.kind == "Linear" and call.output is not None and form is not None:
            found.append(_of_call(trace, call, call.output, *form))
    taken = {layer.name for layer in found} | {call.name for call in trace.calls}
    runs: Counter[str] = Counter()
    for run in trace.runs:
        runs[run.name] += 1
        name = run.name if runs[run.name] == 1 else f"{run.name}:{runs[run.name]}"
        if not run.name or not run.outputs or name in taken:
            continue
        form = layout_of(trace, run.outputs[0], grids)
        if form is not None and form[0] != "nc":
            maps = as_maps(trace.values[run.outputs[0]].shape, *form)
            found.append(Layer(name, "tokens", maps[0], maps, None, 0, 0, run.outputs[0], *form))
    return found


def _search(
    glob: str, found: Sequence[Layer], others: Sequence[Layer], within: Sequence[Layer] | None = None
) -> list[Layer]:
    """The layers that a glob names: convolutions before others, names before the modules that hold them."""
    if glob == "*":
        return list(found if within is None else within)
    for match in (_matches, _holds):
        for pool in (found, others):
            hits = [layer for layer in pool if match(layer.name, glob)]
            if hits:
                return hits if within is not None else _distinct(hits, glob)
    return []


def _matches(name: str, glob: str) -> bool:
    return fnmatchcase(name, glob) or fnmatchcase(name.partition(":")[0], glob)


def _holds(name: str, glob: str) -> bool:
    return any(fnmatchcase(parent, glob) for parent in _parents(name))


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _distinct(hits: list[Layer], glob: str) -> list[Layer]:
    """Of modules that hand on one and the same output, keep one: that with a weight, or the outermost."""
    best: dict[int, Layer] = {}
    for layer in hits:
        other = best.get(layer.value)
        if other is None or _rank(layer, glob) < _rank(other, glob):
            best[layer.value] = layer
    return list(best.values())


def _rank(layer: Layer, glob: str) -> tuple[bool, bool, int]:
    return layer.name != glob, layer.weight is None, layer.name.count(".")


def _no_match(key: str, glob: str, found: Sequence[Layer], others: Sequence[Layer], skipped: dict[str, str]) -> str:
    gone = [name for name in skipped if _matches(name, glob) or _holds(name, glob)]
    if gone:
        return f"layers.{key}: {glob!r} matches only what cannot be shown: {gone[0]} ({skipped[gone[0]]})"
    names, more = [layer.name for layer in found], [layer.name for layer in others]
    besides = f"; linear layers and token outputs: {_shorten(more)}" if more else ""
    return f"layers.{key}: {glob!r} matches no layer{near(glob, [*names, *more])}; there are {_shorten(names)}{besides}"


def _shorten(names: list[str]) -> str:
    if len(names) <= _SHOWN:
        return ", ".join(names) or "no convolutions"
    half = _SHOWN // 3
    return ", ".join(names[:half]) + f", ... ({len(names) - 2 * half} more), ... " + ", ".join(names[-half:])


def _nothing(trace: Trace, skipped: dict[str, str]) -> str:
    if skipped:
        name, why = next(iter(skipped.items()))
        return f"the network has no 2-D convolution that can be shown: {name} is left out ({why})"
    if any(op.name == "convolution" for op in trace.ops):
        return (
            "the network's convolutions run inside TorchScript, where they cannot be told apart: "
            "let 'source' name a factory that returns the Python module, or an archive of torch.export"
        )
    return (
        f"the network has no convolution ({trace.runs[0].type if trace.runs else 'it'} ran {len(trace.ops)} "
        "operations): name linear layers or token outputs with layers.include, if it has any"
    )
