"""Run a network up to the layer of interest and read the layer's feature maps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.in_place import WritableViewsMode
from mkdocs_lurk.errors import LayerError, ShapeError
from mkdocs_lurk.models.tracing.layer_calls import CallNamer, LayerCall, LayerCallMode, ParameterOwners, slice_filter
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.models.tracing.token_layouts import Layout

Shape = tuple[int, int, int]


class StopForward(BaseException):
    """Ends a forward pass whose rest is not needed.

    It is no ``Exception``, so that a network's own ``except Exception`` does not catch it.
    """


def output_as_maps(output: object, shape: Shape, layout: Layout = "nchw") -> Tensor:
    """Return a layer's output as feature maps.

    Args:
        output: What the layer returned.
        shape: The layer's ``(c, h, w)``.
        layout: ``nchw``: the output is maps already; ``nhwc``: channels last; ``ntc``: tokens, the last ``h * w`` of
            which are the maps' pixels (class tokens come before them and are left out); ``nc``: maps of one pixel.

    Returns:
        ``(n, c, h, w)``, a view where possible.

    Raises:
        ShapeError: The output has another shape.
    """
    channels, height, width = shape
    if isinstance(output, Tensor):
        got = tuple(output.shape[1:])
        if layout == "nchw" and output.dim() == 4 and got[0] == channels:
            return output
        if layout == "nhwc" and output.dim() == 4 and got[2] == channels:
            return output.permute(0, 3, 1, 2)
        if layout == "nc" and got == (channels,):
            return output[:, :, None, None]
        if layout == "ntc" and output.dim() == 3 and got[1] == channels and got[0] >= height * width:
            tokens = output[:, got[0] - height * width :].transpose(1, 2)
            return tokens.reshape(len(output), channels, height, width)
    found = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    raise ShapeError(f"expected feature maps of shape {shape} ({layout}) for each picture, got {found}")


def maps_of_filters(maps: Tensor, filters: Sequence[int]) -> Tensor:
    """Return one filter's map for each picture, ``(n, h, w)``, of all filters' maps ``(n, c, h, w)``."""
    return torch.cat([one[:, index] for one, index in zip(torch.split(maps, 1), filters, strict=True)])


class Probe:
    """A network whose layers can be read while it runs.

    Args:
        module: The network, in evaluation mode.
        shapes: The name and output shape ``(c, h, w)`` of every layer.
        modules: The names of those layers that are modules' outputs rather than convolution or linear calls.
        layouts: How a layer's output holds its maps, where not as ``nchw``.
        memory_format: The memory format of the network's input; that of the given tensor if None.
    """

    def __init__(
        self,
        module: nn.Module,
        shapes: Mapping[str, Shape],
        modules: Iterable[str] = (),
        layouts: Mapping[str, Layout] | None = None,
        memory_format: torch.memory_format | None = None,
    ) -> None:
        self.module = module
        self.shapes = dict(shapes)
        self._modules = frozenset(modules)
        self._layouts = dict(layouts or {})
        self.memory_format = memory_format
        self._owners = ParameterOwners(module)

    @classmethod
    def of(cls, module: nn.Module, layers: Sequence[Layer], memory_format: torch.memory_format | None = None) -> Probe:
        """Make a probe of the layers that were found in a network."""
        return cls(
            module,
            {layer.name: layer.output for layer in layers},
            [layer.name for layer in layers if layer.op < 0],
            {layer.name: layer.layout for layer in layers},
            memory_format,
        )

    def copy_to(self, device: torch.device, dtype: torch.dtype) -> Probe:
        """Make a probe of a copy of the network on another device or in another number format."""
        module = copy.deepcopy(self.module).to(device=device, dtype=dtype)
        return Probe(module, self.shapes, self._modules, self._layouts, self.memory_format)

    def renewed(self) -> Probe:
        """Make a probe of the same network, whose parameters ``torch.export`` replaces while it runs it."""
        return Probe(self.module, self.shapes, self._modules, self._layouts)

    def tracking_modules(self) -> AbstractContextManager[None]:
        """Return a context in which several passes share the hooks that each of them needs."""
        return self._owners.track_modules()

    def is_module(self, layer: str) -> bool:
        """Whether a layer is a module's output rather than a convolution or linear call."""
        return layer in self._modules

    def as_maps(self, layer: str, output: object, channels: int | None = None) -> Tensor:
        """Return a layer's output as maps ``(n, channels, h, w)``; ``channels`` says if it is of some filters only."""
        shape = self.shapes[layer]
        shape = shape if channels is None else (channels, *shape[1:])
        return output_as_maps(output, shape, self._layouts.get(layer, "nchw"))

    def read(self, x: Tensor, receive: Callable[[str, Tensor], None]) -> object:
        """Run the whole network and hand over each layer's maps as they arise.

        Args:
            x: Pictures, ``(n, c, h, w)``, normalised.
            receive: Called with a layer's name and its maps ``(n, c, h, w)``. It must neither keep nor change them: a
                network may overwrite them in place.

        Returns:
            What the network returned.
        """
        return self.read_outputs(x, lambda name, output: receive(name, self.as_maps(name, output)))

    def read_outputs(self, x: Tensor, handle: Callable[[str, object], Tensor | None]) -> object:
        """Run the whole network and hand over each layer's output as the network has it, whatever its layout is.

        Args:
            x: Pictures, ``(n, c, h, w)``, normalised.
            handle: Called with a layer's name and its output. The network goes on with the tensor that it returns, of
                the same shape; with the output if it returns None.

        Returns:
            What the network returned.
        """

        def catch(call: LayerCall) -> Tensor:
            output = call.run()
            if call.name not in self.shapes or call.name in self._modules:
                return output
            other = handle(call.name, output)
            return output if other is None else other

        with self._hooks_on(self._modules, handle), self._catching_calls(catch):
            return self.module(self._own_copy(x))

    def run(
        self,
        x: Tensor,
        catch: Callable[[LayerCall], Tensor],
        until: Iterable[str] = (),
        receive: Callable[[str, Tensor], None] | None = None,
    ) -> object:
        """Run the network, with a function in the place of every convolution and linear call.

        Args:
            x: Pictures, ``(n, c, h, w)``, normalised.
            catch: Receives a call and returns the output with which the network goes on, or raises ``StopForward``.
            until: Layers. For those that are modules' outputs, ``receive`` is called.
            receive: Called with such a layer's name and its maps ``(n, c, h, w)``. It may raise ``StopForward``, too.

        Returns:
            What the network returned; None if it was stopped.
        """

        def receive_output(name: str, output: object) -> None:
            if receive is not None:
                receive(name, self.as_maps(name, output))

        with self._hooks_on(self._modules.intersection(until), receive_output), self._catching_calls(catch):
            try:
                return self.module(self._own_copy(x))
            except StopForward:
                return None

    def maps(self, x: Tensor, layer: str, filters: Sequence[int]) -> Tensor:
        """Compute the map of one filter for each picture; the forward pass ends there.

        Of the layer itself only these filters are computed.

        Args:
            x: Pictures, ``(n, c, h, w)``, normalised. Gradients flow back to them if they require it.
            layer: The layer's name.
            filters: The filter of each picture, ``n`` of them.

        Returns:
            ``(n, h', w')``: the filter's output before any activation.

        Raises:
            LayerError: The forward pass did not reach this layer.
        """
        return self.maps_of_rows(x, {layer: range(len(x))}, filters)[layer]

    def maps_of_rows(self, x: Tensor, rows: Mapping[str, Sequence[int]], filters: Sequence[int]) -> dict[str, Tensor]:
        """Compute the map of one filter for each picture, of a layer of its own; the forward pass ends at the last one.

        Args:
            x: Pictures, ``(n, c, h, w)``, normalised. Gradients flow back to them if they require it.
            rows: For each layer the numbers of the pictures, in ``x``, whose map is wanted of it.
            filters: The filter of each picture, ``n`` of them.

        Returns:
            For each layer the maps of its pictures, ``(rows, h', w')``: the filters' output before any activation.

        Raises:
            LayerError: The forward pass did not reach one of the layers.
        """
        found: dict[str, Tensor] = {}

        def keep(layer: str, all_pictures: Tensor, select: Callable[[Tensor, Sequence[int]], Tensor]) -> None:
            chosen = rows[layer]
            part = all_pictures if len(chosen) == len(x) else all_pictures[list(chosen)]
            found[layer] = select(part, [filters[row] for row in chosen])
            if len(found) == len(rows):
                raise StopForward

        def catch(call: LayerCall) -> Tensor:
            if call.name in rows and call.name not in self._modules:
                keep(call.name, call.input, lambda part, chosen: self.filter_maps(replace(call, input=part), chosen))
            return call.run()

        self.run(x, catch, rows, lambda layer, maps: keep(layer, maps, maps_of_filters))
        for layer in rows:
            if layer not in found:
                raise LayerError(f"layer {layer!r}: the network ran to its end without coming to it")
        return found

    def filter_maps(self, call: LayerCall, filters: Sequence[int]) -> Tensor:
        """Compute one filter's map for each picture of a layer's call, ``(n, h', w')``."""
        one = _linear_unit if call.kind == "Linear" else _convolution_filter
        if len(set(filters)) == 1:
            return self.as_maps(call.name, one(call.input, call, filters[0]), 1)[:, 0]
        pictures = zip(torch.split(call.input, 1), filters, strict=True)
        return torch.cat([self.as_maps(call.name, one(x, call, index), 1)[:, 0] for x, index in pictures])

    def _own_copy(self, x: Tensor) -> Tensor:
        """Return pictures that the network may overwrite, in its memory format."""
        return x.clone(memory_format=self.memory_format or torch.preserve_format)

    @contextmanager
    def _catching_calls(self, catch: Callable[[LayerCall], Tensor]) -> Iterator[None]:
        writable = WritableViewsMode() if torch.is_grad_enabled() else nullcontext()
        with self._owners.track_modules(), LayerCallMode(CallNamer(self._owners), catch), writable:
            yield

    @contextmanager
    def _hooks_on(self, names: frozenset[str], receive: Callable[[str, object], Tensor | None]) -> Iterator[None]:
        """Call ``receive`` with the name and output of each of some modules, for as long as the context lasts.

        A tensor that it returns takes the output's place.
        """
        with ExitStack() as stack:
            for name in sorted(names):
                handle = self.module.get_submodule(name).register_forward_hook(
                    lambda _module, _inputs, output, name=name: receive(name, output)
                )
                stack.callback(handle.remove)
            yield


def _linear_unit(x: Tensor, call: LayerCall, index: int) -> Tensor:
    """Compute one unit of a linear call, ``(..., 1)``."""
    bias = None if call.bias is None else call.bias[index : index + 1]
    return F.linear(x, call.weight[index : index + 1], bias)


def _convolution_filter(x: Tensor, call: LayerCall, index: int) -> Tensor:
    """Compute one filter of a convolution call, ``(n, 1, h', w')``, from the input channels of its group."""
    part = slice_filter(call, x, index)
    settings = {name: value for name, value in part.settings.items() if name != "transposed"}
    bias = None if call.bias is None else call.bias[index : index + 1]
    if call.kind == "ConvTranspose2d":
        return F.conv_transpose2d(part.input, part.weight, bias, **settings)
    settings.pop("output_padding", None)
    return F.conv2d(part.input, part.weight, bias, **settings)
