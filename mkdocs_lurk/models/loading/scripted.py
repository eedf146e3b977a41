"""The steps of a TorchScript method, as Python functions over values by name.

What computes is a call of ``torch.ops``, which torch's function modes see; what handles lists, tuples and numbers is
plain Python.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Values = dict[str, Any]
Step = Callable[["ScriptedModule", Values], None]
aten = torch.ops.aten

TRAINING = {"dropout": 2, "dropout_": 2, "feature_dropout": 2, "alpha_dropout": 2, "batch_norm": 5}
"""Where the functions that behave otherwise in training take that flag."""


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


def operation(schema: str) -> Callable[..., Any] | None:
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


def dropped(names: list[str]) -> Step:
    """Let go of values that no later step reads, so that the memory of their tensors is free."""

    def drop(_owner: ScriptedModule, values: Values) -> None:
        for name in names:
            values.pop(name, None)

    return drop


def kept(output: str, value: Any) -> Step:
    """A constant."""
    return lambda _owner, values: values.__setitem__(output, value)


def attribute(source: str, name: str, output: str) -> Step:
    """Read a parameter, a child or a setting of a module."""

    def get(_owner: ScriptedModule, values: Values) -> None:
        held = values[source]
        values[output] = held.value(name) if isinstance(held, ScriptedModule) else getattr(held, name)

    return get


def method_called(inputs: list[str], name: str, output: str) -> Step:
    """Call a method of the module that is the first input."""

    def call(_owner: ScriptedModule, values: Values) -> None:
        values[output] = values[inputs[0]].call(name, *(values[key] for key in inputs[1:]))

    return call


def unpacked(source: str, outputs: list[str]) -> Step:
    """Take a tuple or list apart."""
    return lambda _owner, values: values.update(zip(outputs, values[source], strict=True))


def applied(function: Callable[..., Any], inputs: list[str], outputs: list[str]) -> Step:
    """Apply a function to values; it returns as many as there are outputs."""

    def apply(_owner: ScriptedModule, values: Values) -> None:
        result = function(*(values[name] for name in inputs))
        if len(outputs) == 1:
            values[outputs[0]] = result
        elif outputs:
            values.update(zip(outputs, result, strict=True))

    return apply


def branched(inputs: list[str], outputs: list[str], blocks: list[Graph]) -> Step:
    """Run the first block where the condition holds, else the second."""

    def branch(owner: ScriptedModule, values: Values) -> None:
        chosen = blocks[0] if values[inputs[0]] else blocks[1]
        values.update(zip(outputs, chosen.run(owner, values), strict=True))

    return branch


def looped(inputs: list[str], outputs: list[str], body: Graph) -> Step:
    """Run a block so many times, or until its first output is false; the others are carried on."""

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


PLAIN: dict[str, Callable[..., Any]] = {
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
    "aten::copy.t": list,
    "aten::clear.t": lambda items: items.clear(),
    "aten::reverse.t": lambda items: items.reverse(),
    "aten::mul.left_t": operator.mul,
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
