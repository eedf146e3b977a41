"""Load the front end on every page of a site."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig

from mkdocs_lurk.pages.front_end import SCRIPT, STYLE, WORDS
from mkdocs_lurk.pages.words import Words
from mkdocs_lurk.pages.writing.extension import LurkExtension


def add_front_end(config: MkDocsConfig, extension: LurkExtension, words: Words) -> None:
    """Add scripts, style and Markdown extension to ``config``, which may have those of the build before."""
    others = [one for one in config.markdown_extensions if not isinstance(one, LurkExtension)]
    config.markdown_extensions[:] = [*others, extension]
    ours = (SCRIPT, WORDS)
    config.extra_javascript[:] = [one for one in config.extra_javascript if str(one) not in ours]
    config.extra_javascript.extend([WORDS, SCRIPT] if words.table else [SCRIPT])
    if STYLE not in config.extra_css:
        config.extra_css.append(STYLE)
