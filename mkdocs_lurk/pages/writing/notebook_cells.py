"""Embeds and figures in HTML that another renderer than the site's Markdown parser made: the cells of a notebook."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from mkdocs_lurk.pages.markdown import Segment, split_at_fences
from mkdocs_lurk.pages.writing.captions import Captions
from mkdocs_lurk.pages.writing.faults import ShownFigure

_FENCE = re.compile(r"<pre><code class=\"(?:language-)?lurk\">(?P<contents>.*?)</code></pre>", re.DOTALL)
_SPAN = re.compile(r"<pre\b.*?</pre\s*>|<code>(?P<expression>[^<]+)</code>", re.DOTALL)


def render_cells(
    text: str, embed: Callable[[Segment, Captions], str], figure: Callable[[str], ShownFigure | None]
) -> str:
    """Return the HTML of a notebook with its ``lurk`` fences and figures rendered; captions are plain text.

    Args:
        text: The HTML, in which a fence is a code block of the language ``lurk``.
        embed: Renders a fence.
        figure: Returns the figure that a code span asks for; None if it asks for none.
    """
    if "lurk" not in text:
        return text

    def shown(match: re.Match[str]) -> str:
        contents = html.unescape(match["contents"]).removeprefix("lurk\n")
        (fence, *_) = split_at_fences(f"~~~~~~lurk\n{contents.rstrip()}\n~~~~~~\n")
        return embed(fence, Captions(are_text=True))

    def span(match: re.Match[str]) -> str:
        found = None if match["expression"] is None else figure(html.unescape(match["expression"]))
        if found is None:
            return match[0]
        attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in found.attributes.items())
        return f"<span{attributes}>{html.escape(found.text)}</span>"

    return _SPAN.sub(span, _FENCE.sub(shown, text))
