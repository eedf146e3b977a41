"""Find out, without torch, which declared models have results in the store."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkdocs_lurk.config.options import LurkConfig, ModelConfig, switches
from mkdocs_lurk.config.references import code_digest, is_reference
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.images.file_digests import FileDigests
from mkdocs_lurk.images.sources import ImageSet, list_images
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store

ENGINE = 4
"""Raised when declared models must be analysed anew although nothing in their declarations changed."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """Whether a declared model's results are in the store.

    Attributes:
        config: The declaration.
        request: The key of the declaration in the store.
        key: The key of the model record; none where results are missing.
        reason: Why they are missing; empty where they are there.
    """

    config: ModelConfig
    request: str
    key: str | None
    reason: str = ""


def resolve(config: LurkConfig, store: Store) -> list[ModelState]:
    """Look up every declared model.

    Raises:
        ConfigError: A declared file is missing.
        ImageError: There is no picture.
    """
    return [state_of(config, model, store) for model in config.models]


def state_of(config: LurkConfig, model: ModelConfig, store: Store, deeply: bool = False) -> ModelState:
    """Look up one model.

    Args:
        config: The plugin's configuration.
        model: One of its models.
        store: The cache.
        deeply: Check that every stored unit is undamaged, not only that it is there.
    """
    request = request_key(config, model, pictures_of(config, model))
    key = store.alias(request)
    if key is None:
        return ModelState(model, request, None, "it was not analysed yet with these weights, pictures and settings")
    try:
        reader = ModelReader(store, key)
        units = sorted(reader.units() if deeply else reader.direct_units())
        lost = [unit for unit in units if not (store.has(unit) if deeply else store.file(unit).is_file())]
    except StoreError as error:
        return ModelState(model, request, None, str(error))
    if lost:
        return ModelState(model, request, None, f"{len(lost)} of its results are gone from {store.root}")
    return ModelState(model, request, key)


def pictures_of(config: LurkConfig, model: ModelConfig) -> ImageSet:
    """List a model's pictures; their digests are remembered in the cache folder."""
    return list_images(model, config.cache_dir / "pictures.json")


def request_key(config: LurkConfig, model: ModelConfig, images: ImageSet) -> str:
    """Digest a declaration; files count by their contents, not by their paths.

    What only torch can tell (the weights as loaded, the network's operations) is not in it: two declarations that
    differ here and agree there share their results all the same.
    """
    files = FileDigests(config.cache_dir / "files.json")
    parts: dict[str, Any] = {
        "name": [model.name, model.title],
        "source": _source(model, files),
        "arguments": _plain(dict(model.arguments)),
        "weights": _file(files, model.weights_path) or model.weights,
        "classes": _classes(model, files),
        "transform": _transform(model),
        "layers": model.layers,
        "choices": _plain([model.filters, model.top_k, model.gradient, model.synthesis, model.seed]),
        "switches": {name: getattr(model, name) for name in switches()},
        "precision": config.precision,
        "images": [[entry.path, entry.label, entry.digest] for entry in images.entries],
    }
    files.save()
    return digest("request", ENGINE, parts)


def _source(model: ModelConfig, files: FileDigests) -> list[str]:
    if model.torchvision_name is not None:
        return [model.source, importlib.metadata.version("torchvision")]
    if is_reference(model.source):
        return [model.source.rpartition(":")[2], code_digest(model.source, model.root)]
    return [_file(files, model.root / model.source) or model.source]


def _transform(model: ModelConfig) -> Any:
    declared = model.transform
    if isinstance(declared, str) and is_reference(declared):
        return [declared.rpartition(":")[2], code_digest(declared, model.root)]
    return declared


def _classes(model: ModelConfig, files: FileDigests) -> Any:
    if isinstance(model.classes, str) and model.classes != "imagenet":
        return _file(files, model.root / model.classes)
    return model.classes


def _file(files: FileDigests, path: Path | None) -> str | None:
    return files.digest(path) if path is not None and path.is_file() else None


def _plain(value: Any) -> Any:
    """A declared value in a form that can be digested."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return (
        value
        if value is None or isinstance(value, (bool, int, float, str)) or hasattr(value, "__dataclass_fields__")
        else repr(value)
    )
