"""Find what the plugin replaces in an author's Markdown: fences named ``lurk``, and links that begin with ``lurk:``."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mkdocs_lurk.errors import ConfigError, near

_OPENING_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_LINK = re.compile(r"(?P<before>\]\(\s*)lurk:(?P<target>[^)\s#]*)(?P<rest>(?:#[^)\s]*)?(?:\s[^)]*)?\))")
_ATTRIBUTE = re.compile(r'(?P<name>\b(?:href|src))="lurk(?P<card>-card)?:(?P<target>[^"#]*)(?P<rest>#[^"]*)?"')
_LINKS = "; there are lurk:MODEL, lurk:MODEL/LAYER and lurk:MODEL/LAYER#filter-N of the declared models"
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_MARKER = re.compile(r"^[ \t]*<!--\s*lurk\s*-->[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Segment:
    """A run of lines: a fenced block with its info string and contents, or text outside of fences (``info`` None)."""

    text: str
    info: str | None = None
    indent: str = ""
    contents: str = ""


def split_at_fences(markdown: str) -> Iterator[Segment]:
    """Split Markdown at its fenced code blocks; the texts of all segments joined are the whole."""
    text: list[str] = []
    lines = iter(markdown.splitlines(keepends=True))
    for line in lines:
        opening = _OPENING_FENCE.match(line.rstrip("\r\n"))
        if opening is None:
            text.append(line)
            continue
        if text:
            yield Segment("".join(text))
            text = []
        yield _fenced_block(line, opening, lines)
    if text:
        yield Segment("".join(text))


def _fenced_block(first: str, opening: re.Match[str], lines: Iterator[str]) -> Segment:
    """Read lines up to the closing fence, or to the end."""
    fence, indent = opening["fence"], opening["indent"]
    closing = re.compile(rf"^[ \t]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    block, contents = [first], []
    for line in lines:
        block.append(line)
        if closing.match(line.rstrip("\r\n")):
            break
        contents.append(line.removeprefix(indent))
    return Segment("".join(block), opening["info"].strip(), indent, "".join(contents))


def replace_fences(markdown: str, render: Callable[[str], str]) -> str:
    """Replace each fence whose info string is ``lurk`` by what ``render`` makes of its contents."""
    texts = []
    for segment in split_at_fences(markdown):
        if segment.info == "lurk":
            rendered = render(segment.contents)
            texts.append("".join(f"{segment.indent}{line}\n" for line in ["", *rendered.splitlines(), ""]))
        else:
            texts.append(segment.text)
    return "".join(texts)


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
            raise ConfigError(f"there is no lurk:{target} to link to{near(target, links) or _LINKS}")
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
            raise ConfigError(f"there is no lurk:{target} to link to{near(target, links) or _LINKS}")
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


def insert_body(markdown: str, body: str) -> str:
    """Insert the generated part into an author's page: at the first marker outside of code, else at the end."""
    texts, inserted = [], False
    for segment in split_at_fences(markdown):
        text = segment.text
        if segment.info is None and not inserted and _MARKER.search(text):
            text = _MARKER.sub(lambda _: f"\n{body}\n", text, count=1)
            inserted = True
        texts.append(text)
    return "".join(texts) if inserted else f"{markdown.rstrip()}\n\n{body}"
