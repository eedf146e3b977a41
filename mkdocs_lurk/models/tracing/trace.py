"""Record one forward pass of a network as a list of operations on values: the trace.

Everything else that is said about a network's structure (its layers, its graph, its receptive fields) is read from the
trace, so that it holds for any module that runs, whatever its forward method does. ``recorder`` watches the operations.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from mkdocs_lurk.errors import LayerError, LurkError, ModelError
from mkdocs_lurk.models.tracing.dispatch import Constant, DispatchRecorder, Op, Ref, Value
from mkdocs_lurk.models.tracing.layer_calls import CallNamer, LayerCall, LayerCallMode, ParameterOwners

_CONVOLUTION = torch.ops.aten.convolution.default
_DIMENSIONS = {"Conv1d": 1, "Conv3d": 3}


@dataclass(frozen=True, slots=True)
class TracedCall:
    """One convolution or linear call of the pass.

    Attributes:
        name: As ``CallNamer`` gives it.
        kind: ``Conv2d``, ``ConvTranspose2d``, ``Linear``, ``Conv1d``, ``Conv3d``, ...
        input: Value that the call reads; none where it reads a constant.
        output: Value that the call returns; none where it does not depend on the picture.
        op: Index of the operation that multiplies: ``aten.convolution``, or the last one of a linear call.
        parameters: Names of the parameters that the call reads.
        weight: Shape of the kernel.
        settings: Stride, padding and so on, as the call gave them.
    """

    name: str
    kind: str
    input: int | None
    output: int | None
    op: int
    parameters: tuple[str, ...]
    weight: tuple[int, ...]
    settings: dict[str, Any]


@dataclass(slots=True)
class ModuleRun:
    """One run of one module: a span of the trace, nested in the run of its parent.

    Attributes:
        name: Dotted name; empty for the network itself.
        type: Class name of the module.
        parent: Index of the run that this one is nested in, -1 for the network itself.
        ops: Half-open span of operation indices.
        outputs: The values that the module returned.
    """

    name: str
    type: str
    parent: int
    ops: tuple[int, int]
    outputs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trace:
    """One forward pass of a network on a batch of one picture.

    Attributes:
        input: Value id of the picture.
        values: Every value by id.
        ops: In the order in which they ran.
        calls: Convolution and linear calls in the order in which they ran.
        runs: Module runs in the order in which they began; the first is the network itself.
        outputs: What the network returned, flattened.
        parameters: Number of elements of every parameter, by name.
        modules: Class name of every module, whether it ran or not, by dotted name.
        idle: Kind of every convolution module that did not run, by dotted name.
        notes: Sentences about what a reader should know of this pass.
        digest: Of operations, shapes, edges and arguments; without weights, names and classes.
    """

    input: int
    values: tuple[Value, ...]
    ops: tuple[Op, ...]
    calls: tuple[TracedCall, ...]
    runs: tuple[ModuleRun, ...]
    outputs: tuple[int, ...]
    parameters: dict[str, int]
    modules: dict[str, str]
    idle: dict[str, str]
    notes: tuple[str, ...]
    digest: str

    @property
    def size(self) -> tuple[int, int, int]:
        """The picture's channels, height and width."""
        _, channels, height, width = self.values[self.input].shape
        return channels, height, width


def trace_network(module: nn.Module, x: Tensor) -> Trace:
    """Run ``module`` once on ``x`` and write down what happens.

    Args:
        module: In evaluation mode. Its weights, flags and hooks are afterwards as they were.
        x: ``(1, c, h, w)``, float32, on the module's device.

    Raises:
        ModelError: The network wants other inputs, or its forward method fails.
        LayerError: A 1-D or 3-D convolution was asked to read a picture.
    """
    _refuse_inputs(module)
    owners = ParameterOwners(module)
    names = {id(tensor): name for name, tensor in module.named_parameters(remove_duplicate=False)}
    recorder = DispatchRecorder(names, {id(buffer) for buffer in module.buffers()})
    watch = _Watch(module, recorder)
    with torch.no_grad(), _without_fast_paths(), owners.following(), watch.following():
        catch = LayerCallMode(CallNamer(owners), watch.catch)
        start = recorder.start(x)
        try:
            with catch, recorder:
                result = module(x)
        except LurkError:
            raise
        except Exception as error:
            raise ModelError(_failure(error, watch.stack, watch.runs, x)) from error
        outputs = recorder.values_of(result)
    if not outputs:
        raise ModelError("the network's output holds no tensor that depends on the picture")
    return Trace(
        input=start,
        values=tuple(recorder.values),
        ops=tuple(recorder.ops),
        calls=tuple(watch.calls),
        runs=tuple(watch.runs),
        outputs=outputs,
        parameters={name: p.numel() for name, p in module.named_parameters()},
        modules={name: type(child).__name__ for name, child in module.named_modules()},
        idle=_idle(module, watch),
        notes=tuple(recorder.notes),
        digest=_digest(recorder.values, recorder.ops),
    )


@dataclass(slots=True)
class _Watch:
    """Follow modules and layer calls while the recorder follows operations."""

    module: nn.Module
    recorder: DispatchRecorder
    calls: list[TracedCall] = field(default_factory=list)
    runs: list[ModuleRun] = field(default_factory=list)
    stack: list[int] = field(default_factory=list)

    @contextmanager
    def following(self) -> Iterator[None]:
        with ExitStack() as handles:
            for name, module in self.module.named_modules():
                if not isinstance(module, torch.jit.ScriptModule):
                    handles.callback(module.register_forward_pre_hook(self._enter(name)).remove)
                    handles.callback(module.register_forward_hook(self._leave).remove)
            yield

    def _enter(self, name: str) -> Any:
        def enter(module: nn.Module, _inputs: Any) -> None:
            parent = self.stack[-1] if self.stack else -1
            now = len(self.recorder.ops)
            self.stack.append(len(self.runs))
            self.runs.append(ModuleRun(name, type(module).__name__, parent, (now, now)))
            self.recorder.run = self.stack[-1]

        return enter

    def _leave(self, _module: nn.Module, _inputs: Any, output: Any) -> None:
        run = self.runs[self.stack.pop()]
        run.ops = (run.ops[0], len(self.recorder.ops))
        run.outputs = self.recorder.values_of(output)
        self.recorder.run = self.stack[-1] if self.stack else 0

    def catch(self, call: LayerCall) -> Tensor:
        dimensions = _DIMENSIONS.get(call.kind)
        if dimensions is not None and call.input.dim() != dimensions + 2:
            raise LayerError(
                f"layer {call.name!r} is a {call.kind}, which cannot read a picture: "
                "only networks of 2-D convolutions on pictures (channels, height, width) can be shown"
            )
        source = self.recorder.value_of(call.input)
        begin = len(self.recorder.ops)
        output = call.run()
        made = range(begin, len(self.recorder.ops))
        op = next((i for i in reversed(made) if self.recorder.ops[i].target is _CONVOLUTION), max(begin, made.stop) - 1)
        reads = [name for t in (call.weight, call.bias) if t is not None for name in self.recorder.names_of(t)]
        self.calls.append(
            TracedCall(
                name=call.name,
                kind=call.kind,
                input=source,
                output=self.recorder.value_of(output),
                op=op,
                parameters=tuple(reads),
                weight=tuple(call.weight.shape),
                settings=dict(call.settings),
            )
        )
        return output


def _refuse_inputs(module: nn.Module) -> None:
    """Refuse a network that cannot be called with just a picture."""
    if isinstance(module, torch.jit.ScriptModule):
        return
    wanted = [
        p.name
        for p in inspect.signature(module.forward).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    if len(wanted) > 1:
        raise ModelError(
            f"{type(module).__name__} wants {len(wanted)} inputs ({', '.join(wanted)}), and a picture is one: let "
            "'source' name a factory that returns an adapter, a module whose forward(x) fills in the others"
        )


@contextmanager
def _without_fast_paths() -> Iterator[None]:
    """Keep attention from being fused into one operation that cannot be read."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _failure(error: Exception, stack: list[int], runs: list[ModuleRun], x: Tensor) -> str:
    run = runs[stack[-1]] if stack else None
    where = f"{run.name!r} ({run.type})" if run and run.name else "its forward method"
    said = (str(error).strip().splitlines() or ["no message"])[0]
    size = " x ".join(str(n) for n in x.shape[1:])
    return f"the network fails in {where} on a {size} picture: {type(error).__name__}: {said}"


def _idle(module: nn.Module, watch: _Watch) -> dict[str, str]:
    """Name the convolution modules whose weight no call of the pass has read."""
    ran = {run.name for run in watch.runs}
    read = {name for call in watch.calls for name in call.parameters}
    aliases: dict[int, set[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        aliases.setdefault(id(parameter), set()).add(name)
    idle = {}
    for name, child in module.named_modules():
        if isinstance(child, nn.modules.conv._ConvNd) and name not in ran:
            weight = aliases.get(id(child.weight), set())
            if not weight & read:
                idle[name] = type(child).__name__
    return idle


def _digest(values: list[Value], ops: list[Op]) -> str:
    """Digest operations, shapes, edges and arguments."""
    made = hashlib.sha256()
    for op in ops:
        shapes = [values[i].shape for i in op.outputs if i is not None]
        made.update(f"{op.target}{_spell(op.args)}{_spell(op.kwargs)}{op.outputs}{shapes}\n".encode())
    return made.hexdigest()


def _spell(argument: Any) -> str:
    if isinstance(argument, Ref):
        return f"%{argument.id}"
    if isinstance(argument, Constant):
        return argument.spell()
    if isinstance(argument, dict):
        return "{" + ",".join(f"{key}={_spell(argument[key])}" for key in sorted(argument)) + "}"
    if isinstance(argument, (list, tuple)):
        return "[" + ",".join(_spell(item) for item in argument) + "]"
    return str(argument)


def references(op: Op) -> tuple[int, ...]:
    """The values that an operation reads, in the order of its arguments, each once."""
    leaves = tree_leaves((op.args, op.kwargs), is_leaf=lambda leaf: isinstance(leaf, (Ref, Constant)))
    return tuple(dict.fromkeys(leaf.id for leaf in leaves if isinstance(leaf, Ref)))
