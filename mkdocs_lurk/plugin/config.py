"""The plugin's options as MkDocs holds them; what they mean is checked in ``config``."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.base import Config, ConfigErrors, ConfigWarnings
from mkdocs.config.defaults import MkDocsConfig

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError


class PluginConfig(Config):  # type: ignore[no-untyped-call]  # MkDocs leaves that untyped
    """The keys of ``plugins.lurk`` as they were written; MkDocs itself validates none of them."""

    def validate(self) -> tuple[ConfigErrors, ConfigWarnings]:
        """Accept every key: ``read`` refuses unknown ones with their near match, where MkDocs would only warn."""
        return [], []

    def read(self, root: Path) -> LurkConfig:
        """Return the checked options.

        Args:
            root: The folder of ``mkdocs.yml``.

        Raises:
            ConfigError: The first thing that cannot be followed.
        """
        return from_mapping(self.data, root, absent=True)


def check_cache_dir(declared: LurkConfig, config: MkDocsConfig) -> None:
    """Refuse a cache that MkDocs would publish or delete.

    Raises:
        ConfigError: ``cache_dir`` lies inside ``docs_dir``, ``site_dir`` or the theme's ``custom_dir``.
    """
    cache = declared.cache_dir.resolve()
    for key, folder, what in (
        ("docs_dir", config.docs_dir, "it would be published"),
        ("site_dir", config.site_dir, "every build would delete it"),
        ("theme.custom_dir", config.theme.custom_dir, "it would be published"),
    ):
        if folder and cache.is_relative_to(Path(folder).resolve()):
            raise ConfigError(f"plugins.lurk.cache_dir: the folder lies inside {key}, so that {what}; give another one")
