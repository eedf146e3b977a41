"""Small sites whose models were analysed already: the store has made-up results for their declarations."""

from __future__ import annotations

import json
import logging
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from PIL import Image

from mkdocs_lurk.config.reading import Reading
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml
from mkdocs_lurk.run.plan import inputs_of, pictures_of, remember, resolve
from mkdocs_lurk.store import Store
from tests.pages.fake import LAYERS, fake_model
from tests.pages.patterns import Draw, encoded_pattern

MATERIAL = {"name": "material", "font": False}
FENCE = "```lurk\nmodel: small\nlayer: features.3\nfilter: 3\n```\n"


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
        self.write("mkdocs.yml", yaml.safe_dump({**declared, "plugins": plugins}, sort_keys=False))

    def store_fake_results(self, **fake: Any) -> None:
        """Put made-up results into the cache for every declared model."""
        declared = read_mkdocs_yml(self.config)
        store = Store(declared.config.cache_dir)
        for state in resolve(declared.config, store):
            key, images = fake_model(store, state.config.name, **fake), pictures_of(declared.config, state.config)
            inputs = inputs_of(declared.config, state.config, images, Reading())
            remember(declared.config, state.config, store, key, inputs)

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
    root: Path,
    name: str = "small",
    layers: Any = LAYERS,
    side: int = 32,
    draw: Draw = encoded_pattern,
    draw_gradient: Draw | None = None,
    **keys: Any,
) -> Project:
    """Make a site with one analysed model.

    Args:
        root: An empty folder.
        name: The model's name.
        layers: The model's layers.
        side: The side of the network's input, in pixels.
        draw: Makes the pictures.
        draw_gradient: Makes the gradients instead, if it is given.
        keys: Keys of ``mkdocs.yml``; the plugin's under ``lurk``, the model's under ``model``.
    """
    made = Project(root)
    for label in ("cat", "dog"):
        for number in range(2):
            path = root / "photos" / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (60 * number, 90, 120)).save(path)
    made.write("docs/index.md", "# Home\n\nWords.\n")
    model = {
        "name": name, "title": "A small network", "source": "torchvision:squeezenet1_1", "images": "photos",
        **keys.pop("model", {}),
    }  # fmt: skip
    made.declare({"models": [model], **keys.pop("lurk", {})}, **keys)
    made.store_fake_results(layers=layers, side=side, draw=draw, draw_gradient=draw_gradient)
    return made


def build_error(made: Project, caplog: pytest.LogCaptureFixture) -> str:
    """Build a site that cannot be built, and return the line that MkDocs prints."""
    with pytest.raises(Abort), caplog.at_level(logging.ERROR):
        made.build()
    line = caplog.records[-1].getMessage()  # for a page, MkDocs says before it which one it read
    assert "\n" not in line
    return line


def broken_addresses(site: Path, pages: Iterable[Path] = ()) -> list[str]:
    """Return the addresses that lead to no file, on the pages given, or else on generated ones and the first."""
    broken = []
    for page in [*pages] or [*site.glob("*/**/*.html"), site / "index.html"]:
        for address in _addresses(page):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            target = Path(posixpath.normpath(page.parent / unquote(parts.path)))
            if parts.path.startswith("/"):
                target = site / unquote(parts.path).lstrip("/")
            if not (target.is_file() or (target / "index.html").is_file()):
                broken.append(f"{page.relative_to(site)}: {address}")
    return broken


@dataclass
class _Addresses(HTMLParser):
    """Collects what a page links to and loads, also in ``noscript``; a tenth of the work of building a tree."""

    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "data-src", "xlink:href")]


def _addresses(page: Path) -> list[str]:
    parser = _Addresses()
    parser.feed(page.read_text("utf-8"))
    parser.close()
    return parser.found
