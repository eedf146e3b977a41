"""Declarations of one model, as ``mkdocs.yml`` gives them and as they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.parsing import from_mapping


def plugin_options(**model: Any) -> dict[str, Any]:
    """Return the plugin's options with one model."""
    return {"models": [{"name": "net", "source": "torchvision:vgg16", "images": "photos"} | model]}


def read_model(site: Path, **model: Any) -> ModelConfig:
    """Return one model's configuration."""
    return from_mapping(plugin_options(**model), site).models[0]
