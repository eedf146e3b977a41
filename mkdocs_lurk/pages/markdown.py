"""Find what the plugin replaces in an author's Markdown: fences named ``lurk``, and links that begin with ``lurk:``."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mkdocs_lurk.errors import ConfigError, near

_OPENING_FENCE = re.compile(r"^(?P<indent>[ \t]*(?:>[ \t]*)*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_INFO = re.compile(r"(?P<card>lurk-card)|lurk(?:[ \t]+(?P<plain>.*))?|\{[ \t]*\.?lurk(?:[ \t]+(?P<braced>[^{}]*))?\}")
_OPTION = re.compile(
    r"title=(?P<quote>[\"'])(?P<title>.*?)(?P=quote)|\.(?P<class>[\w-]+)|#(?P<id>[\w-]+)|[{}\s]+|(?P<rest>\S+)"
)
_LINK = re.compile(r"(?P<before>\]\(\s*)lurk:(?P<target>[^)\s#]*)(?P<rest>(?:#[^)\s]*)?(?:\s[^)]*)?\))")
_ATTRIBUTE = re.compile(r'(?P<name>\b(?:href|src))="lurk(?P<card>-card)?:(?P<target>[^"#]*)(?P<rest>#[^"]*)?"')
LINKS = "; there are lurk:MODEL, lurk:MODEL/LAYER and lurk:MODEL/LAYER#12 of the declared models"
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
MARKER = re.compile(
    r"^(?P<inside>[ \t]*(?:(?:>|[-*+:]|\d{1,9}[.)])[ \t]+)*)(?P<comment><!--\s*lurk\s*-->)[ \t]*$", re.MULTILINE
)
"""The line that the generated part takes the place of, and what it stands in."""


@dataclass(frozen=True)
class EmbedInfo:
    """The info string of a ``lurk`` fence: ``lurk title="Wheels"`` or ``{ .lurk .wide #wheels }``.

    Attributes:
        from_card: Whether the fence comes from a model's card, whose text is other people's.
        title: A line above the pictures; empty for none.
        classes: Classes of the element around it.
        id: The id of that element; empty for none.
        unknown: What is none of these.
    """

    from_card: bool
    title: str = ""
    classes: tuple[str, ...] = ()
    id: str = ""
    unknown: tuple[str, ...] = ()


def _embed_info(found: re.Match[str]) -> EmbedInfo:
    options = list(_OPTION.finditer(found["plain"] or found["braced"] or ""))
    return EmbedInfo(
        from_card=found["card"] is not None,
        title=next((option["title"] for option in options if option["title"]), ""),
        classes=tuple(option["class"] for option in options if option["class"]),
        id=next((option["id"] for option in options if option["id"]), ""),
        unknown=tuple(option["rest"] for option in options if option["rest"]),
    )


@dataclass(frozen=True)
class Segment:
    """A run of lines: a fenced block with its info string and contents, or text outside of fences (``info`` None)."""

    text: str
    info: str | None = None
    indent: str = ""
    contents: str = ""

    @property
    def embed(self) -> EmbedInfo | None:
        """What the info string of a ``lurk`` fence says; None for any other segment."""
        found = None if self.info is None else _INFO.fullmatch(self.info)
        return None if found is None else _embed_info(found)


def split_at_fences(markdown: str) -> Iterator[Segment]:
    """Split Markdown at its fenced code blocks; the texts of all segments joined are the whole.

    A block may stand in block quotes, and indented. It ends at its closing fence, and with what it stands in.
    """
    text: list[str] = []
    lines = markdown.splitlines(keepends=True)
    place = 0
    while place < len(lines):
        opening = _OPENING_FENCE.match(lines[place].rstrip("\r\n"))
        if opening is None:
            text.append(lines[place])
            place += 1
            continue
        if text:
            yield Segment("".join(text))
            text = []
        block, n_lines = _fenced_block(lines[place:], opening)
        yield block
        place += n_lines
    if text:
        yield Segment("".join(text))


def _fenced_block(lines: Sequence[str], opening: re.Match[str]) -> tuple[Segment, int]:
    """Read lines up to the closing fence, or to the end of what the fence stands in; returns their number, too."""
    fence, indent = opening["fence"], opening["indent"]
    closing = re.compile(rf"[ \t]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*")
    block, contents = [lines[0]], []
    for line in lines[1:]:
        inside = _inside(line, indent)
        is_closing = closing.fullmatch((line if inside is None else inside).rstrip("\r\n"))
        if inside is None and not is_closing:
            break
        block.append(line)
        if is_closing:
            break
        contents.append(inside or "")
    return Segment("".join(block), opening["info"].strip(), indent, "".join(contents)), len(block)


def _inside(line: str, indent: str) -> str | None:
    """Return a line without the indentation and the signs of quotes before a fence; None if it lacks them."""
    if line.startswith(indent):
        return line[len(indent) :]
    if not line.strip():
        return None if ">" in indent else line
    return line.lstrip("> \t") if line.strip() == indent.strip() else None


def replace_links(markdown: str, links: Mapping[str, str], address: Callable[[str], str]) -> str:
    """Replace ``lurk:TARGET`` in links by real addresses; code is left alone.

    Args:
        markdown: The text.
        links: The address of each target under the site.
        address: Turns an address under the site into one for this page.

    Raises:
        ConfigError: A target is unknown.
    """

    def resolve(match: re.Match[str]) -> str:
        target = match["target"].strip("/")
        if target not in links:
            raise ConfigError(f"there is no lurk:{target} to link to{near(target, links) or LINKS}")
        return f"{match['before']}{address(links[target])}{match['rest']}"

    if "](lurk:" not in markdown:
        return markdown
    return "".join(
        segment.text if segment.info is not None else _replace_outside_code(segment.text, resolve)
        for segment in split_at_fences(markdown)
    )


def replace_attributes(
    markdown: str, links: Mapping[str, str], address: Callable[[str], str], beside_card: Callable[[str, str], str]
) -> str:
    """Replace ``lurk:TARGET`` and addresses relative to a card in attributes of HTML, outside of fenced code.

    Args:
        markdown: The text.
        links: The address of each target under the site.
        address: Turns an address under the site into one for HTML on this page.
        beside_card: Turns the name of a model, and an address relative to its card, into an address for HTML on this
            page.

    Raises:
        ConfigError: A target is unknown.
    """

    def resolve(match: re.Match[str]) -> str:
        target = html.unescape(match["target"])
        if match["card"]:
            resolved = beside_card(*target.split("/", 1))
        elif target.strip("/") in links:
            resolved = address(links[target.strip("/")])
        else:
            raise ConfigError(f"there is no lurk:{target} to link to{near(target, links) or LINKS}")
        return f'{match["name"]}="{html.escape(resolved)}{match["rest"] or ""}"'

    if '="lurk' not in markdown:
        return markdown
    return "".join(
        segment.text if segment.info is not None else _ATTRIBUTE.sub(resolve, segment.text)
        for segment in split_at_fences(markdown)
    )


def _replace_outside_code(text: str, resolve: Callable[[re.Match[str]], str]) -> str:
    parts, position = [], 0
    for code in _CODE_SPAN.finditer(text):
        parts += [_LINK.sub(resolve, text[position : code.start()]), code[0]]
        position = code.end()
    return "".join([*parts, _LINK.sub(resolve, text[position:])])


def insert_body(markdown: str, body: str) -> str | None:
    """Insert the generated part into an author's page: at the first marker outside of code, else at the end.

    Returns:
        None if the marker is indented, or stands in a list or a quotation: then the parser knows better what it is in.
    """
    texts, inserted = [], False
    for segment in split_at_fences(markdown):
        text = segment.text
        if segment.info is None and not inserted and (marker := MARKER.search(text)):
            if marker["inside"]:
                return None
            text = MARKER.sub(lambda _: f"\n{body}\n", text, count=1)
            inserted = True
        texts.append(text)
    return "".join(texts) if inserted else f"{markdown.rstrip()}\n\n{body}"
