"""Record which modules and which layers a forward pass calls, while its operations are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from mkdocs_lurk.errors import ChannelsError, LayerError
from mkdocs_lurk.models.tracing.dispatch import DispatchRecorder
from mkdocs_lurk.models.tracing.layer_calls import ForwardPreHook, LayerCall, hookable_modules

_CONVOLUTION = torch.ops.aten.convolution.default
_OTHER_DIMENSIONS = {"Conv1d": 1, "Conv3d": 3}


@dataclass(frozen=True, slots=True)
class TracedCall:
    """One convolution or linear call of the pass.

    Attributes:
        name: As ``CallNamer`` gives it.
        kind: ``Conv2d``, ``ConvTranspose2d``, ``Linear``, ``Conv1d``, ``Conv3d``, ...
        input: Value id of the layer's input; None if it is a constant.
        output: Value id of the layer's output; None if it does not depend on the network's input.
        op: Index of the operation that multiplies: ``aten.convolution``, or the last one of a linear call.
        ops: Half-open span of the indices of all its operations.
        parameters: Names of the parameters that the call reads.
        weight_shape: Of the kernel.
    """

    name: str
    kind: str
    input: int | None
    output: int | None
    op: int
    ops: tuple[int, int]
    parameters: tuple[str, ...]
    weight_shape: tuple[int, ...]


@dataclass(slots=True)
class ModuleCall:
    """One call of one module: a span of the trace, nested in the call of its parent.

    Attributes:
        name: Dotted name; empty for the network itself.
        type: Class name of the module.
        parent: Index of the call in which this one is nested; -1 for the network itself.
        ops: Half-open span of operation indices.
        outputs: Ids of the values that the module returned.
    """

    name: str
    type: str
    parent: int
    ops: tuple[int, int]
    outputs: tuple[int, ...] = ()


@dataclass(slots=True)
class CallRecorder:
    """Record the module and layer calls of one forward pass.

    Attributes:
        module: The network.
        recorder: Records the operations meanwhile; it is told which module is running.
        layer_calls: Convolution and linear calls in the order in which they ran.
        module_calls: In the order in which they began.
        running: Indices of the module calls that are running, the innermost last.
    """

    module: nn.Module
    recorder: DispatchRecorder
    layer_calls: list[TracedCall] = field(default_factory=list)
    module_calls: list[ModuleCall] = field(default_factory=list)
    running: list[int] = field(default_factory=list)

    @contextmanager
    def record_modules(self) -> Iterator[None]:
        """Record module calls while the context lasts, through hooks that are removed after it."""
        with ExitStack() as hooks:
            for name, module in hookable_modules(self.module):
                hooks.callback(module.register_forward_pre_hook(self._enter(name)).remove)
                hooks.callback(module.register_forward_hook(self._leave).remove)
            yield

    def record_layer(self, call: LayerCall) -> Tensor:
        """Run a layer's call, record it, and return its output.

        Raises:
            LayerError: A 1-D or 3-D convolution is asked to read a picture, or one that takes other channels.
        """
        dimensions = _OTHER_DIMENSIONS.get(call.kind)
        if dimensions is not None and call.input.dim() != dimensions + 2:
            raise LayerError(
                f"layer {call.name!r} is a {call.kind}, which cannot read a picture; "
                "let 'source' name a network of 2-D convolutions on pictures (channels, height, width)"
            )
        self._check_channels(call)
        ops = self.recorder.log.ops
        input_value, begin = self.recorder.value_of(call.input), len(ops)
        output = call.run()
        last = len(ops) - 1
        op = next((i for i in range(last, begin - 1, -1) if ops[i].target is _CONVOLUTION), last)
        read = [tensor for tensor in (call.weight, call.bias) if tensor is not None]
        self.layer_calls.append(
            TracedCall(
                name=call.name,
                kind=call.kind,
                input=input_value,
                output=self.recorder.value_of(output),
                op=op,
                ops=(begin, len(ops)),
                parameters=tuple(name for tensor in read for name in self.recorder.names_of(tensor)),
                weight_shape=tuple(call.weight.shape),
            )
        )
        return output

    def _check_channels(self, call: LayerCall) -> None:
        """Raise a ``ChannelsError`` if the first layer reads the picture, but takes another number of channels."""
        if self.layer_calls or call.kind not in ("Conv2d", "ConvTranspose2d") or call.input.dim() != 4:
            return
        groups = int(call.settings.get("groups", 1))
        taken = call.weight.shape[0] if call.kind == "ConvTranspose2d" else call.weight.shape[1] * groups
        channels = call.input.shape[1]
        if channels != taken and channels == self.recorder.log.values[0].shape[1]:
            plural = "s" if taken > 1 else ""
            problem = f"takes {taken} channel{plural}, but the transform makes pictures of {channels}"
            raise ChannelsError(f"layer {call.name!r} {problem}", taken)

    def _enter(self, name: str) -> ForwardPreHook:
        def enter(module: nn.Module, _inputs: tuple[object, ...]) -> None:
            parent = self.running[-1] if self.running else -1
            now = len(self.recorder.log.ops)
            self.running.append(len(self.module_calls))
            self.module_calls.append(ModuleCall(name, type(module).__name__, parent, (now, now)))
            self.recorder.log.module_call = self.running[-1]

        return enter

    def _leave(self, _module: nn.Module, _inputs: tuple[object, ...], output: object) -> None:
        call = self.module_calls[self.running.pop()]
        call.ops = (call.ops[0], len(self.recorder.log.ops))
        call.outputs = self.recorder.values_of(output)
        self.recorder.log.module_call = self.running[-1] if self.running else 0
