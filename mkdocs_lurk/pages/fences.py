"""Render the fences named ``lurk`` in authors' pages: filters, a story, finds, a gallery, a map, a quiz, a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.pages.embed import read_fence
from mkdocs_lurk.pages.highlights.embeds import render_overview, render_story
from mkdocs_lurk.pages.markdown import EmbedInfo
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.pages.writing.captions import Captions
from mkdocs_lurk.pages.writing.class_embed import render_class
from mkdocs_lurk.pages.writing.filter_embed import render_filters
from mkdocs_lurk.pages.writing.filter_parts import PARTS
from mkdocs_lurk.pages.writing.interactive_embed import render_interactive

_RENDERERS = {
    "story": render_story,
    "network": render_overview,
    "finds": render_overview,
    "gallery": render_interactive,
    "map": render_interactive,
    "class": render_class,
    "quiz": render_interactive,
    "live": render_interactive,
}
"""By what a fence shows; any other shows filters."""


def render_fence(
    contents: str,
    site: Site,
    templates: Templates,
    address: Callable[[str], str],
    captions: Captions | None = None,
    info: EmbedInfo | None = None,
) -> str:
    """Render the HTML of a fence.

    Args:
        contents: YAML with ``model`` and ``show``: ``story``, ``network``, ``finds``, ``gallery``, ``map``,
            ``quiz``, ``live`` or ``class``; else the keys of filters.
        site: What was generated.
        templates: The templates of pages.
        address: Turns an address under the site into one for the page with the fence.
        captions: Keeps captions, which are Markdown; without it they are shown as text.
        info: What stands beside ``lurk``.

    Raises:
        ConfigError: A key is unknown, or what it names.
    """
    if info is not None and info.unknown:
        raise ConfigError(f'lurk fence: {info.unknown[0]!r} beside lurk is not known; give title="...", .class or #id')
    keys = read_fence(contents)
    show = keys.get("show")
    known = ("all", *_RENDERERS, *PARTS)
    if isinstance(show, str) and show not in known:
        raise ConfigError(f"lurk fence: show: {show!r} is not known{near(show, known) or '; give ' + ', '.join(known)}")
    render = _RENDERERS.get(str(show), render_filters)
    return render(_keep_captions(keys, captions or Captions(are_text=True)), site, templates, address)


def _keep_captions(keys: Mapping[object, object], captions: Captions) -> dict[object, object]:
    """Return the keys of a fence with tokens in place of captions."""
    kept = dict(keys)
    if "caption" in kept:
        kept["caption"] = captions.keep(kept["caption"])
    if isinstance(panels := kept.get("panels"), list):
        kept["panels"] = [_keep_captions(panel, captions) if isinstance(panel, dict) else panel for panel in panels]
    return kept
