"""The MkDocs plugin: hooks that hand over, and hold no logic of their own."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from mkdocs_lurk.build import generate
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import LurkError
from mkdocs_lurk.pages.front_end import SCRIPT, STYLE
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.config import PluginConfig
from mkdocs_lurk.plugin.page_markdown import fill_page
from mkdocs_lurk.plugin.placement import Placed, add_to_navigation, place

log = logging.getLogger("mkdocs.plugins.lurk")


class LurkPlugin(BasePlugin[PluginConfig]):  # type: ignore[no-untyped-call]  # MkDocs leaves that untyped
    """Publishes what the filters of the declared networks respond to, as pages of the site."""

    def __init__(self) -> None:
        super().__init__()
        self._serving = False
        self._declared: LurkConfig
        self._templates: Templates
        self._site: Site
        self._placed: Placed

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Change nothing; note whether the site is served, and stay alive between its builds."""
        self._serving = command == "serve"

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Check the declaration, and add the front end's script and style to every page."""
        with _one_line():
            self._declared = self.config.read(Path(config.config_file_path or "mkdocs.yml").resolve().parent)
        custom = config.theme.custom_dir
        own = Path(custom) / "lurk" if custom else None
        self._templates = Templates(own if own and own.is_dir() else None)
        if self._declared.models:
            config.extra_javascript.append(SCRIPT)
            config.extra_css.append(STYLE)
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the generated pages and files, analysing what is missing first, where that is wished."""
        missing = self._declared.missing
        if self._serving and self._declared.on_serve == "cached" and missing == "analyze":
            missing = "placeholder"
        with _one_line():
            self._site = generate(self._declared, missing, self._templates.overrides)
            self._placed = place(self._site, files, config, self._declared)
        return files

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Add a section with the generated pages that the author's navigation does not name."""
        if self._declared.nav.mode == "inject":
            add_to_navigation(nav, self._site, self._placed, files, self._declared.nav)
        return nav

    @event_priority(-60)  # after plugins that evaluate an author's text (macros): braces in generated parts are data
    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Put generated parts into authors' pages, filters in the place of fences, addresses in that of lurk: links."""
        with _one_line(page.file.src_uri):
            return fill_page(markdown, page, files, self._site, self._placed, self._templates)

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Change nothing; say where to look."""
        if self._declared.models and not self._serving:
            log.info("look at %s", Path(config.site_dir) / "models" / "index.html")

    def on_serve(self, server: LiveReloadServer, *, config: MkDocsConfig, builder: object) -> LiveReloadServer:
        """Watch what the results are made from, but for folders of pictures, which may be large."""
        for model in self._declared.models:
            source = model.root / model.source.rpartition(":")[0]
            for path in (model.card, model.weights_path, source):
                if path is not None and path.is_file():
                    server.watch(str(path))
        return server


@contextlib.contextmanager
def _one_line(where: str = "") -> Iterator[None]:
    """Turn our errors into MkDocs' own, which it shows as one line before it exits with 1."""
    try:
        yield
    except LurkError as error:
        raise PluginError(f"lurk: {where + ': ' if where else ''}{error}") from error
