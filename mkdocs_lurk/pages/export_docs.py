"""Copy an author's own pages beside exported ones, for a generator that runs our Markdown extension."""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.pages.writing.single_pictures import SinglePicture
from mkdocs_lurk.pages.writing.targets import follow

_PICTURE = re.compile(r"lurk:(?P<address>[^\s#()<>\"'`]+#(?:filter-)?\d+/[a-z-]+(?:\.\d+)?)")


@dataclass(frozen=True)
class AuthorDocs:
    """An author's pages and files.

    Attributes:
        folder: The folder that holds them.
        left_out: The files that get no page, such as the models' cards.
    """

    folder: Path
    left_out: Collection[Path] = ()

    def files(self) -> dict[str, Path]:
        """Return the path of each file by its address, without hidden ones and those that are left out."""
        left_out = {path.resolve() for path in self.left_out}
        found: dict[str, Path] = {}
        for folder, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if not name.startswith(".") and path.resolve() not in left_out:
                    found[path.relative_to(self.folder).as_posix()] = path
        return found

    def pictures(self, site: Site) -> dict[str, SinglePicture]:
        """Return the single pictures that the pages name, by their addresses; a wrong name is told by the generator."""
        found: dict[str, SinglePicture] = {}
        for path in self.files().values():
            if path.suffix == ".md":
                for address in _PICTURE.findall(path.read_text("utf-8-sig", errors="replace")):
                    with contextlib.suppress(ConfigError):
                        picture = follow(address, site).picture
                        found |= {picture.uri: picture} if picture is not None else {}
        return found


def cards_of(config: LurkConfig) -> list[Path]:
    """Return the models' cards, which are shown on pages of ours and get none of their own."""
    return [model.card for model in config.models if model.card is not None]


def own_names(uri: str) -> tuple[str, ...]:
    """Return what an author can call the page that takes the place of a generated ``X/index.md``, the first first."""
    folder = posixpath.dirname(uri)
    return uri, f"{folder}/README.md", f"{folder}.md"


def check_target(docs: AuthorDocs, out: Path) -> None:
    """Check that an export does not write into the author's folder, nor copy itself.

    Raises:
        ConfigError: It would.
    """
    target, folder = out.resolve(), docs.folder.resolve()
    if target.is_relative_to(folder) or folder.is_relative_to(target):
        raise ConfigError(f"{out} lies in docs_dir, or holds it; give another folder for the export")


def copy_docs(docs: AuthorDocs, site: Site, out: Path) -> None:
    """Write the author's pages as they are, with the single pictures that they name."""
    for uri, path in docs.files().items():
        target = out / uri
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for uri, picture in docs.pictures(site).items():
        picture.write(out / uri)


def replaced(docs: AuthorDocs, site: Site) -> dict[str, str]:
    """Return the author's page for each generated page that it takes the place of."""
    files, found = docs.files(), dict[str, str]()
    for file in site.files:
        own = next((name for name in own_names(file.uri) if name in files), None)
        if own is not None and file.body is not None:
            found[file.uri] = own
    return found
