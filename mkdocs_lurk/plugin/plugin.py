"""The MkDocs plugin: hooks that call other parts of the package and have no logic of their own."""

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

from mkdocs_lurk.build import generate, watched_files
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import LurkError
from mkdocs_lurk.pages.front_end import SCRIPT, STYLE
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.config import PluginConfig, check_cache_dir
from mkdocs_lurk.plugin.dirty import drop_outdated
from mkdocs_lurk.plugin.files import GeneratedFiles, add_files, leave_out_caches
from mkdocs_lurk.plugin.mkdocs_yml import template_overrides
from mkdocs_lurk.plugin.nav import add_section
from mkdocs_lurk.plugin.page_markdown import complete_markdown
from mkdocs_lurk.plugin.private_files import refuse_private_files

log = logging.getLogger("mkdocs.plugins.lurk")


class LurkPlugin(BasePlugin[PluginConfig]):  # type: ignore[no-untyped-call]  # MkDocs leaves that untyped
    """Publishes what the filters of the declared networks respond to, as pages of the site."""

    def __init__(self) -> None:
        super().__init__()
        self._serving = self._dirty = False
        self._server: LiveReloadServer | None = None
        self._watched: set[Path] = set()
        self._declared: LurkConfig
        self._templates: Templates
        self._site: Site
        self._generated: GeneratedFiles

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Change nothing; note how the site is built, and stay alive between the builds of one that is served."""
        self._serving, self._dirty = command == "serve", dirty

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Check the plugin's options, and add the front end's script and style to every page."""
        with _as_plugin_error():
            self._declared = self.config.read(Path(config.config_file_path or "mkdocs.yml").resolve().parent)
            custom_dir = Path(config.theme.custom_dir) if config.theme.custom_dir else None
            folders = {"docs_dir": Path(config.docs_dir), "site_dir": Path(config.site_dir)}
            check_cache_dir(self._declared.cache_dir, {**folders, "theme.custom_dir": custom_dir})
        self._templates = Templates(template_overrides(custom_dir) if custom_dir else None)
        if self._declared.models:
            config.extra_javascript.append(SCRIPT)
            config.extra_css.append(STYLE)
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the generated pages and files; missing results are computed first if the options say so."""
        missing = self._declared.missing
        if self._serving and self._declared.on_serve == "cached" and missing == "analyze":
            missing = "placeholder"
        leave_out_caches(files)
        with _as_plugin_error():
            refuse_private_files(files, self._declared)
            self._site = generate(self._declared, missing, self._templates.overrides)
            self._generated = add_files(self._site, files, config, self._declared)
            if self._dirty:
                drop_outdated(Path(config.site_dir), self._site, files, self._generated)
            self._watch()
        return files

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Add a section with the generated pages that the author's navigation does not list."""
        if self._declared.nav.mode == "inject":
            add_section(nav, self._site, self._generated, files, self._declared.nav)
        return nav

    @event_priority(-60)  # after plugins that evaluate an author's text (macros): braces in generated parts are data
    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Insert generated parts into authors' pages, and replace ``lurk`` fences and links."""
        with _as_plugin_error(page.file.src_uri):
            return complete_markdown(markdown, page, files, self._site, self._generated, self._templates)

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Change nothing; log where the pages are."""
        if self._declared.models and not self._serving:
            log.info("look at %s", Path(config.site_dir) / "models" / "index.html")

    def on_serve(self, server: LiveReloadServer, *, config: MkDocsConfig, builder: object) -> LiveReloadServer:
        """Watch the files that results are made from, and the modules that they import; pictures may be too many."""
        self._server = server
        self._watch()
        return server

    def _watch(self) -> None:
        """Let the server watch what results are made from by now; a build may have imported other modules."""
        if self._server is not None:
            for path in watched_files(self._declared):
                if path not in self._watched:
                    self._watched.add(path)
                    self._server.watch(str(path))


@contextlib.contextmanager
def _as_plugin_error(page: str = "") -> Iterator[None]:
    """Turn our errors into MkDocs' own, which it shows as one line before it exits with 1."""
    try:
        yield
    except LurkError as error:
        raise PluginError(f"lurk: {page + ': ' if page else ''}{error}") from error
