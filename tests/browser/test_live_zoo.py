"""Three families of torchvision's networks in the browser, with random weights: they give PyTorch's scores there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mkdocs_lurk.named_warnings import WARNINGS
from tests.browser.conftest import MATERIAL, Visitor
from tests.browser.test_live import choose_sample, draw
from tests.plugin.sites import Project

pytestmark = [pytest.mark.browser, pytest.mark.zoo]
Visit = Callable[..., Visitor]
LAYERS = {
    "resnet18": ["conv1", "layer2.0.conv1", "layer4.1.conv2"],
    "mobilenet_v3_small": ["features.0.0", "features.4.block.1.0", "features.12.0"],
    "efficientnet_b0": ["features.0.0", "features.3.0.block.1.0", "features.8.0"],
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_network_gives_pytorchs_scores_in_chromium(
    visit: Visit, tmp_path: Path, name: str, record_property: Callable[[str, object], None]
) -> None:
    made = Project(tmp_path)
    draw(made.root / "photos", 12)
    made.write("docs/index.md", "# Home\n\nWords.\n")
    made.write("classes.txt", "".join(f"class {number}\n" for number in range(1000)))
    model = {
        "name": "net", "source": f"torchvision:{name}", "images": "photos", "classes": "classes.txt", "filters": 4,
        "transform": {"resize": 72, "crop": 64}, "layers": {"include": LAYERS[name]}, "synthesis": False,
        "range": False, "effect": False, "live": {"limit_mb": 60}, "top_k": 2, "ignore": list(WARNINGS),
    }  # fmt: skip
    made.declare({"models": [model]}, theme=MATERIAL)
    made.build()
    visitor = visit(f"{made.site.as_uri()}/")
    visitor.go("models/net/live/index.html")
    choose_sample(visitor.page)
    expect(visitor.page.locator(".lurk-live-proof")).to_contain_text("Checked in this browser: the scores of")
    said = visitor.page.locator(".lurk-live-status").inner_text(), visitor.page.locator(".lurk-live-proof").inner_text()
    record_property("live", said)
    print(name, *said)  # timings are told, not asserted
    assert visitor.errors == []
