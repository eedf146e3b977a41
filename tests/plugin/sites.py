"""Small sites whose models were analysed already: the store answers their declaration with made-up results."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from PIL import Image

from mkdocs_lurk.plugin.declaration import read_declared
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.store import Store
from tests.pages.fake import LAYERS, fake_model
from tests.pages.patterns import Draw, encoded_pattern


@dataclass(frozen=True)
class Project:
    """A folder with ``mkdocs.yml``, ``docs/`` and pictures."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "mkdocs.yml"

    @property
    def cache(self) -> Path:
        return self.root / ".cache" / "plugin" / "lurk"

    @property
    def site(self) -> Path:
        return self.root / "site"

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")

    def declare(self, plugin: dict[str, Any], **site: Any) -> None:
        """Write ``mkdocs.yml``."""
        plugins = [*site.pop("plugins", ["search"]), {"lurk": plugin}]
        declared = {"site_name": "Test", "site_url": "https://example.org/", "theme": {"name": "mkdocs"}, **site}
        self.write("mkdocs.yml", yaml.safe_dump({**declared, "plugins": plugins}))

    def answer(self, **fake: Any) -> None:
        """Put made-up results into the cache for every declared model."""
        declared = read_declared(self.config)
        store = Store(declared.config.cache_dir)
        for state in resolve(declared.config, store):
            store.set_alias(state.request, fake_model(store, state.config.name, **fake))

    def build(self, **options: Any) -> None:
        """Build the site, strictly."""
        config = load_config(str(self.config), strict=True, **options)
        config.plugins.on_startup(command="build", dirty=False)
        try:
            build(config)
        finally:
            config.plugins.on_shutdown()

    def html(self, path: str) -> str:
        return (self.site / path).read_text("utf-8")

    def results(self, path: str) -> Any:
        return json.loads(self.html(path))


def project(
    root: Path, name: str = "small", layers: Any = LAYERS, side: int = 32, draw: Draw = encoded_pattern, **keys: Any
) -> Project:
    """A site with one analysed model; ``keys`` go to ``mkdocs.yml``, those of the model under ``model``."""
    found = Project(root)
    for label in ("cat", "dog"):
        for number in range(2):
            path = root / "photos" / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (60 * number, 90, 120)).save(path)
    found.write("docs/index.md", "# Home\n\nWords.\n")
    model = {
        "name": name, "title": "A small network", "source": "torchvision:squeezenet1_1", "images": "photos",
        **keys.pop("model", {}),
    }  # fmt: skip
    found.declare({"models": [model], **keys.pop("lurk", {})}, **keys)
    found.answer(layers=layers, side=side, draw=draw)
    return found
