"""While a site is served, what Markdown made of generated pages is kept: an edit changes few pages or none of them."""

from __future__ import annotations

import copy

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from mkdocs_lurk.store import digest

_RENDERED = ("content", "toc", "_title_from_render", "present_anchor_ids", "links_to_anchors")
"""What MkDocs sets on a page when it renders its Markdown."""


class RenderedPages:
    """Keeps what the last build made of each page, by its source address."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, dict[str, object]]] = {}

    def keep(self, page: Page) -> None:
        """Let a page be rendered as before, where its Markdown and the site's extensions are the same.

        Pages with code are rendered each time: a fence or a figure in it shows what another page's results are.
        """
        render, uri = page.render, page.file.src_uri

        def render_once(config: MkDocsConfig, files: Files) -> None:
            markdown = page.markdown or ""
            if "`" in markdown or "~~~" in markdown:
                render(config, files)
                return
            key = digest("rendered", markdown, _extensions(config))
            kept_key, kept = self._kept.get(uri, ("", {}))
            if kept_key != key:
                render(config, files)
                kept = {name: vars(page).get(name) for name in _RENDERED}
            if kept["links_to_anchors"]:  # they name files of this build
                return
            self._kept[uri] = key, copy.deepcopy(kept)
            vars(page).update(kept)

        page.render = render_once  # type: ignore[method-assign]  # MkDocs has no hook around it


def _extensions(config: MkDocsConfig) -> list[str]:
    names = [each if isinstance(each, str) else type(each).__name__ for each in config.markdown_extensions]
    return [*names, repr(config.mdx_configs)]
