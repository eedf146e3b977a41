"""Refuse to let MkDocs publish, as files of ``docs_dir``, what the options hold back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mkdocs.structure.files import File, Files, InclusionLevel

from mkdocs_lurk.config.images import picture_places
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import ConfigError

_TEXTS = frozenset({".md", ".csv", ".tsv", ".txt", ".json", ".py"})
"""Endings of what may lie beside pictures, and is none."""


def refuse_private_files(files: Files, declared: LurkConfig) -> None:
    """Check that no file of ``docs_dir`` is a picture that is held back.

    Links count as what they lead to. Files that ``exclude_docs`` names are not published.

    Raises:
        ConfigError: There is one; the line names it.
    """
    places = [
        (place.resolve(), model)
        for model in declared.models
        if model.pictures.hide_anything
        for place in picture_places(model.images, model.images_detail, model.root)
    ]
    for file, path in _published(files) if places else ():
        for place, model in places:
            if path.is_relative_to(place) and path.suffix.lower() not in _TEXTS:
                raise ConfigError(
                    f"{model.place}.pictures: {file.src_uri} is one of the pictures, and lies in docs_dir, so that "
                    "MkDocs would publish it as it is; move the folder, or list it under exclude_docs"
                )


def _published(files: Files) -> Iterator[tuple[File, Path]]:
    """Yield MkDocs' own files with the paths that they are read from, links followed."""
    for file in files:
        if file.abs_src_path is not None and file.inclusion is not InclusionLevel.EXCLUDED:
            yield file, Path(file.abs_src_path).resolve()
