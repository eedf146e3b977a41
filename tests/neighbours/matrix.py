"""Builds and checks the cells of the matrix, one after another."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser.chromium import FLAGS, find
from tests.browser.server import Server
from tests.neighbours.plugins import NEIGHBOURS
from tests.neighbours.sites import (
    MIKE_VERSION,
    N_FILTERS,
    THEMES,
    Cell,
    commands,
    copy_project,
    is_mike,
    page_path,
    problems,
    run_command,
    together,
    write_site,
)
from tests.plugin.sites import Project, project

PACKAGE = Path(__file__).parents[2]
SEARCH = NEIGHBOURS[0]
PROPERDOCS_THEMES = ("material", "mkdocs", "readthedocs")
_TIMEOUT_MS = 10_000


def cells() -> list[Cell]:
    """Return all cells: each plugin alone, then all together in two orders, in every theme, with both addresses."""
    found = []
    for directory_urls in (True, False):
        for theme in THEMES:
            found += [Cell((one,), theme, directory_urls) for one in NEIGHBOURS]
            found += [Cell(together(theme), theme, directory_urls, first) for first in (True, False)]
        found += [Cell((SEARCH,), theme, directory_urls, generator="properdocs") for theme in PROPERDOCS_THEMES]
    return [*found, Cell((SEARCH,), "material", True, generator="zensical")]


class _Server(Server):
    """Says nothing of connections that a browser closes early."""

    def handle_error(self, *_: object) -> None:
        pass


class Matrix:
    """Builds sites with one Python, and looks at them in one browser.

    Args:
        python: The Python whose environment has all plugins.
        other: The Python whose environment has the other generators: mike would use them if they were in the first.
        folder: Where sites are built.
        browser: A browser.
    """

    def __init__(self, python: Path, other: Path, folder: Path, browser: Browser) -> None:
        self._python, self._other, self._folder, self._browser = python, other, folder, browser
        self._base = project(folder / "base")
        self._server = _Server(folder / "served")
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def check(self, cell: Cell) -> list[str]:
        """Build and check a cell; returns what is wrong."""
        made = copy_project(self._base, self._folder / "sites" / cell.name)
        write_site(made, cell)
        if any(one.name == "social" for one in cell.neighbours):
            self._write_font(made)
        python = self._python if cell.generator == "mkdocs" else self._other
        for command in commands(python, made, cell):
            if failure := run_command(command, made.root, PACKAGE):
                return [failure]
        folder = MIKE_VERSION if is_mike(cell) else ""
        return [*problems(made.site / folder, made.site, cell), *self._look(made.site, folder, cell)]

    def remove(self, cell: Cell) -> None:
        """Remove what a cell wrote."""
        shutil.rmtree(self._folder / "sites" / cell.name, ignore_errors=True)

    def _write_font(self, made: Project) -> None:
        """Write the font that the social plugin would fetch from the net: the one that Pillow ships."""
        code = (
            "import sys; from pathlib import Path; from PIL import ImageFont\n"
            "folder = Path(sys.argv[1]); folder.mkdir(parents=True)\n"
            "font = ImageFont.load_default(10).font_bytes\n"
            "[(folder / f'{style}.ttf').write_bytes(font) for style in ('Regular', 'Bold')]\n"
        )
        folder = made.root / ".cache" / "plugin" / "social" / "fonts" / "Roboto"
        subprocess.run([str(self._python), "-c", code, str(folder)], check=True)  # noqa: S603 - fixed arguments

    def _look(self, site: Path, folder: str, cell: Cell) -> Iterator[str]:
        """Open the home page and a layer's in Chromium; yield what its console says, and galleries without tiles."""
        served = self._server.root / cell.name
        served.symlink_to(site)
        try:
            for page in ("index", "models/small/features.3"):
                path = page_path(site / folder, page)
                if path is not None:
                    address = f"{self._server.address(cell.name)}{path.relative_to(site).as_posix()}"
                    yield from self._look_at(address, page, cell)
        finally:
            served.unlink()

    def _look_at(self, address: str, page: str, cell: Cell) -> Iterator[str]:
        context = self._browser.new_context()
        context.route(lambda url: not url.startswith(self._server.address("")[:-1]), lambda route: route.fulfill())
        if not is_mike(cell):  # without the command mike, there is no list of versions
            versions = json.dumps([{"version": cell.name, "title": cell.name, "aliases": []}])
            context.route("**/versions.json", lambda route: route.fulfill(body=versions))
        context.route("**/sitemap.xml", lambda route: route.fulfill(body="<urlset/>"))
        try:
            tab = context.new_page()
            errors: list[str] = []
            tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            tab.on("pageerror", lambda error: errors.append(str(error)))
            tab.on("requestfailed", lambda request: errors.append(f"{request.url}: {request.failure}"))
            tab.on("response", lambda one: errors.append(f"{one.url}: {one.status}") if one.status >= 400 else None)
            tab.goto(address, timeout=_TIMEOUT_MS)
            if page != "index":
                tab.wait_for_selector("lurk-gallery a[data-filter]", timeout=_TIMEOUT_MS)
                tiles = tab.locator("lurk-gallery a[data-filter]")
                if (count := tiles.count()) != N_FILTERS:
                    yield f"the gallery has {count} tiles instead of {N_FILTERS}"
                tab.locator("lurk-gallery a[data-filter='3']").click()
                tab.wait_for_selector("[data-filter-open='3']", timeout=_TIMEOUT_MS)
            yield from (f"{page}, console: {error}" for error in dict.fromkeys(errors))
        except Error as error:
            yield f"{page}, browser: {str(error).splitlines()[0]}; {errors}"
        finally:
            context.close()


@contextmanager
def matrix(python: Path, other: Path) -> Iterator[Matrix]:
    """Open a matrix with a browser, in a temporary folder."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lurk-neighbours-")))
        playwright = stack.enter_context(sync_playwright())
        browser = stack.enter_context(playwright.chromium.launch(executable_path=find(), args=list(FLAGS)))
        made = Matrix(python, other, folder, browser)
        stack.callback(made.close)
        yield made
