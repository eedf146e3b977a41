"""The sites that hostile inputs are put into; each has earlier results, which nothing may destroy."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from mkdocs_lurk.errors import LurkError
from mkdocs_lurk.store import Store
from tests.fuzz.markup import pages, read_page
from tests.fuzz.watch import Watch, tree
from tests.plugin.sites import FENCE, Project, project
from tests.run.networks import NETWORK, SIDE, draw

LAYERS = (("features.0", 2, 3), ("features.3", 4, 9))
TINY: dict[str, Any] = {
    "name": "tiny",
    "source": "net.py:tiny",
    "images": "pictures",
    "transform": {"crop": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3},
    "layers": {"include": ["first"]},
    "filters": 1,
    "top_k": 1,
    "synthesis": False,
}


@dataclass
class Attacked:
    """A copy of a site, before something hostile is put into it.

    Attributes:
        made: The site.
        watch: What the input did.
    """

    made: Project
    watch: Watch = field(init=False)
    _before: dict[str, bytes] = field(init=False, default_factory=dict)
    _kept: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        self.watch = Watch(self.root)

    @property
    def root(self) -> Path:
        return self.made.root

    @property
    def store(self) -> Store:
        return Store(self.made.cache)

    def run(self, action: Any, damaged: bool = False) -> str:
        """Do it, and check that nothing else changed and that nothing was lost.

        Args:
            action: What drives the input through the package.
            damaged: Whether the cache itself is the input, so that what was damaged is not lost.
        """
        before, outside = tree(self.root), sorted(self.root.parent.iterdir())
        kept = [] if damaged else list(filter(self.store.has, self.store.keys()))
        outcome = self.watch.run(action)
        assert tree(self.root) == before
        assert sorted(self.root.parent.iterdir()) == outside
        assert [key for key in kept if not self.store.has(key)] == []
        return outcome

    def build(self) -> None:
        """Build the site with MkDocs; raises the one error of ours that stopped it."""
        config = load_config(str(self.made.config), strict=False)
        config.plugins.on_startup(command="build", dirty=False)
        try:
            build(config)
        except Abort as abort:
            raise _own_error(abort) from abort
        finally:
            config.plugins.on_shutdown()


def _own_error(abort: BaseException) -> BaseException:
    error: BaseException | None = abort
    while error is not None and not isinstance(error, LurkError):
        error = error.__cause__ or error.__context__
    return error or AssertionError("the build was stopped by no error of ours")


@dataclass
class Sites:
    """The templates, each made once, below ``folder``."""

    folder: Path

    @cached_property
    def _fake(self) -> Path:
        root = self.folder / "fake"
        root.mkdir(parents=True)
        made = project(root, layers=LAYERS)
        made.write("docs/index.md", f"# Home\n\n{FENCE}")
        made.build()
        return root

    @cached_property
    def _tiny(self) -> Path:
        root = self.folder / "tiny"
        (root / "docs").mkdir(parents=True)
        (root / "docs" / "index.md").write_text("# Home\n")
        (root / "net.py").write_text(textwrap.dedent(NETWORK))
        draw(root / "pictures", 3)
        declare(root, TINY)
        Project(root).build()
        return root

    @cached_property
    def active(self) -> dict[str, Counter[str]]:
        """What of the first template's pages can run code or change links, by their addresses."""
        site = self._fake / "site"
        return {path.relative_to(site).as_posix(): read_page(path.read_text("utf-8")).active for path in pages(site)}

    def fake(self, root: Path) -> Attacked:
        """A site of made-up results, which needs no torch."""
        return self._copy(self._fake, root)

    def tiny(self, root: Path) -> Attacked:
        """A site with a network of one analysed filter and three pictures."""
        return self._copy(self._tiny, root)

    def _copy(self, template: Path, root: Path) -> Attacked:
        shutil.copytree(template, root, symlinks=True)
        return Attacked(Project(root))


def declare(root: Path, model: dict[str, Any], **plugin: Any) -> None:
    """Write ``mkdocs.yml`` with one model."""
    site = {"site_name": "t", "theme": "mkdocs", "plugins": [{"lurk": {"models": [model], **plugin}}]}
    (root / "mkdocs.yml").write_text(yaml.safe_dump(site))
