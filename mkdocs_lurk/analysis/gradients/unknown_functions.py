"""Find nonlinear functions in an autograd graph that stand in none of the tables of known functions.

For the backward pass a node keeps what its derivative depends on. That of a linear function depends on no values, so
that a node which keeps values of the picture computes something else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import Tensor
from torch.autograd.graph import Node

from mkdocs_lurk.analysis.gradients.graph_nodes import operation_of
from mkdocs_lurk.models.tracing.derived_values import tensors_in
from mkdocs_lurk.models.tracing.functions import (
    ARITHMETIC_NODES,
    GATE_NODES,
    NODES_WITHOUT_RULE,
    RELU_LIKE_NODES,
    SMOOTH_NODES,
)

_ACCOUNTED = frozenset(
    {
        "Linear",
        "MkldnnLinear",
        "Mm",
        "Bmm",
        "Mv",
        "Dot",
        "Vdot",
        "Matmul",
        "Addmm",
        "Addbmm",
        "Baddbmm",
        "Addmv",
        "Addr",
    }
    | {"Mul", "Div", "Addcmul", "Addcdiv", "Lerp", "Einsum", "Trilinear", "Complex"}
    | {"Gather", "Take", "TakeAlongDim", "MaskedSelect", "AsStrided", "Nansum", "GridSampler2D", "GridSampler3D"}
    | {"CudnnGridSampler", "AvgPool2D", "AvgPool3D", "AdaptiveAvgPool2D", "AdaptiveAvgPool3D"}
    | {f"{kind}Pad{n}D" for kind in ("Reflection", "Replication") for n in (1, 2, 3)}
    | {
        "Softmax",
        "LogSoftmax",
        "SafeSoftmax",
        "MaskedSoftmax",
        "Sum",
        "Mean",
        "Var",
        "Std",
        "VarMean",
        "StdMean",
        "Norm",
    }
    | {"LinalgVectorNorm", "Prod", "Max", "Min", "Amax", "Amin", "Aminmax", "Median", "Nanmedian", "Mode", "Kthvalue"}
    | {"Sort", "Topk", "Logsumexp", "Cumsum", "Cumprod", "Cummax", "Cummin", "Logcumsumexp", "Dist"}
    | {"NativeLayerNorm", "NativeGroupNorm", "FusedRmsNorm"}
)
"""Functions of several values that are linear, a product, a pooling, a normalisation or attention."""
_ACCOUNTED_KINDS = ("Conv", "MaxPool", "BatchNorm", "DotProduct", "Attention", "Fft")
"""What the names of further such functions hold, one for each library that computes them."""
_KNOWN = _ACCOUNTED | ARITHMETIC_NODES | GATE_NODES | NODES_WITHOUT_RULE | RELU_LIKE_NODES | SMOOTH_NODES
_NORMS = frozenset({"LinalgVectorNorm", "Norm"})
_KEPT = "_saved_"


def is_unknown_function(node: Node) -> bool:
    """Whether a node computes a nonlinear function of the picture that is in no table, or the norm of one value."""
    name = operation_of(node)
    if name in _NORMS:
        return _reads_as_many(node)
    if name.endswith(("GridSampler", "GridSampler2D", "GridSampler3D")):
        return _of_picture(node, f"{_KEPT}grid")  # what is read at places is linear, and the places are not
    if name in _KNOWN or any(kind in name for kind in _ACCOUNTED_KINDS):
        return False
    return any(_of_picture(node, kept) for kept in dir(node) if kept.startswith(_KEPT))


def reduces(node: Node) -> bool:
    """Whether a node that sums or averages does so over more than one value."""
    return not _reads_as_many(node)


def _reads_as_many(node: Node) -> bool:
    """Whether a node that reduces a tensor gives as many values as it reads."""
    read: int | None = next(_sizes_read(node), None)
    return read is not None and read == math.prod(tuple(node._input_metadata[0].shape))


def _sizes_read(node: Node) -> Iterator[int]:
    """Yield how many values a node reads, in each of the ways in which nodes keep it."""
    sizes = getattr(node, f"{_KEPT}self_sym_sizes", None)
    if sizes is not None:
        yield math.prod(sizes)
    kept = _read_kept(node, f"{_KEPT}self")
    if isinstance(kept, Tensor):
        yield kept.numel()


def _of_picture(node: Node, kept: str) -> bool:
    """Whether something that a node keeps was computed from the picture; what was overwritten since counts as such."""
    try:
        value = _read_kept(node, kept)
    except RuntimeError:  # how PyTorch refuses what was written in place
        return True
    return any(tensor.requires_grad for tensor in tensors_in(value))


def _read_kept(node: Node, kept: str) -> object:
    return getattr(node, kept, None)
