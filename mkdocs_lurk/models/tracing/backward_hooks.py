"""Find modules whose own hooks may change the gradient that passes them."""

from __future__ import annotations

from collections import Counter

from torch import nn
from torch.nn.modules import module as all_modules


def count_hooked_modules(module: nn.Module) -> Counter[str]:
    """Count the modules of a network that have hooks for the backward pass, by the functions that registered these.

    Hooks on all modules of the process count for each of them. Hooks of the forward pass do not count: what they do
    to an output is a part of the forward pass.
    """
    found = Counter[str]()
    for child in module.modules():
        if child._backward_hooks:
            found["register_full_backward_hook" if child._is_full_backward_hook else "register_backward_hook"] += 1
        if child._backward_pre_hooks:
            found["register_full_backward_pre_hook"] += 1
        if all_modules._global_backward_hooks:
            found["register_module_full_backward_hook"] += 1
        if all_modules._global_backward_pre_hooks:
            found["register_module_full_backward_pre_hook"] += 1
    return found
