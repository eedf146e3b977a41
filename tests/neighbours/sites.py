"""One site of the matrix: written, built by a command, and checked."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup

from tests.neighbours.plugins import NEIGHBOURS, Neighbour
from tests.plugin.sites import FENCE, Project

THEMES: Mapping[str, Mapping[str, Any]] = {
    "material": {"name": "material", "font": False},
    "mkdocs": {"name": "mkdocs", "highlightjs": False},
    "readthedocs": {"name": "readthedocs", "highlightjs": False},
    "bootswatch light": {"name": "flatly", "highlightjs": False},
    "bootswatch dark": {"name": "darkly", "highlightjs": False},
}
HOME = f"""# Home

[three](lurk:small/features.3#3) of `lurk small filters filters`

{FENCE}
![c](lurk:small/features.3#3/crop.0)
"""
OWN = "# The first layer\n\nBefore [three](features.3/index.md).\n\n<!-- lurk -->\n\nAfter.\n"
N_FILTERS = 8
"""Of the layer ``features.3``: the tiles that its gallery shows."""
MIKE_VERSION = "1.0"
"""What mike publishes, in a folder of that name."""


@dataclass(frozen=True)
class Cell:
    """One field of the matrix.

    Attributes:
        neighbours: The plugins beside ours.
        theme: One of ``THEMES``.
        directory_urls: Whether addresses end in folders.
        first: Whether ours is declared before the others.
        generator: What builds the site: ``mkdocs``, ``properdocs`` or ``zensical``.
    """

    neighbours: tuple[Neighbour, ...]
    theme: str
    directory_urls: bool
    first: bool = True
    generator: str = "mkdocs"

    @property
    def name(self) -> str:
        """A name for a folder."""
        plugins = self.neighbours[0].name if len(self.neighbours) == 1 else f"all-{len(self.neighbours)}"
        urls = "folders" if self.directory_urls else "files"
        parts = (self.generator, plugins, self.theme, urls, "" if self.first else "last")
        return "-".join(part for part in parts if part).replace(" ", "-")

    @property
    def reason(self) -> str:
        """Why this cannot work; empty if it can."""
        lacking = [one for one in self.neighbours if one.themes and self.theme not in one.themes]
        return f"needs {' or '.join(lacking[0].themes)}" if lacking else ""


def together(theme: str) -> tuple[Neighbour, ...]:
    """Return all plugins that work in a theme and beside each other."""
    return tuple(one for one in NEIGHBOURS if not one.together and (not one.themes or theme in one.themes))


def write_site(made: Project, cell: Cell) -> None:
    """Write ``mkdocs.yml`` and the pages of a cell into a project with results."""
    made.write("docs/index.md", HOME)
    made.write("docs/deep/er.md", HOME.replace("Home", "Deep"))
    made.write("docs/models/small/features.0.md", OWN)
    site: dict[str, Any] = {"markdown_extensions": ["attr_list"]}
    plugins: list[dict[str, Any]] = [] if cell.neighbours[0].name == "search" else [{"search": {}}]
    for one in cell.neighbours:
        plugins += [dict(plugin) for plugin in one.plugins]
        site |= {key: value for key, value in one.site.items() if key != "markdown_extensions"}
        site["markdown_extensions"] += one.site.get("markdown_extensions", [])
        for path, text in one.files.items():
            made.write(path, text)
    declared = yaml.safe_load(made.config.read_text("utf-8"))
    (ours,) = [plugin for plugin in declared["plugins"] if isinstance(plugin, dict) and "lurk" in plugin]
    declared |= site | {
        "theme": dict(THEMES[cell.theme]),
        "use_directory_urls": cell.directory_urls,
        "plugins": sorted([ours, *plugins] if cell.first else [*plugins, ours], key=lambda one: "print-site" in one),
        "validation": {"anchors": "warn", "unrecognized_links": "warn"},
    }
    made.write("mkdocs.yml", yaml.safe_dump(declared, sort_keys=False))


ZENSICAL = """[project]
site_name = "Test"
site_url = "https://example.org/"
docs_dir = "pages"

[project.theme]
font = false

[project.markdown_extensions."mkdocs_lurk.markdown"]
config = "mkdocs.yml"
"""


def commands(python: Path, made: Project, cell: Cell) -> list[list[str]]:
    """Return the commands that build the site of a cell."""
    run = [str(python), "-m"]
    if cell.generator == "zensical":
        made.write("zensical.toml", ZENSICAL)
        return [[*run, "mkdocs_lurk", "export", "--docs", "--out", "pages"], [*run, "zensical", "build", "--strict"]]
    if not is_mike(cell):
        return [[*run, cell.generator, "build", "--strict"]]
    deploy = ["-c", "from mike.driver import main; main()", "deploy", MIKE_VERSION]
    return [
        ["git", "init", "-q"],
        ["git", "commit", "-q", "--allow-empty", "-m", "start"],
        [str(python), *deploy],
        ["sh", "-c", "rm -rf site && mkdir site && git archive gh-pages | tar -x -C site"],
    ]


def is_mike(cell: Cell) -> bool:
    """Return whether a site is built by the command ``mike deploy``."""
    return [one.name for one in cell.neighbours] == ["mike"]


def run_command(command: Sequence[str], folder: Path, package: Path) -> str:
    """Run a command in a site's folder with this package; returns what went wrong, in its own last lines."""
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ["PATH"]])
    who = {f"GIT_{role}_{key}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    quiet = {"PYTHONWARNINGS": "ignore", "NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    environment = {**os.environ, **who, **quiet, "PATH": path, "PYTHONPATH": str(package)}
    done = subprocess.run(  # noqa: S603 - fixed commands
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    if not done.returncode:
        return ""
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"(WARNING|ERROR|\w*Error|Aborted|warning|error)", line.strip())]
    return " / ".join((telling or lines[-4:])[:6]) or f"exit {done.returncode}"


def problems(site: Path, root: Path, cell: Cell) -> Iterator[str]:
    """Yield what is wrong in a built site, whose absolute addresses start at the folder ``root``."""
    for address in dead_links(site, root):
        yield f"dead link {address}"
    pages = {
        "index": ("lurk-embed", "filter-3-crop-0.webp"),
        "deep/er": ("lurk-embed",),
        "models/small/features.3": ("lurk-gallery",),
    }
    expected = [*pages.items(), *(item for one in cell.neighbours for item in one.shows.items())]
    expected.append(("models/small/features.0", ("Before", "lurk-gallery", "After.")))
    for page, words in expected:
        path = page_path(site, page)
        if path is None:
            yield f"no page {page}"
            continue
        text = path.read_text("utf-8")
        yield from (f"{page} lacks {word!r}" for word in words if word not in text)
    if (index := page_path(site, "index")) is not None:
        yield from (f"the navigation lists {address} twice" for address in listed_twice(index))


def listed_twice(page: Path) -> list[str]:
    """Return the addresses that Material's navigation on a page links to more than once; places in a page aside."""
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    links = [str(link["href"]) for link in soup.select("nav.md-nav--primary a.md-nav__link[href]")]
    counts = Counter(link for link in links if not link.startswith("#"))
    return [link for link, count in counts.items() if count > 1]


def page_path(site: Path, page: str) -> Path | None:
    """Return the file of a page, with either kind of address."""
    candidates = (site / page, site / page / "index.html", site / f"{page}.html")
    return next((path for path in candidates if path.is_file()), None)


def dead_links(site: Path, root: Path) -> list[str]:
    """Return the addresses on all pages of a site that lead to no file, and those that are still ours."""
    dead = []
    for page in sorted(site.rglob("*.html")):
        reader = _Addresses()
        reader.feed(page.read_text("utf-8"))
        for address in reader.found:
            parts = urlsplit(address)
            if parts.scheme.startswith("lurk"):
                dead.append(f"{page.relative_to(site)}: {address}")
            if parts.scheme or parts.netloc or not parts.path:
                continue
            base = root if parts.path.startswith("/") else page.parent
            target = Path(posixpath.normpath(base / unquote(parts.path).lstrip("/")))
            if not (target.is_file() or (target / "index.html").is_file()):
                dead.append(f"{page.relative_to(site)}: {address}")
    return dead


class _Addresses(HTMLParser):
    """Collects what a page links to and loads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "data-src", "xlink:href")]


def copy_project(made: Project, folder: Path) -> Project:
    """Copy a project with its results."""
    shutil.copytree(made.root, folder, dirs_exist_ok=True)
    return Project(folder)
