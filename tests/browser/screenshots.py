"""Takes the screenshots of the docs from a built site: ``python -m tests.browser.screenshots [SITE]``."""

from __future__ import annotations

import functools
import http.server
import io
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import FLAGS, find

ROOT = Path(__file__).parents[2]
OUT = ROOT / "docs" / "screenshots"
LARGEST_BYTES = 150_000
ABOVE = {("[data-filter-open]", False): 206, (".lurk-story", True): 60, ("lurk-network", True): 60,
         (".lurk-panel-facts", False): 108, (".lurk-panel-facts", True): 150}  # fmt: skip
"""Pixels to show above an element, by selector and whether on a phone: above an opened filter a row of tiles, above its
figures what sticks to the top."""
DESK, PHONE = (1280, 860), (360, 740)
SETTLED = """() => [...document.querySelectorAll("svg image")].map((one) => {
    const image = new Image();
    image.src = one.href.baseVal;
    return image.decode();
}).reduce((all, one) => all.then(() => one), Promise.resolve())"""


@dataclass(frozen=True)
class Shot:
    """A screenshot to take.

    Attributes:
        name: The file's stem.
        page: The page's address in the site.
        ready: A selector of what the page must hold first.
        top: A selector of the element to scroll to; the top of the page if there is none.
        phone: The same on a phone, where it is another element.
    """

    name: str
    page: str
    ready: str
    top: str | None = None
    phone: str | None = None


SHOTS = (
    Shot("home", "", ".lurk-story svg", phone=".lurk-story"),
    Shot("model", "models/squeezenet/", ".lurk-map-box", phone="lurk-network"),
    Shot("layer", "models/squeezenet/features.9.expand3x3/", "lurk-gallery.lurk a[data-filter]"),
    Shot("filter", "models/squeezenet/features.11.expand1x1/#filter-6", ".lurk-ranked", "[data-filter-open]"),
    Shot("figures", "models/squeezenet/features.11.expand1x1/#filter-6", ".lurk-ranked", ".lurk-panel-facts"),
)
"""``filter`` and ``figures`` are the upper and the lower part of an opened filter."""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def take(browser: Browser, base: str, shot: Shot, scheme: str, phone: bool = False) -> bytes:
    """Take one screenshot, as PNG."""
    width, height = PHONE if phone else DESK
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce",  # type: ignore[arg-type]
        device_scale_factor=2 if phone else 1.5, has_touch=phone, is_mobile=phone,
    )  # fmt: skip
    page = context.new_page()
    page.goto(base + shot.page)
    page.locator(shot.ready).first.wait_for()
    page.evaluate(SETTLED)
    top = (shot.phone if phone else None) or shot.top
    if top:
        above = ABOVE.get((top, phone), 72)
        page.evaluate(
            """([part, above]) => {
                const scroller = document.querySelector("dialog:modal") ?? window;
                scroller.scrollBy(0, document.querySelector(part).getBoundingClientRect().top - above);
            }""",
            [top, above],
        )
    page.wait_for_timeout(300)
    png = page.screenshot()
    context.close()
    return png


def encode(png: bytes) -> bytes:
    """Encode a screenshot as WebP, with fewer pixels until it is small enough."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for scale in (1.0, 0.85, 0.7, 0.6, 0.5):
        size = round(image.width * scale), round(image.height * scale)
        file = io.BytesIO()
        image.resize(size, Image.Resampling.LANCZOS).save(file, "WEBP", quality=82, method=6)
        if file.tell() <= LARGEST_BYTES:
            break
    return file.getvalue()


def main(site: Path) -> int:
    """Take every screenshot in light mode, in dark mode and on a phone."""
    if not (site / "models" / "squeezenet").is_dir():
        sys.stderr.write(f"{site} holds no site with the demonstration: run make site first\n")
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
        for shot in SHOTS:
            for kind in ("light", "dark", "phone"):
                png = take(
                    browser,
                    f"http://127.0.0.1:{server.server_port}/",
                    shot,
                    kind.replace("phone", "light"),
                    kind == "phone",
                )
                path = OUT / f"{shot.name}-{kind}.webp"
                path.write_bytes(encode(png))
                sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB\n")
        browser.close()
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site"))
