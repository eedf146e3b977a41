import json

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from mkdocs_lurk.models.graph.drawing import build_graph
from mkdocs_lurk.models.tracing.trace import trace_network


def graph(module, size=(3, 32, 32)):
    return build_graph(trace_network(module.eval(), torch.zeros(1, *size)))


class Block(nn.Module):
    def __init__(self, width, kernel=3):
        super().__init__()
        self.conv = nn.Conv2d(width, width, kernel, padding=kernel // 2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return x + self.drop(F.relu(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.stage = nn.Sequential(Block(4), Block(4), Block(4), Block(4, 5))
        self.head = nn.Linear(4, 10)

    def forward(self, x):
        x = self.stage(self.stem(x))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


def test_nodes_are_operations_with_their_facts():
    nodes = graph(Net())["nodes"]
    assert [n["type"] for n in nodes] == [
        *["input", "Conv2d", *["Conv2d", "relu", "add"] * 4, "mean", "Linear", "output"],
    ]
    stem = nodes[1]
    assert stem == {
        "id": 1, "type": "Conv2d", "name": "stem", "parent": None, "output": [4, 32, 32],
        "parameters": 112, "macs": 32 * 32 * 4 * 27, "layer": "stem",
    }  # fmt: skip
    assert nodes[2]["name"] == "stage.0.conv"
    assert nodes[2]["parent"] == "stage.0"
    assert nodes[-1]["output"] == [10]


def test_edges_have_branches_and_pass_what_only_moves_elements():
    found = graph(Net())
    edges = [tuple(edge) for edge in found["edges"]]
    assert (1, 2) in edges
    assert (1, 4) in edges, "the residual goes from the stem to the sum"
    assert (3, 4) in edges, "dropout is gone, and the edge is there"
    assert all(a < b for a, b in edges)
    assert {b for _, b in edges} == set(range(1, len(found["nodes"])))


def test_modules_nest_and_like_siblings_fold():
    groups = graph(Net())["groups"]
    assert [(g["id"], g["parent"], g["type"], g.get("count")) for g in groups] == [
        ("stage", None, "Sequential", None),
        ("stage.0..stage.2", "stage", "Block", 3),
        ("stage.0", "stage.0..stage.2", "Block", None),
        ("stage.1", "stage.0..stage.2", "Block", None),
        ("stage.2", "stage.0..stage.2", "Block", None),
        ("stage.3", "stage", "Block", None),
    ]


def test_every_parent_is_there_and_comes_first():
    found = graph(torchvision.models.googlenet(weights=None, init_weights=False), (3, 64, 64))
    seen = {None}
    for group in found["groups"]:
        assert group["parent"] in seen
        seen.add(group["id"])
    assert {node["parent"] for node in found["nodes"]} <= seen
    joins = [n for n in found["nodes"] if n["type"] == "cat"]
    assert len(joins) == 9
    assert all(sum(b == join["id"] for _, b in found["edges"]) == 4 for join in joins)


@pytest.mark.parametrize(
    ("name", "giga"), [("vgg16", 15.47), ("resnet50", 4.09), ("mobilenet_v2", 0.30), ("vit_b_16", 17.56)]
)
def test_multiply_adds_are_the_known_figures(name, giga):
    with torch.device("meta"):
        module = torchvision.models.get_model(name, weights=None)
    module = module.to_empty(device="cpu")
    found = graph(module, (3, 224, 224))
    assert sum(n.get("macs", 0) for n in found["nodes"]) / 1e9 == pytest.approx(giga, rel=0.01)
    assert sum(n.get("parameters", 0) for n in found["nodes"]) == sum(p.numel() for p in module.parameters())


def test_it_is_compact_and_always_the_same():
    module = torchvision.models.resnet152(weights=None)
    found = graph(module, (3, 64, 64))
    assert len(json.dumps(found, separators=(",", ":"))) < 90_000
    assert found == graph(module, (3, 64, 64))
    assert ("layer3.1 to layer3.35", 35) in [(g["name"], g.get("count")) for g in found["groups"]]


def test_a_shared_module_counts_its_parameters_once():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return self.conv(self.conv(x))

    nodes = graph(Shared())["nodes"]
    assert [n.get("parameters", 0) for n in nodes] == [0, 12, 0, 0]
    assert [n.get("layer") for n in nodes] == [None, "conv", "conv:2", None]
