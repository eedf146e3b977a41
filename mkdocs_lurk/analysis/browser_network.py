"""A network as a graph of ONNX that a browser can run, with the responses of all filters computed inside it.

The graph reads the layers where the analysis reads them, through the same ``Probe``. So that little comes back to the
page, it gives for every filter the mean, the maximum and the place of that, and the maps of a layer only where they are
asked for: a runtime hands over the outputs that a call names.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.config.live import WeightFormat
from mkdocs_lurk.errors import ModelError, describe_error

INPUT, MEANS, MAXIMA, POSITIONS, OUTPUTS = "picture", "means", "maxima", "positions", "outputs"
"""The names of the graph's input and outputs; the maps of the layer at place 3 are ``map_3``."""
_SMALLEST = 256
"""Values of a tensor that is worth another number format: biases and statistics are not."""
_LARGEST_FLOAT16 = 65504.0


@dataclass(frozen=True, eq=False)
class Measured:
    """What the graph says of pictures; filters stand side by side, layer after layer.

    Attributes:
        means: ``(n, n_filters)`` float32.
        maxima: ``(n, n_filters)`` float32.
        outputs: ``(n, n_outputs)`` float32; without columns if the network gives no row of numbers.
    """

    means: NDArray[np.float32]
    maxima: NDArray[np.float32]
    outputs: NDArray[np.float32]


class _ReadableNetwork(nn.Module):
    """Runs a network and returns what is read of its layers, and last its outputs."""

    def __init__(self, probe: Probe, has_outputs: bool) -> None:
        super().__init__()
        self.network = probe.module
        self._probe, self._has_outputs = probe, has_outputs

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """Return means, maxima and positions ``(1, n_filters)``, outputs if there are any, and each layer's maps."""
        found: dict[str, tuple[Tensor, Tensor, Tensor, Tensor]] = {}

        def receive(name: str, maps: Tensor) -> None:
            kept = maps.clone(memory_format=torch.contiguous_format)  # the network may write over its own
            flat = kept.flatten(2)
            found[name] = flat.mean(2), flat.amax(2), flat.argmax(2).to(torch.int32), kept

        output = self._probe.renewed().read(picture, receive)
        columns = [[found[name][kind] for name in self._probe.shapes] for kind in range(4)]
        means, maxima, positions = (torch.cat(own, 1) for own in columns[:3])
        outputs = (cast(Tensor, output),) if self._has_outputs else ()
        return (means, maxima, positions, *outputs, *columns[3])


def export_network(probe: Probe, input_size: Sequence[int], *, has_outputs: bool) -> bytes:
    """Export a network, with its weights in float32.

    Args:
        probe: The network, in float32.
        input_size: ``(c, h, w)`` of a picture.
        has_outputs: Whether it gives a row of numbers for a picture.

    Returns:
        A model of ONNX for one picture at a time.

    Raises:
        ModelError: PyTorch cannot export it.
    """
    copy = probe.copy_to(torch.device("cpu"), torch.float32)
    module = _ReadableNetwork(copy, has_outputs).eval()
    names = [MEANS, MAXIMA, POSITIONS, *([OUTPUTS] if has_outputs else []), *map_names(len(probe.shapes))]
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter warns of its own dependencies
            program = torch.onnx.export(
                module,
                (torch.zeros(1, *input_size),),
                dynamo=True,
                input_names=[INPUT],
                output_names=names,
                verbose=False,
            )
    except Exception as error:  # whatever the exporter, or the author's forward method in it, raises
        raise ModelError(f"PyTorch cannot export the network to ONNX ({describe_error(error)})") from error
    if program is None:
        raise ModelError("PyTorch cannot export the network to ONNX (it returned nothing)")
    model = program.model_proto
    _forget_origins(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def pack_weights(data: bytes, precision: WeightFormat) -> bytes:
    """Return a model of ONNX with its large weights in another number format.

    A cast in front of the graph undoes it, which a runtime computes once: everything else stays float32.
    """
    import onnx

    if precision == "float32":
        return data
    model = onnx.ModelProto.FromString(data)
    _store_weights(model.graph, precision)
    packed: bytes = model.SerializeToString(deterministic=True)
    return packed


def map_names(n_layers: int) -> list[str]:
    """Return the names of the outputs that hold the maps of each layer, ``(1, c, h, w)``."""
    return [f"map_{place}" for place in range(n_layers)]


def run_exported(data: bytes, pictures: NDArray[np.float32], *, has_outputs: bool) -> Measured:
    """Run an exported network with onnxruntime on one picture after another.

    Args:
        data: The model of ONNX.
        pictures: ``(n, c, h, w)``, normalised.
        has_outputs: Whether it gives a row of numbers for a picture.

    Raises:
        ModelError: onnxruntime cannot run it.
    """
    import onnxruntime

    names = [MEANS, MAXIMA, *([OUTPUTS] if has_outputs else [])]
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, torch.get_num_threads()
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        rows = [session.run(names, {INPUT: picture[None]}) for picture in pictures]
    except Exception as error:  # its errors have no base class of their own
        raise ModelError(f"onnxruntime cannot run the exported network ({describe_error(error)})") from error
    columns = [np.concatenate(own).astype(np.float32) for own in zip(*rows, strict=True)]
    none = np.zeros((len(pictures), 0), np.float32)
    return Measured(columns[0], columns[1], columns[2] if has_outputs else none)


def _forget_origins(model: Any) -> None:
    """Remove what names files of this machine: the exporter notes the source line of each operation."""
    for owner in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.functions):
        del owner.metadata_props[:]
        owner.ClearField("doc_string")
    for function in model.functions:
        for node in function.node:
            del node.metadata_props[:]
            node.ClearField("doc_string")
    for own in (*model.graph.output, *model.graph.initializer):
        del own.metadata_props[:]
        own.ClearField("doc_string")
    del model.graph.value_info[:]  # shapes that a runtime infers itself


def _store_weights(graph: Any, precision: WeightFormat) -> None:
    """Store large weights of a graph in half precision or 8 bits."""
    from onnx import helper, numpy_helper

    nodes: list[Any] = []
    stored: dict[str, list[NDArray[Any]]] = {}
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim > 1 and values.size >= _SMALLEST:
            packed = _as_float16(values) if precision == "float16" else _as_int8(values)
            if packed:
                stored[tensor.name] = packed
    kept = [tensor for tensor in graph.initializer if tensor.name not in stored]
    added: list[Any] = []
    for name, arrays in stored.items():
        added += [numpy_helper.from_array(own, f"{name}:{place}") for place, own in enumerate(arrays)]
        cast_name = name if len(arrays) == 1 else f"{name}:whole"
        nodes.append(helper.make_node("Cast", [f"{name}:0"], [cast_name], to=1))  # 1 is float32
        if len(arrays) > 1:
            nodes.append(helper.make_node("Mul", [cast_name, f"{name}:1"], [name]))
    all_nodes = [*nodes, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend([*kept, *added])
    graph.node.extend(all_nodes)


def _as_float16(values: NDArray[np.float32]) -> list[NDArray[Any]]:
    """Return weights in half precision; nothing if that cannot hold them."""
    return [] if np.abs(values).max(initial=0.0) > _LARGEST_FLOAT16 else [values.astype(np.float16)]


def _as_int8(values: NDArray[np.float32]) -> list[NDArray[Any]]:
    """Return weights in 8 bits, and the scale of each slice along the first axis, which is a convolution's filter."""
    axes = tuple(range(1, values.ndim))
    scale = np.abs(values).max(axes, keepdims=True) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return [np.round(values / scale).astype(np.int8), scale]


def largest_difference(
    found: Mapping[str, NDArray[np.float32]], wanted: Mapping[str, NDArray[np.float32]], scales: Mapping[str, float]
) -> tuple[float, str]:
    """Return the largest difference of any two arrays of one name, as a share of that name's scale, and the name."""
    shares = {
        name: float(np.abs(found[name].astype(np.float64) - wanted[name]).max(initial=0.0)) / scales[name]
        for name in wanted
    }
    worst = max(shares, key=lambda name: shares[name])
    return shares[worst], worst
