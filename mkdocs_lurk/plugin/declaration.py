"""Reads the plugin's declaration from ``mkdocs.yml``, without building a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from mkdocs.exceptions import MkDocsException
from mkdocs.utils.yaml import get_yaml_loader, yaml_load

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError


@dataclass(frozen=True)
class Declared:
    """A declaration, and the folder with the author's own templates, or none."""

    config: LurkConfig
    overrides: Path | None


def read_declared(path: Path) -> Declared:
    """Read what ``mkdocs.yml`` declares.

    Raises:
        ConfigError: The file cannot be read, has no ``lurk`` among its plugins, or says something unknown.
    """
    try:
        with path.open("rb") as file:
            site = yaml_load(file, loader=get_yaml_loader())
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; give the path of mkdocs.yml with -f") from error
    except (OSError, yaml.YAMLError, MkDocsException) as error:
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    root = path.resolve().parent
    theme = site.get("theme") if isinstance(site, dict) else None
    custom = root / str(theme["custom_dir"]) / "lurk" if isinstance(theme, dict) and theme.get("custom_dir") else None
    return Declared(from_mapping(_options(site, path), root), custom if custom and custom.is_dir() else None)


def _options(site: Any, path: Path) -> Mapping[str, Any]:
    plugins = site.get("plugins") if isinstance(site, dict) else None
    entries = plugins.items() if isinstance(plugins, dict) else _pairs(plugins or [])
    for name, options in entries:
        if name == "lurk":
            return options or {}
    raise ConfigError(f"{path} has no plugin 'lurk' under 'plugins'")


def _pairs(plugins: list[Any]) -> list[tuple[str, Any]]:
    return [pair for item in plugins for pair in (item.items() if isinstance(item, dict) else [(item, {})])]
