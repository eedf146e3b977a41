"""Name and catch the convolutions of a running network, however they are called.

A convolution is known by the parameter it reads, not by its class: ``nn.Conv2d``, a functional call, an exported graph
and a module used twice are all seen alike, because every one of them ends in the same few torch functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

aten = torch.ops.aten

CONVOLUTIONS: dict[Any, str] = {
    torch.conv1d: "Conv1d",
    torch.conv2d: "Conv2d",
    torch.conv3d: "Conv3d",
    torch.conv_transpose2d: "ConvTranspose2d",
    aten.conv1d.default: "Conv1d",
    aten.conv2d.default: "Conv2d",
    aten.conv2d.padding: "Conv2d",
    aten.conv3d.default: "Conv3d",
    aten.conv_transpose2d.input: "ConvTranspose2d",
    aten.convolution.default: "Convolution",
}
LINEARS: dict[Any, str] = {
    torch.nn.functional.linear: "Linear",
    aten.linear.default: "Linear",
}


class ParameterOwners:
    """Say to which module of a network a weight belongs.

    A layer's name is the dotted name of the module whose parameter the call reads: ``features.0`` for
    ``features.0.weight``. A parameter with another name keeps it: ``stem.kernel``. A weight that is no parameter
    (a normalised one, say) goes by the innermost module that is running.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._owners: dict[int, str] = {}
        for name, parameter in module.named_parameters(remove_duplicate=False):
            owner = name.removesuffix(".weight") if "." in name else name.removesuffix("weight")
            self._owners.setdefault(id(parameter), owner or name)
        self._running: list[str] = []

    @contextmanager
    def following(self) -> Iterator[None]:
        """Follow which module is running, for as long as the context lasts."""
        with ExitStack() as stack:
            for name, module in self._module.named_modules():
                if isinstance(module, torch.jit.ScriptModule):
                    continue
                enter = module.register_forward_pre_hook(self._enter(name))
                stack.callback(enter.remove)
                leave = module.register_forward_hook(self._leave, always_call=True)
                stack.callback(leave.remove)
            try:
                yield
            finally:
                self._running.clear()

    @property
    def running(self) -> str:
        """The dotted name of the innermost module that is running; empty for the network itself."""
        return self._running[-1] if self._running else ""

    def owner(self, weight: Tensor) -> str:
        """Name the module that ``weight`` belongs to."""
        return self._owners.get(id(weight)) or self.running

    def _enter(self, name: str) -> Callable[[nn.Module, Any], None]:
        def enter(_module: nn.Module, _inputs: Any) -> None:
            self._running.append(name)

        return enter

    def _leave(self, _module: nn.Module, _inputs: Any, _output: Any) -> None:
        if self._running:
            self._running.pop()


class CallNamer:
    """Count the calls of one forward pass, so that each has a name of its own.

    The first call that reads a module's weight has the module's name; the second is ``name:2``, and so on.
    """

    def __init__(self, owners: ParameterOwners) -> None:
        self._owners = owners
        self._seen: Counter[str] = Counter()

    def name(self, weight: Tensor) -> str:
        """Name the call that reads ``weight`` now; each question counts as a call."""
        owner = self._owners.owner(weight)
        self._seen[owner] += 1
        nth = self._seen[owner]
        return owner if nth == 1 else f"{owner}:{nth}"


@dataclass(frozen=True, slots=True)
class LayerCall:
    """One convolution or linear call of a forward pass, before it has run.

    Attributes:
        name: The layer's name, as ``CallNamer`` gives it.
        kind: ``Conv2d``, ``ConvTranspose2d``, ``Linear`` and so on.
        input: What the call reads, ``(n, c, h, w)`` for convolutions.
        weight: The kernel, ``(c_out, c_in / groups, kh, kw)``; transposed kernels have their two first axes exchanged.
        bias: One value a filter, or none.
        settings: The arguments after the bias by name: stride, padding, dilation, transposed, output_padding, groups.
        run: Calls the function as the network would have, and returns its output.
    """

    name: str
    kind: str
    input: Tensor
    weight: Tensor
    bias: Tensor | None
    settings: dict[str, Any]
    run: Callable[[], Tensor]


def slice_filter(call: LayerCall, x: Tensor, index: int) -> LayerCall:
    """The part of a call that computes one filter of ``x``, from the input channels of its group."""
    if call.kind == "Linear":
        return replace(call, input=x, weight=call.weight[index : index + 1])
    groups = int(call.settings.get("groups", 1))
    transposed = call.kind == "ConvTranspose2d"
    per_group = call.weight.shape[1] if transposed else call.weight.shape[0] // groups
    group, width = index // per_group, x.shape[1] // groups
    own = x.narrow(1, group * width, width) if groups > 1 else x
    kernel = call.weight[index : index + 1]
    if transposed:
        place = index % per_group
        kernel = call.weight[group * width : (group + 1) * width, place : place + 1]
    return replace(call, input=own, weight=kernel, settings={**call.settings, "groups": 1})


_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "Conv1d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    "Conv2d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    "Conv3d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    "ConvTranspose2d": ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"),
    "Convolution": (
        "input",
        "weight",
        "bias",
        "stride",
        "padding",
        "dilation",
        "transposed",
        "output_padding",
        "groups",
    ),
    "Linear": ("input", "weight", "bias"),
}


class LayerCallMode(TorchFunctionMode):
    """Hand every convolution and linear call of a forward pass to a function.

    Args:
        names: Names the calls; make a new one for each forward pass.
        catch: Receives each call and returns the output that the network goes on with: ``call.run()``, or a tensor
            of the same shape. What it raises ends the forward pass.
    """

    def __init__(self, names: CallNamer, catch: Callable[[LayerCall], Tensor]) -> None:
        super().__init__()
        self._names = names
        self._catch = catch

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Pass every function through, and the calls of interest by way of ``catch``."""
        kwargs = kwargs or {}
        kind = CONVOLUTIONS.get(func) or LINEARS.get(func)
        if kind is None:
            return func(*args, **kwargs)
        return self._catch(self._call(kind, func, args, kwargs))

    def _call(self, kind: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> LayerCall:
        given = dict(zip(_ARGUMENTS[kind], args, strict=False)) | kwargs
        x, weight, bias = given.pop("input"), given.pop("weight"), given.pop("bias", None)
        if kind == "Convolution":
            kind = ("ConvTranspose" if given.get("transposed") else "Conv") + f"{weight.dim() - 2}d"
        return LayerCall(self._names.name(weight), kind, x, weight, bias, given, lambda: func(*args, **kwargs))
