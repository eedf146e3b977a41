"""Builds with ``--dirty``: MkDocs keeps a file of the last build if its source is older, whatever was generated since.

Generated files have the date at which they were first made, and may be taken up again after others; pages also show
what is in no file of their own. So what is out of date is removed from ``site_dir`` before MkDocs looks at the dates.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from mkdocs.structure.files import File, Files

from mkdocs_lurk.config.options import MODELS_FOLDER
from mkdocs_lurk.declared_files import is_regular
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.pages.front_end import front_end
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.files import GeneratedFiles

_OF_A_MODEL = ("model.js", "results.json")
"""What lies in the folder of every model with results."""


def drop_outdated(site_dir: Path, site: Site, files: Files, generated: GeneratedFiles) -> None:
    """Remove from ``site_dir`` what an earlier build generated and this one would not keep.

    That is every page with generated parts, which is made again; files with other contents; and in the folders of
    models all files that are none of this build's.

    Args:
        site_dir: The folder of the site.
        site: What was generated.
        files: All files of this build.
        generated: The generated ones among them.
    """
    for item in site.files:
        file = files.get_file_from_path(generated.src_uris[item.uri])
        if file is not None and (item.body is not None or not _is_same(item.path, Path(file.abs_dest_path))):
            _remove(Path(file.abs_dest_path))
    previews = [
        (f"{site.folders[model]}/{one.preview['image']}", one.path)
        for model, own in site.previews.items()
        for one in own
    ]
    for uri, path in [*front_end(is_live=site.is_live), *previews]:
        file = files.get_file_from_path(uri)
        if file is not None and not _is_same(path, Path(file.abs_dest_path)):
            _remove(Path(file.abs_dest_path))
    for page in files.documentation_pages():
        if page.src_uri not in generated.src_uris.values() and _names_generated(page):
            _remove(Path(page.abs_dest_path))
    wanted = {os.path.normpath(file.abs_dest_path) for file in files}
    for folder in _model_folders(site_dir, site):
        _empty(folder, wanted)
    for folder in _former_folders(site_dir, site):
        _empty(folder, ())  # pages of the author's that stay there showed generated parts, too


def _is_same(path: Path, published: Path) -> bool:
    return is_regular(published) and filecmp.cmp(path, published, shallow=False)


def _remove(path: Path) -> None:
    if path.is_symlink() or is_regular(path):
        path.unlink()


def _names_generated(page: File) -> bool:
    """Return whether an author's page may have a ``lurk`` fence or link."""
    return page.abs_src_path is None or b"lurk" in Path(page.abs_src_path).read_bytes()


def _model_folders(site_dir: Path, site: Site) -> Iterator[Path]:
    """Yield the folders of models that an earlier build wrote, whether they are declared there now or not."""
    listed = site_dir / MODELS_FOLDER
    ours = {site_dir / place for place in site.folders.values()}
    for path in ours.union(listed.iterdir() if listed.is_dir() else ()):
        is_ours = path in ours or path.name in site.titles or all((path / name).is_file() for name in _OF_A_MODEL)
        if is_ours and path.is_dir() and not path.is_symlink():
            yield path


def _former_folders(site_dir: Path, site: Site) -> list[Path]:
    """Return the folders where another ``page`` put a model in an earlier build."""
    listed, ours = site_dir / MODELS_FOLDER, {site_dir / place for place in site.folders.values()}
    found = [file.parent for file in site_dir.rglob(_OF_A_MODEL[0])]
    return [folder for folder in found if folder not in ours and folder.parent != listed and _is_of_a_model(folder)]


def _empty(folder: Path, wanted: Collection[str]) -> None:
    """Remove all files in a folder but those that are wanted, by their normal paths."""
    for path in list(folder.rglob("*")):
        if os.path.normpath(path) not in wanted and (path.is_symlink() or not path.is_dir()):
            path.unlink()


def _is_of_a_model(folder: Path) -> bool:
    """Return whether a folder holds a model's results, and nobody else's files of these names."""
    results = folder / _OF_A_MODEL[1]
    return is_regular(results) and RESULTS_SCHEMA.encode() in results.read_bytes()
