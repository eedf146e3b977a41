"""Record one forward pass of a network as a list of operations on values: the trace.

Every analysis of a network's structure (layers, graph, receptive fields, connections) reads the trace, so that it works
for any module that runs, whatever its forward method does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mkdocs_lurk.errors import LurkError, ModelError
from mkdocs_lurk.models.tracing.call_recorder import CallRecorder, ModuleCall, TracedCall
from mkdocs_lurk.models.tracing.dispatch import DispatchRecorder
from mkdocs_lurk.models.tracing.failures import remedy_for
from mkdocs_lurk.models.tracing.layer_calls import CallNamer, LayerCallMode, ParameterOwners
from mkdocs_lurk.models.tracing.operations import Op, Value, digest_operations


@dataclass(frozen=True)
class Trace:
    """One forward pass of a network on a batch of one picture.

    Attributes:
        input: Value id of the picture.
        values: Every value by id.
        ops: In the order in which they ran.
        layer_calls: Convolution and linear calls in the order in which they ran.
        module_calls: In the order in which they began; the first is that of the network itself.
        outputs: Ids of the values that the network returned, flattened.
        parameters: Number of elements of every parameter, by name.
        unused_convolutions: Class name of every convolution module that did not run, by dotted name.
        notes: Sentences about what a reader should know of this pass.
        digest: Of operations, shapes, edges and arguments; without weights, names and classes.
    """

    input: int
    values: tuple[Value, ...]
    ops: tuple[Op, ...]
    layer_calls: tuple[TracedCall, ...]
    module_calls: tuple[ModuleCall, ...]
    outputs: tuple[int, ...]
    parameters: dict[str, int]
    unused_convolutions: dict[str, str]
    notes: tuple[str, ...]
    digest: str

    @property
    def size(self) -> tuple[int, int, int]:
        """The picture's channels, height and width."""
        _, channels, height, width = self.values[self.input].shape
        return channels, height, width


def trace_network(module: nn.Module, x: Tensor) -> Trace:
    """Run a network once and return the trace of that forward pass.

    Args:
        module: In evaluation mode. Its weights, flags and hooks are afterwards as they were.
        x: ``(1, c, h, w)``, float32, on the module's device.

    Raises:
        ModelError: The network takes other inputs, its forward method fails, or its output does not depend on ``x``.
        LayerError: A 1-D or 3-D convolution is asked to read a picture.
    """
    _refuse_several_inputs(module)
    recorder = DispatchRecorder({id(p): name for name, p in module.named_parameters(remove_duplicate=False)})
    calls = CallRecorder(module, recorder)
    x = x.clone()  # the network may overwrite it
    network_input = recorder.start(x)
    outputs = _run_forward(module, x, calls)
    if not outputs:
        raise ModelError(
            "the network's output holds no tensor that depends on the picture; a step through NumPy, .tolist(), "
            "torch.tensor(...), a tensor class of its own or another thread hides the rest from the trace"
        )
    values, ops = tuple(recorder.log.values), tuple(recorder.log.ops)
    return Trace(
        input=network_input,
        values=values,
        ops=ops,
        layer_calls=tuple(calls.layer_calls),
        module_calls=tuple(calls.module_calls),
        outputs=outputs,
        parameters={name: parameter.numel() for name, parameter in module.named_parameters()},
        unused_convolutions=_unused_convolutions(module, calls),
        notes=tuple(recorder.notes),
        digest=digest_operations(values, ops),
    )


def _run_forward(module: nn.Module, x: Tensor, calls: CallRecorder) -> tuple[int, ...]:
    """Run the forward pass under the recorders and return the ids of the values in the network's output."""
    owners = ParameterOwners(module)
    with torch.no_grad(), _without_fused_attention(), owners.track_modules(), calls.record_modules():
        try:
            with LayerCallMode(CallNamer(owners), calls.record_layer), calls.recorder:
                output = module(x)
        except LurkError:
            raise
        except Exception as error:  # whatever the author's forward method raises
            raise ModelError(_describe_failure(error, calls, x)) from error
        return calls.recorder.values_of(output)


def _refuse_several_inputs(module: nn.Module) -> None:
    """Refuse a network that cannot be called with a picture alone."""
    parameters = inspect.signature(module.forward).parameters.values()
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    by_name = inspect.Parameter.KEYWORD_ONLY
    required = [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind in (*by_place, by_name)
    ]
    if required and not any(parameter.kind in (*by_place, parameter.VAR_POSITIONAL) for parameter in parameters):
        raise ModelError(
            f"{type(module).__name__} takes its input by name alone ({', '.join(required)}); let 'source' name a "
            "factory that returns an adapter, a module whose forward(x) passes the picture on"
        )
    if len(required) > 1:
        raise ModelError(
            f"{type(module).__name__} wants {len(required)} inputs ({', '.join(required)}), and a picture is one; let "
            "'source' name a factory that returns an adapter, a module whose forward(x) fills in the others"
        )


@contextmanager
def _without_fused_attention() -> Iterator[None]:
    """Keep attention from running as one fused operation, whose parts cannot be recorded."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _describe_failure(error: Exception, calls: CallRecorder, x: Tensor) -> str:
    call = calls.module_calls[calls.running[-1]] if calls.running else None
    where = f"{call.name!r} ({call.type})" if call and call.name else "its forward method"
    message = (str(error).strip().splitlines() or ["no message"])[0]
    size = " x ".join(str(n) for n in x.shape[1:])
    remedy = remedy_for(error)
    failure = f"the network fails in {where} on a {size} picture: {type(error).__name__}: {message}"
    otherwise = "mend its forward method, or give pictures of the size and the channels that it expects in 'transform'"
    return f"{failure}; {remedy or otherwise}"


def _unused_convolutions(module: nn.Module, calls: CallRecorder) -> dict[str, str]:
    """Return the class names of the convolution modules whose weight no layer call has read, by dotted name."""
    called = {call.name for call in calls.module_calls}
    read = {name for call in calls.layer_calls for name in call.parameters}
    names_of_weights: dict[int, set[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        names_of_weights.setdefault(id(parameter), set()).add(name)
    return {
        name: type(child).__name__
        for name, child in module.named_modules()
        if isinstance(child, nn.modules.conv._ConvNd)
        and name not in called
        and not names_of_weights.get(id(child.weight), set()) & read
    }
