"""The plugin's options, as MkDocs collects them; what they mean is checked elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config.base import BaseConfigOption, Config, ConfigErrors, ConfigWarnings

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping


class PluginConfig(Config):  # type: ignore[no-untyped-call]  # MkDocs leaves that untyped
    """The keys of ``plugins.lurk``; each is handed on as it was written."""

    cache_dir = BaseConfigOption[Any]()
    missing = BaseConfigOption[Any]()
    on_serve = BaseConfigOption[Any]()
    device = BaseConfigOption[Any]()
    precision = BaseConfigOption[Any]()
    nav = BaseConfigOption[Any]()
    defaults = BaseConfigOption[Any]()
    models = BaseConfigOption[Any]()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.declared: dict[str, Any] = {}

    def load_dict(self, patch: dict[str, Any]) -> None:
        """Keep what was written, unknown keys included."""
        super().load_dict(patch)
        self.declared.update(patch)

    def validate(self) -> tuple[ConfigErrors, ConfigWarnings]:
        """Leave unknown keys to ``read``, which names the near match; MkDocs would only warn."""
        errors, _ = super().validate()
        return errors, []

    def read(self, root: Path) -> LurkConfig:
        """Check what was declared.

        Raises:
            ConfigError: The first thing that cannot be followed.
        """
        return from_mapping(self.declared, root)
