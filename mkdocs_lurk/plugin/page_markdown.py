"""Complete the Markdown of a page: a layer's generated part, embedded filters, links to generated pages.

Any page embeds a filter by a fence::

    ```lurk
    model: squeezenet
    layer: features.0
    filter: 12
    ```

optionally with ``show: crops`` or ``show: synthesis`` and a ``caption``; with ``show: story`` or ``show: network``
instead of a layer and a filter it embeds several filters. A link to
``lurk:squeezenet/features.0#filter-12`` leads to the filter, wherever the page with the link lies.
"""

from __future__ import annotations

from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from mkdocs_lurk.pages.fences import render_fence
from mkdocs_lurk.pages.markdown import insert_body, replace_attributes, replace_fences, replace_links
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.files import GeneratedFiles


def complete_markdown(
    markdown: str, page: Page, files: Files, site: Site, generated: GeneratedFiles, templates: Templates
) -> str:
    """Return a page's Markdown with the generated part inserted, and with ``lurk`` fences and links replaced.

    Raises:
        ConfigError: A fence or a link names something that is not there.
    """
    body = generated.bodies.get(page.file.src_uri)
    if body is not None:
        markdown = insert_body(markdown, body.read_text("utf-8"))
    if "lurk" not in markdown:
        return markdown
    address = generated.relative_url(page, files)
    markdown = replace_fences(markdown, lambda declared: render_fence(declared, site, templates, address))
    markdown = replace_links(markdown, site.links, generated.relative_source(page))
    beside_card = generated.beside_cards(page, files)
    return replace_attributes(markdown, site.links, address, beside_card)
