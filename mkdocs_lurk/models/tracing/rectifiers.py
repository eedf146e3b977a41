"""Find rectifiers however a network writes them, and run them as the functions that have a rule for gradients.

``torch.maximum(x, 0)``, ``torch.where(x > 0, x, 0)``, ``x * (x > 0)``, ``x[x < 0] = 0`` and ``(x + x.abs()) / 2`` have
the values of a ReLU, but no node of a ReLU arises in the autograd graph. While ``RectifierMode`` is active, ReLUs run
in their place. It also runs activations that work in place on a view as ordinary ones whose result is copied into the
view, since autograd hides what was done to a view inside one node.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.models.tracing.choices import Choices
from mkdocs_lurk.models.tracing.derived_values import DerivedValues
from mkdocs_lurk.models.tracing.operations import Argument, TorchFunction
from mkdocs_lurk.models.tracing.rectifier_calls import Call, read_call
from mkdocs_lurk.models.tracing.rectifier_facts import LEARNING
from mkdocs_lurk.models.tracing.rectifier_forms import RECTIFIERS, Rectifier
from mkdocs_lurk.models.tracing.stopped_gradients import StoppedGradients

_CONSTANTS = frozenset({"zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full", "new_tensor"})
"""Functions that take a tensor for its shape and type alone."""


class RectifierMode(TorchFunctionMode):
    """Run every rectifier that is recognised as a torch function that has a rule.

    It must be entered after any mode that is to see the functions that run in the rectifiers' place.

    Args:
        x: The network's input.
        choices: Told of every call, to find what is written like a rectifier and is none that is known here.
        stopped: Told of every call that ran, to find where the network stops gradients.
    """

    def __init__(self, x: Tensor, choices: Choices | None = None, stopped: StoppedGradients | None = None) -> None:
        super().__init__()
        self._stopped = stopped
        self._choices = choices
        self._known = DerivedValues(x)

    def __torch_function__(
        self,
        func: TorchFunction,
        types: Sequence[type],
        args: tuple[Argument, ...] = (),
        kwargs: dict[str, Argument] | None = None,
    ) -> Argument:
        """Run a function, or the rectifier that its call amounts to."""
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():  # what is asked here of tensors is no step of the network
            call = read_call(func, args, kwargs, self._known)
            recognise = RECTIFIERS.get(call.name)
            rectifier = None if recognise is None else recognise(call)
            if rectifier is None and self._choices is not None:
                self._choices.meet(call)
        result = func(*args, **kwargs) if rectifier is None else _run(call, rectifier)
        with torch._C.DisableTorchFunction():
            if self._stopped is not None:
                self._stopped.meet(call, result)
            if call.name not in _CONSTANTS:
                self._known.follow((args, list(kwargs.values())), result)
                if self._choices is not None:
                    self._choices.follow(call, result)
            if call.name in LEARNING:
                LEARNING[call.name](call, result)
        return result


def _run(call: Call, rectifier: Rectifier) -> Tensor | None:
    """Run an activation in the place of a call; in place if the call was."""
    kept = call.in_place and rectifier.activation is not torch.relu  # of its input, for the backward pass
    output = rectifier.activation(rectifier.x.clone() if kept else rectifier.x)
    if call.in_place:
        target: Tensor = call.argument(0, "input", "self")
        target.copy_(output)
        return None if call.func is Tensor.__setitem__ else target
    dtype = torch.result_type(*call.pair) if call.name == "mul" else output.dtype
    return output if output.dtype == dtype else output.to(dtype)
