"""Detection and segmentation networks by name; the oracle is hooks on torchvision's own network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision.models as zoo
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FasterRCNN
from torchvision.models.detection.image_list import ImageList

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.transform import TransformSpec
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.detectors import DetectorMaps
from mkdocs_lurk.models.loading.network import Network, digest_weights
from mkdocs_lurk.models.loading.sources import load_network
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.analysis.networks import EveryConvolution

HALF = TransformSpec(None, None, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 3)


@pytest.fixture(autouse=True)
def without_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"a download of {arguments}")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)


def load(name: str, **values: Any) -> Network:
    return load_network(
        ModelConfig(name="net", title="", source=f"torchvision:{name}", images="", root=Path(), **values)
    )


def outputs_of(module: nn.Module, kind: type[nn.Module], run: Any) -> dict[str, list[Tensor]]:
    """Return what every module of a kind returns in one run, by name and in the order of the calls."""
    found: dict[str, list[Tensor]] = {}
    hooks = [
        child.register_forward_hook(lambda _m, _i, out, name=name: found.setdefault(name, []).append(out.clone()))
        for name, child in module.named_modules()
        if isinstance(child, kind)
    ]
    with torch.no_grad():
        run(module)
    for hook in hooks:
        hook.remove()
    return found


def test_detectors_layers_are_those_of_the_plain_network() -> None:
    """The detector gets a picture that its own transform leaves as it is: of its size, and normalised back."""
    network = load("ssdlite320_mobilenet_v3_large", transform=HALF, seed=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        plain = zoo.get_model("ssdlite320_mobilenet_v3_large", weights=None, weights_backbone=None).eval()
    assert digest_weights(network.module) == digest_weights(plain)
    picture = torch.rand(1, 3, 320, 320, generator=torch.Generator().manual_seed(0))
    expected = outputs_of(plain, nn.Conv2d, lambda net: net([picture[0]]))
    found = outputs_of(network.module, nn.Conv2d, lambda net: net(picture * 2 - 1))
    assert list(found) == list(expected)
    assert "backbone.features.0.0.0" in found
    for name, outputs in expected.items():
        assert len(outputs) == len(found[name])
        for one, other in zip(outputs, found[name], strict=True):
            torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-4)
    assert network.notes[0].startswith("Of this detector (SSD), the backbone and the head")


def test_first_stage_of_a_two_stage_detector_is_analysed(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from tests.models.loading.test_detectors import small_rcnn\n\ndef make():\n    return small_rcnn()\n"
    )
    network = load_network(ModelConfig(name="n", title="", source="net.py:make", images="", root=tmp_path))
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    trace = trace_network(network.module, x)
    assert [call.name for call in trace.layer_calls] == [
        "backbone.0", "rpn.head.conv.0.0", "rpn.head.cls_logits", "rpn.head.bbox_pred",
    ]  # fmt: skip
    plain = small_rcnn().eval()
    plain.load_state_dict(network.module.state_dict())

    def run(net: FasterRCNN) -> None:
        net.rpn(ImageList(x, [(64, 64)]), {"0": net.backbone(x)})

    expected = outputs_of(plain, nn.Conv2d, run)
    found = outputs_of(network.module, nn.Conv2d, lambda net: net(x))
    assert list(found) == list(expected)
    assert all(torch.equal(found[name][0], expected[name][0]) for name in expected)
    assert "everything that is computed for each box do not run" in network.notes[0]


def small_rcnn() -> FasterRCNN:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        backbone: Any = nn.Sequential(nn.Conv2d(3, 8, 3, stride=4), nn.ReLU())
        backbone.out_channels = 8
        anchors = AnchorGenerator(((16, 32),), ((1.0,),))
        return FasterRCNN(backbone, num_classes=3, rpn_anchor_generator=anchors)


@pytest.mark.parametrize(
    "transform", ["imagenet", TransformSpec(None, None, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 3)]
)
def test_other_normalisation_than_the_detectors_is_refused(transform: Any) -> None:
    with pytest.raises(ModelError) as caught:
        load("ssdlite320_mobilenet_v3_large", transform=transform)
    assert str(caught.value) == (
        "model 'net': this detector normalises with mean [0.5, 0.5, 0.5] and std [0.5, 0.5, 0.5], and its transform "
        "does otherwise; give transform: {resize, crop, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}"
    )


def test_what_works_on_each_box_is_left_out_of_the_analysis(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from torch import nn\nfrom tests.models.loading.test_detectors import small_rcnn\n\ndef make():\n"
        "    net = small_rcnn()\n    net.roi_heads.mask_head = nn.Sequential(nn.Conv2d(8, 4, 3))\n"
        "    net.backbone[1].unused = nn.Conv2d(8, 4, 1)\n"
        "    return net\n"
    )
    network = load_network(ModelConfig(name="n", title="", source="net.py:make", images="", root=tmp_path))
    trace = trace_network(network.module, torch.rand(1, 3, 64, 64))
    assert isinstance(network.module, DetectorMaps)
    assert find_layers(trace, EveryConvolution, network.module.left_out).skipped == {
        "backbone.1.unused": "this Conv2d did not run in evaluation",
        "roi_heads.mask_head.0": (
            "this Conv2d is left out of this analysis, since it runs for each box and not on the picture"
        ),
    }


@pytest.mark.parametrize("arguments", [{}, {"num_classes": 4}])
def test_segmentation_network_needs_no_download(arguments: dict[str, object]) -> None:
    network = load("lraspp_mobilenet_v3_large", arguments=arguments)
    trace = trace_network(network.module, torch.zeros(1, 3, 64, 64))
    (output,) = trace.outputs
    assert trace.values[output].shape == (1, arguments.get("num_classes", 21), 64, 64)
    assert "backbone.0.0" in [call.name for call in trace.layer_calls]


def test_auxiliary_output_of_a_segmentation_network_is_an_output() -> None:
    network = load("deeplabv3_mobilenet_v3_large", arguments={"aux_loss": True})
    trace = trace_network(network.module, torch.zeros(1, 3, 64, 64))
    assert [trace.values[output].shape for output in trace.outputs] == [(1, 21, 64, 64)] * 2


@pytest.mark.parametrize("kind", ["sparse", "complex"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_factorys_unusual_weights_are_refused(kind: str, tmp_path: Path) -> None:
    change = {"sparse": "weight.to_sparse()", "complex": "weight * 1j"}[kind]
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\ndef make():\n    net = nn.Conv2d(3, 4, 3)\n    weight = net.weight.detach()\n"
        f"    net.weight = nn.Parameter({change})\n    return net\n"
    )
    with pytest.raises(ModelError, match=f"model 'n': weight is {kind}; only networks of dense real weights"):
        load_network(ModelConfig(name="n", title="", source="net.py:make", images="", root=tmp_path))
