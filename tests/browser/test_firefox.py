"""The same pages in Firefox, where the machine has one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import LAYER, MODEL, HostedSite
from tests.browser.firefox import Firefox, find

pytestmark = pytest.mark.browser
OPENED = "document.querySelector('[data-filter-open=\"{}\"] .lurk-ranked') !== null"
TILES = "[...document.querySelectorAll('lurk-gallery a[data-filter]')].map((tile) => Number(tile.dataset.filter))"
LISTEN = "(window.__errors = [], addEventListener('error', ({ message }) => __errors.push(message)), true)"


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    executable = find()
    if executable is None:
        pytest.skip("no Firefox is installed: put one on the PATH, or name one in $FIREFOX")
    try:
        found = Firefox(executable, tmp_path_factory.mktemp("profile"))
    except OSError as error:
        pytest.skip(f"{executable} does not answer by Marionette: {error}")
    yield found
    found.close()


@pytest.mark.parametrize("where", ["disk", "server"])
def test_map_works_by_keyboard_and_search(firefox: Firefox, material: HostedSite, where: str) -> None:
    firefox.resize(1280, 900)
    firefox.go(getattr(material, where) + MODEL)
    firefox.wait("document.querySelector('.lurk-map-box') !== null")
    firefox.run(LISTEN)
    card = firefox.run("document.querySelector('.lurk-card-docked').innerText")
    assert card.splitlines()[:2] == ["Convolution 1", "features.0"]
    scale = "document.querySelector('.lurk-map-canvas > g').getAttribute('transform').match(/scale\\((.*)\\)/)[1]"
    before = float(firefox.run(scale))
    firefox.run("document.querySelector('.lurk-map-box[tabindex=\"0\"]').focus()")
    firefox.press("ArrowDown", "+")
    assert float(firefox.run(scale)) > before
    firefox.press("0")
    assert float(firefox.run(scale)) == pytest.approx(before)
    firefox.run("document.querySelector('.lurk-map-tools input').focus()")
    firefox.press(*"res.3", "Enter")
    assert firefox.wait("document.activeElement.dataset.layer") == "features.3"
    assert firefox.run("__errors.length") == 0
    firefox.press("Enter")
    firefox.wait("document.querySelector('lurk-gallery[data-key=\"small/features.3\"] a[data-filter]') !== null")


@pytest.mark.parametrize("where", ["disk", "server"])
def test_filter_opens_steps_and_closes(firefox: Firefox, material: HostedSite, where: str) -> None:
    firefox.resize(1280, 900)
    firefox.go(getattr(material, where) + LAYER)
    firefox.wait(f"{TILES}.length > 0")
    firefox.run(LISTEN)
    firefox.click('a[data-filter="3"]')
    firefox.wait(OPENED.format(3))
    assert firefox.run("location.hash") == "#filter-3"
    firefox.press("g")
    firefox.wait("getComputedStyle(document.querySelector('.lurk-gradient')).opacity === '1'")
    firefox.press("ArrowRight")
    firefox.wait(OPENED.format(4))
    firefox.click("[data-filter-open] button[data-image]")
    firefox.wait("document.querySelector('lurk-photo .lurk-bars') !== null")
    firefox.press("Escape")
    firefox.wait("document.querySelector('lurk-photo') === null")
    assert firefox.run("document.activeElement.matches('button[data-image]')"), "the focus was lost"
    firefox.press("Escape")
    firefox.wait("document.querySelector('[data-filter-open]') === null")
    assert firefox.run("document.activeElement.dataset.filter") == "4"
    firefox.press("ArrowLeft")
    assert firefox.run("document.activeElement.dataset.filter") == "3"
    assert firefox.run("__errors.length") == 0


def test_gallery_narrows_to_a_class(firefox: Firefox, material: HostedSite) -> None:
    firefox.go(material.server + "models/small/many/index.html")
    firefox.wait(f"{TILES}.length > 0")
    firefox.run("document.querySelector('.lurk-toolbar input[type=search], .lurk-toolbar input[list]').focus()")
    firefox.press(*"dog")
    firefox.wait(f"{TILES}.join() === '5,3'")
    assert "class=dog" in firefox.run("location.hash")


def test_pages_fit_a_phone(firefox: Firefox, material: HostedSite) -> None:
    firefox.resize(450, 800)  # no window of Firefox's is narrower
    for path, ready in ((MODEL, ".lurk-map-box"), (f"{LAYER}#filter-3", ".lurk-ranked")):
        firefox.go(material.server + path)
        firefox.wait(f"document.querySelector('{ready}') !== null")
        assert firefox.run("document.documentElement.scrollWidth <= innerWidth"), path
