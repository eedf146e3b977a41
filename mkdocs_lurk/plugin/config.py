"""The plugin's options as MkDocs holds them; what they mean is checked in ``config``."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.base import Config, ConfigErrors, ConfigWarnings

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping


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
