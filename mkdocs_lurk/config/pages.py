"""The option ``page``: where under the site the pages of a model are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mkdocs_lurk.addresses import is_plain_path
from mkdocs_lurk.config.options import MODELS_FOLDER, ModelConfig
from mkdocs_lurk.config.validation import quoted, read_text
from mkdocs_lurk.errors import ConfigError

_WHAT = "a folder under the site, such as networks/mine, or the page of yours that the model's page replaces"
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_OURS = "assets/lurk"


def read_page(value: object, path: str) -> str | None:
    """Return the folder of a model's pages, which a page of the author's may name: ``X``, ``X.md``, ``X/index.md``.

    Raises:
        ConfigError: It is no folder under the site.
    """
    if value is None:
        return None
    folder = read_text(value, path, _WHAT).removeprefix("./").strip("/")
    folder = re.sub(r"(/index|/README)?\.md$", "", folder)
    parts = folder.split("/")
    if (
        not is_plain_path(folder)
        or not all(_PART.fullmatch(part) for part in parts)
        or parts[-1] in ("index", "README")
    ):
        raise ConfigError(f"{path}: {quoted(value)} is no folder for pages; give {_WHAT}")
    if folder == MODELS_FOLDER or f"{folder}/".startswith(f"{_OURS}/") or f"{_OURS}/".startswith(f"{folder}/"):
        raise ConfigError(f"{path}: {quoted(value)} has other pages of ours; give another folder")
    return folder


def check_pages(models: Sequence[ModelConfig]) -> None:
    """Check that no model's pages lie among another one's.

    Raises:
        ConfigError: They do.
    """
    for model in models:
        for other in models:
            if other is not model and f"{model.folder}/".lower().startswith(f"{other.folder}/".lower()):
                raise ConfigError(
                    f"{model.place}.page: {model.folder!r} lies among the pages of {other.name!r}, which are in "
                    f"{other.folder!r}; give another folder"
                )
