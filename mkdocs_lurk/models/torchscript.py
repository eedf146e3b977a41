"""Run a TorchScript archive step by step in Python, so that every call in it can be seen and changed.

TorchScript's own interpreter hides its calls from torch's function modes. Here the archive becomes a tree of ordinary
modules with the archive's parameters and names; each method's graph is turned once into Python steps, and every step
that computes is a call of ``torch.ops``. Control flow, submodules and batch size stay as they were.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mkdocs_lurk.errors import ModelError

Values = dict[str, Any]
Step = Callable[["ScriptedModule", Values], None]
aten = torch.ops.aten


def load_torchscript(path: Path, subject: str) -> nn.Module:
    """Read a TorchScript archive.

    Raises:
        ModelError: It is damaged, quantised, or holds a step that is not known here.
    """
    unit = torch._C.CompilationUnit()
    try:
        script = torch._C.import_ir_module(unit, str(path), torch.device("cpu"), {}, False)  # type: ignore[call-arg]
    except (RuntimeError, ValueError) as reason:
        said = " ".join(str(reason).split())[:160]
        raise ModelError(f"{subject}: {path.name} cannot be read as TorchScript ({said}); save it again") from reason
    try:
        return _Reader(unit, subject).module(script)
    except RuntimeError as reason:
        said = " ".join(str(reason).split())[:160]
        raise ModelError(
            f"{subject}: {path.name} cannot be followed step by step ({said}); use torch.export"
        ) from reason


class ScriptedModule(nn.Module):
    """One module of an archive: its parameters and children under their own names, its methods as steps."""

    def __init__(self, attributes: dict[str, Any]) -> None:
        super().__init__()
        self.scripted_attributes = attributes
        self.scripted_methods: dict[str, Graph] = {}

    def value(self, name: str) -> Any:
        """An attribute as the archive's own steps see it."""
        if name == "training":
            return self.training
        return self.scripted_attributes[name] if name in self.scripted_attributes else getattr(self, name)

    def call(self, method: str, *inputs: Any) -> Any:
        """Run a method; ``forward`` goes by way of the module's hooks."""
        return self(*inputs) if method == "forward" else self.scripted_methods[method](self, *inputs)

    def forward(self, *inputs: Any) -> Any:
        """Run the archive's ``forward``."""
        if "forward" not in self.scripted_methods:
            raise NotImplementedError("this part of the archive has no forward")
        return self.scripted_methods["forward"](self, *inputs)


class Graph:
    """A method or function as Python steps."""

    def __init__(self, inputs: list[str], steps: list[Step], outputs: list[str]) -> None:
        self.inputs, self.steps, self.outputs = inputs, steps, outputs

    def __call__(self, owner: ScriptedModule | None, *given: Any) -> Any:
        """Run with the inputs in their order; more than one output is a tuple."""
        values: Values = dict(zip(self.inputs, (given if owner is None else (owner, *given)), strict=False))
        results = self.run(owner, values)  # type: ignore[arg-type] # a function's steps ask for no owner
        return results[0] if len(results) == 1 else None if not results else tuple(results)

    def run(self, owner: ScriptedModule, values: Values) -> list[Any]:
        """Run the steps on values by name, and give the outputs."""
        for step in self.steps:
            step(owner, values)
        return [values[name] for name in self.outputs]


class _Reader:
    """Turns the parts of one archive into modules and steps, each of them once."""

    def __init__(self, unit: Any, subject: str) -> None:
        self._unit, self._subject = unit, subject
        self._functions: dict[str, Graph] = {}
        self._parameters: dict[tuple[int, tuple[int, ...]], nn.Parameter] = {}
        self._root: ScriptedModule | None = None
        self._constants: dict[str, str] = {}

    def module(self, script: Any) -> ScriptedModule:
        """Make the module of a script module, with its children and methods."""
        tensors = dict(torch._C.ParameterDict(script).items())  # type: ignore[attr-defined]
        buffers = dict(torch._C.BufferDict(script).items())  # type: ignore[attr-defined]
        children = dict(torch._C.ModuleDict(script).items())
        names = _attribute_names(script)
        taken = {*tensors, *buffers, *children, "training"}
        module = ScriptedModule({name: script.getattr(name) for name in names if name not in taken})
        self._root = self._root or module
        for name, tensor in tensors.items():
            module.register_parameter(name, None if tensor is None else self._parameter(tensor))
        for name, tensor in buffers.items():
            module.register_buffer(name, None if tensor is None else tensor.detach())
        for name, child in children.items():
            module.add_module(name, self.module(child))
        for name in script._method_names():
            module.scripted_methods[name] = self._graph(script._get_method(name).graph)
        return module

    def _parameter(self, tensor: Tensor) -> nn.Parameter:
        """The parameter of a tensor; one that two modules share stays shared."""
        key = (tensor.data_ptr(), tuple(tensor.shape)) if tensor.numel() else (id(tensor), ())
        if key not in self._parameters:
            self._parameters[key] = nn.Parameter(tensor.detach(), requires_grad=tensor.is_floating_point())
        return self._parameters[key]

    def _graph(self, graph: Any) -> Graph:
        outputs = {value.debugName() for value in graph.outputs()}
        last: dict[str, int] = {}
        for place, node in enumerate(graph.nodes()):
            last.update(dict.fromkeys(_read_by(node), place))
        self._name_constants(graph)
        steps = []
        for place, node in enumerate(graph.nodes()):
            steps.append(self._step(node))
            spent = [name for name, end in last.items() if end == place and name not in outputs]
            steps.append(_drop(spent))
        return Graph([value.debugName() for value in graph.inputs()], steps, [v.debugName() for v in graph.outputs()])

    def _name_constants(self, graph: Any) -> None:
        """Name the weights that freezing has made into constants by the order of the calls that read them."""
        for node in graph.nodes():
            word = {"conv": "conv", "_con": "conv", "line": "linear"}.get(node.kind().removeprefix("aten::")[:4])
            inputs = list(node.inputs())
            if word and len(inputs) > 1 and inputs[1].node().kind() == "prim::Constant":
                self._constants.setdefault(inputs[1].debugName(), f"{word}_{len(self._constants)}")

    def _block(self, block: Any) -> Graph:
        steps = [self._step(node) for node in block.nodes()]
        return Graph([value.debugName() for value in block.inputs()], steps, [v.debugName() for v in block.outputs()])

    def _step(self, node: Any) -> Step:
        kind = node.kind()
        inputs = [value.debugName() for value in node.inputs()]
        outputs = [value.debugName() for value in node.outputs()]
        if kind == "prim::Constant":
            return self._constant(node, outputs[0])
        if kind in ("prim::If", "prim::Loop"):
            blocks = [self._block(block) for block in node.blocks()]
            return _branch(inputs, outputs, blocks) if kind == "prim::If" else _loop(inputs, outputs, blocks[0])
        if kind == "prim::GetAttr":
            return _get(inputs[0], node.s("name"), outputs[0])
        if kind == "prim::CallMethod":
            return _method(inputs, node.s("name"), outputs[0])
        if kind in ("prim::TupleUnpack", "prim::ListUnpack"):
            return _unpack(inputs[0], outputs)
        return _apply(self._function(kind, node), inputs, outputs)

    def _function(self, kind: str, node: Any) -> Callable[..., Any]:
        """What computes a node's outputs from its inputs."""
        if kind == "prim::CallFunction":
            function = self._called(next(iter(node.inputs())).type().annotation_str)
            return lambda _function, *given: function(None, *given)
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind.startswith(("quantized::", "_quantized::")) or kind in (
            "aten::quantize_per_tensor",
            "aten::dequantize",
        ):
            raise ModelError(
                f"{self._subject}: the archive is quantised ({kind}); give the network before quantisation"
            )
        schema = node.schema()
        found = _operator(schema) if schema and schema != "(no schema)" else None
        if found is None:
            raise ModelError(f"{self._subject}: the archive's step {kind} is not known here; use torch.export instead")
        return found

    def _called(self, name: str) -> Graph:
        if name not in self._functions:
            self._functions[name] = self._graph(self._unit.find_function(name).graph)
        return self._functions[name]

    def _constant(self, node: Any, output: str) -> Step:
        if node.hasAttribute("name"):  # a function, which the call finds by its type
            return _keep(output, None)
        value = node.output().toIValue()
        if isinstance(value, torch.device):
            value = torch.device("cpu")
        if isinstance(value, Tensor) and value.is_floating_point() and value.dim() > 0 and self._root is not None:
            name = self._constants.get(output) or f"constant_{len(self._root._parameters)}"
            self._root.register_parameter(name, self._parameter(value))
            root = self._root
            return lambda _owner, values: values.__setitem__(output, getattr(root, name))
        return _keep(output, value)


def _attribute_names(script: Any) -> list[str]:
    """The names of a script module's attributes, read off the ``GetAttr`` steps of its methods."""
    names = set()
    for method in script._method_names():
        graph = script._get_method(method).graph
        for node in graph.findAllNodes("prim::GetAttr", recurse=True):
            if node.input().debugName() == next(iter(graph.inputs())).debugName():
                names.add(node.s("name"))
        if graph.findNode("prim::SetAttr") is not None:
            raise RuntimeError(f"its method {method} changes the network itself")
    return sorted(names)


def _read_by(node: Any) -> set[str]:
    """The names of the values that a node reads, in its blocks too."""
    names = {value.debugName() for value in node.inputs()}
    for block in node.blocks():
        names.update(value.debugName() for value in block.outputs())
        for inner in block.nodes():
            names |= _read_by(inner)
    return names


def _operator(schema: str) -> Callable[..., Any] | None:
    """The call of ``torch.ops`` for a schema, its keyword-only arguments given by name."""
    full = schema.partition("(")[0]
    space, _, name = full.partition("::")
    name, _, overload = name.partition(".")
    try:
        found = getattr(getattr(getattr(torch.ops, space), name), overload or "default")
    except (AttributeError, RuntimeError):
        return None
    arguments = found._schema.arguments
    named = [argument.name for argument in arguments if argument.kwarg_only]
    if not named:
        return found  # type: ignore[no-any-return]
    plain = len(arguments) - len(named)
    return lambda *given: found(*given[:plain], **dict(zip(named, given[plain:], strict=False)))


def _drop(names: list[str]) -> Step:
    """Let go of values that no later step reads, so that the memory of their tensors is free."""

    def drop(_owner: ScriptedModule, values: Values) -> None:
        for name in names:
            values.pop(name, None)

    return drop


def _keep(output: str, value: Any) -> Step:
    return lambda _owner, values: values.__setitem__(output, value)


def _get(source: str, name: str, output: str) -> Step:
    def get(_owner: ScriptedModule, values: Values) -> None:
        held = values[source]
        values[output] = held.value(name) if isinstance(held, ScriptedModule) else getattr(held, name)

    return get


def _method(inputs: list[str], name: str, output: str) -> Step:
    def call(_owner: ScriptedModule, values: Values) -> None:
        values[output] = values[inputs[0]].call(name, *(values[key] for key in inputs[1:]))

    return call


def _unpack(source: str, outputs: list[str]) -> Step:
    return lambda _owner, values: values.update(zip(outputs, values[source], strict=True))


def _apply(function: Callable[..., Any], inputs: list[str], outputs: list[str]) -> Step:
    def apply(_owner: ScriptedModule, values: Values) -> None:
        result = function(*(values[name] for name in inputs))
        if len(outputs) == 1:
            values[outputs[0]] = result
        elif outputs:
            values.update(zip(outputs, result, strict=True))

    return apply


def _branch(inputs: list[str], outputs: list[str], blocks: list[Graph]) -> Step:
    def branch(owner: ScriptedModule, values: Values) -> None:
        chosen = blocks[0] if values[inputs[0]] else blocks[1]
        values.update(zip(outputs, chosen.run(owner, values), strict=True))

    return branch


def _loop(inputs: list[str], outputs: list[str], body: Graph) -> Step:
    def loop(owner: ScriptedModule, values: Values) -> None:
        trips, going, *carried = (values[name] for name in inputs)
        trip = 0
        while trip < trips and going:
            values.update(zip(body.inputs, [trip, *carried], strict=True))
            going, *carried = body.run(owner, values)
            trip += 1
        values.update(zip(outputs, carried, strict=True))

    return loop


def _raised(message: Any, *_rest: Any) -> None:
    raise RuntimeError(str(message))


def _added(a: Any, b: Any, alpha: Any = 1) -> Any:
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return torch.add(torch.as_tensor(a), b, alpha=alpha)
    return a + b


def _item(held: Any, index: Any) -> Any:
    return held[index]


def _slice(held: Any, *given: Any) -> Any:
    if isinstance(held, Tensor):
        return aten.slice.Tensor(held, *given)
    start, end, step = (*given, None, None, None)[:3]
    return held[start:end:step]


def _equal(a: Any, b: Any) -> Any:
    return torch.eq(a, b) if isinstance(a, Tensor) else a == b


def _unequal(a: Any, b: Any) -> Any:
    return torch.ne(a, b) if isinstance(a, Tensor) else a != b


def _dictionary(*given: Any) -> dict[Any, Any]:
    return dict(zip(given[::2], given[1::2], strict=True))


_PLAIN: dict[str, Callable[..., Any]] = {
    # values that are no tensors: torch.ops takes some of them only from TorchScript itself
    "prim::ListConstruct": lambda *items: list(items),
    "prim::TupleConstruct": lambda *items: tuple(items),
    "prim::DictConstruct": _dictionary,
    "prim::TupleIndex": _item,
    "prim::Uninitialized": lambda: None,
    "prim::RaiseException": _raised,
    "prim::unchecked_cast": lambda value: value,
    "prim::unchecked_unwrap_optional": lambda value: value,
    "prim::NumToTensor": torch.tensor,
    "prim::dtype": operator.attrgetter("dtype"),
    "prim::device": operator.attrgetter("device"),
    "prim::is_cuda": operator.attrgetter("is_cuda"),
    "prim::requires_grad": lambda _tensor: False,
    "prim::data": operator.methodcaller("detach"),
    "aten::_unwrap_optional": lambda value: value,
    "aten::__getitem__": _item,
    "aten::_set_item": operator.setitem,
    "aten::__contains__": operator.contains,
    "aten::__is__": operator.is_,
    "aten::__isnot__": operator.is_not,
    "aten::__not__": operator.not_,
    "aten::len": len,
    "aten::append": lambda items, item: items.append(item),
    "aten::extend": lambda items, more: items.extend(more),
    "aten::insert": lambda items, place, item: items.insert(place, item),
    "aten::pop": lambda items, *place: items.pop(*place),
    "aten::list": list,
    "aten::keys": list,
    "aten::values": lambda held: list(held.values()),
    "aten::items": lambda held: list(held.items()),
    "aten::format": lambda form, *given: form.format(*given),
    "aten::warn": lambda *_given: None,
    "aten::Int": int,
    "aten::Float": float,
    "aten::Bool": bool,
    "aten::IntImplicit": int,
    "aten::FloatImplicit": float,
    "aten::ScalarImplicit": lambda value: value.item(),
    "aten::size": lambda x, *dim: list(x.shape) if not dim else x.shape[dim[0]],
    "aten::dim": lambda x: x.dim(),
    "aten::slice": _slice,
    "aten::eq": _equal,
    "aten::ne": _unequal,
    "aten::add": _added,
    # a traced convolution; the last arguments are settings of cuDNN
    "aten::_convolution": lambda *given: aten.convolution.default(*given[:9]),
}
