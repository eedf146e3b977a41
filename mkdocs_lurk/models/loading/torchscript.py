"""Run a TorchScript archive step by step in Python, so that every call in it can be seen and changed.

TorchScript's own interpreter hides its calls from torch's function modes. Here the archive becomes a tree of ordinary
modules with the archive's parameters and names; each method's graph is turned once into Python steps, and every step
that computes is a call of ``torch.ops``. Control flow, submodules and batch size stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.scripted import (
    PLAIN,
    TRAINING,
    Graph,
    ScriptedModule,
    Step,
    applied,
    attribute,
    branched,
    dropped,
    kept,
    looped,
    method_called,
    operation,
    unpacked,
)


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
            steps.append(dropped(spent))
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
            return branched(inputs, outputs, blocks) if kind == "prim::If" else looped(inputs, outputs, blocks[0])
        if kind == "prim::GetAttr":
            return attribute(inputs[0], node.s("name"), outputs[0])
        if kind == "prim::CallMethod":
            return method_called(inputs, node.s("name"), outputs[0])
        if kind in ("prim::TupleUnpack", "prim::ListUnpack"):
            return unpacked(inputs[0], outputs)
        return applied(self._function(kind, node), inputs, outputs)

    def _function(self, kind: str, node: Any) -> Callable[..., Any]:
        """What computes a node's outputs from its inputs."""
        if kind == "prim::CallFunction":
            function = self._called(next(iter(node.inputs())).type().annotation_str)
            return lambda _function, *given: function(None, *given)
        if kind in PLAIN:
            return PLAIN[kind]
        if kind.startswith(("quantized::", "_quantized::")) or kind in (
            "aten::quantize_per_tensor",
            "aten::dequantize",
        ):
            raise ModelError(
                f"{self._subject}: the archive is quantised ({kind}); give the network before quantisation"
            )
        flag = TRAINING.get(kind.removeprefix("aten::"))
        if (
            flag is not None
            and node.inputsAt(flag).node().kind() == "prim::Constant"
            and node.inputsAt(flag).toIValue()
        ):
            raise ModelError(
                f"{self._subject}: the archive was made in training mode ({kind}); call .eval() on the network first"
            )
        schema = node.schema()
        if (name := schema.partition("(")[0]) in PLAIN:
            return PLAIN[name]
        found = operation(schema) if schema and schema != "(no schema)" else None
        if found is None:
            raise ModelError(f"{self._subject}: the archive's step {kind} is not known here; use torch.export instead")
        return found

    def _called(self, name: str) -> Graph:
        if name not in self._functions:
            self._functions[name] = self._graph(self._unit.find_function(name).graph)
        return self._functions[name]

    def _constant(self, node: Any, output: str) -> Step:
        if node.hasAttribute("name"):  # a function, which the call finds by its type
            return kept(output, None)
        value = node.output().toIValue()
        if isinstance(value, torch.device):
            value = torch.device("cpu")
        if isinstance(value, Tensor) and value.is_floating_point() and value.dim() > 0 and self._root is not None:
            name = self._constants.get(output) or f"constant_{len(self._root._parameters)}"
            self._root.register_parameter(name, self._parameter(value))
            root = self._root
            return lambda _owner, values: values.__setitem__(output, getattr(root, name))
        return kept(output, value)


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
