from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients.backward_ops import masked_max_pool_output
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.models.tracing.functions import MaxPoolCall, recognise


class MaxPool(torch.nn.Module):
    def __init__(self, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(x, self.kernel)


@pytest.mark.parametrize("kernel", [(2, 2), (1, 3), (4, 1), (1, 1)])
@pytest.mark.parametrize("size", [(8, 12), (9, 7)])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_non_overlapping_max_pooling_passes_gradients_as_pytorch_does(
    kernel: tuple[int, int], size: tuple[int, int], memory_format: torch.memory_format
) -> None:
    """Small integers have many ties."""
    x = torch.randint(-2, 3, (2, 3, *size)).float().contiguous(memory_format=memory_format)
    (operation,) = Recording(Probe(MaxPool(kernel), {}), x, torch.float32).operations
    assert operation.pool_indices is None
    assert len(operation.pool_masks) == kernel[0] * kernel[1]
    assert operation.output is not None

    theirs, ours = x.clone().requires_grad_(), x.clone().requires_grad_()
    pooled = F.max_pool2d(theirs, kernel)
    incoming = torch.randn_like(pooled)
    pooled.backward(incoming)
    masks = [[mask[row : row + 1] for row in range(2)] for mask in operation.pool_masks]
    call = recognise(F.max_pool2d, (ours, kernel), {})
    assert isinstance(call, MaxPoolCall)
    masked_max_pool_output(call, operation.output, masks).backward(incoming)
    assert torch.equal(operation.output, pooled)
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)


@pytest.mark.parametrize(
    "settings", [{"kernel_size": 3, "stride": 2}, {"kernel_size": 2, "padding": 1}, {"kernel_size": 3}]
)
def test_other_max_poolings_are_recorded_by_indices(settings: dict[str, int]) -> None:
    class Other(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.max_pool2d(x, **settings)

    (operation,) = Recording(Probe(Other(), {}), torch.randn(1, 2, 9, 9), torch.float32).operations
    assert operation.pool_indices is not None
    assert operation.pool_masks == ()
