"""A network that runs in the browser: the scores of the analysis, from disk and from a server; nothing is sent."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps
from playwright.sync_api import Browser, Page, expect

from mkdocs_lurk.images.framing import resize_and_crop
from mkdocs_lurk.named_warnings import WARNINGS
from tests.browser.chromium import FLAGS, find
from tests.browser.conftest import MATERIAL, HostedSite, Visitor
from tests.browser.server import Server
from tests.browser.test_access import violations
from tests.plugin.sites import Project

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
LIVE = "models/tiny/live/index.html"
SIDE, RESIZED = 48, 56
NETWORK = """
import torch
from torch import nn


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 5, stride=2)
        self.second = nn.Conv2d(8, 6, 3, padding=1)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.relu(self.first(x))
        return self.head(torch.relu(self.second(x)).mean((2, 3)))


def make():
    torch.manual_seed(3)
    return Tiny()
"""


def draw(folder: Path, count: int = 24) -> None:
    """Write JPEG photos of several sizes, in three classes."""
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8))
        path = folder / f"class-{number % 3}" / f"{number:02d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse.resize((96 + 4 * number, 80), Image.Resampling.BICUBIC).save(path, quality=90)


@pytest.fixture(scope="module")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostedSite]:
    """A site with an analysed network that runs in the browser, in a folder below the server's root."""
    made = Project(tmp_path_factory.mktemp("live"))
    made.write("net.py", NETWORK)
    draw(made.root / "photos")
    made.write("docs/index.md", "# Home\n\n```lurk\nmodel: tiny\nshow: live\n```\n")
    model = {
        "name": "tiny", "title": "A tiny network", "source": "net.py:make", "images": "photos", "synthesis": False,
        "transform": {"resize": RESIZED, "crop": SIDE, "mean": [0.4, 0.5, 0.6], "std": [0.25] * 3}, "effect": False,
        "live": True, "top_k": 3, "ignore": list(WARNINGS),
    }  # fmt: skip
    with Server(made.root / "sites") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder = server.root / "deep" / "live"
        site = HostedSite(folder, server.address("deep/live"), server.address("deep/live", strict=True))
        made.declare({"models": [model]}, theme=MATERIAL, site_url=site.server, site_dir=str(folder))
        made.build()
        yield site
        server.shutdown()


@pytest.fixture(params=["disk", "server"])
def place(request: pytest.FixtureRequest, live_site: HostedSite) -> str:
    return str(getattr(live_site, request.param))


def workers_of(page: Page) -> list[str]:
    """The addresses of our workers in a page; Material's search has one, too."""
    return [worker.url for worker in page.workers if "search" not in worker.url]


def choose_sample(page: Page, number: int = 1) -> None:
    """Click one of the model's photos, and wait until the network has looked at it."""
    page.locator("button.lurk-live-sample").nth(number - 1).click()
    expect(page.locator(".lurk-live-status")).to_contain_text("ms for this picture", timeout=60_000)


def test_a_photo_of_the_model_gets_its_stored_scores(visit: Visit, place: str, live_site: HostedSite) -> None:
    results = json.loads((live_site.folder / "models" / "tiny" / "second" / "results.json").read_text("utf-8"))
    ranked = {
        one["index"]: [best["image"] for best in one["top_max"]].index(image)
        for one in results["filters"]
        for image in [0]  # the first sample is the first photo
        if image in [best["image"] for best in one["top_max"]]
    }
    index, rank = next(iter(ranked.items()))
    score = results["filters"][index]["top_max"][rank]["score"]
    visitor = visit(place)
    visitor.go(f"{LIVE}#second/{index}")
    page = visitor.page
    choose_sample(page)
    expect(page.locator(".lurk-live-proof")).to_contain_text("Checked in this browser: the scores of 14 filters agree")
    expect(page.locator("[aria-label='Likeliest classes'] [role=listitem]")).to_have_count(3)
    assert page.locator("section.lurk-live-layer").count() == 2
    opened = page.locator(".lurk-live-opened")
    expect(opened.locator("figure")).to_have_count(4)
    found = float(opened.locator("p").first.inner_text().split()[1].rstrip(":").replace("\N{MINUS SIGN}", "-"))
    assert found == pytest.approx(score, rel=0.006, abs=0.006)  # three digits are shown
    yours = opened.locator("figure").nth(rank), opened.locator("figure").nth(rank + 1)
    assert any("Your picture" in one.inner_text() for one in yours)
    assert visitor.errors == []


@pytest.mark.parametrize(("suffix", "orientation"), [("jpg", 1), ("jpg", 6), ("png", 1), ("webp", 1)])
def test_a_picture_is_prepared_bit_for_bit_as_the_analysis_does(
    visit: Visit, live_site: HostedSite, tmp_path: Path, suffix: str, orientation: int
) -> None:
    random = np.random.default_rng(1)
    picture = Image.fromarray(random.integers(0, 256, (9, 12, 3), np.uint8)).resize(
        (301, 203), Image.Resampling.BICUBIC
    )
    path = tmp_path / f"mine.{suffix}"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    picture.save(path, exif=exif, **({"lossless": True} if suffix == "webp" else {}))
    visitor = visit(live_site.server)
    visitor.go(LIVE)
    page = visitor.page
    page.set_input_files("input[type=file]", path)
    expect(page.locator(".lurk-live-status")).to_contain_text("ms for this picture", timeout=60_000)
    data = page.evaluate(
        "[...document.querySelector('.lurk-live-picture').getContext('2d').getImageData(0, 0, 48, 48).data]"
    )
    shown = np.array(data, np.uint8).reshape(SIDE, SIDE, 4)[:, :, :3]
    with Image.open(path) as opened:
        wanted = resize_and_crop(ImageOps.exif_transpose(opened).convert("RGB"), RESIZED, (SIDE, SIDE))
    assert shown.tolist() == wanted.tolist()


def test_a_file_that_is_no_picture_is_refused_in_words(visit: Visit, live_site: HostedSite, tmp_path: Path) -> None:
    path = tmp_path / "words.png"
    path.write_text("no picture")
    visitor = visit(live_site.server)
    visitor.go(LIVE)
    visitor.page.set_input_files("input[type=file]", path)
    expect(visitor.page.locator(".lurk-live-status")).to_have_text(
        "Nothing to see: this is no picture that the browser can read."
    )


def test_nothing_is_loaded_before_a_click_and_no_picture_leaves(visit: Visit, live_site: HostedSite) -> None:
    visitor = visit(live_site.server, own=True)
    page = visitor.page
    requests: list[tuple[str, str, bool]] = []
    page.context.on(
        "request", lambda request: requests.append((request.method, request.url, request.post_data is not None))
    )
    visitor.go(LIVE)
    page.wait_for_load_state("networkidle")
    assert not any("runtime" in url or "network.js" in url or "samples" in url for _, url, _ in requests)
    choose_sample(page, 1)
    before = len(requests)
    choose_sample(page, 2)
    page.evaluate(PASTE)
    expect(page.locator(".lurk-live-picture")).to_have_attribute("aria-label", PASTED)
    page.locator("button.lurk-live-tile").first.click()
    expect(page.locator(".lurk-live-opened figure")).to_have_count(4)
    assert {(method, has_body) for method, _, has_body in requests} == {("GET", False)}
    assert all(url.startswith((live_site.server, "blob:http://127.0.0.1")) for _, url, _ in requests)
    after = [url for _, url, _ in requests[before:]]
    assert all("/first/" in url or "/second/" in url or "/photos-" in url for url in after), after
    assert not any("?" in url for _, url, _ in requests)


PASTE = """(async () => {
    const canvas = new OffscreenCanvas(80, 60);
    const context = canvas.getContext("2d");
    context.fillStyle = "teal";
    context.fillRect(0, 0, 80, 60);
    const files = new DataTransfer();
    files.items.add(new File([await canvas.convertToBlob()], "pasted.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files }));
})()"""
PASTED = "pasted.png, as the network sees it. Arrow keys move the brush, Space hides what is under it"
DROP = PASTE.replace("pasted.png", "dropped.png").replace(
    'document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files }))',
    'document.querySelector(".lurk-live-drop").dispatchEvent(new DragEvent("drop", { dataTransfer: files }))',
)


CHANGED = """[...document.querySelectorAll('.lurk-live-words')].some(({ textContent }) => {
    const [now, was] = textContent.split(', was ');
    return was !== undefined && now !== was;
})"""


def test_a_part_is_hidden_by_keys_and_what_changes_is_said(visit: Visit, live_site: HostedSite) -> None:
    visitor = visit(live_site.server)
    visitor.go(LIVE)
    page = visitor.page
    page.evaluate(DROP)
    expect(page.locator(".lurk-live-status")).to_contain_text("ms for this picture", timeout=60_000)
    choose_sample(page, 3)
    tiles = page.locator(".lurk-live-words")
    expect(tiles.first).to_contain_text("than in")
    page.locator(".lurk-live-picture").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(tiles.first).to_contain_text(", was ")
    expect(page.locator(".lurk-bar-name").first).to_contain_text("(was ")
    box = page.locator(".lurk-live-picture").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    for step in range(1, 9):
        x = box["x"] + (5 if step % 2 else box["width"] - 5)
        page.mouse.move(x, box["y"] + step * box["height"] / 9, steps=4)
    page.mouse.up()
    page.wait_for_function(CHANGED)
    page.get_by_role("button", name="Put it back").click()
    expect(tiles.first).to_contain_text("than in")
    assert page.evaluate("document.activeElement.className").startswith("lurk-live-picture")
    assert visitor.errors == []


def test_it_works_under_a_strict_policy(visit: Visit, live_site: HostedSite) -> None:
    visitor = visit(live_site.strict)
    visitor.go(LIVE)
    choose_sample(visitor.page)
    visitor.page.locator("button.lurk-live-tile").first.click()
    expect(visitor.page.locator(".lurk-live-opened figure")).to_have_count(4)
    assert visitor.errors == []


def test_the_worker_ends_when_the_page_is_left_and_an_embed_starts_another(visit: Visit, live_site: HostedSite) -> None:
    visitor = visit(live_site.server, own=True)
    visitor.go(LIVE)
    page = visitor.page
    choose_sample(page)
    assert len(workers_of(page)) == 1
    page.locator(".md-nav").get_by_role("link", name="Home").first.click()
    page.wait_for_url("**/deep/live/")
    page.wait_for_function("!document.querySelector('.lurk-live-proof:not(:empty)')")
    expect(page.locator("lurk-live .lurk-live-drop")).to_be_visible()
    assert workers_of(page) == []
    assert page.evaluate("Object.keys(window.lurkData ?? {}).length") == 0
    choose_sample(page)
    assert len(workers_of(page)) == 1
    assert visitor.errors == []


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_the_window(visit: Visit, live_site: HostedSite, width: int) -> None:
    visitor = visit(live_site.server, viewport={"width": width, "height": 800})
    visitor.go(LIVE)
    choose_sample(visitor.page)
    visitor.page.locator("button.lurk-live-tile").first.click()
    expect(visitor.page.locator(".lurk-live-opened")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_camera_starts_and_ends_by_a_click(browser: Browser, live_site: HostedSite) -> None:
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    chromium = browser.browser_type.launch(executable_path=find(), args=[*FLAGS, *flags])
    try:
        page = chromium.new_page()
        page.goto(live_site.server + LIVE)
        page.get_by_role("button", name="Use the camera").click()
        expect(page.locator(".lurk-live-status")).to_contain_text("in the last second", timeout=60_000)
        expect(page.locator("button.lurk-live-tile").first).to_be_visible()
        page.get_by_role("button", name="Stop the camera").click()
        expect(page.get_by_role("button", name="Use the camera")).to_be_visible()
    finally:
        chromium.close()


def test_other_pages_load_nothing_of_it(visit: Visit, live_site: HostedSite) -> None:
    visitor = visit(live_site.server)
    for path in ("models/tiny/index.html", "models/tiny/first/index.html"):
        visitor.go(path)
        visitor.page.wait_for_load_state("networkidle")
        assert (
            visitor.page.evaluate(
                "performance.getEntries().filter(({ name }) => /lurk-live|live-|live[.]js/.test(name)).length"
            )
            == 0
        )
        link = visitor.page.get_by_role("link", name="Show it your picture", exact=True).last
        assert str(link.get_attribute("href")).endswith("live/")


def test_two_pictures_are_compared(visit: Visit, live_site: HostedSite) -> None:
    visitor = visit(live_site.server)
    visitor.go(LIVE)
    page = visitor.page
    choose_sample(page, 1)
    first = {
        tile.get_attribute("data-place"): str(tile.get_attribute("title")).split(": ")[1].split(",")[0]
        for tile in page.locator("button.lurk-live-tile").all()
    }
    page.get_by_role("button", name="Keep it to compare").click()
    expect(page.locator(".lurk-live-kept canvas")).to_be_visible()
    page.locator("button.lurk-live-sample").nth(4).click()
    tile = page.locator("button.lurk-live-tile").first
    page.wait_for_function("document.querySelector('.lurk-live-picture').ariaLabel.startsWith('Photo 5')")
    expect(tile.locator(".lurk-live-words")).to_contain_text(", kept one ")
    said = page.evaluate(
        "[...document.querySelectorAll('button.lurk-live-tile')].map((tile) =>"
        " [tile.dataset.place, tile.querySelector('.lurk-live-words').textContent.split(', kept one ')[1]])"
    )
    compared = [(kept, first[place]) for place, kept in said if place in first]
    assert compared
    assert all(kept == before for kept, before in compared)
    expect(page.locator(".lurk-bar-name").first).to_contain_text("(kept one ")
    page.get_by_role("button", name="Forget the kept picture").click()
    expect(tile.locator(".lurk-live-words")).to_contain_text("than in")


def test_a_filter_of_a_gallery_is_opened_beside_the_first_picture(visit: Visit, live_site: HostedSite) -> None:
    visitor = visit(live_site.server)
    visitor.go("models/tiny/second/index.html#filter-4")
    page = visitor.page
    page.locator("[data-filter-open='4'] .lurk-share").get_by_role("link", name="Show it your picture").click()
    page.wait_for_url("**/live/**#second/4")
    choose_sample(page)
    expect(page.locator(".lurk-live-opened h2")).to_have_text("Filter 4 of Second")
    assert page.evaluate("document.activeElement.textContent") == "Filter 4 of Second"
    page.keyboard.press("Escape")
    expect(page.locator(".lurk-live-opened")).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.place") == str(8 + 4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Visit, live_site: HostedSite, scheme: str) -> None:
    visitor = visit(live_site.server, color_scheme=scheme)
    visitor.go(LIVE)
    choose_sample(visitor.page)
    visitor.page.locator("button.lurk-live-tile").first.click()
    expect(visitor.page.locator(".lurk-live-opened figure")).to_have_count(4)
    visitor.page.get_by_role("button", name="Keep it to compare").click()
    assert violations(visitor) == []


def test_without_webassembly_one_line_says_so(visit: Visit, live_site: HostedSite) -> None:
    visitor = visit(live_site.server, own=True)
    visitor.page.add_init_script("delete window.WebAssembly")
    visitor.go(LIVE)
    expect(visitor.page.locator("lurk-live [role=alert]")).to_have_text(
        "This browser has no WebAssembly, which runs the network."
    )


def test_its_script_stays_below_its_size(live_site: HostedSite) -> None:
    script = (live_site.folder / "assets" / "lurk" / "lurk-live.js").read_bytes()
    assert len(gzip.compress(script, 9)) < 60_000
