"""What to do about errors that a network raises because of how it is analysed, and not because of its input."""

from __future__ import annotations

import re

_REMEDIES = (
    (
        re.compile(r"^No module named"),
        "modules beside a file can be imported at its top or in the factory, and no more when the network runs: move "
        "the import there",
    ),
    (
        re.compile(r"does not require grad"),
        "a network that computes gradients in its own forward method (torch.autograd.grad) cannot be analysed; let "
        "'source' name a factory that returns it without that step",
    ),
    (
        re.compile(r"(Input type|expected .*scalar type|expected .*same dtype|must have the same dtype)"),
        "weights are analysed in float32; leave out casts to other number formats (.double(), .half(), .to(dtype))",
    ),
)


def remedy_for(error: BaseException) -> str | None:
    """Return what to do about an error of a network's forward method; None if its own message must do."""
    return next((remedy for pattern, remedy in _REMEDIES if pattern.search(str(error))), None)
