"""The table of the docs: what each plugin does beside ours, in every theme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.neighbours.matrix import PROPERDOCS_THEMES
from tests.neighbours.plugins import NEIGHBOURS
from tests.neighbours.sites import THEMES, Cell

PAGE = Path(__file__).parents[2] / "docs" / "neighbours.md"
START, END = "<!-- the matrix -->\n", "<!-- the end of the matrix -->\n"
WORKS = "works"
NOT_TRIED = "not tried"
_TOGETHER = ("all together, ours first", "all together, ours last")


def render(found: Mapping[Cell, Sequence[str]]) -> str:
    """Return the table in Markdown.

    Args:
        found: What is wrong in each cell that was tried.
    """
    lines = ["| Beside | " + " | ".join(THEMES) + " |", "| --- |" + " --- |" * len(THEMES)]
    lines += [f"| {name} | " + " | ".join(texts) + " |" for name, texts in _rows(found)]
    return "\n".join(lines) + "\n"


def _rows(found: Mapping[Cell, Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
    for one in NEIGHBOURS:
        alone = [cell for cell in found if cell.neighbours == (one,) and cell.generator == "mkdocs"]
        yield one.name, [_text(alone, found, theme, one.themes) for theme in THEMES]
    for name, first in zip(_TOGETHER, (True, False), strict=True):
        cells = [cell for cell in found if len(cell.neighbours) > 1 and cell.first == first]
        yield name, [_text(cells, found, theme, ()) for theme in THEMES]
    for generator, themes in (("properdocs", PROPERDOCS_THEMES), ("zensical", ("material",))):
        cells = [cell for cell in found if cell.generator == generator]
        yield GENERATORS[generator], [_text(cells, found, theme, themes) for theme in THEMES]


GENERATORS = {"properdocs": "built by ProperDocs", "zensical": "built by Zensical, from an export"}


def _text(cells: Sequence[Cell], found: Mapping[Cell, Sequence[str]], theme: str, themes: Sequence[str]) -> str:
    """Return the text of a field: that all of its cells work, or the first thing that is wrong."""
    if themes and theme not in themes:
        names = [name.replace("material", "Material") for name in themes]
        return "needs " + " or ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
    here = [cell for cell in cells if cell.theme == theme]
    wrong = [problem for cell in here for problem in found[cell]]
    if not here:
        return NOT_TRIED
    return wrong[0].replace("|", "/").replace("\n", " ")[:120] if wrong else WORKS


def write(found: Mapping[Cell, Sequence[str]], page: Path = PAGE) -> None:
    """Write the table into its page."""
    text = page.read_text("utf-8")
    before, rest = text.split(START)
    _, after = rest.split(END)
    page.write_text(f"{before}{START}\n{render(found)}\n{END}{after}", "utf-8")
