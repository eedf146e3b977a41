"""Bring a network that is not ready into ordinary form: compiled modules and lazy ones."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch._dynamo.eval_frame import OptimizedModule
from torch.nn.parameter import is_lazy

from mkdocs_lurk.errors import ModelError, describe_error


def unwrap_compiled(module: nn.Module) -> nn.Module:
    """Return a network without what ``torch.compile`` made of it or of its parts; weights and names are the original's.

    A compiled module computes the same numbers, but shows none of its layers.
    """
    if isinstance(module, OptimizedModule):
        module = module._orig_mod
    for parent in list(module.modules()):
        parent._compiled_call_impl = None
        for name, child in parent._modules.items():
            while isinstance(child, OptimizedModule):
                child = child._orig_mod
            parent._modules[name] = child
    return module


def initialise_lazy_modules(module: nn.Module, input_size: tuple[int, int, int] | None, subject: str) -> None:
    """Give lazy modules their sizes and first weights, by one pass of a blank picture.

    Args:
        module: The network.
        input_size: ``(c, h, w)`` of the picture.
        subject: The beginning of every message.

    Raises:
        ModelError: There is no such picture, or modules stay without weights.
    """
    if not _lazy_modules(module):
        return
    names = ", ".join(_lazy_modules(module)[:3])
    if input_size is None:
        raise ModelError(f"{subject}: {names}: lazy modules have no weights; call the network once in its factory")
    training = module.training
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Lazy modules are a new feature")
            module.eval()(torch.zeros(1, *input_size))
    except Exception as error:  # whatever the author's forward method raises
        size = " x ".join(map(str, input_size))
        raise ModelError(
            f"{subject}: the lazy modules {names} cannot be initialised by a {size} picture ({describe_error(error)}); "
            "call the network once in its factory"
        ) from error
    finally:
        module.train(training)
    left = _lazy_modules(module)
    if left:
        raise ModelError(
            f"{subject}: the lazy modules {', '.join(left[:3])} did not run on a blank picture and have no weights; "
            "give them their sizes in the factory, or leave them out"
        )


def _lazy_modules(module: nn.Module) -> list[str]:
    """Return the names of the modules that have no sizes yet."""
    return [
        name or "the network"
        for name, child in module.named_modules()
        if any(is_lazy(value) for value in (*child._parameters.values(), *child._buffers.values()))
    ]
