from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients import backward_ops as given
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.probe import Probe


class Pooled(torch.nn.Module):
    def __init__(self, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(x, self.kernel)


@pytest.mark.parametrize("kernel", [(2, 2), (1, 3), (4, 1), (1, 1)])
@pytest.mark.parametrize("size", [(8, 12), (9, 7)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_pooling_side_by_side_passes_gradients_as_pytorch_does(
    kernel: tuple[int, int], size: tuple[int, int], layout: torch.memory_format
) -> None:
    """Small whole numbers have many ties."""
    x = torch.randint(-2, 3, (2, 3, *size)).float().contiguous(memory_format=layout)
    (note,) = Recording(Probe(Pooled(kernel), {}), x, torch.float32).notes
    assert note.places is None
    assert len(note.taken) == kernel[0] * kernel[1]
    assert note.value is not None

    theirs, ours = x.clone().requires_grad_(), x.clone().requires_grad_()
    pooled = F.max_pool2d(theirs, kernel)
    slope = torch.randn_like(pooled)
    pooled.backward(slope)
    rows = [[part[row : row + 1] for row in range(2)] for part in note.taken]
    given.pooled_side_by_side({"input": ours, "kernel_size": kernel}, note.value, rows).backward(slope)
    assert torch.equal(note.value, pooled)
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)


@pytest.mark.parametrize(
    "settings", [{"kernel_size": 3, "stride": 2}, {"kernel_size": 2, "padding": 1}, {"kernel_size": 3}]
)
def test_other_poolings_are_noted_by_places(settings: dict[str, int]) -> None:
    class Other(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.max_pool2d(x, **settings)

    (note,) = Recording(Probe(Other(), {}), torch.randn(1, 2, 9, 9), torch.float32).notes
    assert note.places is not None
    assert note.taken == ()
