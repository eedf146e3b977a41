"""The same pages in Firefox, where the machine has one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import LAYER, MODEL, HostedSite
from tests.browser.firefox import Firefox, find

pytestmark = pytest.mark.browser
QUIZ = "models/small/quiz/index.html"
PICTURES = "models/small/pictures/index.html"
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


@pytest.mark.parametrize("where", ["disk", "server"])
def test_network_switches_to_syntheses_and_leads_to_a_filter(
    firefox: Firefox, material: HostedSite, where: str
) -> None:
    firefox.resize(1280, 900)
    firefox.go(getattr(material, where) + MODEL)
    shown = "getComputedStyle(document.querySelector('.lurk-network__{}')).display !== 'none'"
    firefox.wait(f"document.querySelector('lurk-network') !== null && {shown.format('crop')}")
    firefox.run(LISTEN)
    firefox.run("document.querySelector('.lurk-network__switch input[value=drawn]').focus()")
    firefox.press(" ")
    firefox.wait(f"{shown.format('drawn')} && !({shown.format('crop')})")
    firefox.run("document.querySelector('.lurk-column a').focus()")
    firefox.press("ArrowRight")
    index = firefox.run("document.activeElement.href.animVal ?? document.activeElement.href").rpartition("-")[2]
    assert firefox.run("__errors.length") == 0
    firefox.press("Enter")
    firefox.wait(OPENED.format(index))


@pytest.mark.parametrize("where", ["disk", "server"])
def test_quiz_is_answered_by_keys(firefox: Firefox, material: HostedSite, where: str) -> None:
    firefox.go(getattr(material, where) + QUIZ + "#round-7")
    firefox.wait("document.querySelectorAll('button.lurk-quiz-set').length === 2")
    firefox.run(LISTEN)
    first = "document.querySelector('button.lurk-quiz-set')"
    firefox.wait(f"({first}?.focus(), document.activeElement === {first})")
    for number in (1, 2):
        firefox.wait(f"document.querySelector('lurk-quiz')?.innerText.includes('Question {number} of 10')")
        firefox.press("a")
        firefox.wait("document.querySelector('.lurk-quiz-answer [role=status]')?.innerText.includes('right so far')")
        firefox.press("Enter")
    assert firefox.run("__errors.length") == 0


def test_address_of_a_photo_shows_it_and_arrow_keys_lead_on(firefox: Firefox, material: HostedSite) -> None:
    firefox.go(material.server + PICTURES + "#photo-2")
    firefox.wait("document.querySelector('.lurk-photo-page .lurk-depth svg') !== null")
    assert "zebra" in firefox.run("document.querySelector('.lurk-photo-page').innerText")
    firefox.press("ArrowRight")
    firefox.wait("location.hash === '#photo-3'")


def test_pages_fit_a_phone(firefox: Firefox, material: HostedSite) -> None:
    firefox.resize(450, 800)  # no window of Firefox's is narrower
    for path, ready in ((MODEL, ".lurk-map-box"), (f"{LAYER}#filter-3", ".lurk-ranked")):
        firefox.go(material.server + path)
        firefox.wait(f"document.querySelector('{ready}') !== null")
        assert firefox.run("document.documentElement.scrollWidth <= innerWidth"), path
