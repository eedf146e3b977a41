"""Fixtures: sites of one analysed model in several themes, a server, and Chromium pages that collect errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import FLAGS, find
from tests.browser.invented import add_invented_pages
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
MANY = "models/small/many/index.html"
OPEN = "[data-filter-open]"
FENCE = "```lurk\nmodel: small\nlayer: features.3\nfilter: 3\n```\n"
WINDOW = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", "reduced_motion": "no-preference"}
"""What a test can say of the window that all share."""
THEMES: dict[str, dict[str, Any]] = {
    "material": {"theme": MATERIAL},
    "plain-material": {"theme": {**MATERIAL, "features": []}},
    "mkdocs": {"theme": {"name": "mkdocs", "highlightjs": False}},
    "readthedocs": {"theme": {"name": "readthedocs", "highlightjs": False}},
    "offline": {
        "theme": {**MATERIAL, "features": [], "language": "ar", "direction": "rtl"},
        "plugins": ["search", "material/offline", {"material/privacy": {"assets_exclude": ["unpkg.com/*"]}}],
        "use_directory_urls": False,
    },
}
"""``plain-material`` has no instant navigation; ``offline`` has plugins for local use, and runs from right to left."""


@dataclass(frozen=True)
class HostedSite:
    """A built site and its addresses: on disk, on a server, and on a server with a strict security policy."""

    folder: Path
    server: str
    strict: str

    @property
    def disk(self) -> str:
        return f"{self.folder.as_uri()}/"


class Sites:
    """The sites of one model, each built when a test first needs it."""

    def __init__(self, project: Project, server: Server) -> None:
        self.project, self.server = project, server
        self._built: dict[str, HostedSite] = {}

    def themed(self, name: str) -> HostedSite:
        """The site in a theme of ``THEMES``."""
        if name not in self._built:
            self._built[name] = self._build(name, **THEMES[name])
        return self._built[name]

    def build_home(self, text: str, name: str) -> HostedSite:
        """Build the site in Material's theme once more, with another home page."""
        self.project.write("docs/index.md", text)
        return self._build(name, theme=MATERIAL)

    def _build(self, name: str, **site: Any) -> HostedSite:
        folder = self.server.root / name
        hosted = HostedSite(folder, self.server.address(name), self.server.address(name, strict=True))
        model = {"name": "small", "title": "A small network", "source": "torchvision:squeezenet1_1", "images": "photos"}
        self.project.declare({"models": [model]}, site_url=hosted.server, site_dir=str(folder), **site)
        self.project.build()
        return hosted


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    small = project(tmp_path_factory.mktemp("browser"), layers=LAYERS, side=64)
    small.write("docs/index.md", f"# Home\n\n[three](lurk:small/features.3#filter-3)\n\n{FENCE}")
    with Server(small.root / "sites") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Sites(small, server)
        server.shutdown()


@pytest.fixture(scope="session")
def material(sites: Sites) -> HostedSite:
    """The site in Material's theme with instant navigation, with the pages of ``invented.py``."""
    site = sites.themed("material")
    if not (site.folder / "models" / "many").is_dir():
        add_invented_pages(site.folder)
    return site


@pytest.fixture(params=["mkdocs", "readthedocs", "plain-material"])
def plain(request: pytest.FixtureRequest, sites: Sites) -> HostedSite:
    """The other common themes, and Material's without instant navigation."""
    return sites.themed(request.param)


@dataclass
class Visitor:
    """A page in the browser, and the errors and warnings that it gave."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)
    _listeners: dict[str, Callable[[Any], None]] = field(default_factory=dict)

    def listen(self) -> None:
        """Collect errors and warnings from now on."""

        def add(error: str) -> None:
            if not error.endswith(": net::ERR_ABORTED"):  # by going on to another page
                self.errors.append(error)

        self._listeners = {
            "console": lambda message: add(message.text) if message.type in ("error", "warning") else None,
            "pageerror": lambda error: add(str(error)),
            "requestfailed": lambda request: add(f"{request.url}: {request.failure}"),
            "response": lambda response: add(f"{response.url}: {response.status}") if response.status > 399 else None,
        }
        for name, listener in self._listeners.items():
            self.page.on(name, listener)  # type: ignore[call-overload]

    def leave(self) -> None:
        """Stop collecting, and leave the window as a new one is, but for its history."""
        for name, listener in self._listeners.items():
            self.page.remove_listener(name, listener)
        self.page.evaluate("localStorage.clear(), sessionStorage.clear()")
        self.page.mouse.move(-1, -1)
        self.page.goto("about:blank")

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def open_gallery(self, path: str = LAYER) -> None:
        """Go to a layer's page, and wait for its first tile."""
        self.go(path)
        self.page.locator("lurk-gallery.lurk a[data-filter]").first.wait_for()

    def open_map(self, path: str = MODEL) -> None:
        """Go to a model's page, and wait for its map."""
        self.go(path)
        self.page.locator("lurk-map svg.lurk-map-canvas .lurk-map-box").first.wait_for()

    def open_filter(self, index: int) -> None:
        """Click the tile of a filter, and wait for its details."""
        self.page.click(f'lurk-gallery a[data-filter="{index}"]')
        self.wait_for_filter(index)

    def wait_for_filter(self, index: int) -> None:
        """Wait until a filter is open with its details."""
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
        """What has the focus: a filter's index, a class or a tag."""
        return str(
            self.page.evaluate(
                "(({ dataset, className, tagName }) => dataset.filter ?? dataset.filterOpen ?? (className || tagName))"
                "(document.activeElement)"
            )
        )


@pytest.fixture(scope="session")
def window(browser: Browser) -> Page:
    """A window that tests use one after another: to start a new one takes as long as most of them."""
    return browser.new_context().new_page()


@pytest.fixture
def visit(browser: Browser, window: Page) -> Iterator[Callable[..., Visitor]]:
    """A function that opens a site in the common window, or in one of its own.

    It gets the site's address and the options of a window. A test needs ``own=True`` if it changes what stays with a
    window: routes, scripts that run first, sessions of the developer tools.
    """
    visitors: list[Visitor] = []

    def start(base: str, own: bool = False, **options: Any) -> Visitor:
        wanted: dict[str, Any] = WINDOW | options
        taken = any(visitor.page is window for visitor in visitors)
        if own or taken or wanted.keys() != WINDOW.keys():
            page = browser.new_context(**wanted).new_page()
        else:
            page = window
            page.set_viewport_size(wanted.pop("viewport"))
            page.emulate_media(media="null", **wanted)
        visitors.append(Visitor(page, base))
        visitors[-1].listen()
        return visitors[-1]

    yield start
    for visitor in visitors:
        if visitor.page is window:
            visitor.leave()
        else:
            visitor.page.context.close()


@pytest.fixture(params=["disk", "server"])
def address(request: pytest.FixtureRequest, material: HostedSite) -> str:
    """The site in Material's theme, from disk and from a server."""
    return str(getattr(material, request.param))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests in one process of several: they share the sites, which are slow to build."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
