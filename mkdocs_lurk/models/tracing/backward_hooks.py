"""Find hooks of a network's own code that may change the gradient that passes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial

from torch import nn
from torch.autograd.graph import Node
from torch.nn.modules import module as all_modules

HOOK_NODES = frozenset({"BackwardHookFunction"})
"""What PyTorch puts around a module that has hooks for the backward pass; nodes are called so, without the ending."""


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


def count_hooked_nodes(nodes: Iterable[Node]) -> Counter[str]:
    """Count the nodes of an autograd graph that have hooks, by the functions that registered these.

    Hooks that modules and tensors put there do not count.
    """
    found = Counter[str]()
    for node in nodes:
        if any(node.name().startswith(name) for name in HOOK_NODES):
            continue
        for register in (node.register_hook, node.register_prehook):
            handle = register(lambda *_: None)
            hooks = handle.hooks_dict_ref() or {}  # those of Python share one mapping
            own = [hook for number, hook in hooks.items() if number != handle.id and not _is_of_module(hook)]
            handle.remove()
            found[f"grad_fn.{register.__name__}"] += bool(own)
    return +found


def _is_of_module(hook: object) -> bool:
    """Whether a hook is what ``nn.Module`` makes of the one that was registered with it."""
    hook = hook.func if isinstance(hook, partial) else hook
    return type(hook).__module__ == all_modules.__name__
