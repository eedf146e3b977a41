"""Find the layers of a network that can be shown: every 2-D convolution that runs, and others that the author names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from mkdocs_lurk.addresses import layer_addresses
from mkdocs_lurk.errors import LayerError, near
from mkdocs_lurk.models.tracing.call_recorder import TracedCall
from mkdocs_lurk.models.tracing.macs import count_macs_of_call
from mkdocs_lurk.models.tracing.token_layouts import Layout, find_channels_last, layout_of, shape_of_maps
from mkdocs_lurk.models.tracing.trace import Trace

_CONVOLUTIONS_2D = ("Conv2d", "ConvTranspose2d")
_MOST_LISTED = 12


class LayerChoice(Protocol):
    """The part of the configuration that chooses layers: globs over dotted names."""

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
        output: Shape ``(c, h, w)`` of the layer's output as feature maps.
        weight: Name of the parameter that holds the kernel; None if there is none.
        parameters: Number of weights and biases.
        macs: Multiply-accumulates for one picture.
        value: Id of the output's value on the trace.
        layout: How the output's tensor holds the feature maps: ``nchw``, ``ntc`` (tokens in rows), ``nhwc`` or ``nc``.
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
    """The layers that were found.

    Attributes:
        layers: In the order in which they run.
        skipped: By name, why a layer that the network has cannot be shown.
        addresses: By name, the address of each layer's page; also of convolutions that were not chosen.
    """

    layers: tuple[Layer, ...]
    skipped: dict[str, str]
    addresses: Mapping[str, str]


def find_layers(trace: Trace, choice: LayerChoice, left_out: Collection[str] = ()) -> LayerSearch:
    """Return the layers that the author chose to show.

    A glob matches dotted names, with or without their ``:2``; if it matches none, it matches the layers inside modules
    of that name, so that ``features`` stands for all layers of ``features``. A glob that matches no convolution can
    name linear layers, and modules whose output is tokens; ``*`` names every convolution and nothing else.

    Args:
        trace: A forward pass.
        choice: The globs.
        left_out: Names of modules that the network has, but that the analysis does not run.

    Raises:
        LayerError: There is no 2-D convolution, or a glob matches nothing.
    """
    convolutional, skipped = convolutions(trace, left_out)
    include, exclude = tuple(choice.include), tuple(choice.exclude)
    if not convolutional and all(glob == "*" for glob in include):
        raise LayerError(_describe_no_convolution(trace, skipped))
    others = _linear_and_token_layers(trace)
    chosen: dict[str, Layer] = {}
    for glob in include:
        matches = convolutional if glob == "*" else _one_per_output(_match(glob, convolutional, others), glob)
        if not matches:
            raise LayerError(_describe_no_match("include", glob, convolutional, others, skipped))
        chosen.update({layer.name: layer for layer in matches})
    for glob in exclude:
        matches = list(chosen.values()) if glob == "*" else _match(glob, convolutional, others)
        if not matches:
            raise LayerError(_describe_no_match("exclude", glob, convolutional, others, skipped))
        for layer in matches:
            chosen.pop(layer.name, None)
    if not chosen:
        raise LayerError(
            "layers.exclude leaves no layer of those that layers.include names; exclude fewer, or include more"
        )
    addresses = layer_addresses([*(layer.name for layer in convolutional), *chosen])
    return LayerSearch(tuple(sorted(chosen.values(), key=lambda layer: layer.value)), skipped, addresses)


def convolutions(trace: Trace, left_out: Collection[str] = ()) -> tuple[list[Layer], dict[str, str]]:
    """Return every 2-D convolution that runs, and why other convolutions cannot be shown, by name."""
    skipped = {name: _describe_unused(name, kind, left_out) for name, kind in trace.unused_convolutions.items()}
    layers = []
    for call in trace.layer_calls:
        if call.kind == "Linear":
            continue
        if call.kind not in _CONVOLUTIONS_2D:
            skipped[call.name] = f"a {call.kind}: only 2-D convolutions have maps to show"
        elif call.output is None:
            skipped[call.name] = _NOT_SEEN
        elif (n_views := trace.values[call.output].shape[0]) != 1:
            skipped[call.name] = f"it runs on {n_views} views of each picture at once, and has no map for the picture"
        else:
            layers.append(_layer_of_call(trace, call, call.output, "nchw", 0))
    return layers, skipped


_NOT_SEEN = (
    "its output was not seen to depend on the picture: it reads constants, or runs inside torch.vmap or TorchScript, "
    "where it cannot be followed"
)


def _describe_unused(name: str, kind: str, left_out: Collection[str]) -> str:
    if any(part in left_out for part in (name, *_parents(name))):
        return f"this {kind} is left out of this analysis, since it runs for each box and not on the picture"
    auxiliary = any("aux" in part.lower() for part in name.split("."))
    return "auxiliary head, did not run in evaluation" if auxiliary else f"this {kind} did not run in evaluation"


def _layer_of_call(trace: Trace, call: TracedCall, value: int, layout: Layout, class_tokens: int) -> Layer:
    output = shape_of_maps(trace.values[value].shape, layout, class_tokens)
    weights = [name for name in call.parameters if "bias" not in name.rpartition(".")[2]]
    return Layer(
        name=call.name,
        kind=call.kind,
        filters=output[0],
        output=output,
        weight=weights[0] if weights else None,
        parameters=sum(trace.parameters.get(name, 0) for name in call.parameters),
        macs=count_macs_of_call(trace, call),
        value=value,
        layout=layout,
        class_tokens=class_tokens,
        op=call.op,
    )


def _linear_and_token_layers(trace: Trace) -> list[Layer]:
    """Return linear layers, and modules whose output is tokens: only a glob of their own can name them."""
    channels_last = find_channels_last(trace)
    layers = []
    for call in trace.layer_calls:
        if call.kind == "Linear" and call.output is not None:
            layout = layout_of(trace, call.output, channels_last)
            if layout is not None:
                layers.append(_layer_of_call(trace, call, call.output, *layout))
    taken = {call.name for call in trace.layer_calls}
    for name, value in _module_outputs(trace):
        layout = None if name in taken else layout_of(trace, value, channels_last)
        if layout is not None and layout[0] != "nc":
            output = shape_of_maps(trace.values[value].shape, *layout)
            layers.append(Layer(name, "tokens", output[0], output, None, 0, 0, value, *layout))
    return layers


def _module_outputs(trace: Trace) -> Iterator[tuple[str, int]]:
    """Yield the name and the first output value of every module call, ``name:2`` for a module's second call."""
    calls: Counter[str] = Counter()
    for call in trace.module_calls:
        calls[call.name] += 1
        if call.name and call.outputs:
            number = calls[call.name]
            yield call.name if number == 1 else f"{call.name}:{number}", call.outputs[0]


def _match(glob: str, convolutional: Sequence[Layer], others: Sequence[Layer]) -> list[Layer]:
    """Return the layers that a glob names: by their own names before modules' names, convolutions before others."""
    for matches in (_matches_name, _matches_parent):
        for layers in (convolutional, others):
            matching = [layer for layer in layers if matches(layer.name, glob)]
            if matching:
                return matching
    return []


def _matches_name(name: str, glob: str) -> bool:
    return fnmatchcase(name, glob) or fnmatchcase(name.partition(":")[0], glob)


def _matches_parent(name: str, glob: str) -> bool:
    return any(fnmatchcase(parent, glob) for parent in _parents(name))


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _one_per_output(layers: Sequence[Layer], glob: str) -> list[Layer]:
    """Of layers that share one output, as a module and its last child do, keep the one that a reader would name."""
    best: dict[int, Layer] = {}
    for layer in layers:
        other = best.get(layer.value)
        if other is None or _preference(layer, glob) < _preference(other, glob):
            best[layer.value] = layer
    return list(best.values())


def _preference(layer: Layer, glob: str) -> tuple[bool, bool, int]:
    """Order layers of one output: first the one that the glob spells out, then one with weights, then the outermost."""
    return layer.name != glob, layer.weight is None, layer.name.count(".")


def _describe_no_match(
    key: str, glob: str, convolutional: Sequence[Layer], others: Sequence[Layer], skipped: dict[str, str]
) -> str:
    hidden = [name for name in skipped if _matches_name(name, glob) or _matches_parent(name, glob)]
    if hidden:
        why = skipped[hidden[0]]
        return f"layers.{key}: {glob!r} matches only what cannot be shown: {hidden[0]} ({why}); name another"
    names, more = [layer.name for layer in convolutional], [layer.name for layer in others]
    besides = f"; linear layers and token outputs: {_shorten(more)}" if more else ""
    return f"layers.{key}: {glob!r} matches no layer{near(glob, [*names, *more])}; there are {_shorten(names)}{besides}"


def _shorten(names: list[str]) -> str:
    if len(names) <= _MOST_LISTED:
        return ", ".join(names) or "no convolutions"
    ends = _MOST_LISTED // 3
    return ", ".join(names[:ends]) + f", ... ({len(names) - 2 * ends} more), ... " + ", ".join(names[-ends:])


def _describe_no_convolution(trace: Trace, skipped: dict[str, str]) -> str:
    if skipped:
        name, why = next(iter(skipped.items()))
        return (
            f"the network has no 2-D convolution that can be shown: {name} is left out ({why}); name linear layers or "
            "token outputs with layers.include, if it has any"
        )
    if any(op.name == "convolution" for op in trace.ops):
        return (
            "the network's convolutions run inside TorchScript, where they cannot be told apart; "
            "let 'source' name a factory that returns the Python module, or an archive of torch.export"
        )
    return (
        f"the network has no convolution ({trace.module_calls[0].type if trace.module_calls else 'it'} ran "
        f"{len(trace.ops)} operations); name linear layers or token outputs with layers.include, if it has any"
    )
