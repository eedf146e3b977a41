"""Read what ``mkdocs.yml`` declares for the plugin, without building a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from mkdocs.exceptions import MkDocsException
from mkdocs.utils.yaml import get_yaml_loader, yaml_load

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.plugin.config import check_cache_dir
from mkdocs_lurk.plugin.inherited import folders_of_keys


@dataclass(frozen=True)
class Declaration:
    """What ``mkdocs.yml`` declares.

    Attributes:
        config: The plugin's checked options.
        overrides: The folder with the author's own templates, or None.
        docs: The folder with the author's own pages.
    """

    config: LurkConfig
    overrides: Path | None
    docs: Path


def read_mkdocs_yml(path: Path) -> Declaration:
    """Return what a site's ``mkdocs.yml`` declares for the plugin.

    Raises:
        ConfigError: The file cannot be read, has no ``lurk`` among its plugins, declares something unknown, or a cache
            where MkDocs would publish or delete it.
    """
    try:
        with path.open("rb") as file:
            content = yaml_load(file, loader=get_yaml_loader())
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; give the path of mkdocs.yml with -f") from error
    except (OSError, yaml.YAMLError, MkDocsException, ValueError, TypeError) as error:  # wrong bytes, dates, INHERIT: 3
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}; mend it there") from error
    except RecursionError as error:
        raise ConfigError(
            f"{path} cannot be read: its lists and mappings are too deep inside each other; flatten them"
        ) from error
    site: Mapping[str, object] = content if isinstance(content, dict) else {}
    root = path.resolve().parent
    theme = site.get("theme")
    custom_dir = _folder(root, theme.get("custom_dir")) if isinstance(theme, dict) else None
    config = from_mapping(_plugin_options(site, path), root, absent=True, roots=folders_of_keys(path))
    folders = {key: _folder(root, site.get(f"{key}_dir", key)) for key in ("docs", "site")}
    check_cache_dir(
        config.cache_dir, {"docs_dir": folders["docs"], "site_dir": folders["site"], "theme.custom_dir": custom_dir}
    )
    overrides = template_overrides(custom_dir) if custom_dir else None
    return Declaration(config, overrides, folders["docs"] or root / "docs")


def _folder(root: Path, value: object) -> Path | None:
    """Return a folder that ``mkdocs.yml`` names; None if it names none. Whether MkDocs can use it, it says itself."""
    return root / value if isinstance(value, str) and value else None


def template_overrides(custom_dir: Path) -> Path | None:
    """Return the folder with the author's own templates in a theme's ``custom_dir``; None if there is none."""
    folder = custom_dir / "lurk"
    return folder if folder.is_dir() else None


def _plugin_options(site: Mapping[str, object], path: Path) -> Mapping[str, object]:
    """Return the options under ``plugins``: a mapping, or a list of names and of mappings from names to options."""
    plugins = site.get("plugins")
    for entry in plugins if isinstance(plugins, list) else [plugins]:
        for name, options in entry.items() if isinstance(entry, dict) else [(entry, None)]:
            if name == "lurk":
                return options or {}
    raise ConfigError(f"{path} has no plugin 'lurk' under 'plugins'; declare it there, with its models")
