"""Note what a network computes for some pictures, so that the way back need not compute it again.

The network runs once in float32. A full recording notes what every convolution, linear call, normalisation and maximum
pooling gives, in the number format of the way back. A short one notes only what the way back of a network of rectifiers
needs: where they were open, and which pixels were pooled. Either way signs and pooled pixels are those of float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.analysis.probe import Probe, StopForward
from mkdocs_lurk.models.tracing.layer_calls import LayerCall

aten = torch.ops.aten

POOL, NORM, RECTIFIER = "pool", "norm", "rectifier"
PoolGeometry = tuple[list[int], list[int], list[int], list[int], bool]
_SMALL = 4
"""Pixels of a window, at most, for which what is noted takes no more memory than places do."""
_POOL_ARGUMENTS = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_OTHERS: dict[Any, tuple[str, tuple[str, ...]]] = {
    F.max_pool2d: (POOL, _POOL_ARGUMENTS),
    torch.max_pool2d: (POOL, _POOL_ARGUMENTS),
    aten.max_pool2d.default: (POOL, _POOL_ARGUMENTS),
    F.batch_norm: (NORM, ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")),
    torch.batch_norm: (
        NORM,
        ("input", "weight", "bias", "running_mean", "running_var", "training", "momentum", "eps", "cudnn_enabled"),
    ),
}
_RECTIFIERS: dict[Any, tuple[str, ...]] = {
    F.relu: ("input", "inplace"),
    F.relu6: ("input", "inplace"),
    F.hardtanh: ("input", "min_val", "max_val", "inplace"),
    **dict.fromkeys((torch.relu, torch.relu_, Tensor.relu, Tensor.relu_), ("input",)),
    **dict.fromkeys((aten.relu.default, aten.relu_.default), ("input",)),
}
_IN_PLACE = frozenset({torch.relu_, Tensor.relu_, aten.relu_.default})
OPEN = {
    torch.bfloat16: (torch.int16, 0x7FFF),
    torch.float16: (torch.int16, 0x7FFF),
    torch.float32: (torch.int32, 0x7FFFFFFF),
}
"""For each number format the whole numbers of its size, and the largest; see ``Note``."""


@dataclass(frozen=True, slots=True)
class Note:
    """One result of the float32 pass.

    Attributes:
        name: The layer's name, or ``pool``, ``norm`` or ``rectifier``.
        value: The result, ``(n, ...)``, in the number format of the way back; of a rectifier the largest whole number
            of that size where it was open, and 0 elsewhere; nothing else in a short recording.
        shape: The result's shape.
        channels_last: Whether the axes of maps are ``(h, w)`` in the middle, as a linear call's are.
        places: For a pooling step, which pixel of a plane of its input each value is, as PyTorch counts them.
        plane: For such a step, ``(h, w)`` of its input.
        taken: For a pooling step whose windows are side by side, instead, for each pixel of a window, row by row,
            where it was the one: a whole number of all ones there, of the value's size, and 0 elsewhere.
    """

    name: str
    value: Tensor | None
    shape: tuple[int, ...]
    channels_last: bool = False
    places: Tensor | None = None
    plane: tuple[int, int] = (0, 0)
    taken: tuple[Tensor, ...] = ()

    @property
    def maps(self) -> tuple[int, int] | None:
        """Height and width; none where the result is no maps."""
        if len(self.shape) != 4:
            return None
        rows, columns = (1, 2) if self.channels_last else (2, 3)
        return self.shape[rows], self.shape[columns]


class Recording:
    """Some pictures' way through a network.

    Args:
        probe: The network in float32.
        x: Pictures, ``(n, c, h, w)``, normalised, float32.
        dtype: The number format to note results in.
        short: Whether to note no more than the way back of a network of rectifiers needs.
        until: The layer with which the pass ends; the whole network where there is none.

    Attributes:
        pictures: The pictures in that number format.
        memory_format: How maps lie in memory.
        notes: What was computed, in order.
    """

    def __init__(
        self, probe: Probe, x: Tensor, dtype: torch.dtype, *, short: bool = False, until: str | None = None
    ) -> None:
        self.pictures = x.to(dtype)
        self.notes: list[Note] = []
        self.short = short
        self.memory_format = probe.memory_format or torch.contiguous_format
        self._dtype, self._until = dtype, until
        with torch.no_grad(), Others(self._other, rectifiers=short):
            probe.run(x, self._call, until, self._met)

    @property
    def n_bytes(self) -> int:
        """What it takes of memory."""
        tensors = [self.pictures, *(part for note in self.notes for part in (note.value, note.places, *note.taken))]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor is not None)

    def _call(self, call: LayerCall) -> Tensor:
        output = call.run()
        self._note(call.name, output, call.kind == "Linear")
        if call.name == self._until:
            raise StopForward
        return output

    def _met(self, _maps: Tensor) -> None:
        raise StopForward

    def _note(self, name: str, output: Tensor, channels_last: bool = False) -> None:
        value = None if self.short else output.to(self._dtype, copy=True)
        self.notes.append(Note(name, value, tuple(output.shape), channels_last))

    def _other(self, kind: str, given: dict[str, Any], run: Callable[[], Tensor]) -> Tensor:
        if kind == RECTIFIER:
            whole, largest = OPEN[self._dtype]
            is_open = given["input"] > given["min_val"]
            if given["max_val"] is not None:
                is_open &= given["input"] < given["max_val"]
            self.notes.append(Note(kind, is_open.to(whole).mul_(largest), tuple(is_open.shape)))
            return run()
        if kind == NORM:
            output = run()
            self._note(kind, output)
            return output
        return self._pooled(given, run)

    def _pooled(self, given: dict[str, Any], run: Callable[[], Tensor]) -> Tensor:
        x, geometry = given["input"], pool_geometry(given)
        pooled: Tensor
        if side_by_side(geometry):
            pooled = run()
            places, taken = None, tuple(_taken(x, pooled, geometry[0], OPEN[self._dtype][0]))
        else:
            pooled, places = aten.max_pool2d_with_indices(x, *geometry)
            taken = ()
        value = None if self.short else pooled.to(self._dtype, copy=True)
        self.notes.append(Note(POOL, value, tuple(pooled.shape), False, places, (x.shape[2], x.shape[3]), taken))
        return pooled


class Others(TorchFunctionMode):
    """Hand poolings and normalisations to a function: what they are, their arguments, and how to run them.

    Args:
        catch: That function; it returns what the network goes on with.
        rectifiers: Whether to hand over rectifiers, too.
    """

    def __init__(
        self, catch: Callable[[str, dict[str, Any], Callable[[], Tensor]], Tensor], rectifiers: bool = False
    ) -> None:
        super().__init__()
        self._catch = catch
        self._rectifiers = rectifiers

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Pass every function through, and those of interest by way of ``catch``."""
        kwargs = kwargs or {}
        kind, given = recognised(func, args, kwargs)
        if kind is None or (kind == RECTIFIER and not self._rectifiers):
            return func(*args, **kwargs)
        return self._catch(kind, given, lambda: func(*args, **kwargs))


def recognised(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Whether a function is a pooling, a normalisation or a rectifier; and its arguments by name."""
    if func in _OTHERS:
        kind, names = _OTHERS[func]
        given = dict(zip(names, args, strict=False)) | kwargs
        if given["input"].dim() == 4 and not given.get("training") and not given.get("return_indices"):
            return kind, given
    if func in _RECTIFIERS:
        given = dict(zip(_RECTIFIERS[func], args, strict=False)) | kwargs
        given["inplace"] = given.get("inplace", False) or func in _IN_PLACE
        bounds = (-1.0, 1.0) if func is F.hardtanh else (0.0, 6.0 if func is F.relu6 else None)
        given["min_val"] = given.get("min_val", bounds[0])
        given["max_val"] = given.get("max_val", bounds[1])
        return RECTIFIER, given
    return None, {}


def pair(value: Any) -> list[int]:
    """A setting of a convolution or a pooling step, as one number an axis."""
    values = [value] if isinstance(value, int) else list(value)
    return [int(one) for one in (values * 2 if len(values) == 1 else values)]


def side_by_side(geometry: PoolGeometry) -> bool:
    """Whether a pooling's windows, small ones, neither overlap nor reach beyond the maps."""
    kernel, stride, padding, dilation, ceil = geometry
    return kernel == stride and padding == [0, 0] and dilation == [1, 1] and not ceil and math.prod(kernel) <= _SMALL


def corners(x: Tensor, kernel: Sequence[int], size: Sequence[int]) -> Iterator[Tensor]:
    """Of ``size`` windows side by side in ``x``, for each place in them, row by row, the pixels there; views."""
    for down in range(kernel[0]):
        for across in range(kernel[1]):
            yield x[:, :, down :: kernel[0], across :: kernel[1]][:, :, : size[0], : size[1]]


def _taken(x: Tensor, pooled: Tensor, kernel: Sequence[int], whole: torch.dtype) -> Iterator[Tensor]:
    """Where each place of a window was the first one with the highest value."""
    left = torch.ones_like(pooled, dtype=torch.bool)
    for pixels in corners(x, kernel, pooled.shape[2:]):
        taken = (pixels == pooled).logical_and_(left)
        left ^= taken
        yield taken.to(whole).neg_()


def pool_geometry(given: Mapping[str, Any]) -> PoolGeometry:
    """Kernel, stride, padding, dilation and ceiling mode of a maximum pooling."""
    kernel = pair(given["kernel_size"])
    stride = pair(given["stride"]) if given.get("stride") else kernel
    padding, dilation = pair(given.get("padding", 0)), pair(given.get("dilation", 1))
    return kernel, stride, padding, dilation, bool(given.get("ceil_mode", False))
