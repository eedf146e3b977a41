"""The option ``ignore``: names of warnings that the author accepts."""

from __future__ import annotations

from mkdocs_lurk.config.validation import quoted, read_texts
from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.named_warnings import WARNINGS


def read_ignored(value: object, path: str) -> tuple[str, ...]:
    """Return the names of warnings that the author accepts.

    Raises:
        ConfigError: There is no warning of such a name.
    """
    names = read_texts([value] if isinstance(value, str) else value, path, "a list of names of warnings")
    for name in names:
        if name not in WARNINGS:
            hint = near(name, WARNINGS) or "; there are " + ", ".join(WARNINGS)
            raise ConfigError(f"{path}: there is no warning {quoted(name)}{hint}")
    return names
