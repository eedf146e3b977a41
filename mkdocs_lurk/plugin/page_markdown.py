"""Fills in a page's Markdown: the generated part of a layer's page, embedded filters, links to generated pages.

A filter is embedded in any page by a fence::

    ```lurk
    model: squeezenet
    layer: features.0
    filter: 12
    ```

with ``show: crops`` or ``show: synthesis`` and a ``caption`` where wished. A link to
``lurk:squeezenet/features.0#filter-12`` leads to the filter's place, wherever the page with the link lies.
"""

from __future__ import annotations

from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from mkdocs_lurk.pages.embed import render_filter
from mkdocs_lurk.pages.markdown import insert_body, replace_fences, replace_links
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.placement import Placed


def fill_page(markdown: str, page: Page, files: Files, site: Site, placed: Placed, templates: Templates) -> str:
    """Fill in all that is ours in a page.

    Raises:
        ConfigError: A fence or a link names what is not there.
    """
    body = placed.bodies.get(page.file.src_uri)
    if body is not None:
        markdown = insert_body(markdown, body.read_text("utf-8"))
    if "lurk" not in markdown:
        return markdown
    address = placed.relative_url(page, files)
    markdown = replace_fences(markdown, lambda declared: render_filter(declared, site, templates, address))
    return replace_links(markdown, site.links, placed.relative_source(page))
