"""The plugin's options as MkDocs holds them; what they mean is checked in ``config``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mkdocs.config.base import Config, ConfigErrors, ConfigWarnings

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.plugin.inherited import folders_of_keys


class PluginConfig(Config):  # type: ignore[no-untyped-call]  # MkDocs leaves that untyped
    """The keys of ``plugins.lurk`` as they were written; MkDocs itself validates none of them."""

    def validate(self) -> tuple[ConfigErrors, ConfigWarnings]:
        """Accept every key: ``read`` refuses unknown ones with their near match, where MkDocs would only warn."""
        return [], []

    def read(self, path: Path) -> LurkConfig:
        """Return the checked options.

        Args:
            path: ``mkdocs.yml``.

        Raises:
            ConfigError: The first thing that cannot be followed.
        """
        return from_mapping(self.data, path.resolve().parent, absent=True, roots=folders_of_keys(path))


def check_cache_dir(cache_dir: Path, folders: Mapping[str, Path | None]) -> None:
    """Refuse a cache that MkDocs would publish or delete.

    Args:
        cache_dir: The cache.
        folders: The site's ``docs_dir``, ``site_dir`` and ``theme.custom_dir``, as far as it has them.

    Raises:
        ConfigError: ``cache_dir`` lies inside one of them.
    """
    for key, folder in folders.items():
        if folder and cache_dir.resolve().is_relative_to(folder.resolve()):
            what = "every build would delete it" if key == "site_dir" else "it would be published"
            raise ConfigError(f"plugins.lurk.cache_dir: the folder lies inside {key}, so that {what}; give another one")
