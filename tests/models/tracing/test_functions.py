from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.models.tracing import functions
from mkdocs_lurk.models.tracing.functions import (
    BatchNormCall,
    MaxPoolCall,
    OperationCallMode,
    PoolGeometry,
    ReluCall,
    recognise,
)

aten = torch.ops.aten
X = torch.zeros(1, 2, 4, 4)


@pytest.mark.parametrize(
    ("func", "args", "kwargs", "low", "high", "in_place"),
    [
        (F.relu, (), {}, 0.0, None, False),
        (F.relu, (True,), {}, 0.0, None, True),
        (F.relu_, (), {}, 0.0, None, True),
        (torch.relu, (), {}, 0.0, None, False),
        (Tensor.relu_, (), {}, 0.0, None, True),
        (aten.relu_.default, (), {}, 0.0, None, True),
        (F.relu6, (), {"inplace": True}, 0.0, 6.0, True),
        (F.hardtanh, (), {}, -1.0, 1.0, False),
        (F.hardtanh, (-2.0,), {"max_val": 3.0}, -2.0, 3.0, False),
    ],
)
def test_bounds_of_relus(
    func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], low: float, high: float | None, in_place: bool
) -> None:
    call = recognise(func, (X, *args), kwargs)
    assert isinstance(call, ReluCall)
    assert (call.input is X, call.min_val, call.max_val, call.in_place) == (True, low, high, in_place)
    assert call.is_plain == (low == 0 and high is None)


@pytest.mark.parametrize(
    ("args", "kwargs", "geometry"),
    [
        ((2,), {}, PoolGeometry([2, 2], [2, 2], [0, 0], [1, 1], False)),
        (((3, 2), 1), {"padding": (1,)}, PoolGeometry([3, 2], [1, 1], [1, 1], [1, 1], False)),
        ((2, None, 0, 2, True), {}, PoolGeometry([2, 2], [2, 2], [0, 0], [2, 2], True)),
    ],
)
def test_geometry_of_max_pooling(args: tuple[Any, ...], kwargs: dict[str, Any], geometry: PoolGeometry) -> None:
    call = recognise(F.max_pool2d, (X, *args), kwargs)
    assert isinstance(call, MaxPoolCall)
    assert call.geometry == geometry


def test_batch_normalisation_by_running_statistics() -> None:
    module = nn.BatchNorm2d(2, eps=0.5).eval()
    calls: list[BatchNormCall] = []

    def catch(call: BatchNormCall) -> Tensor:
        calls.append(call)
        return call.run()

    with OperationCallMode(catch, (BatchNormCall,)):
        output = module(F.relu(X))
        torch.batch_norm(X, None, None, module.running_mean, module.running_var, False, 0.0, 1e-3, False)
    assert torch.equal(output, module(X))
    assert [(call.running_var is module.running_var, call.eps) for call in calls] == [(True, 0.5), (True, 1e-3)]
    assert calls[0].weight is module.weight
    assert calls[1].weight is None


@pytest.mark.parametrize(
    ("func", "args"),
    [
        (F.gelu, (X,)),
        (torch.add, (X, X)),
        (F.max_pool2d, (X[0], 2)),
        (F.max_pool2d, (X, 2, None, 0, 1, False, True)),
        (F.batch_norm, (X, None, None, None, None, True)),
    ],
    ids=["another function", "a sum", "without a batch", "with indices", "by statistics of the batch"],
)
def test_other_calls_are_not_recognised(func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    assert recognise(func, args, {}) is None


def test_no_operation_is_of_two_kinds() -> None:
    tables = [value for name, value in vars(functions).items() if name.endswith("_OPERATIONS")]
    assert len(tables) > 8
    assert len(frozenset().union(*tables)) == sum(map(len, tables))
