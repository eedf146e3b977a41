import json

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from mkdocs_lurk.models.graph.drawing import build_graph
from mkdocs_lurk.models.tracing.trace import trace_network


def graph_of(module, size=(3, 32, 32)):
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


def test_nodes_are_operations_with_shape_parameters_and_macs():
    nodes = graph_of(Net())["nodes"]
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


def test_edges_hold_branches_and_pass_through_what_is_left_out():
    graph = graph_of(Net())
    edges = [tuple(edge) for edge in graph["edges"]]
    assert (1, 2) in edges
    assert (1, 4) in edges, "the residual goes from the stem to the sum"
    assert (3, 4) in edges, "dropout is gone, and the edge is there"
    assert all(a < b for a, b in edges)
    assert {b for _, b in edges} == set(range(1, len(graph["nodes"])))


def test_modules_are_nested_groups_and_repeated_blocks_fold():
    groups = graph_of(Net())["groups"]
    assert [(g["id"], g["parent"], g["type"], g.get("count")) for g in groups] == [
        ("stage", None, "Sequential", None),
        ("stage.0..stage.2", "stage", "Block", 3),
        ("stage.0", "stage.0..stage.2", "Block", None),
        ("stage.1", "stage.0..stage.2", "Block", None),
        ("stage.2", "stage.0..stage.2", "Block", None),
        ("stage.3", "stage", "Block", None),
    ]


def test_every_group_comes_after_its_parent():
    graph = graph_of(torchvision.models.googlenet(weights=None, init_weights=False), (3, 64, 64))
    seen = {None}
    for group in graph["groups"]:
        assert group["parent"] in seen
        seen.add(group["id"])
    assert {node["parent"] for node in graph["nodes"]} <= seen
    joins = [n for n in graph["nodes"] if n["type"] == "cat"]
    assert len(joins) == 9
    assert all(sum(b == join["id"] for _, b in graph["edges"]) == 4 for join in joins)


@pytest.mark.parametrize(
    ("name", "giga"), [("vgg16", 15.47), ("resnet50", 4.09), ("mobilenet_v2", 0.30), ("vit_b_16", 17.56)]
)
def test_macs_and_parameters_are_the_published_figures(name, giga):
    with torch.device("meta"):
        module = torchvision.models.get_model(name, weights=None)
    module = module.to_empty(device="cpu")
    graph = graph_of(module, (3, 224, 224))
    assert sum(n.get("macs", 0) for n in graph["nodes"]) / 1e9 == pytest.approx(giga, rel=0.01)
    assert sum(n.get("parameters", 0) for n in graph["nodes"]) == sum(p.numel() for p in module.parameters())


def test_graph_is_compact_and_deterministic():
    module = torchvision.models.resnet152(weights=None)
    graph = graph_of(module, (3, 64, 64))
    assert len(json.dumps(graph, separators=(",", ":"))) < 90_000
    assert graph == graph_of(module, (3, 64, 64))
    assert ("layer3.1 to layer3.35", 35) in [(g["name"], g.get("count")) for g in graph["groups"]]


def test_parameters_of_a_shared_module_count_once():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return self.conv(self.conv(x))

    nodes = graph_of(Shared())["nodes"]
    assert [n.get("parameters", 0) for n in nodes] == [0, 12, 0, 0]
    assert [n.get("layer") for n in nodes] == [None, "conv", "conv:2", None]
