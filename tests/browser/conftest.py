"""One analysed model, a site of it for each theme, a server for all, and pages in Chromium that collect errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import FLAGS, find
from tests.browser.invented import invent
from tests.browser.server import Server
from tests.plugin.sites import Project, project

MATERIAL = {
    "name": "material",
    "font": False,
    "features": ["navigation.instant", "navigation.indexes"],
    "palette": [
        {"media": "(prefers-color-scheme: light)", "scheme": "default"},
        {"media": "(prefers-color-scheme: dark)", "scheme": "slate"},
    ],
}
LAYERS = (("features.0", 6, 3), ("features.3", 16, 15), ("features.6", 6, 48))
LAYER = "models/small/features.3/index.html"
MODEL = "models/small/index.html"
FENCE = "```lurk\nmodel: small\nlayer: features.3\nfilter: 3\n```\n"
THEMES: dict[str, dict[str, Any]] = {
    "material": {"theme": MATERIAL},
    "whole": {"theme": {**MATERIAL, "features": []}},
    "mkdocs": {"theme": {"name": "mkdocs", "highlightjs": False}},
    "readthedocs": {"theme": {"name": "readthedocs", "highlightjs": False}},
    "kept": {
        "theme": {**MATERIAL, "features": [], "language": "ar", "direction": "rtl"},
        "plugins": ["search", "material/offline", {"material/privacy": {"assets_exclude": ["unpkg.com/*"]}}],
        "use_directory_urls": False,
    },
}


@dataclass(frozen=True)
class Hosted:
    """A built site and its addresses: on disk, on a server, and on a server with a strict security policy."""

    site: Path
    server: str
    strict: str

    @property
    def disk(self) -> str:
        return f"{self.site.as_uri()}/"


class Sites:
    """The sites of one model, each built when it is first asked for."""

    def __init__(self, made: Project, server: Server) -> None:
        self.made, self.server = made, server
        self._built: dict[str, Hosted] = {}

    def named(self, name: str) -> Hosted:
        if name not in self._built:
            self._built[name] = self._build(name, **THEMES[name])
        return self._built[name]

    def build_home(self, text: str, name: str) -> Hosted:
        """Build Material's site once more with another home page, for itself."""
        self.made.write("docs/index.md", text)
        return self._build(name, theme=MATERIAL)

    def _build(self, name: str, **site: Any) -> Hosted:
        folder = self.server.root / name
        hosted = Hosted(folder, self.server.address(name), self.server.address(name, strict=True))
        model = {"name": "small", "title": "A small network", "source": "torchvision:squeezenet1_1", "images": "photos"}
        self.made.declare({"models": [model]}, site_url=hosted.server, site_dir=str(folder), **site)
        self.made.build()
        return hosted


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    made = project(tmp_path_factory.mktemp("browser"), layers=LAYERS, side=64)
    made.write("docs/index.md", f"# Home\n\n[three](lurk:small/features.3#filter-3)\n\n{FENCE}")
    with Server(made.root / "sites") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Sites(made, server)
        server.shutdown()


@pytest.fixture(scope="session")
def material(sites: Sites) -> Hosted:
    """Material's theme with instant navigation; holds a layer of 2,048 filters and maps of known networks too."""
    found = sites.named("material")
    if not (found.site / "models" / "many").is_dir():
        invent(found.site)
    return found


@pytest.fixture(params=["mkdocs", "readthedocs", "whole"])
def plain(request: pytest.FixtureRequest, sites: Sites) -> Hosted:
    """The other common themes, and Material's without instant navigation."""
    return sites.named(request.param)


@dataclass
class Visitor:
    """A page in the browser, and what went wrong on it."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def gallery(self, path: str = LAYER) -> None:
        """Go to a layer's page, and wait for its first tile."""
        self.go(path)
        self.page.locator("lurk-gallery.lurk a[data-filter]").first.wait_for()

    def map(self, path: str = MODEL) -> None:
        """Go to a model's page, and wait for its map."""
        self.go(path)
        self.page.locator("lurk-map svg.lurk-map-canvas .lurk-map-box").first.wait_for()

    def open_filter(self, index: int) -> None:
        """Click the tile of a filter, and wait until what is known of it is shown."""
        self.page.click(f'lurk-gallery a[data-filter="{index}"]')
        self.opened(index)

    def opened(self, index: int) -> None:
        """Wait until what is known of a filter is shown."""
        self.page.locator(f'[data-filter-open="{index}"] .lurk-ranked').first.wait_for()

    @property
    def tiles(self) -> list[int]:
        """The filters whose tiles are in the page, in reading order."""
        found = self.page.eval_on_selector_all(
            "lurk-gallery a[data-filter]", "tiles => tiles.map((tile) => Number(tile.dataset.filter))"
        )
        return [int(index) for index in found]

    @property
    def focused(self) -> str:
        """What has the focus, in one word or two."""
        return str(
            self.page.evaluate(
                "(({ dataset, className, tagName }) => dataset.filter ?? dataset.filterOpen ?? (className || tagName))"
                "(document.activeElement)"
            )
        )


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Open a browser window on a site."""
    contexts: list[BrowserContext] = []

    def start(base: str, **options: Any) -> Visitor:
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}))
        visitor = Visitor(contexts[-1].new_page(), base)
        page, errors = visitor.page, visitor.errors

        def failed(url: str, why: str) -> None:
            if why != "net::ERR_ABORTED":  # by going on to another page
                errors.append(f"{url}: {why}")

        page.on(
            "console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("requestfailed", lambda request: failed(request.url, str(request.failure)))
        page.on(
            "response", lambda answer: errors.append(f"{answer.url}: {answer.status}") if answer.status > 399 else None
        )
        return visitor

    yield start
    for context in contexts:
        context.close()


@pytest.fixture(params=["disk", "server"])
def address(request: pytest.FixtureRequest, material: Hosted) -> str:
    """The site in Material's theme, from disk and from a server."""
    return str(getattr(material, request.param))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser's tests in one process where several run: they share the sites, which are slow to build."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
