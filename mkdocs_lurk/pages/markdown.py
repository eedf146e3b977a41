"""Finds, in an author's Markdown, what is ours: code fences named ``lurk``, and links that begin with ``lurk:``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mkdocs_lurk.errors import ConfigError, near

MARKER = "<!-- lurk -->"
_OPENING = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_LINK = re.compile(r"(?P<before>\]\(\s*)lurk:(?P<target>[^)\s#]*)(?P<rest>(?:#[^)\s]*)?(?:\s[^)]*)?\))")
_CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_MARKER = re.compile(r"^[ \t]*<!--\s*lurk\s*-->[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """A run of lines: a fenced block with its info string and contents, or (``info`` None) text outside of any."""

    text: str
    info: str | None = None
    indent: str = ""
    contents: str = ""


def pieces(markdown: str) -> Iterator[Piece]:
    """Split Markdown at its fenced code blocks; the texts of all pieces make up the whole."""
    text: list[str] = []
    lines = iter(markdown.splitlines(keepends=True))
    for line in lines:
        opening = _OPENING.match(line.rstrip("\r\n"))
        if opening is None:
            text.append(line)
            continue
        if text:
            yield Piece("".join(text))
            text = []
        yield _block(line, opening, lines)
    if text:
        yield Piece("".join(text))


def _block(first: str, opening: re.Match[str], lines: Iterator[str]) -> Piece:
    fence, indent = opening["fence"], opening["indent"]
    closing = re.compile(rf"^[ \t]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    block, contents = [first], []
    for line in lines:
        block.append(line)
        if closing.match(line.rstrip("\r\n")):
            break
        contents.append(line.removeprefix(indent))
    return Piece("".join(block), opening["info"].strip(), indent, "".join(contents))


def replace_fences(markdown: str, draw: Callable[[str], str]) -> str:
    """Put what ``draw`` makes of their contents in the place of fences whose info string is ``lurk``."""
    found = []
    for piece in pieces(markdown):
        if piece.info == "lurk":
            drawn = draw(piece.contents)
            found.append("".join(f"{piece.indent}{line}\n" for line in ["", *drawn.splitlines(), ""]))
        else:
            found.append(piece.text)
    return "".join(found)


def replace_links(markdown: str, links: Mapping[str, str], address: Callable[[str], str]) -> str:
    """Put real addresses in the place of ``lurk:TARGET`` in links; code is left alone.

    Args:
        markdown: The text.
        links: What each target stands for.
        address: Makes of that an address for this page.

    Raises:
        ConfigError: A target is unknown.
    """

    def put(match: re.Match[str]) -> str:
        target = match["target"].strip("/")
        if target not in links:
            raise ConfigError(f"there is no lurk:{target} to link to{near(target, links)}")
        return f"{match['before']}{address(links[target])}{match['rest']}"

    if "](lurk:" not in markdown:
        return markdown
    return "".join(
        piece.text if piece.info is not None else _outside_code(piece.text, put) for piece in pieces(markdown)
    )


def _outside_code(text: str, put: Callable[[re.Match[str]], str]) -> str:
    found, at = [], 0
    for code in _CODE.finditer(text):
        found += [_LINK.sub(put, text[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*found, _LINK.sub(put, text[at:])])


def insert_body(markdown: str, body: str) -> str:
    """Put the generated part into an author's page: at the marker, where it is outside of code, else at the end."""
    found, placed = [], False
    for piece in pieces(markdown):
        text = piece.text
        if piece.info is None and not placed and _MARKER.search(text):
            text = _MARKER.sub(lambda _: f"\n{body}\n", text, count=1)
            placed = True
        found.append(text)
    return "".join(found) if placed else f"{markdown.rstrip()}\n\n{body}"
