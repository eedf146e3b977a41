"""The Markdown extension that renders what authors write of ours, wherever the page's parser meets it.

Fences are taken out of the text before any other extension reads it, and a token stands in the place of each. Where the
parser makes a paragraph of a token, in a list, a quotation, a tab or an admonition too, the paragraph becomes what the
fence embeds. In raw HTML it does as well, with captions as plain text. Where the parser makes code of a token, it
becomes the fence again, as the author wrote it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import ETX, STX, AtomicString

from mkdocs_lurk.pages.markdown import MARKER, Segment, split_at_fences
from mkdocs_lurk.pages.writing.captions import Captions
from mkdocs_lurk.pages.writing.faults import ShownFigure
from mkdocs_lurk.pages.writing.raw_elements import RAW_TEXT

_BEFORE_FENCES, _BEFORE_INLINE, _AFTER_INLINE, _AFTER_RAW_HTML = 27, 25, 15, 20
"""Priorities: fenced code is 25 among the preprocessors, inline text 20 of the tree's, the stash 30 of the last."""
_BEFORE_AUTOLINKS, _BEFORE_EMBEDS = 125, 26
_TOKEN = re.compile(f"{STX}lurk-embed:(\\d+){ETX}")
_BODY_TOKEN = f"{STX}lurk-body{ETX}"
_LEFT_TOKEN = re.compile(rf"(?:(?<=\n)\n)?{_TOKEN.pattern}(?:\n(?=\n))?")
Embed = Callable[[Segment, Captions], str]
"""Renders a fence as HTML."""
Figure = Callable[[str], ShownFigure | None]
"""Returns an inline figure, by what stands in its code span; None if that is no figure."""
LinkText = Callable[[str], str]
"""Returns what to call the target of a link that has no text."""


class LurkExtension(Extension):  # type: ignore[misc]  # Python-Markdown has no types
    """Renders ``lurk`` fences, inline figures and links in angle brackets.

    Args:
        embed: Renders a fence.
        figure: Renders an inline figure.
        link_text: Names the target of a link.
    """

    def __init__(self, embed: Embed, figure: Figure, link_text: LinkText) -> None:
        super().__init__()
        self._embed, self._figure, self._link_text = embed, figure, link_text
        self.body: str | None = None
        """The generated part of the next page, where its marker stands in a list, a quotation or the like."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        """Add the parts of the extension to a parser, which keeps the fences of one page."""
        fences: list[Segment] = []
        found = _Fences(md, fences)
        md.preprocessors.register(found, "lurk-fences", _BEFORE_FENCES)
        md.treeprocessors.register(_Body(md, found, self), "lurk-body", _BEFORE_EMBEDS)
        md.treeprocessors.register(_Embeds(md, fences, self._embed), "lurk-embeds", _BEFORE_INLINE)
        md.treeprocessors.register(_Figures(md, self._figure), "lurk-figures", _AFTER_INLINE)
        md.postprocessors.register(_Restored(md, fences, self._embed), "lurk-restored", _AFTER_RAW_HTML)
        md.inlinePatterns.register(_Autolinks(self._link_text), "lurk-autolinks", _BEFORE_AUTOLINKS)


class _Fences(Preprocessor):  # type: ignore[misc]  # Python-Markdown has no types
    """Puts a token in the place of each fence."""

    def __init__(self, md: Markdown, fences: list[Segment]) -> None:
        super().__init__(md)
        self._fences = fences

    def run(self, lines: list[str]) -> list[str]:
        self._fences.clear()
        return self.take_out(lines)

    def take_out(self, lines: list[str]) -> list[str]:
        """Return lines with tokens in place of fences and of the marker."""
        text = "\n".join(lines)
        if "lurk" not in text:
            return lines
        return "".join(map(self._token, split_at_fences(text))).split("\n")

    def _token(self, segment: Segment) -> str:
        if segment.info is None:
            return MARKER.sub(_body_token, segment.text)
        if segment.embed is None:
            return segment.text
        self._fences.append(segment)
        token = f"{STX}lurk-embed:{len(self._fences) - 1}{ETX}"
        end = "" if not segment.text.endswith("\n") else "\n"
        empty = segment.indent.rstrip()
        return f"{empty}\n{segment.indent}{token}\n{empty}{end}"


def _body_token(marker: re.Match[str]) -> str:
    """Return a marker as a paragraph of its own, where it does not begin the item of a list."""
    inside = marker["inside"]
    if not inside:
        return marker[0]
    empty = "" if inside.strip("> \t") else f"{inside.rstrip()}\n"
    return f"{empty}{inside}{_BODY_TOKEN}\n"


class _Body(Treeprocessor):  # type: ignore[misc]  # Python-Markdown has no types
    """Puts the generated part in the place of the first marker that is a paragraph; else at the end of the page."""

    def __init__(self, md: Markdown, fences: _Fences, extension: LurkExtension) -> None:
        super().__init__(md)
        self._fences, self._extension = fences, extension

    def run(self, root: Element) -> None:
        body, self._extension.body = self._extension.body, None
        if body is None:
            return
        lines = self._fences.take_out(body.split("\n"))
        own = self.md.preprocessors.get_index_for_name("lurk-fences")
        for preprocessor in list(self.md.preprocessors)[own + 1 :]:
            lines = preprocessor.run(lines)
        self.md.parser.parseChunk(_place_of_body(root), "\n".join(lines).strip("\n"))


def _place_of_body(root: Element) -> Element:
    for element in root.iter():
        if (element.text or "").strip() == _BODY_TOKEN and element.tag not in ("code", "pre"):
            element.text = None
            element.tag = "div" if element.tag == "p" else element.tag
            return element
    return root


class _Embeds(Treeprocessor):  # type: ignore[misc]  # Python-Markdown has no types
    """Turns each paragraph that is a token into what the fence embeds."""

    def __init__(self, md: Markdown, fences: list[Segment], embed: Embed) -> None:
        super().__init__(md)
        self._fences, self._embed = fences, embed

    def run(self, root: Element) -> None:
        for element in root.iter():
            found = _TOKEN.fullmatch((element.text or "").strip())
            if found and not len(element) and element.tag not in ("code", "pre"):
                self._fill(element, self._fences[int(found[1])])

    def _fill(self, element: Element, fence: Segment) -> None:
        """Put the HTML of a fence into an element, with its captions as Markdown between."""
        info = fence.embed
        captions = Captions(are_text=info is None or info.from_card)
        parts = captions.split(self._embed(fence, captions))
        stashed = (self.md.htmlStash.store(part) if place % 2 == 0 else part for place, part in enumerate(parts))
        text = "".join(stashed)
        if info is not None and (info.title or info.classes or info.id):
            element.set("class", " ".join(("lurk-framed", *info.classes)))
            if info.id:
                element.set("id", info.id)
            text = (f"**{info.title}** " if info.title else "") + text
        element.text = text
        if element.tag == "p" and (len(parts) > 1 or element.attrib):
            element.tag = "div"


class _Figures(Treeprocessor):  # type: ignore[misc]  # Python-Markdown has no types
    """Puts figures in the place of code spans that ask for one."""

    def __init__(self, md: Markdown, figure: Figure) -> None:
        super().__init__(md)
        self._figure = figure

    def run(self, root: Element) -> None:
        for element in _code_spans(root):
            shown = self._figure(html.unescape(element.text or ""))
            if shown is not None:
                element.tag, element.text = "span", AtomicString(shown.text)
                element.attrib.clear()
                element.attrib.update(shown.attributes)


def _code_spans(root: Element) -> Iterator[Element]:
    for parent in root.iter():
        if parent.tag != "pre":
            yield from [child for child in parent if child.tag == "code" and not len(child)]


def _ends_between_elements(before: str) -> bool:
    """Return whether HTML ends where an element may stand: in no tag, comment, code or other text without elements."""
    text = before.lower()
    opened = [("<", ">"), ("<!--", "-->")]
    opened += [(f"<{name}", f"</{name}") for name in ("pre", "code", *RAW_TEXT, "title")]
    return all(text.rfind(start) <= text.rfind(end) for start, end in opened)


class _Restored(Postprocessor):  # type: ignore[misc]  # Python-Markdown has no types
    """Writes a fence as it was where its token became part of code, and renders it where it stands in raw HTML."""

    def __init__(self, md: Markdown, fences: list[Segment], embed: Embed) -> None:
        super().__init__(md)
        self._fences, self._embed = fences, embed

    def run(self, text: str) -> str:
        text = text.replace(_BODY_TOKEN, "&lt;!-- lurk --&gt;")
        return _LEFT_TOKEN.sub(lambda match: self._restored(int(match[1]), text[: match.start()]), text)

    def _restored(self, number: int, before: str) -> str:
        if _ends_between_elements(before):
            return self._embed(self._fences[number], Captions(are_text=True))
        return html.escape(self._written(number), quote=False)

    def _written(self, number: int) -> str:
        fence = self._fences[number]
        return "\n".join(line.removeprefix(fence.indent) for line in fence.text.rstrip("\n").split("\n"))


class _Autolinks(InlineProcessor):  # type: ignore[misc]  # Python-Markdown has no types
    """Makes a link of ``<lurk:MODEL/LAYER>``."""

    def __init__(self, link_text: LinkText) -> None:
        super().__init__(r"<(lurk:[^<>\s]*)>")
        self._link_text = link_text

    def handleMatch(  # noqa: N802 - Python-Markdown's name
        self, match: re.Match[str], data: str
    ) -> tuple[Element, int, int]:
        link = Element("a", {"href": match[1]})
        link.text = AtomicString(self._link_text(match[1].removeprefix("lurk:")))
        return link, match.start(0), match.end(0)
