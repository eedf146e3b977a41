"""Make the declared network, by torchvision's name, from a factory or from an archive, and load its weights."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import torch
import torchvision.models as zoo
from torch import nn

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import import_reference, is_reference
from mkdocs_lurk.declared_files import expanded
from mkdocs_lurk.errors import ModelError, describe_error, join_first, near
from mkdocs_lurk.models.loading.archives import load_archive, refuse_training_mode
from mkdocs_lurk.models.loading.detectors import as_network
from mkdocs_lurk.models.loading.network import Network, digest_weights
from mkdocs_lurk.models.loading.weights import load_weights
from mkdocs_lurk.models.loading.wrappers import initialise_lazy_modules, unwrap_compiled

if TYPE_CHECKING:
    from torchvision.models._api import WeightsEnum

_WARN_WITHOUT_INIT_WEIGHTS = ("googlenet", "inception_v3")


def load_network(config: ModelConfig, input_size: tuple[int, int, int] | None = None) -> Network:
    """Make a model's network and load its weights.

    The random state is seeded before the network is made, and restored afterwards. What ``torch.compile`` wrapped is
    unwrapped, and lazy modules get their sizes from one pass of a blank picture.

    Args:
        config: The model.
        input_size: ``(c, h, w)`` of that picture; None if there is none, so that lazy modules are refused.

    Raises:
        ModelError: The network cannot be made, its weights cannot be loaded, or it is of a kind that cannot be
            analysed (quantised, or without values).
    """
    subject = f"model {config.name!r}"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        module, weights_note = _make_module(config, subject)
        _refuse_scripted(module, subject)
        module = unwrap_compiled(module)
        _refuse_quantised(module, subject)
        module, notes = as_network(module, config, subject)
        initialise_lazy_modules(module, input_size, subject)
        parts_without: tuple[str, ...] = ()
        if config.weights_path is not None:
            weights = load_weights(module, config.weights_path, subject, config.weights_detail)
            notes, parts_without = notes + weights.notes, weights.parts_without
    _refuse_unusual_values(module, subject)
    notes += _describe_rounding(module)
    module = _in_evaluation(module, subject)
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return Network(module, parameters, digest_weights(module), weights_note, notes, parts_without)


def _make_module(config: ModelConfig, subject: str) -> tuple[nn.Module, str | None]:
    """Return the network before its weights file is read, and a note on its weights."""
    if config.torchvision_name is not None:
        note = None if config.weights else f"random weights, seed {config.seed}"
        return _from_torchvision(config, config.torchvision_name, subject), note
    if is_reference(config.source):
        note = f"no weights given: as the factory made them, with seed {config.seed}"
        return _from_factory(config, subject), note if config.weights is None else None
    return load_archive(config.root / expanded(config.source), subject, trusted=config.trust), None


def _from_torchvision(config: ModelConfig, name: str, subject: str) -> nn.Module:
    known = zoo.list_models()
    if name not in known:
        raise ModelError(f"{subject}: torchvision has no network {name!r}{near(name, known)}")
    arguments: dict[str, object] = dict(config.arguments)
    if config.weights is not None and config.weights_path is None:
        arguments["weights"] = weights_entry(name, config.weights, subject)
        arguments["progress"] = False
    elif name in _WARN_WITHOUT_INIT_WEIGHTS:
        arguments.setdefault("init_weights", True)
    if "weights_backbone" in inspect.signature(zoo.get_model_builder(name)).parameters:
        arguments.setdefault("weights_backbone", None)  # its default downloads weights that were not declared
    if name.startswith("quantized_"):
        raise ModelError(f"{subject}: {name!r} is quantised; give {name.removeprefix('quantized_')!r}")
    try:
        module: nn.Module = zoo.get_model(name, **arguments)
    except OSError as reason:
        raise ModelError(
            f"{subject}: the weights {config.weights!r} cannot be downloaded ({describe_error(reason)}); "
            "give a file that you have as 'weights'"
        ) from reason
    except Exception as reason:  # whatever a builder makes of the author's arguments
        raise ModelError(
            f"{subject}: torchvision's {name!r} raised {describe_error(reason)}; see the key 'arguments'"
        ) from reason
    return module


def weights_entry(name: str, weights: str, subject: str) -> WeightsEnum:
    """Return torchvision's weights of a network by their name.

    Args:
        name: The network, as torchvision calls it.
        weights: ``DEFAULT`` or ``IMAGENET1K_V1``, say, with or without its class.
        subject: The beginning of the message.

    Raises:
        ModelError: The network has no such weights.
    """
    entries = zoo.get_model_weights(name)
    owner, _, short = weights.rpartition(".")
    if short not in entries.__members__ or owner not in ("", entries.__name__):
        known = ["DEFAULT", *(entry.name for entry in entries)]
        raise ModelError(
            f"{subject}: {name!r} has no weights {weights!r}{near(short, known) or '; there are ' + ', '.join(known)}"
        )
    return entries[short]


def _from_factory(config: ModelConfig, subject: str) -> nn.Module:
    with import_reference(config.source, config.root, ModelError, subject) as factory:
        module = factory if isinstance(factory, nn.Module) else _call_factory(factory, config, subject)
    if not isinstance(module, nn.Module):
        raise ModelError(f"{subject}: {config.source} gave a {type(module).__name__}; it must return a torch.nn.Module")
    return module


def _call_factory(factory: object, config: ModelConfig, subject: str) -> object:
    if not callable(factory):
        raise ModelError(f"{subject}: {config.source} is a {type(factory).__name__}; name a function or a class")
    return factory(**config.arguments)


def _refuse_scripted(module: nn.Module, subject: str) -> None:
    if isinstance(module, torch.jit.ScriptModule):
        raise ModelError(
            f"{subject}: the factory gave a scripted, traced or frozen network ({type(module).__name__}), whose layers "
            "cannot be read; let 'source' name the factory that makes the network before torch.jit, or an archive of "
            "torch.export.save"
        )


def _in_evaluation(module: nn.Module, subject: str) -> nn.Module:
    """Return a network on the processor, in float32 and in evaluation mode, without gradients of its weights.

    Raises:
        ModelError: It refuses that, or a part of it was exported in training mode.
    """
    for name, child in module.named_modules():
        if isinstance(child, torch.fx.GraphModule) and {"train", "eval"} & vars(child).keys():
            # Those of torch.export raise. The graph has no modes, so that those of nn.Module can stand in for them.
            refuse_training_mode(child.graph, f"{subject}: {name or 'the network'}")
            vars(child).pop("train", None)
            vars(child).pop("eval", None)
    try:
        return module.to(device="cpu", dtype=torch.float32).eval().requires_grad_(False)
    except Exception as reason:  # the author's own methods
        raise ModelError(
            f"{subject}: the network cannot be put into float32 and evaluation mode ({describe_error(reason)}); let "
            "'source' name a factory whose network takes .to() and .eval()"
        ) from reason


def _refuse_quantised(module: nn.Module, subject: str) -> None:
    for name, child in module.named_modules():
        if "quantized" in type(child).__module__:
            raise ModelError(
                f"{subject}: {name or 'the network'} is quantised ({type(child).__name__}); "
                "give the network before quantisation, whose gradients exist"
            )


def _refuse_unusual_values(module: nn.Module, subject: str) -> None:
    for name, value in module.state_dict().items():
        if not isinstance(value, torch.Tensor):
            continue
        if value.is_meta:
            raise ModelError(f"{subject}: some weights have no values (meta device); make the network on the CPU")
        if value.layout != torch.strided or value.is_complex() or value.is_nested:
            kind = "complex" if value.is_complex() else "nested" if value.is_nested else "sparse"
            raise ModelError(f"{subject}: {name} is {kind}; only networks of dense real weights can be analysed")


def _describe_rounding(module: nn.Module) -> tuple[str, ...]:
    """Say which parameters lose digits when they become float32."""
    doubles = ((name, value) for name, value in module.named_parameters() if value.dtype == torch.float64)
    rounded = [name for name, value in doubles if not torch.equal(value.float().double(), value)]
    return (f"The network has numbers of 64 bits, which were rounded to 32: {join_first(rounded, 3)}.",) * bool(rounded)
