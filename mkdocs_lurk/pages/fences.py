"""Render the fences named ``lurk`` in authors' pages: a filter, a story of some, or the network on one screen."""

from __future__ import annotations

from collections.abc import Callable

from mkdocs_lurk.pages.embed import read_fence, render_filter
from mkdocs_lurk.pages.highlights.embeds import render_network, render_story
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site

_RENDERERS = {"story": render_story, "network": render_network}
"""By what a fence shows; any other shows one filter."""


def render_fence(contents: str, site: Site, templates: Templates, address: Callable[[str], str]) -> str:
    """Render the HTML of a fence.

    Args:
        contents: YAML with ``model`` and ``show: story`` or ``show: network``, or else with the keys of one filter.
        site: What was generated.
        templates: The templates of pages.
        address: Turns an address under the site into one for the page with the fence.

    Raises:
        ConfigError: A key is unknown, or what it names.
    """
    keys = read_fence(contents)
    render = _RENDERERS.get(str(keys.get("show")), render_filter)
    return render(keys, site, templates, address)
