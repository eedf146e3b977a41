import pytest

from tests.zoo.rows import check, names

# The smallest network of each family whose operations no other one here has. VGG has AlexNet's, ResNeXt has ResNet's
# and RegNet's grouped convolutions, MNASNet has MobileNet's: they run with the rest.
FAMILIES = [
    *["alexnet", "resnet18", "squeezenet1_1", "densenet121", "googlenet", "inception_v3", "shufflenet_v2_x0_5"],
    *["mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "regnet_y_400mf", "convnext_tiny"],
    *["swin_t", "swin_v2_t", "vit_b_32", "maxvit_t"],
]


@pytest.mark.parametrize("name", FAMILIES)
def test_smallest_network_of_each_family_passes_all_checks(name):
    row = check(name)
    assert row.problems == []
    assert row.fields > 0
    assert row.nodes > row.found > 0


@pytest.mark.zoo
@pytest.mark.parametrize("name", [name for name in names() if name not in FAMILIES])
def test_network_passes_all_checks(name):
    assert check(name).problems == []
