"""Sites that were really built, a server for them, and pages in Chromium that collect every error."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.plugin.sites import Project, project

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MATERIAL = {
    "name": "material",
    "font": False,
    "features": ["navigation.instant", "navigation.indexes"],
    "palette": [
        {"media": "(prefers-color-scheme: light)", "scheme": "default"},
        {"media": "(prefers-color-scheme: dark)", "scheme": "slate"},
    ],
}
LAYERS = (("features.0", 24, 3), ("features.3", 40, 15), ("features.6", 16, 48))
FENCE = "```lurk\nmodel: small\nlayer: features.3\nfilter: 3\n```\n"
SYSTEM_CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Playwright's own Chromium, or the system's where that was not installed."""
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        path = None if own.exists() or not SYSTEM_CHROMIUM.exists() else SYSTEM_CHROMIUM
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@dataclass(frozen=True)
class Hosted:
    """A built site and its addresses: on disk and on a server."""

    made: Project
    server: str

    @property
    def disk(self) -> str:
        return f"{self.made.site.as_uri()}/"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def _hosted(root: Path, theme: dict[str, Any]) -> Iterator[Hosted]:
    """Build a site for the address at which it is then served: instant navigation needs to know it."""
    handler = functools.partial(_Handler, directory=str(root / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        made = project(root, layers=LAYERS, side=64, theme=theme, site_url=address)
        made.write("docs/index.md", f"# Home\n\n[three](lurk:small/features.3#filter-3)\n\n{FENCE}")
        made.build()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Hosted(made, address)
        server.shutdown()


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with _hosted(tmp_path_factory.mktemp("material"), MATERIAL) as site:
        yield site


@pytest.fixture(scope="session", params=["mkdocs", "readthedocs"])
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with _hosted(tmp_path_factory.mktemp(request.param), {"name": request.param, "highlightjs": False}) as site:
        yield site


@dataclass
class Visitor:
    """A page in the browser, and what went wrong on it."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def open_filter(self, index: int) -> None:
        """Click the tile of a filter, and wait until what is known of it is shown."""
        self.page.click(f'lurk-gallery a[data-filter="{index}"]')
        self.page.wait_for_selector(f'[data-filter-open="{index}"] img, [data-filter-open="{index}"] canvas, '
                                    f'[data-filter-open="{index}"] svg')  # fmt: skip


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Open a browser window on a site."""
    contexts: list[BrowserContext] = []

    def start(base: str, **options: Any) -> Visitor:
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}))
        visitor = Visitor(contexts[-1].new_page(), base)
        page, errors = visitor.page, visitor.errors
        page.on(
            "console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("requestfailed", lambda request: errors.append(f"{request.url}: {request.failure}"))
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
