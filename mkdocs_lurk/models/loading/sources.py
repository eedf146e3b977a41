"""Make the declared network: by torchvision's name, from a factory, or from an archive; then give it its weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torchvision.models as zoo
from torch import nn

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import import_reference, is_reference
from mkdocs_lurk.errors import ModelError, describe_error, near
from mkdocs_lurk.models.loading.archives import load_archive
from mkdocs_lurk.models.loading.network import Network, digest_weights
from mkdocs_lurk.models.loading.weights import load_weights

_ASK_FOR_INIT = ("googlenet", "inception_v3")  # these warn unless they are told whether to initialise their weights


def load_network(config: ModelConfig) -> Network:
    """Make a model's network and load its weights.

    The seed is set before the network is made, and the random state of before comes back after it.

    Raises:
        ModelError: The network cannot be made, its weights cannot be loaded, or it is of a kind that cannot be
            looked at (quantised, on another device only).
    """
    subject = f"model {config.name!r}"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return _made(config, subject)


def _made(config: ModelConfig, subject: str) -> Network:
    notes: tuple[str, ...] = ()
    note: str | None = None
    batch_size: int | None = None
    if config.torchvision_name is not None:
        module = _from_torchvision(config, subject)
        note = None if config.weights else f"random weights, seed {config.seed}"
    elif is_reference(config.source):
        module = _from_factory(config, subject)
        if config.weights is None:
            note = f"no weights given: as the factory made them, with seed {config.seed}"
    else:
        module, batch_size = load_archive(config.root / Path(config.source).expanduser(), subject)
    if config.weights_path is not None:
        _refuse_quantised(module, subject)
        notes += load_weights(module, config.weights_path, subject)
    return _finished(module, subject, note, batch_size, notes)


def _finished(
    module: nn.Module, subject: str, note: str | None, batch_size: int | None, notes: tuple[str, ...]
) -> Network:
    _refuse_quantised(module, subject)
    if any(value.is_meta for value in module.state_dict().values() if isinstance(value, torch.Tensor)):
        raise ModelError(f"{subject}: some weights have no values (meta device); make the network on the CPU")
    module = module.to(device="cpu", dtype=torch.float32).eval().requires_grad_(False)
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return Network(module, parameters, digest_weights(module), note, batch_size, notes)


def _from_torchvision(config: ModelConfig, subject: str) -> nn.Module:
    name = config.torchvision_name or ""
    known = zoo.list_models()
    if name not in known:
        raise ModelError(f"{subject}: torchvision has no network {name!r}{near(name, known)}")
    arguments: dict[str, Any] = dict(config.arguments)
    if config.weights is not None and config.weights_path is None:
        arguments["weights"] = weights_entry(name, config.weights, subject)
        arguments["progress"] = False
    elif name in _ASK_FOR_INIT:
        arguments.setdefault("init_weights", True)
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


def weights_entry(name: str, weights: str, subject: str) -> Any:
    """Find torchvision's weights of a network by name: ``DEFAULT``, ``IMAGENET1K_V1``, with or without its class."""
    entries = zoo.get_model_weights(name)
    short = weights.rpartition(".")[2]
    owner = weights.rpartition(".")[0]
    if short not in entries.__members__ or owner not in ("", entries.__name__):
        known = ["DEFAULT", *(entry.name for entry in entries)]
        raise ModelError(
            f"{subject}: {name!r} has no weights {weights!r}{near(short, known) or '; there are ' + ', '.join(known)}"
        )
    return entries[short]


def _from_factory(config: ModelConfig, subject: str) -> nn.Module:
    with import_reference(config.source, config.root, ModelError, subject) as factory:
        made = factory if isinstance(factory, nn.Module) else _called(factory, config, subject)
    if not isinstance(made, nn.Module):
        raise ModelError(f"{subject}: {config.source} gave a {type(made).__name__}; it must return a torch.nn.Module")
    return made


def _called(factory: Callable[..., Any], config: ModelConfig, subject: str) -> Any:
    if not callable(factory):
        raise ModelError(f"{subject}: {config.source} is a {type(factory).__name__}; name a function or a class")
    return factory(**config.arguments)


def _refuse_quantised(module: nn.Module, subject: str) -> None:
    for name, child in module.named_modules():
        if "quantized" in type(child).__module__:
            raise ModelError(
                f"{subject}: {name or 'the network'} is quantised ({type(child).__name__}); "
                "give the network before quantisation, whose gradients exist"
            )
