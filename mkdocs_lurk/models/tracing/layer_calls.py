"""Name and intercept the convolutions and linear layers of a running network, however they are called.

A layer is known by the parameter that it reads, not by its class: ``nn.Conv2d``, a functional call, an exported graph
and a module that is used twice are all treated alike, since each of them ends in the same few torch functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.models.tracing.operations import Argument, TorchFunction

aten = torch.ops.aten

ForwardPreHook: TypeAlias = Callable[[nn.Module, tuple[object, ...]], None]

CONVOLUTIONS: dict[TorchFunction, str] = {
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
LINEARS: dict[TorchFunction, str] = {
    torch.nn.functional.linear: "Linear",
    aten.linear.default: "Linear",
}


_NETWORK = "forward"
"""What layers are named whose weights the network itself computes; no module can have this name."""


def hookable_modules(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield every module that takes hooks, with its dotted name; the network itself has an empty one."""
    for name, child in module.named_modules():
        # An author's network may hold a scripted submodule: it refuses hooks with an error, and what runs in it
        # counts as part of the module that calls it.
        if not isinstance(child, torch.jit.ScriptModule):
            yield name, child


class ParameterOwners:
    """Know to which module of a network a weight belongs.

    A layer's name is the dotted name of the module whose parameter the call reads: ``features.0`` for
    ``features.0.weight``. A parameter with another name keeps it: ``stem.kernel``. Where several modules share one
    parameter, it belongs to the one that is running, or else to the first. A weight that is not a parameter
    (one that is normalised first, say) belongs to the innermost module that is running, or to ``forward``, if that is
    the network itself.

    Attributes:
        names: Of all modules and parameters that a weight can belong to.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._owners: dict[int, list[str]] = {}
        for name, parameter in module.named_parameters(remove_duplicate=False):
            owner = name.removesuffix(".weight") if "." in name else name.removesuffix("weight")
            self._owners.setdefault(id(parameter), []).append(owner or name)
        self.names = {*chain.from_iterable(self._owners.values()), *(name for name, _ in module.named_modules())}
        self._running: list[str] = []
        self._tracking = False

    @contextmanager
    def track_modules(self) -> Iterator[None]:
        """Keep track of which module is running while the context lasts, through hooks that are removed after it.

        A context within another leaves the hooks alone: they cost more than the pass of a deep network of small layers.
        """
        if self._tracking:
            try:
                yield
            finally:
                self._running.clear()
            return
        self._tracking = True
        with ExitStack() as hooks:
            hooks.callback(setattr, self, "_tracking", False)
            for name, module in hookable_modules(self._module):
                hooks.callback(module.register_forward_pre_hook(self._enter(name)).remove)
                hooks.callback(module.register_forward_hook(self._leave, always_call=True).remove)
            try:
                yield
            finally:
                self._running.clear()

    @property
    def running(self) -> str:
        """The dotted name of the innermost module that is running; empty for the network itself."""
        return self._running[-1] if self._running else ""

    def owner(self, weight: Tensor) -> str:
        """Return the dotted name of the module that ``weight`` belongs to."""
        owners = self._owners.get(id(weight))
        if owners is None:
            return self.running or _NETWORK
        return self.running if self.running in owners else owners[0]

    def _enter(self, name: str) -> ForwardPreHook:
        def enter(_module: nn.Module, _inputs: tuple[object, ...]) -> None:
            self._running.append(name)

        return enter

    def _leave(self, _module: nn.Module, _inputs: tuple[object, ...], _output: object) -> None:
        if self._running:
            self._running.pop()


class CallNamer:
    """Give each layer call of one forward pass a name of its own.

    The first call that reads a module's weight has the module's name; the second is ``name:2``, and so on. A number is
    left out if a module has that very name.
    """

    def __init__(self, owners: ParameterOwners) -> None:
        self._owners = owners
        self._calls: Counter[str] = Counter()

    def name_next(self, weight: Tensor) -> str:
        """Name the call that reads ``weight`` now, and count it."""
        owner = self._owners.owner(weight)
        self._calls[owner] += 1
        while self._calls[owner] > 1 and f"{owner}:{self._calls[owner]}" in self._owners.names:
            self._calls[owner] += 1
        number = self._calls[owner]
        return owner if number == 1 else f"{owner}:{number}"


@dataclass(frozen=True, slots=True)
class LayerCall:
    """One convolution or linear call of a forward pass, before it has run.

    Attributes:
        name: The layer's name, as ``CallNamer`` gives it.
        kind: ``Conv2d``, ``ConvTranspose2d``, ``Linear`` and so on.
        input: The layer's input, ``(n, c, h, w)`` for a 2-D convolution.
        weight: The kernel, ``(c_out, c_in / groups, kh, kw)``; ``(c_in, c_out / groups, kh, kw)`` if transposed.
        bias: One value per filter, or None.
        settings: The arguments after the bias by name: stride, padding, dilation, transposed, output_padding, groups.
        run: Calls the function as the network would have, and returns the layer's output.
    """

    name: str
    kind: str
    input: Tensor
    weight: Tensor
    bias: Tensor | None
    settings: dict[str, Argument]
    run: Callable[[], Tensor]


def slice_filter(call: LayerCall, x: Tensor, index: int) -> LayerCall:
    """Return the part of a call that computes one filter's map of ``x``.

    Args:
        call: A convolution or linear call.
        x: Inputs of the layer, ``(n, c_in, h, w)`` for a 2-D convolution.
        index: Of the filter.

    Returns:
        A call without groups, whose kernel is the filter's and whose input holds the channels of its group.
    """
    if call.kind == "Linear":
        return replace(call, input=x, weight=call.weight[index : index + 1])
    groups = int(call.settings.get("groups", 1))
    transposed = call.kind == "ConvTranspose2d"
    filters_per_group = call.weight.shape[1] if transposed else call.weight.shape[0] // groups
    group, channels = index // filters_per_group, x.shape[1] // groups
    group_input = x.narrow(1, group * channels, channels) if groups > 1 else x
    kernel = call.weight[index : index + 1]
    if transposed:
        offset = index % filters_per_group
        kernel = call.weight[group * channels : (group + 1) * channels, offset : offset + 1]
    return replace(call, input=group_input, weight=kernel, settings={**call.settings, "groups": 1})


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
        namer: Names the calls; make a new one for each forward pass.
        handle: Receives each call and returns the output with which the network goes on: ``call.run()``, or a tensor
            of the same shape. An exception that it raises ends the forward pass.
    """

    def __init__(self, namer: CallNamer, handle: Callable[[LayerCall], Tensor]) -> None:
        super().__init__()
        self._namer = namer
        self._handle = handle

    def __torch_function__(
        self,
        func: TorchFunction,
        types: Sequence[type],
        args: tuple[Argument, ...] = (),
        kwargs: dict[str, Argument] | None = None,
    ) -> object:
        """Call the function, or hand a layer's call to ``handle``."""
        kwargs = kwargs or {}
        kind = CONVOLUTIONS.get(func) or LINEARS.get(func)
        if kind is None:
            return func(*args, **kwargs)
        return self._handle(self._call(kind, func, args, kwargs))

    def _call(
        self, kind: str, func: TorchFunction, args: tuple[Argument, ...], kwargs: dict[str, Argument]
    ) -> LayerCall:
        settings = dict(zip(_ARGUMENTS[kind], args, strict=False)) | kwargs
        x, weight, bias = settings.pop("input"), settings.pop("weight"), settings.pop("bias", None)
        if kind == "Convolution":
            kind = ("ConvTranspose" if settings.get("transposed") else "Conv") + f"{weight.dim() - 2}d"
        return LayerCall(self._namer.name_next(weight), kind, x, weight, bias, settings, lambda: func(*args, **kwargs))
