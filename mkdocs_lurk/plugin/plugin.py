"""The MkDocs plugin: hooks that call other parts of the package and have no logic of their own."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from mkdocs_lurk.build import generate, watched_files
from mkdocs_lurk.config.options import LurkConfig, Missing
from mkdocs_lurk.errors import LurkError
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.pages.words import Words
from mkdocs_lurk.pages.writing.faults import Faults
from mkdocs_lurk.plugin.config import PluginConfig, check_cache_dir
from mkdocs_lurk.plugin.dirty import drop_outdated
from mkdocs_lurk.plugin.files import BY_FOLDERS, GeneratedFiles, add_files, leave_out_caches
from mkdocs_lurk.plugin.front_end import add_front_end
from mkdocs_lurk.plugin.host_limits import tell_of_limits
from mkdocs_lurk.plugin.languages import PLUGIN as LANGUAGES
from mkdocs_lurk.plugin.languages import Language, hold_back, place
from mkdocs_lurk.plugin.link_previews import LinkPreviews
from mkdocs_lurk.plugin.misplaced import warn_of_misplaced
from mkdocs_lurk.plugin.mkdocs_yml import template_overrides
from mkdocs_lurk.plugin.nav import add_section, name_folders
from mkdocs_lurk.plugin.private_files import refuse_private_files
from mkdocs_lurk.plugin.rendered_pages import RenderedPages
from mkdocs_lurk.plugin.writing import Writing

log = logging.getLogger("mkdocs.plugins.lurk")


class LurkPlugin(BasePlugin[PluginConfig]):  # type: ignore[no-untyped-call]  # MkDocs leaves that untyped
    """Publishes what the filters of the declared networks respond to, as pages of the site."""

    def __init__(self) -> None:
        super().__init__()
        self._serving = self._dirty = False
        self._server: LiveReloadServer | None = None
        self._watched: set[Path] = set()
        self._rendered = RenderedPages()
        self._declared: LurkConfig
        self._templates: Templates
        self._writing: Writing
        self._site: Site
        self._last: Site | None = None
        self._generated: GeneratedFiles
        self._held: list[File] = []
        self._previews = LinkPreviews()

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Change nothing; note how the site is built, and stay alive between the builds of one that is served."""
        self._serving, self._dirty = command == "serve", dirty
        self._last, self._rendered = None, RenderedPages()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Check the plugin's options, and add the front end's script and style to every page."""
        custom_dir = Path(config.theme.custom_dir) if config.theme.custom_dir else None
        with _as_plugin_error(), self._as_before():
            declared = self.config.read(Path(config.config_file_path or "mkdocs.yml"))
            folders = {"docs_dir": Path(config.docs_dir), "site_dir": Path(config.site_dir)}
            check_cache_dir(declared.cache_dir, {**folders, "theme.custom_dir": custom_dir})
            self._declared = declared
        self._templates = Templates(template_overrides(custom_dir) if custom_dir else None)
        self._writing = Writing(self._templates, Faults(shown=self._serving))
        if self._declared.models:
            add_front_end(config, self._writing.extension, Words.of(Language.of(config).code))
        return config

    @event_priority(50)  # before plugins that look for pages among the files (redirects, literate-nav)
    def _on_files_first(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the generated pages and files; missing results are computed first if the options say so."""
        leave_out_caches(files)
        with _as_plugin_error():
            refuse_private_files(files, self._declared)
            with self._as_before():
                self._site = self._last = generate(
                    self._declared, self._missing, self._templates.overrides, goes_on=self._goes_on
                )
            self._generated = add_files(self._site, files, config, self._declared)
            self._previews = LinkPreviews.publish(self._site, self._generated, files, config)
            self._writing.begin(self._site, self._generated, files, config, self._declared)
            warn_of_misplaced(self._site, files, self._generated, self._templates)
            if self._dirty:
                drop_outdated(Path(config.site_dir), self._site, files, self._generated)
            self._watch()
        return files

    @event_priority(-90)  # after others have seen the pages, and before static-i18n (-100) drops them
    def _on_files_before_languages(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Hold generated pages back where static-i18n builds the site in several languages."""
        self._held = hold_back(files, self._generated.src_uris.values()) if LANGUAGES in config.plugins else []
        return files

    @event_priority(-110)  # after static-i18n
    def _on_files_after_languages(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add generated pages in the folder of the language that is being built."""
        if LANGUAGES in config.plugins:
            place(self._held, files, config, Language.of(config))
        return files

    on_files = CombinedEvent(_on_files_first, _on_files_before_languages, _on_files_after_languages)

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Add a section with the generated pages that the author's navigation does not list."""
        if self._declared.nav.mode == "inject":
            if BY_FOLDERS.intersection(config.plugins):
                name_folders(nav, self._site, self._generated)
            section = Words.of(Language.of(config).code).translate(self._declared.nav.section)
            add_section(nav, self._site, self._generated, files, section)
        return nav

    @event_priority(-60)  # after plugins that evaluate an author's text (macros): braces in generated parts are data
    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Insert generated parts into authors' pages; the Markdown extension renders what authors write of ours."""
        if self._serving and self._writing.is_generated(page.file):
            self._rendered.keep(page)
        return self._writing.complete(markdown, page, files)

    @event_priority(100)  # before plugins that copy a page into another, and mend its links and pictures there
    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Resolve links and pictures, warn of faults, and add the single pictures that a page names to the files."""
        with _as_plugin_error():
            return self._writing.check(html, page, files)

    @event_priority(100)  # before files are copied, and before other plugins render pages for a second time
    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Change nothing; note that all pages are rendered."""
        self._writing.end_reading()
        return env

    @event_priority(50)  # before plugins that check links or write attributes without quotes
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Resolve addresses of generated pages and files, and add what links to the page show on other sites."""
        finished = self._writing.finish(output, page.url, page.file.src_uri)
        return self._previews.tag(finished, page, config.site_name)

    def on_post_template(self, output_content: str, *, template_name: str, config: MkDocsConfig) -> str:
        """Resolve addresses in the page for what is not found, which has no place of its own."""
        if not template_name.endswith(".html"):
            return output_content
        return self._writing.finish_template(output_content, template_name)

    @event_priority(-100)  # after plugins that write pages of their own into the site
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Resolve addresses in pages that other plugins wrote, and log where the pages are."""
        self._writing.finish_others()
        if self._declared.models and not self._serving:
            tell_of_limits(Path(config.site_dir))
            log.info("look at %s", Path(config.site_dir) / "models" / "index.html")

    def on_serve(self, server: LiveReloadServer, *, config: MkDocsConfig, builder: object) -> LiveReloadServer:
        """Watch the files that results are made from, and the modules that they import; pictures may be too many."""
        self._server = server
        self._watch()
        return server

    @property
    def _goes_on(self) -> bool:
        """Whether pages are shown from the cache while an author writes, whatever is wrong."""
        return self._serving and self._declared.on_serve == "cached"

    @property
    def _missing(self) -> Missing:
        """What is done about results that are not in the cache."""
        missing = self._declared.missing
        return "placeholder" if self._goes_on and missing == "analyze" else missing

    @contextlib.contextmanager
    def _as_before(self) -> Iterator[None]:
        """Keep the options and the pages of the last build that went well, and log what is wrong with this one."""
        try:
            yield
        except LurkError as error:
            if self._last is None or not self._goes_on:
                raise
            log.error("lurk: %s; until that is mended, the generated pages stay as they were", error)

    def _watch(self) -> None:
        """Let the server watch what results are made from by now; a build may have imported other modules."""
        if self._server is not None:
            for path in watched_files(self._declared):
                if path not in self._watched:
                    self._watched.add(path)
                    self._server.watch(str(path))


@contextlib.contextmanager
def _as_plugin_error() -> Iterator[None]:
    """Turn our errors into MkDocs' own, which it shows as one line before it exits with 1."""
    try:
        yield
    except LurkError as error:
        raise PluginError(f"lurk: {error}") from error
