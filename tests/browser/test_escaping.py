"""Text from outside is text: every payload in every channel, in Chromium, in three themes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import MATERIAL, Visitor
from tests.browser.server import Server
from tests.fuzz.texts import MARK, MARKUP
from tests.pages import fake, fake_filter
from tests.plugin.sites import FENCE, Project, project

Visit = Callable[..., Visitor]
EVERY = " ".join(MARKUP)
CARD = (
    "---\n{metadata}---\n\n# T\n\nThe lead.\n\n{body}\n\n## Card heading {{: onclick={mark} }}\n\n{fence}\n\nThe end.\n"
)
SCAN = """() => ({
    ran: window.__ran ?? 0,
    handlers: [...document.querySelectorAll('*')].flatMap((one) => [...one.attributes]
        .filter(({ name }) => name.startsWith('on')).map(({ name, value }) => `${name}=${value}`)),
    foreign: [...document.querySelectorAll('base, meta[http-equiv=refresh], iframe, object, embed, [href], [src]')]
        .map((one) => [one, one.getAttribute('href') ?? one.getAttribute('src')])
        .filter(([one, address]) => address === null || one.localName === 'base'
            || !URL.canParse(address, location.href)
            || !/^(https?:|data:image)/.test(new URL(address, location.href))
            || /evil/.test(new URL(address, location.href).host))
        .map(([one]) => one.outerHTML.slice(0, 300)),
    heading: document.querySelector('h1')?.innerText ?? '',
    title: document.title,
    nav: [...document.querySelectorAll('nav, .wy-menu, .navbar')].map((one) => one.textContent).join(' '),
    text: document.body.textContent,
})"""
DRAWN = {
    "index.html": ".lurk-embed",
    "models/index.html": ".lurk-facts",
    "models/small/index.html": ".lurk-map-box",
    "models/small/evaluation/index.html": ".lurk-matrix",
    "models/small/classes/index.html": "table",
    "models/small/pictures/index.html": ".lurk-listed svg",
    "models/small/quiz/index.html": "lurk-quiz .lurk-quiz-side",
    "models/small/cost/index.html": ".lurk-cost svg",
    "models/small/trust/index.html": ".lurk-trust svg",
}
"""What shows that a page is complete; on all others the gallery's tiles do."""
THEMES: dict[str, dict[str, Any]] = {
    "material": {"theme": {**MATERIAL, "features": ["navigation.footer"]}},
    "mkdocs": {"theme": {"name": "mkdocs", "highlightjs": False}},
    "readthedocs": {"theme": {"name": "readthedocs", "highlightjs": False}},
}


def hostile_card() -> str:
    values = {f"key {place} {text}": [text] for place, text in enumerate(MARKUP)}
    values["link"] = [f"javascript:{MARK}"]
    body = "\n\n".join(text for text in MARKUP if "lurk:nope" not in text and text not in ("```lurk", "<!-- swallowed"))
    body += f"\n\n[a][r] <a href='java&#10;script:{MARK}'>b</a> <form action=javascript:{MARK}>"
    body += f"<input autofocus onfocus={MARK}>"
    body += f"\n\n[r]: javascript:{MARK}\n\n[good](lurk:small/features.3)"
    metadata = "".join(f"{json.dumps(key)}: {json.dumps(value)}\n" for key, value in values.items())
    fence = FENCE.replace("filter: 3\n", f"filter: 3\ncaption: {json.dumps(EVERY)}\n")
    return CARD.format(metadata=metadata, body=body, mark=MARK, fence=fence)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Server]]:
    """A model with all payloads in its names, titles, classes, paths, reasons, notes and card."""
    patch = pytest.MonkeyPatch()
    labels = [f"{EVERY} {number}" for number in range(3)]
    patch.setattr(fake_filter, "LABELS", labels)
    patch.setattr(fake, "LABELS", labels)
    patch.setattr(fake.FakeAnalysis, "store_model", hostile_model(fake.FakeAnalysis.store_model))
    root = tmp_path_factory.mktemp("hostile")
    (root / "docs" / "cards").mkdir(parents=True)
    (root / "docs" / "cards" / "card.md").write_text(hostile_card())
    made = project(
        root,
        layers=(("features.0", 3, 3), ("features.3", 5, 9), (EVERY, 3, 15)),
        model={"title": EVERY, "card": "docs/cards/card.md"},
        lurk={"nav": {"section": EVERY}},
    )
    made.write("docs/index.md", f"# Home\n\n{FENCE}")
    with Server(root / "sites") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made, server
        server.shutdown()
    patch.undo()


def hostile_model(store_model: Callable[[fake.FakeAnalysis], str]) -> Callable[[fake.FakeAnalysis], str]:
    """Put the payloads into the model record, too."""

    def wrapped(analysis: fake.FakeAnalysis) -> str:
        put = analysis.store.put

        def hostile_put(key: str, record: Any, blobs: Any = None) -> Any:
            if "skipped_layers" in record:
                record["notes"] = list(MARKUP)
                record["skipped_layers"] = {f"{place} {text}": text for place, text in enumerate(MARKUP)}
                record["skipped_images"] = [(text, text) for text in MARKUP[:10]]
                for image in record["images"]:
                    image["path"] = f"{EVERY}/{image['id']}"
                for node in record["graph"]["nodes"]:
                    node["type"] = EVERY
            elif "layer" in record:
                record["filters"][1]["max_activ"] = {"skipped": EVERY}
            return put(key, record, blobs or {})

        analysis.store.put = hostile_put  # type: ignore[method-assign]
        return store_model(analysis)

    return wrapped


@pytest.mark.parametrize("theme", THEMES)
def test_no_payload_is_anything_but_text(hostile: tuple[Project, Server], visit: Visit, theme: str) -> None:
    made, server = hostile
    model = {
        "name": "small", "title": EVERY, "source": "torchvision:squeezenet1_1", "images": "photos",
        "card": "docs/cards/card.md",
    }  # fmt: skip
    made.declare(
        {"models": [model], "nav": {"section": EVERY}},
        site_url=server.address(theme), site_dir=str(server.root / theme),
        markdown_extensions=["attr_list", "md_in_html", "admonition", "pymdownx.magiclink", "pymdownx.tilde"],
        **THEMES[theme],
    )  # fmt: skip
    made.build()
    shown = " ".join(EVERY.split())
    pages = sorted((server.root / theme / "models").rglob("index.html"))
    pages = [page for page in pages if not page.parent.name.startswith("filter-")]  # they lead on to a layer's page
    assert len(pages) == 14
    visitor = visit(server.address(theme))
    if theme != "material":  # themes differ in the title and the navigation around the same text
        pages = [page for page in pages if page.parent.name in ("models", "small", "features.3")]
        assert len(pages) == 3
    for path in [*pages, server.root / theme / "index.html"]:
        address = path.relative_to(server.root / theme).as_posix()
        visitor.go(address)
        others = ".lurk-cards" if address.startswith("models/small/classes/") else "lurk-gallery a[data-filter]"
        visitor.page.locator(DRAWN.get(address, others)).first.wait_for()
        if address == "models/small/pictures/index.html":
            visitor.page.locator("a[data-photo]").first.click()
            visitor.page.locator(".lurk-photo-page .lurk-depth a").first.wait_for()
        found = visitor.page.evaluate(SCAN)
        assert (found["ran"], found["handlers"], found["foreign"]) == (0, [], []), address
        assert found["heading"], address
        assert shown in " ".join(found["nav"].split()), f"{address}: the navigation does not show the titles as given"
        assert visitor.errors == [], address
        if address == "models/small/index.html":
            assert found["heading"].startswith(shown)
            assert found["title"].startswith(shown)
            text = " ".join(found["text"].split())
            for payload in MARKUP:
                assert text.count(payload) > 2, payload
            assert "The end." in text
            assert visitor.page.locator(".lurk-embed").count() == 1
            assert visitor.page.locator("article a, [role=main] a").filter(has_text="good").count() == 1
