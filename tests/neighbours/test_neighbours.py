"""A small part of the matrix: plugins that come with MkDocs and Material; and the table of the docs, which is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.neighbours.matrix import cells
from tests.neighbours.plugins import NEIGHBOURS
from tests.neighbours.sites import Cell, problems, write_site
from tests.neighbours.table import END, NOT_TRIED, PAGE, START, WORKS, render
from tests.plugin.sites import project

OURS = ("tags", "offline", "privacy")
"""Of Material, without dependencies of their own. Its blog removes its folder, once a process: ``plugin`` tests it."""


@pytest.mark.parametrize("first", [True, False])
def test_plugins_of_material_work_together(tmp_path: Path, first: bool) -> None:
    made = project(tmp_path)
    plugins = tuple(one for one in NEIGHBOURS if one.name in OURS)
    cell = Cell(plugins, "material", directory_urls=first, first=first)
    write_site(made, cell)
    made.build()
    assert list(problems(made.site, made.site, cell)) == []
    if first:
        return
    page = made.site / "models" / "small" / "features.3" / "index.html"
    page.write_text(page.read_text("utf-8").replace("lurk-gallery", "gone").replace("../features.0", "../off"), "utf-8")
    (made.site / "deep" / "er.html").unlink()
    index = made.site / "index.html"
    link = '<a href="models/small/index.html" class="md-nav__link">'
    assert link in index.read_text("utf-8")
    index.write_text(index.read_text("utf-8").replace(link, f"{link}A</a>{link}"), "utf-8")
    found = list(problems(made.site, made.site, cell))
    assert "dead link models/small/features.3/index.html: ../off/index.html" in found
    assert "models/small/features.3 lacks 'lurk-gallery'" in found
    assert "no page deep/er" in found
    assert "the navigation lists models/small/index.html twice" in found


def test_the_table_of_the_docs_is_of_all_cells_and_all_of_them_work() -> None:
    table = PAGE.read_text("utf-8").split(START)[1].split(END)[0].strip()
    whole = render({cell: [] for cell in cells() if not cell.reason}).strip()
    assert NOT_TRIED not in whole
    assert table == whole
    assert f" {WORKS} " in table


def test_a_field_says_what_is_wrong() -> None:
    cell = Cell((NEIGHBOURS[0],), "mkdocs", directory_urls=True)
    assert "| search | not tried | no a / b | not tried |" in render({cell: ["no a | b"]})
